"""Searching the group: the query, what was found, and the line that installs it."""

from __future__ import annotations

import contextlib
import re
import shlex
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, ClassVar

from packaging.utils import canonicalize_name
from packaging.version import Version

from releasekit.consumer.settings import Consumer, labelled
from releasekit.errors import MissingProgram, ReleasekitError, usage
from releasekit.model.dists import NotADistError, parse_filename
from releasekit.nexus.documents import Component
from releasekit.outcome import Clean, Line, Result, Table
from releasekit.plural import plural
from releasekit.process import capture
from releasekit.redact import map_texts


def read_installed_versions(python: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the versions that a Python can import, by their normalized names.

    Raises NO_SUCH_ENVIRONMENT.
    """
    # Isolated: neither the current directory nor PYTHONPATH is the environment.
    command = (str(python), "-I", "-c", "import sys; print(*sys.path, sep='\\n')")
    with tempfile.TemporaryDirectory(prefix="releasekit-ask-") as folder:
        try:
            answer = capture(command, cwd=Path(folder), environ=environ)
        except (MissingProgram, OSError) as error:
            reason = "there is no such file"
            if isinstance(error, OSError):
                reason = error.strerror or str(error)
            raise ReleasekitError(
                usage.NO_SUCH_ENVIRONMENT, path=str(python), reason=reason
            ) from error
    if answer.status:
        raise ReleasekitError(usage.NO_SUCH_ENVIRONMENT, path=str(python), reason=answer.tail())
    versions: dict[str, str] = {}
    for distribution in distributions(path=answer.output.splitlines()):
        # pip leaves directories without METADATA when it is interrupted: no name, or (with the
        # finder of importlib_metadata, which keyring may bring) an error.
        with contextlib.suppress(FileNotFoundError):
            if distribution.name:
                name = canonicalize_name(distribution.name)
                versions.setdefault(name, distribution.version)
    return versions


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """A word that is searched for."""

    text: str
    name: str
    """Normalized (PEP 503), perhaps with wildcards: Nexus stores and compares it so."""
    version: str | None = None

    @property
    def has_wildcards(self) -> bool:
        """Tell whether the word is no name but a pattern."""
        return any(sign in self.name for sign in "*?")

    @property
    def pattern(self) -> str:
        """Return what names have to match: a word without wildcards may stand anywhere in them."""
        return self.name if self.has_wildcards else f"*{self.name}*"


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
            is_version, version, _ = _version_key(text)
            if is_version and not version.is_prerelease:
                return text
        return self.versions[0]


def parse_query(word: str) -> Query:
    """Parse NAME, a part of one, a pattern with * and ?, or NAME==VERSION; raises BAD_QUERY."""
    query = r"([a-z0-9*?]+(?:[-_.]+[a-z0-9*?]+)*)(?:\s*==\s*(\S+))?"
    if not (found := re.fullmatch(query, word.strip().lower())):
        raise ReleasekitError(usage.BAD_QUERY, word=word)
    return Query(text=word.strip(), name=canonicalize_name(found[1]), version=found[2])


def select_hits(
    query: Query, components: Iterable[Component], installed: Mapping[str, str]
) -> tuple[Hit, ...]:
    """Gather versions to projects, that of the query's name first, then by name and repository."""
    versions: dict[tuple[str, str], set[str]] = {}
    for component in components:
        name, version = canonicalize_name(component.name), component.version
        is_version = not query.version or _version_key(version) == _version_key(query.version)
        if is_version and fnmatchcase(name, query.pattern):
            versions.setdefault((name, component.repository), set()).add(version)
    hits = [
        Hit(
            name=name,
            repository=repository,
            versions=tuple(sorted(found, key=_version_key, reverse=True)),
            installed=installed.get(name),
        )
        for (name, repository), found in versions.items()
    ]
    return tuple(sorted(hits, key=lambda hit: (hit.name != query.name, hit.name, hit.repository)))


def find_names(query: Query, names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that match, that of the query first."""
    normalized = set(map(canonicalize_name, names))
    matching = (name for name in normalized if fnmatchcase(name, query.pattern))
    return tuple(sorted(matching, key=lambda name: (name != query.name, name)))


def explain_nothing(
    query: Query, components: Iterable[Component], names: Iterable[str]
) -> tuple[str, str]:
    """Return why nothing was found, and what to try; `names` are those of the whole index."""
    known = {c.version for c in components if canonicalize_name(c.name) == query.name}
    if known:
        versions = ", ".join(sorted(known, key=_version_key, reverse=True)[:10])
        return f"{query.name} has other versions: {versions}", f"[[search {query.name}]]"
    among = list(map(canonicalize_name, names))
    if matching := find_names(query, among):
        lacking = f"version {query.version}" if query.version else "a wheel or an sdist"
        count = plural(len(matching), "project matches", "projects match")
        again = f"[[search {shlex.quote(query.name)}]]"
        return f"{count} {query.pattern}, none has {lacking}", again
    # To compare more names letter by letter would take seconds.
    similar = get_close_matches(query.name, among) if len(among) <= 20_000 else []
    reason = f"none of its {len(among)} projects has a name like {query.pattern}"
    if similar:
        return reason, f"did you mean {' or '.join(similar)}? [[search {similar[0]}]]"
    return reason, "try a part of the name: [[search 'PART*']]"


def parse_versions(name: str, filenames: Iterable[str]) -> set[str]:
    """Return the versions that the files of a project's page have."""
    versions = set()
    for filename in filenames:
        with contextlib.suppress(NotADistError):  # .egg, .asc, and worse
            named = parse_filename(filename)
            if named.name == name:
                versions.add(str(named.version))
    return versions


def render_install_line(hit: Hit, consumer: Consumer) -> str:
    """Return the command that installs exactly this version from the group."""
    words = ["pip", "install", "--index-url", consumer.index_url]
    words += [word for key, path in consumer.files.items() for word in (f"--{key}", path)]
    return shlex.join([*words, f"{hit.name}=={hit.version}"])


def _version_key(text: str) -> tuple[bool, Version, str]:
    """Order versions; what is none after PEP 440 (Nexus stores any text) comes before all."""
    try:
        return True, Version(text), ""
    except ValueError:  # InvalidVersion, or too many digits
        return False, Version("0"), text


@dataclass(frozen=True, kw_only=True, slots=True)
class Searched(Result):
    """A search found something."""

    step: ClassVar[str] = "search"
    query: Query
    hits: tuple[Hit, ...]
    environment: str
    """The Python whose packages `installed` tells of."""
    install: str

    def describe(self) -> str:
        """Return how many projects were found."""
        count = len({hit.name for hit in self.hits})
        return f"{plural(count, 'project')} for {self.query.text}"

    def details(self) -> Iterable[Line | Table]:
        """Return the hits, and how the first one is installed."""
        rows = [(hit.name, hit.version, hit.installed or "", hit.repository) for hit in self.hits]
        return (
            Table(("name", "version", "installed", "repository"), tuple(rows)),
            labelled("python", self.environment),
            labelled("install", self.install),
        )

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
            for hit in self.hits
        ]
        return {
            "search": {
                "query": self.query.text,
                "environment": self.environment,
                "install": self.install,
                "hits": hits,
            }
        }

    def redact(self, clean: Clean) -> Searched:
        """Return it with clean texts."""
        query = map_texts(self.query, clean, "text")
        return replace(map_texts(self, clean, "install"), query=query)
