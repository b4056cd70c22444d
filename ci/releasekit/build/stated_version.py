"""Writes a development version into a throw-away checkout."""

from __future__ import annotations

import configparser
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

from packaging.version import Version

from releasekit import git
from releasekit.errors import ReleasekitError
from releasekit.errors.setup import CANNOT_WRITE_VERSION
from releasekit.model.versions import StatedVersion
from releasekit.tempdirs import open_tempdir

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def write_version(
    source: Path, stated: StatedVersion, version: Version, environ: Mapping[str, str]
) -> None:
    """Write a version in place of the one that a file of the project states, and change no more.

    git shows the commit with this file in it. Raises CANNOT_WRITE_VERSION and GitFailed.
    """
    path = source / stated.file
    text = path.read_bytes().decode()
    try:
        write = _set_in_toml if path.suffix == ".toml" else _set_in_cfg
        changed = write(text, stated.keys, str(version))
    except ValueError as error:
        reason = str(error)
        raise ReleasekitError(
            CANNOT_WRITE_VERSION, place=stated.place, version=str(version), reason=reason
        ) from error
    if path.is_symlink():  # what it leads to is read by others too
        path.unlink()
    path.write_bytes(changed.encode())
    _show_in_commit(source, stated.file, environ)


def _set_in_toml(text: str, keys: tuple[str, ...], version: str) -> str:
    import tomlkit  # only development versions need it

    document = tomlkit.parse(text)  # its errors are ValueErrors
    _set(document, keys, version)
    changed, wanted = tomlkit.dumps(document), tomllib.loads(text)
    _set(wanted, keys, version)
    if tomllib.loads(changed) != wanted:
        raise ValueError("tomlkit does not keep the rest of the file")
    return changed


def _set(table: MutableMapping[str, Any], keys: tuple[str, ...], version: str) -> None:
    *tables, key = keys
    for name in tables:
        table = table[name]
    table[key] = version


def _set_in_cfg(text: str, keys: tuple[str, ...], version: str) -> str:
    from configupdater import ConfigUpdater

    section, option = keys
    document, ending = ConfigUpdater(), "\r\n" if "\r\n" in text else "\n"
    try:
        document.read_string(text.replace("\r\n", "\n").rstrip("\n") + "\n")
        document[section][option].value = version
    except configparser.Error as error:
        raise ValueError(str(error)) from error
    except KeyError as error:  # configparser takes it from [DEFAULT]
        raise ValueError(f"[{section}] has no {option} of its own") from error
    return str(document).replace("\n", ending)


def _show_in_commit(source: Path, file: str, environ: Mapping[str, str]) -> None:
    """Let git show the changed file as a part of the commit, which keeps its name.

    Meson packs what `git archive` gives, and other backends ask whether the tree is clean.
    """
    git.must(source, environ, "add", "--", file)
    tree = git.must(source, environ, "write-tree", "--missing-ok").output.strip()
    shown = git.must(source, environ, "cat-file", "commit", "HEAD", errors="surrogateescape")
    changed = f"tree {tree}\n{shown.output.partition(chr(10))[2]}"
    with open_tempdir("releasekit-commit-") as tempdir:
        path = tempdir / "commit"
        path.write_bytes(changed.encode("utf-8", "surrogateescape"))
        made = git.must(source, environ, "hash-object", "-t", "commit", "-w", str(path))
    git.must(source, environ, "replace", "-f", "HEAD", made.output.strip())
