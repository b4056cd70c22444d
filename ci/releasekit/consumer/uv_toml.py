"""The text of a uv.toml: one [[index]] set, all else kept, comments too."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from releasekit.errors import BrokenSettings, usage


@dataclass(frozen=True, kw_only=True, slots=True)
class UvToml:
    """What stands in a uv.toml about indexes, and its text with the wanted one."""

    index: Mapping[str, str]
    """The keys of the table that is or becomes the default index; empty where there is none."""
    others: Mapping[str, str]
    """Other indexes that uv asks for every package: name and address."""
    options: Mapping[str, str]
    """Plain settings, those of [pip] as `pip.key`."""
    text: str = field(repr=False)


def set_index(text: str, wanted: Mapping[str, str], path: str) -> UvToml:
    """Make the wanted index the default one; raises BrokenSettings."""
    document = _parse(text, path)
    tables: Any = document.get("index", [])
    # uv takes the first one that says so as default.
    default = [table for table in tables if table.get("default") is True]
    named = [table for table in tables if table.get("name") == wanted["name"]]
    chosen = next(iter(default + named), None)
    others = {
        str(table.get("name") or table.get("url")): str(table.get("url"))
        for table in tables
        if table is not chosen and not table.get("explicit")
    }
    index = {key: _show(value) for key, value in (chosen or {}).items()}
    options = {key: _show(value) for key, value in document.items() if key not in ("index", "pip")}
    options |= {f"pip.{key}": _show(value) for key, value in document.get("pip", {}).items()}
    if chosen is None:
        found: Any = document.setdefault("index", tomlkit.aot())
        # A list on one line takes tables on one line only.
        is_inline = isinstance(found, tomlkit.items.Array)
        found.append(tomlkit.inline_table() if is_inline else tomlkit.table())
        chosen = found[-1]
    for key, value in wanted.items():
        chosen[key] = value == "true" if key == "default" else value
    return UvToml(index=index, others=others, options=options, text=tomlkit.dumps(document))


def _parse(text: str, path: str) -> tomlkit.TOMLDocument:
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise BrokenSettings(usage.BROKEN_SETTINGS, path=path, reason=str(error)) from error
    tables: Any = document.get("index", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        reason = "index is no list of tables ([[index]])"
        raise BrokenSettings(usage.BROKEN_SETTINGS, path=path, reason=reason)
    if not isinstance(document.get("pip", {}), dict):
        raise BrokenSettings(usage.BROKEN_SETTINGS, path=path, reason="pip is no table ([pip])")
    return document


def _show(value: object) -> str:
    plain = value.unwrap() if hasattr(value, "unwrap") else value
    if isinstance(plain, bool):
        return str(plain).lower()
    return " ".join(map(str, plain)) if isinstance(plain, list) else str(plain)
