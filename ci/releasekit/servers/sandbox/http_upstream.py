"""An index on the network as an upstream."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate, parsedate_to_datetime
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import requests

from .blobs import CHUNK
from .pages import RELEASE
from .upstream import Failed, NotThere, RemoteFile, RemoteIndex, RemoteLink, Unreachable

LOOPBACK = ("127.0.0.1", "::1", "localhost")
# Measured on Nexus 3.30.0-01: the others are failures of the upstream.
NOT_THERE = (403, 404, 410, 429)


class HttpUpstream:
    """Asks `<url>/simple/NAME/`; the environment's CA and proxies are honoured."""

    def __init__(self, *, url: str, ca: Path | None, timeout: float) -> None:
        self._url = url.rstrip("/")
        self._verify: bool | str = True if ca is None else str(ca)
        self._timeout = timeout
        self._session = requests.Session()
        self._session.headers["User-Agent"] = (
            f"Nexus/{RELEASE} (OSS; Linux; {platform.release()}; amd64; 11.0.13)"
        )
        self._session.headers["Accept-Encoding"] = "gzip,deflate"
        del self._session.headers["Accept"]

    def fetch_projects(self) -> tuple[str, ...]:
        """List the names of all projects in the upstream's order."""
        with self._get(f"{self._url}/simple/", {}) as response:
            anchors = parse_anchors(response.text)
        return tuple(dict.fromkeys(anchor["text"] for anchor in anchors))

    def fetch_index(self, name: str, known: RemoteIndex | None) -> RemoteIndex:
        """Fetch a project page, or ask whether the known one is still right."""
        with self._get(f"{self._url}/simple/{name}/", _render_validators(known)) as response:
            if known is not None and response.status_code == 304:
                return known
            anchors = parse_anchors(response.text)
            links = tuple(_read_link(anchor, response.url) for anchor in anchors)
            return RemoteIndex(links=links, modified=_modified(response), etag=_etag(response))

    @contextmanager
    def fetch_file(self, link: RemoteLink) -> Iterator[RemoteFile]:
        """Fetch a file as a stream."""
        with self._get(link.address, {}) as response:
            yield RemoteFile(
                chunks=response.iter_content(CHUNK),
                modified=_modified(response),
                etag=_etag(response),
            )

    @contextmanager
    def _get(self, address: str, headers: dict[str, str]) -> Iterator[requests.Response]:
        """Ask, and translate every failure, also one in the middle of the body."""
        host = urlsplit(address).hostname or ""
        try:
            with self._session.get(
                address,
                headers=headers,
                stream=True,
                timeout=self._timeout,
                verify=self._verify,
                # Loopback is always outside of the environment's proxies.
                proxies={"no_proxy": host} if host in LOOPBACK else None,
            ) as response:
                _check_status(response)
                yield response
        except requests.RequestException as error:
            raise Unreachable(address) from error


def _check_status(response: requests.Response) -> None:
    if response.status_code in NOT_THERE:
        raise NotThere(response.url)
    if response.status_code >= 400:
        raise Failed(response.url)


def _render_validators(known: RemoteIndex | None) -> dict[str, str]:
    if known is None:
        return {}
    headers = {"If-Modified-Since": formatdate(known.modified, usegmt=True)}
    return headers if known.etag is None else {**headers, "If-None-Match": known.etag}


def _modified(response: requests.Response) -> float:
    sent = response.headers.get("Last-Modified")
    try:
        return parsedate_to_datetime(sent).timestamp() if sent else time.time()
    except ValueError:
        return time.time()


def _etag(response: requests.Response) -> str | None:
    return response.headers.get("ETag")


def _read_link(anchor: dict[str, str], page: str) -> RemoteLink:
    address, fragment = urldefrag(urljoin(page, anchor.get("href", "")))
    return RemoteLink(
        filename=unquote(urlsplit(address).path.rpartition("/")[2]),
        fragment=fragment,
        requires_python=anchor.get("data-requires-python", ""),
        address=address,
    )


def parse_anchors(html: str) -> tuple[dict[str, str], ...]:
    """Read the attributes of all links of a page; the text of a link stands under `text`."""
    parser = _Anchors()
    parser.feed(html)
    return tuple(parser.found)


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._inside = True
            self.found.append({**{key: value or "" for key, value in attrs}, "text": ""})

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.found[-1]["text"] += data.strip()

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._inside = False
