"""Simple index pages (PEP 503) as an index, Nexus among them, serves them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag, urljoin, urlsplit


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedFile:
    """A file that an index page lists: at an absolute address, without the fragment.

    The hashes are pairs of algorithm and hex digest; Nexus before 3.41 has md5 only.
    """

    filename: str
    url: str
    hashes: tuple[tuple[str, str], ...] = ()

    def with_sha256(self, digest: str) -> PublishedFile:
        """Return the file with a SHA-256 that was learnt elsewhere, whatever the page says."""
        others = (pair for pair in self.hashes if pair[0] != "sha256")
        return replace(self, hashes=(("sha256", digest), *others))

    def digest(self, algorithm: str) -> str | None:
        """Return the digest in lower case, or None where the page does not carry it."""
        return dict(self.hashes).get(algorithm)


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectPage:
    """A project's page."""

    title: str
    files: tuple[PublishedFile, ...] = field(default=())

    def find(self, filename: str) -> PublishedFile | None:
        """Return the first file of that name, as an installer would take it."""
        return next((file for file in self.files if file.filename == filename), None)

    def with_served(self, served: Mapping[PublishedFile, PublishedFile | None]) -> ProjectPage:
        """Return the page with files as they are served.

        A link that leads nowhere (None; Nexus groups keep them) is no published file.
        """
        files = (served.get(file, file) for file in self.files)
        return replace(self, files=tuple(file for file in files if file is not None))


class NotAnIndexPageError(ValueError):
    """An HTML page that is no index page: a login form, an error page of a front server."""


class _Anchors(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.title = ""
        self.has_version = False
        self.links: list[str] = []
        self.base = ""  # where links start from, if the page says so: its first <base>
        self._in_title = False
        with contextlib.suppress(AssertionError):  # html.parser, of an unknown marked section
            self.feed(html)
        self.title = self.title.strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._in_title = tag == "title"
        href = (values.get("href") or "").strip()  # as HTML has it: spaces around are none of it
        if tag == "base":
            self.base = self.base or href
        if tag == "a" and href:
            self.links.append(href)
        if tag == "meta" and values.get("name") in ("pypi:repository-version", "api-version"):
            self.has_version = True

    def handle_endtag(self, tag: str) -> None:
        self._in_title = self._in_title and tag != "title"

    def handle_data(self, data: str) -> None:
        self.title += data if self._in_title else ""


def parse_project_page(html: str, url: str) -> ProjectPage:
    """Return the files that a project's page at `url` lists; links start from its <base href>.

    A page without any file has to show that it is an index page: the title of PEP 503's example
    ("Links for NAME", also Nexus') or a version in a meta tag (PEP 629; Nexus has "api-version").
    Raises NotAnIndexPageError.
    """
    page = _Anchors(html)
    start = _join(url, page.base) or url
    found = (_parse_link(joined) for link in page.links if (joined := _join(start, link)))
    files = tuple(file for file in found if file.filename)
    marked = page.title.startswith("Links for") or page.has_version
    if not marked and not any(file.hashes for file in files):
        raise NotAnIndexPageError(page.title or html.strip()[:80])
    return ProjectPage(title=page.title, files=files)


def describe_page(html: str) -> str:
    """Return the title of an HTML page, or how it begins if it has none, in one line."""
    return " ".join((_Anchors(html).title or html).split())[:80]


def is_root_page(html: str) -> bool:
    """Tell whether a page is the root of a simple index: its title, or a version (PEP 629)."""
    page = _Anchors(html)
    return page.title.lower().startswith("simple index") or page.has_version


def parse_root_page(html: str) -> tuple[str, ...]:
    """Return the names of the projects that the root of a simple index lists."""
    links = (joined for link in _Anchors(html).links if (joined := _join("/", link)))
    paths = (urlsplit(link).path.rstrip("/") for link in links)
    return tuple(unquote(path.rpartition("/")[2]) for path in paths if path)


def _join(start: str, link: str) -> str | None:
    try:
        return urljoin(start, link)
    except ValueError:  # no address, as in "http://["
        return None


def _parse_link(address: str) -> PublishedFile:
    url, fragment = urldefrag(address)
    filename = unquote(urlsplit(url).path.rpartition("/")[2])
    found = re.findall(r"(?:^|&)(sha256|md5)=([0-9a-fA-F]+)", fragment)
    return PublishedFile(
        filename=filename, url=url, hashes=tuple((name, value.lower()) for name, value in found)
    )
