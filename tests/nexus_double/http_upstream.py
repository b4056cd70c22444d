"""An index on the network as an upstream."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate, parsedate_to_datetime
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

import requests

from .blobs import CHUNK
from .pages import RELEASE
from .upstream import Failed, NotThere, RemoteFile, RemoteIndex, RemoteLink, RemoteRoot, Unreachable

LOOPBACK = ("127.0.0.1", "::1", "localhost")
OK, NOT_MODIFIED, UNAUTHORIZED, FAILED = 200, 304, 401, 500


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

    def fetch_root(self, known: RemoteRoot | None) -> RemoteRoot:
        """Fetch the names of all projects, or ask whether the known ones are still right."""
        with self._get(f"{self._url}/simple/", _render_validators(known)) as response:
            if known is not None and response.status_code == NOT_MODIFIED:
                return known
            names = tuple(dict.fromkeys(anchor["text"] for anchor in parse_anchors(response.text)))
            return RemoteRoot(names=names, modified=_modified(response), etag=_etag(response))

    def fetch_index(self, name: str, known: RemoteIndex | None) -> RemoteIndex:
        """Fetch a project page, or ask whether the known one is still right."""
        with self._get(f"{self._url}/simple/{name}/", _render_validators(known)) as response:
            if known is not None and response.status_code == NOT_MODIFIED:
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
    """Tell failures of the upstream from what it has not: measured on Nexus 3.30.0-01."""
    if response.status_code == UNAUTHORIZED or response.status_code >= FAILED:
        raise Failed(response.url)
    if response.status_code not in (OK, NOT_MODIFIED):
        raise NotThere(response.url)


def _render_validators(known: RemoteIndex | RemoteRoot | None) -> dict[str, str]:
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
    """Read a link; a file is called what the text says, whatever the address ends with."""
    href = anchor["href"]
    return RemoteLink(
        filename=anchor["text"],
        fragment=href.partition("#")[2],
        requires_python=anchor.get("data-requires-python", ""),
        address=urldefrag(urljoin(page, href)).url,
    )


def parse_anchors(html: str) -> tuple[dict[str, str], ...]:
    """Read the attributes of all links of a page; the text of a link stands under `text`."""
    parser = _Anchors()
    parser.feed(html)
    return tuple(anchor for anchor in parser.found if "href" in anchor)


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "a"
        if self._inside:
            self.found.append({**{key: value or "" for key, value in attrs}, "text": ""})

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.found[-1]["text"] += data.strip()

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._inside = False
