"""What a Nexus tells about itself over its REST API, as values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SERVER_HEADER = re.compile(
    r"Nexus/(?P<numbers>\d{1,9}(?:\.\d{1,9})+)(?:-\S+)?(?:\s+\((?P<edition>[^)]*)\))?"
)

COMMUNITY = "COMMUNITY"
"""The edition, since 3.77, that has a license agreement to accept."""
Value = str | int | float | bool | tuple[str, ...] | None
"""What a field of a document holds; a list is a tuple of texts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerVersion:
    """The version and the edition that the `Server:` header names."""

    numbers: tuple[int, ...]
    edition: str
    """OSS, COMMUNITY, PRO; empty where the header does not say."""

    def __str__(self) -> str:
        """Render it as people say it: 3.30.0 (OSS)."""
        edition = f" ({self.edition})" if self.edition else ""
        return ".".join(map(str, self.numbers)) + edition


def parse_server_version(header: str | None) -> ServerVersion | None:
    """Parse `Nexus/3.30.0-01 (OSS)`, which every answer carries; None where it is no Nexus."""
    found = SERVER_HEADER.match(header or "")
    if found is None:
        return None
    numbers = tuple(int(part) for part in found["numbers"].split("."))
    return ServerVersion(numbers=numbers, edition=found["edition"] or "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """A repository as the list shows it to whoever may browse it."""

    name: str
    format: str
    """pypi, maven2, raw..."""
    type: str
    """hosted, proxy or group."""
    url: str
    remote: str | None
    """What a proxy fetches from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A JSON document, flat: `storage.writePolicy` is the path of a field."""

    fields: tuple[tuple[str, Value], ...]

    def get(self, path: str) -> Value:
        """Return a field, None where the document has none."""
        return dict(self.fields).get(path)

    def __add__(self, other: Document) -> Document:
        """Return this document with the fields of another one, which win."""
        return Document(fields=tuple((dict(self.fields) | dict(other.fields)).items()))

    def names(self, path: str) -> tuple[str, ...]:
        """Return a field that is a list of names, empty where the document has none."""
        value = self.get(path)
        return value if isinstance(value, tuple) else ()


EMPTY = Document(fields=())


def parse_document(document: Mapping[str, Any]) -> Document:
    """Flatten a JSON object; a list becomes a tuple of texts, an empty object vanishes."""
    return Document(fields=tuple(_flatten(document, "")))


def _flatten(document: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Value]]:
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        elif isinstance(value, Sequence) and not isinstance(value, str):
            yield f"{prefix}{key}", tuple(str(item) for item in value)
        else:
            yield f"{prefix}{key}", value


def render_document(document: Document) -> dict[str, Any]:
    """Return the JSON object that a flat document stands for."""
    result: dict[str, Any] = {}
    for path, value in document.fields:
        *parents, last = path.split(".")
        place = result
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = list(value) if isinstance(value, tuple) else value
    return result


@dataclass(frozen=True, kw_only=True, slots=True)
class Component:
    """A version of a project in a repository."""

    repository: str
    """The member's name, also where a group was searched."""
    name: str
    version: str
