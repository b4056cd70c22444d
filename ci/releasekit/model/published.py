"""What an index has: its pages (PEP 503), and what is to be done with the dists of a release."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from packaging.utils import canonicalize_name
from packaging.version import Version

from releasekit.model.dists import Dist, DistKind
from releasekit.plural import list_some


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
    files = []
    for link in page.links:
        url, fragment = urldefrag(_join(start, link) or "")
        hashes = re.findall(r"(?:^|&)(sha256|md5)=([0-9a-fA-F]+)", fragment)
        if filename := unquote(urlsplit(url).path.rpartition("/")[2]):
            files.append(
                PublishedFile(
                    filename=filename,
                    url=url,
                    hashes=tuple((name, value.lower()) for name, value in hashes),
                )
            )
    marked = page.title.startswith("Links for") or page.has_version
    if not marked and not any(file.hashes for file in files):
        raise NotAnIndexPageError(page.title or html.strip()[:80])
    return ProjectPage(title=page.title, files=tuple(files))


def describe_page(html: str) -> str:
    """Return the title of an HTML page, or how it begins if it has none, in one line."""
    return " ".join((_Anchors(html).title or html).split())[:80]


def is_root_page(html: str, title: str) -> bool:
    """Tell whether a page is the root of a simple index: its title, or a version (PEP 629).

    `title` is how that begins, in lower case.
    """
    page = _Anchors(html)
    return page.title.lower().startswith(title) or page.has_version


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


class Action(Enum):
    """What is to be done with a file."""

    UPLOAD = "upload"
    SKIP = "skip"
    CONFLICT = "conflict"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedFile:
    """A dist and what is to be done with it."""

    dist: Dist
    action: Action
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is to be done with every file of a release, against the index at `url`."""

    url: str
    files: tuple[PlannedFile, ...]

    @property
    def conflicts(self) -> tuple[PlannedFile, ...]:
        """Return the files under whose names the index has other bytes."""
        return tuple(file for file in self.files if file.action is Action.CONFLICT)

    def having(self, action: Action) -> tuple[Dist, ...]:
        """Return the dists with that action, wheels first and the sdist last.

        An installer that sees half a release then finds a wheel, never a lone sdist that it
        would have to build.
        """
        dists = [file.dist for file in self.files if file.action is action]
        return tuple(sorted(dists, key=lambda d: (d.named.kind is DistKind.SDIST, d.filename)))


def compare(dists: Sequence[Dist], page: ProjectPage, *, url: str) -> Plan:
    """Return the plan for dists against a page whose undecided files carry SHA-256 by now.

    What a page says is believed, here; `find_unproven` tells what is still to be proven.
    """
    return Plan(
        url=url, files=tuple(_compare_file(dist, page.find(dist.filename)) for dist in dists)
    )


def _compare_file(dist: Dist, published: PublishedFile | None) -> PlannedFile:
    if published is None:
        return PlannedFile(dist=dist, action=Action.UPLOAD, why="not published yet")
    for algorithm, ours in (("sha256", dist.sha256), ("md5", dist.md5)):
        if (theirs := published.digest(algorithm)) not in (None, ours):
            why = f"published with {algorithm} {theirs}, built with {ours}"
            return PlannedFile(dist=dist, action=Action.CONFLICT, why=why)
    return PlannedFile(dist=dist, action=Action.SKIP, why="published with the same bytes")


def find_undecided(dists: Sequence[Dist], page: ProjectPage) -> tuple[PublishedFile, ...]:
    """Return the listed files about whose bytes the page says nothing.

    A page of Nexus 3.30 carries md5 (docs/nexus-behaviour.md#simple-pages). That is enough to plan
    by; before a release is done, SHA-256 proves every file.
    """
    listed = (page.find(dist.filename) for dist in dists)
    return tuple(file for file in listed if file and not file.hashes)


def find_unproven(dists: Sequence[Dist], page: ProjectPage) -> tuple[PublishedFile, ...]:
    """Return the listed files that may be the dists, and that no SHA-256 of the page proves."""
    return tuple(
        file
        for dist in dists
        if (file := page.find(dist.filename))
        if file.digest("sha256") is None and file.digest("md5") in (None, dist.md5)
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """What an archive holds: the digests of its members by name, and what made a wheel (WHEEL)."""

    members: Mapping[str, str]
    generator: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """Sentences that tell what differs, and the constraint that fixes it where a tool does."""

    lines: tuple[str, ...]
    pin: str | None = None


def find_difference(
    built: Contents, published: Contents, requirements: Sequence[str]
) -> Difference:
    """Return what differs; `requirements` are those of the build here, pinned."""
    lines = _compare_members(built.members, published.members)
    ours, theirs = parse_generator(built.generator), parse_generator(published.generator)
    if not ours or not theirs or ours == theirs:
        return Difference(lines=lines)
    by = f"published was built by {' '.join(theirs)}, this one by {' '.join(ours)}"
    used = {canonicalize_name(requirement.partition("==")[0]) for requirement in requirements}
    pin = "==".join(theirs) if theirs[0] in used else None
    return Difference(lines=(*lines, by), pin=pin)


def _compare_members(built: Mapping[str, str], published: Mapping[str, str]) -> tuple[str, ...]:
    both = built.keys() & published.keys()
    groups = {
        "the content differs of": {name for name in both if built[name] != published[name]},
        "only published has": published.keys() - both,
        "only this one has": built.keys() - both,
    }
    lines = []
    for said, names in groups.items():
        # RECORD follows from the others. A tool that changed its output may differ in all.
        ordered = sorted(names, key=lambda name: (name.endswith(".dist-info/RECORD"), name))
        shown = [name if name.isprintable() else ascii(name) for name in ordered]
        lines += [f"{said} {list_some(shown, 4)}"] if shown else []
    return tuple(lines) or ("all files in it have the same content: it was packed in another way",)


# Names that tools give themselves in WHEEL, and those that they are installed by.
PACKAGES = {"flit": "flit-core", "bdist-wheel": "wheel", "poetry": "poetry-core"}


def parse_generator(text: str) -> tuple[str, str] | None:
    """Return the name to install and the version of what made a wheel.

    Backends write "flit 3.12.0" or "setuptools (80.1.0)".
    """
    form = r"([A-Za-z0-9][\w.-]{0,60}) \(?v?([0-9][\w.+!-]{0,60})\)?"
    if (match := re.fullmatch(form, text.strip())) is None:
        return None
    name = canonicalize_name(match[1])
    try:
        return PACKAGES.get(name, name), str(Version(match[2]))
    except ValueError:
        return None
