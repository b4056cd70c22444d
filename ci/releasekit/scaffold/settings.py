"""The text of a pyproject.toml or releasekit.toml with settings added; all else stays as it is."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from releasekit.errors import ReleasekitError
from releasekit.errors.setup import CANNOT_CHANGE_SETTINGS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

OWN_FILE = "releasekit.toml"
FIVE = {
    "url": ("https://nexus.example.com", "absent: the embedded sandbox, or what CI says"),
    "hosted": ("pypi-hosted", "releases go here"),
    "group": ("pypi-group", "verified and installed from here; absent: hosted"),
    "ca-bundle": ("certs/corporate-ca.pem", "the company's CA, if the system does not have it"),
    "tag": ("v{version}", "release tags; absent: with or without the v"),
}
"""The settings that most projects need: an example, and what each is."""


def find_settings_file(root: Path) -> Path:
    """Return the file that has, or gets, the settings of a project.

    A project with a setup.py alone gets no pyproject.toml: pip builds one that has it in another
    manner (https://pip.pypa.io/en/stable/reference/build-system/).
    """
    own, pyproject = root / OWN_FILE, root / "pyproject.toml"
    return pyproject if pyproject.exists() and not own.exists() else own


def read_values(path: Path, text: str) -> dict[str, Any] | None:
    """Return the settings that a file has; None where it has no table for them yet."""
    table: Any = tomllib.loads(text.replace("\r\n", "\n"))
    for key in _find_table(path):
        table = table.get(key) if isinstance(table, dict) else None
    return table if text else None


def _find_table(path: Path) -> tuple[str, ...]:
    return () if path.name == OWN_FILE else ("tool", "releasekit")


def add_settings(path: Path, text: str, wanted: Mapping[str, str]) -> str:
    """Return the text with these settings, in the file's own line ends.

    Raises CANNOT_CHANGE_SETTINGS where anything else would become of the file.
    """
    is_windows = "\r\n" in text and text.count("\r\n") == text.count("\n")
    plain = text.replace("\r\n", "\n") if is_windows else text
    values = read_values(path, plain)
    if values is not None and all(values.get(key) == value for key, value in wanted.items()):
        return text
    try:
        new = _append(path, plain, wanted) if values is None else _change(path, plain, wanted)
        expected = table = tomllib.loads(plain)
        for key in _find_table(path):
            table = table.setdefault(key, {})
        table.update(wanted)
        is_sound = tomllib.loads(new) == expected
    except (TOMLKitError, tomllib.TOMLDecodeError, AttributeError, TypeError):
        is_sound = False
    if not is_sound:
        reason = "the file has a form to which nothing can be added, as tool = { } in one line"
        raise _cannot_change(path, wanted, reason)
    return new.replace("\n", "\r\n") if is_windows else new


def refuse_link(path: Path, top: Path, wanted: Mapping[str, str]) -> None:
    """Refuse to write outside of the repository: raises CANNOT_CHANGE_SETTINGS.

    A link is followed, also to nothing, and whoever can commit one could have any file written.
    """
    if path.is_symlink() and not path.exists():
        raise _cannot_change(path, wanted, f"it is a link to {path.readlink()}, which is not there")
    if path.is_symlink() and not path.resolve().is_relative_to(top.resolve()):
        reason = f"it is a link to {path.readlink()}, which is not below {top}"
        raise _cannot_change(path, wanted, reason)


def _cannot_change(path: Path, wanted: Mapping[str, str], reason: str) -> ReleasekitError:
    lines = "\n".join(render_table(path, wanted))
    return ReleasekitError(
        CANNOT_CHANGE_SETTINGS, path=str(path), name=path.name, reason=reason, lines=lines
    )


def render_table(
    path: Path, values: Mapping[str, str], *, only: Collection[str] | None = None
) -> list[str]:
    """Return the lines of a new table: what is set, and the other ones of FIVE as comments.

    With `only` they are the lines of these keys.
    """
    if only is not None:
        return [f"{key} = {_render(values[key])}" for key in only]
    lines = [] if path.name == OWN_FILE else ["[tool.releasekit]"]
    for key, (example, meaning) in FIVE.items():
        comment = f"# {f'{key} = {_render(example)}':<38} # {meaning}"
        lines.append(f"{key} = {_render(values[key])}" if key in values else comment)
    return lines


def _render(value: str) -> str:
    return str(tomlkit.item(value).as_string())


def _append(path: Path, text: str, values: Mapping[str, str]) -> str:
    table = "\n".join(render_table(path, values))
    before = text if text.endswith("\n") or not text else f"{text}\n"
    return f"{before}\n{table}\n" if text.strip() else f"{before}{table}\n"


def _change(path: Path, text: str, wanted: Mapping[str, str]) -> str:
    document: Any = tomlkit.parse(text)
    table = document
    for key in _find_table(path):
        table = table[key]
    for key, value in wanted.items():
        if key not in table or table[key] != value:  # its comment and its quotes stay
            table[key] = value
    return tomlkit.dumps(document)
