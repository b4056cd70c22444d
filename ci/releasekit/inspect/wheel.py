"""What is to be read in a wheel: installer's look at RECORD, check-wheel-contents, entry points."""

from __future__ import annotations

import functools
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from check_wheel_contents.checker import WheelChecker
from check_wheel_contents.config import CONFIG_FILES, Configuration
from check_wheel_contents.contents import WheelContents
from installer.sources import WheelFile

from releasekit.checks.entry_points import find_dead
from releasekit.checks.facts import ContentProblem, DeadEntryPoint, Member

ContentsCheck = Callable[[Path], tuple[ContentProblem, ...]]
"""Finds what is odd in a wheel."""
RECORD_LINE = 2000
"""Bytes of a line in RECORD, at most, in a file that somebody means: a path, a digest, a size."""
TEXT_LIMIT = 1 << 20
"""Bytes of entry_points.txt, or of a module, that are read."""


def find_record_problems(wheel: Path, members: Sequence[Member]) -> tuple[str, ...]:
    """Return where a wheel's RECORD is untrue, as installer finds it."""
    for member in members:
        if member.name.endswith(".dist-info/RECORD") and (
            member.size > RECORD_LINE * (len(members) + 1)
        ):
            return (f"it has {member.size} bytes for {len(members)} files",)
    try:
        with WheelFile.open(wheel) as source:
            source.validate_record(validate_contents=True)
    except Exception as error:  # noqa: BLE001 - its own error class is private
        issues = getattr(error, "issues", None) or [str(error)]
        return tuple(str(issue).replace(f"In {wheel}, ", "") for issue in issues)
    return ()


def read_contents_check(root: Path | None) -> ContentsCheck:
    """Return check-wheel-contents with the settings of the project at `root`, read once."""
    checker = WheelChecker()
    try:
        if root is not None:
            checker.apply_config(_read_configuration(root))
    except Exception as error:  # noqa: BLE001 - its settings are read by three libraries
        problem = ContentProblem(code="settings", text=f"its settings are wrong: {error}")
        return lambda _: (problem,)
    return functools.partial(_find_content_problems, checker)


def _find_content_problems(checker: WheelChecker, wheel: Path) -> tuple[ContentProblem, ...]:
    try:
        failed = checker.check_contents(WheelContents.from_wheel(wheel))
    except Exception:  # noqa: BLE001 - what it cannot read, RECORD's check has named
        return ()
    paths: dict[Any, list[str]] = {}
    for one in failed:  # a problem for each set of equal files: one for all of them is enough
        paths.setdefault(one.check, []).extend(one.args)
    return tuple(
        ContentProblem(code=check.name, text=check.value, paths=tuple(named))
        for check, named in paths.items()
    )


def _read_configuration(root: Path) -> Configuration:
    """Read the project's own settings; its find_default would look in directories above too."""
    found = (root / name for name in CONFIG_FILES)
    settings = (Configuration.from_file(path) for path in found if path.is_file())
    return next((one for one in settings if one is not None), Configuration())


def find_dead_entry_points(
    wheel: Path, members: Sequence[Member], requires: Sequence[str]
) -> tuple[DeadEntryPoint, ...]:
    """Return the entry points that do not resolve, after what the wheel's files say."""
    with zipfile.ZipFile(wheel) as archive:
        # By the names as they are written, as `members` has them.
        entries = {entry.orig_filename: entry for entry in archive.infolist()}

        def read(name: str) -> str:
            with archive.open(entries[name]) as stream:
                return stream.read(TEXT_LIMIT).decode("utf-8", errors="replace")

        return find_dead([member.name for member in members], read, requires)
