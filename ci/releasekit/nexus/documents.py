"""What a Nexus says of itself over its REST API, as values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

COMMUNITY = "COMMUNITY"  # the edition, since 3.77, that has a license agreement to accept
Value = str | int | float | bool | tuple[str, ...] | None
"""What a field of a document holds; a list is a tuple of texts."""
Document = dict[str, Value]  # a JSON document, flat: `storage.writePolicy` is the path of a field


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerVersion:
    """The version and the edition that the `Server:` header names."""

    numbers: tuple[int, ...]
    edition: str  # OSS, COMMUNITY, PRO; empty where the header does not say

    def __str__(self) -> str:
        edition = f" ({self.edition})" if self.edition else ""
        return ".".join(map(str, self.numbers)) + edition


def parse_server_version(header: str | None) -> ServerVersion | None:
    """Parse `Nexus/3.30.0-01 (OSS)`, which every answer carries; None where it is no Nexus."""
    found = re.match(r"Nexus/(\d{1,9}(?:\.\d{1,9})+)(?:-\S+)?(?:\s+\(([^)]*)\))?", header or "")
    if found is None:
        return None
    return ServerVersion(numbers=tuple(map(int, found[1].split("."))), edition=found[2] or "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """A repository as the list shows it to whoever may browse it."""

    name: str
    format: str
    type: str
    remote: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Component:
    """A version of a project in a repository."""

    repository: str  # the member's name, also where a group was searched
    name: str
    version: str


def parse_document(document: Mapping[str, Any], prefix: str = "") -> Document:
    """Flatten a JSON object; a list becomes a tuple of texts, an empty object vanishes."""
    flat: Document = {}
    for key, value in document.items():
        if isinstance(value, Mapping):
            flat |= parse_document(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = tuple(map(str, value)) if isinstance(value, list) else value
    return flat


def render_document(document: Document) -> dict[str, Any]:
    """Return the JSON object that a flat document stands for."""
    result: dict[str, Any] = {}
    for path, value in document.items():
        *parents, last = path.split(".")
        place = result
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = list(value) if isinstance(value, tuple) else value
    return result


def list_names(document: Document | None, path: str) -> tuple[str, ...]:
    """Return a field that is a list of names, empty where there is none."""
    value = document.get(path) if document else None
    return value if isinstance(value, tuple) else ()
