"""Searching the group: what was asked, what was found, and the line that installs it."""

from __future__ import annotations

import contextlib
import fnmatch
import re
import shlex
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, ClassVar

from packaging.utils import canonicalize_name
from packaging.version import Version

from releasekit.consumer.settings import Consumer, labelled
from releasekit.errors import MissingProgram, ReleasekitError
from releasekit.errors.usage import BAD_QUERY, NO_SUCH_ENVIRONMENT
from releasekit.model.dists import NotADistError, parse_filename
from releasekit.nexus.documents import Component
from releasekit.outcome import Clean, Line, Result, Table
from releasekit.plural import plural
from releasekit.process import capture
from releasekit.redact import map_texts

ASK = "import sys; print(*sys.path, sep='\\n')"


def read_installed_versions(python: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the versions that a Python can import, by name as their metadata spells it.

    Raises NO_SUCH_ENVIRONMENT.
    """
    with tempfile.TemporaryDirectory(prefix="releasekit-ask-") as folder:
        try:
            # Isolated: neither the current directory nor PYTHONPATH is the environment.
            asked = capture((str(python), "-I", "-c", ASK), cwd=Path(folder), environ=environ)
        except MissingProgram as error:
            raise ReleasekitError(
                NO_SUCH_ENVIRONMENT, path=str(python), reason="there is no such file"
            ) from error
        except OSError as error:
            reason = error.strerror or str(error)
            raise ReleasekitError(NO_SUCH_ENVIRONMENT, path=str(python), reason=reason) from error
    if asked.status:
        raise ReleasekitError(NO_SUCH_ENVIRONMENT, path=str(python), reason=asked.tail())
    versions: dict[str, str] = {}
    for distribution in distributions(path=asked.output.splitlines()):
        # pip leaves directories without METADATA when it is interrupted: no name, or (with the
        # finder of importlib_metadata, which keyring may bring) an error.
        with contextlib.suppress(FileNotFoundError):
            if distribution.name:
                versions.setdefault(distribution.name, distribution.version)
    return versions


WILDCARDS = "*?"
SHOWN = 10
MANY_NAMES = 20_000
"""More than these are not compared letter by letter: it would take seconds."""
_WORD = re.compile(r"(?P<name>[a-z0-9*?]+(?:[-_.]+[a-z0-9*?]+)*)(?:\s*==\s*(?P<version>\S+))?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """A word that was asked for."""

    text: str
    name: str
    """Normalized (PEP 503), perhaps with wildcards: Nexus stores and compares it so."""
    version: str | None = None

    @property
    def pattern(self) -> str:
        """Return what names have to match: a word without wildcards may stand anywhere in them."""
        return self.name if self.has_wildcards else f"*{self.name}*"

    @property
    def has_wildcards(self) -> bool:
        """Tell whether the word is no name but a pattern."""
        return any(sign in self.name for sign in WILDCARDS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """A project in one repository."""

    name: str
    repository: str
    versions: tuple[str, ...]
    """Newest first, after PEP 440."""
    installed: str | None = None

    @property
    def version(self) -> str:
        """Return what an installer would take: the newest, a final one where there is one."""
        for text in self.versions:
            version = _parse_version(text)
            if version and not version.is_prerelease:
                return text
        return self.versions[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchResult:
    """What a search found."""

    query: Query
    hits: tuple[Hit, ...]
    environment: str
    """The Python whose packages `installed` tells of."""
    install: str
    """The line that installs the first hit."""


def parse_query(word: str) -> Query:
    """Parse NAME, a part of one, a pattern with * and ?, or NAME==VERSION; raises BAD_QUERY."""
    found = _WORD.fullmatch(word.strip().lower())
    if found is None:
        raise ReleasekitError(BAD_QUERY, word=word)
    return Query(text=word.strip(), name=canonicalize_name(found["name"]), version=found["version"])


def select_hits(
    query: Query, components: Iterable[Component], installed: Mapping[str, str]
) -> tuple[Hit, ...]:
    """Gather versions to projects, the asked-for name first, then by name and repository."""
    versions: dict[tuple[str, str], set[str]] = {}
    for component in components:
        name = canonicalize_name(component.name)
        wanted = query.version
        is_version = wanted is None or _version_key(component.version) == _version_key(wanted)
        if is_version and fnmatch.fnmatchcase(name, query.pattern):
            versions.setdefault((name, component.repository), set()).add(component.version)
    hits = (
        Hit(
            name=name,
            repository=repository,
            versions=tuple(sorted(found, key=_version_key, reverse=True)),
            installed=installed.get(name),
        )
        for (name, repository), found in versions.items()
    )
    return tuple(sorted(hits, key=lambda hit: (hit.name != query.name, hit.name, hit.repository)))


def find_names(query: Query, names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that match, the asked-for one first."""
    matching = {
        name for name in map(canonicalize_name, names) if fnmatch.fnmatchcase(name, query.pattern)
    }
    return tuple(sorted(matching, key=lambda name: (name != query.name, name)))


def explain_nothing(
    query: Query, components: Iterable[Component], names: Iterable[str]
) -> tuple[str, str]:
    """Return why nothing was found, and what to try; `names` are those of the whole index."""
    known = {c.version for c in components if canonicalize_name(c.name) == query.name}
    if known:
        versions = ", ".join(sorted(known, key=_version_key, reverse=True)[:SHOWN])
        return f"{query.name} has other versions: {versions}", f"[[search {query.name}]]"
    among = list(map(canonicalize_name, names))
    if matching := find_names(query, among):
        lacking = f"version {query.version}" if query.version else "a wheel or an sdist"
        again = f"[[search {shlex.quote(query.name)}]]"
        count = plural(len(matching), "project matches", "projects match")
        return f"{count} {query.pattern}, none has {lacking}", again
    similar = get_close_matches(query.name, among) if len(among) <= MANY_NAMES else []
    reason = f"none of its {len(among)} projects has a name like {query.pattern}"
    if similar:
        return reason, f"did you mean {' or '.join(similar)}? [[search {similar[0]}]]"
    return reason, "try a part of the name: [[search 'PART*']]"


def parse_versions(name: str, filenames: Iterable[str]) -> tuple[str, ...]:
    """Return the versions that the files of a project's page have."""
    versions = set()
    for filename in filenames:
        with contextlib.suppress(NotADistError):  # .egg, .asc, and worse
            named = parse_filename(filename)
            if named.name == name:
                versions.add(str(named.version))
    return tuple(versions)


def render_install_line(hit: Hit, consumer: Consumer) -> str:
    """Return the command that installs exactly this version from the group."""
    words = ["pip", "install", "--index-url", consumer.index_url]
    if consumer.ca_file:
        words += ["--cert", str(consumer.ca_file)]
    if consumer.client_cert:
        words += ["--client-cert", consumer.client_cert]
    return shlex.join([*words, f"{hit.name}=={hit.version}"])


def _version_key(text: str) -> tuple[bool, Version, str]:
    """Order versions; what is none after PEP 440 (Nexus stores any text) comes before all."""
    version = _parse_version(text)
    return (version is not None, version or Version("0"), "" if version else text)


def _parse_version(text: str) -> Version | None:
    try:
        return Version(text)
    except ValueError:  # InvalidVersion, or too many digits
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Searched(Result):
    """A search found something."""

    step: ClassVar[str] = "search"
    result: SearchResult

    def describe(self) -> str:
        """Return how many projects were found."""
        count = len({hit.name for hit in self.result.hits})
        return f"{plural(count, 'project')} for {self.result.query.text}"

    def details(self) -> Iterable[Line | Table]:
        """Return the hits, and how the first one is installed."""
        rows = (
            (hit.name, hit.version, hit.installed or "", hit.repository) for hit in self.result.hits
        )
        yield Table(("name", "version", "installed", "repository"), tuple(rows))
        yield labelled("python", self.result.environment)
        yield labelled("install", self.result.install)

    def document(self) -> dict[str, Any]:
        """Return what was found; the versions of a hit are newest first."""
        hits = [
            {
                "name": hit.name,
                "version": hit.version,
                "versions": list(hit.versions),
                "installed": hit.installed,
                "repository": hit.repository,
            }
            for hit in self.result.hits
        ]
        document = {
            "query": self.result.query.text,
            "environment": self.result.environment,
            "install": self.result.install,
            "hits": hits,
        }
        return {"search": document}

    def redact(self, clean: Clean) -> Searched:
        """Return it with clean texts."""
        query = map_texts(self.result.query, clean, "text")
        return replace(self, result=replace(map_texts(self.result, clean, "install"), query=query))
