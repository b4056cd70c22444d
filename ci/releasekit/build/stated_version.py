"""Writes a development version into a throw-away checkout."""

import configparser
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

from packaging.version import Version

from releasekit import git
from releasekit.errors import ReleasekitError, setup
from releasekit.model.project import StatedVersion
from releasekit.tempdirs import open_tempdir
from releasekit.toml import tomllib


def write_version(
    source: Path, stated: StatedVersion, version: Version, environ: Mapping[str, str]
) -> None:
    """Write a version in place of the one that a file of the project states, and change no more.

    git shows the commit with this file in it. Raises CANNOT_WRITE_VERSION and GitFailed.
    """
    path = source / stated.file
    write = _set_in_toml if path.suffix == ".toml" else _set_in_cfg
    try:
        changed = write(path.read_bytes().decode(), stated.keys, str(version))
    except ValueError as error:
        raise ReleasekitError(
            setup.CANNOT_WRITE_VERSION, place=stated.place, version=str(version), reason=str(error)
        ) from error
    if path.is_symlink():  # what it leads to is read by others too
        path.unlink()
    path.write_bytes(changed.encode())
    # git shows the commit, which keeps its name, with the changed file as a part of it: Meson packs
    # what `git archive` gives, and other backends ask whether the tree is clean.
    git.must(source, environ, "add", "--", stated.file)
    tree = git.must(source, environ, "write-tree", "--missing-ok").output.strip()
    shown = git.must(source, environ, "cat-file", "commit", "HEAD", errors="surrogateescape")
    commit = f"tree {tree}\n{shown.output.partition(chr(10))[2]}"
    with open_tempdir("releasekit-commit-") as tempdir:
        written = tempdir / "commit"
        written.write_bytes(commit.encode("utf-8", "surrogateescape"))
        made = git.must(source, environ, "hash-object", "-t", "commit", "-w", str(written))
    git.must(source, environ, "replace", "-f", "HEAD", made.output.strip())


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

    (section, option), document = keys, ConfigUpdater()
    try:
        document.read_string(text.replace("\r\n", "\n").rstrip("\n") + "\n")
        document[section][option].value = version
    except configparser.Error as error:
        raise ValueError(str(error)) from error
    except KeyError as error:  # configparser takes it from [DEFAULT]
        raise ValueError(f"[{section}] has no {option} of its own") from error
    return str(document).replace("\n", "\r\n" if "\r\n" in text else "\n")
