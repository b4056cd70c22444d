"""check-manifest's comparison, on the sdist at hand: it builds two of its own for it."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator, Sequence
from configparser import Error as ConfigError
from pathlib import Path

import check_manifest


def find_missing_files(
    packed: Sequence[str], root: Path, versioned: Sequence[str]
) -> tuple[str, ...]:
    """Return the versioned files that an sdist lacks, after the project's own settings.

    `packed` are the names of its members. Changes the current directory for a moment: call it in
    the main thread.
    """
    with _in_directory(root):
        try:
            ui = check_manifest.UI(verbosity=-1)
            ui.stdout = ui.stderr = io.StringIO()
            ignore, _ = check_manifest.read_config()
            ignore += check_manifest.read_manifest(ui)
        except (check_manifest.Failure, ConfigError, OSError, ValueError) as error:
            return (f"(check-manifest: {error})",)
        files = check_manifest.canonical_file_list(packed)
        source = check_manifest.canonical_file_list(versioned)
        inside = check_manifest.strip_sdist_extras(ignore, _strip_top(files))
        return tuple(sorted(set(check_manifest.strip_sdist_extras(ignore, source)) - set(inside)))


def _strip_top(files: Sequence[str]) -> list[str]:
    """Take the top directory off; check-manifest's own function fails where there are two."""
    return [rest for name in files if (rest := name.partition("/")[2])]


@contextlib.contextmanager
def _in_directory(path: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(path)
    try:
        yield
    finally:
        os.chdir(before)
