"""The text of a uv.toml: one [[index]] set, all else kept, comments too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from releasekit.errors import BrokenSettings
from releasekit.errors.usage import BROKEN_SETTINGS


@dataclass(frozen=True, kw_only=True, slots=True)
class UvSettings:
    """What stands in a uv.toml about indexes."""

    index: Mapping[str, str]
    """The keys of the table that is or becomes the default index; empty where there is none."""
    others: Mapping[str, str]
    """Other indexes that uv asks for every package: name and address."""
    options: Mapping[str, str]
    """Plain settings, those of [pip] as `pip.key`."""


def read_uv_settings(text: str, name: str, path: str) -> UvSettings:
    """Read the settings beside the index called `name`; raises BrokenSettings."""
    document = _parse(text, path)
    chosen = _find_index(document, name)
    others = {
        str(table.get("name") or table.get("url")): str(table.get("url"))
        for table in document.get("index", [])
        if table is not chosen and not table.get("explicit")
    }
    index = {key: _show(value) for key, value in (chosen or {}).items()}
    options = {key: _show(value) for key, value in document.items() if key not in ("index", "pip")}
    options |= {f"pip.{key}": _show(value) for key, value in document.get("pip", {}).items()}
    return UvSettings(index=index, others=others, options=options)


def set_index(text: str, index: Mapping[str, str], path: str) -> str:
    """Return the text with the default index; raises BrokenSettings."""
    document = _parse(text, path)
    table = _find_index(document, index["name"])
    if table is None:
        found: Any = document.setdefault("index", tomlkit.aot())
        # A list on one line takes tables on one line only.
        is_inline = isinstance(found, tomlkit.items.Array)
        found.append(tomlkit.inline_table() if is_inline else tomlkit.table())
        table = found[-1]
    for key, value in index.items():
        table[key] = value == "true" if key == "default" else value
    return tomlkit.dumps(document)


def _find_index(document: tomlkit.TOMLDocument, name: str) -> Any:
    """Return the table that uv takes as default, the first one, or else the one of that name."""
    tables: Any = document.get("index", [])
    default = [table for table in tables if table.get("default") is True]
    named = [table for table in tables if table.get("name") == name]
    return next(iter(default + named), None)


def _parse(text: str, path: str) -> tomlkit.TOMLDocument:
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise BrokenSettings(BROKEN_SETTINGS, path=path, reason=str(error)) from error
    tables: Any = document.get("index", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        reason = "index is no list of tables ([[index]])"
        raise BrokenSettings(BROKEN_SETTINGS, path=path, reason=reason)
    if not isinstance(document.get("pip", {}), dict):
        raise BrokenSettings(BROKEN_SETTINGS, path=path, reason="pip is no table ([pip])")
    return document


def _show(value: object) -> str:
    plain = value.unwrap() if hasattr(value, "unwrap") else value
    if isinstance(plain, bool):
        return str(plain).lower()
    return " ".join(map(str, plain)) if isinstance(plain, list) else str(plain)
