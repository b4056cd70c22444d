"""Facts about dists, gathered with the tools that know them; judging is not done here."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import check_manifest
from installer.sources import WheelFile
from packaging.version import Version

from releasekit.core.checks import DistFacts, Place
from releasekit.core.dists import UNREADABLE, Dist, DistKind, parse_metadata, read_metadata


def gather_facts(
    dists: Sequence[Dist],
    root: Path | None,
    *,
    versioned: Sequence[str],
    release_version: Version | None,
) -> tuple[DistFacts, ...]:
    """Gather what the checks want to know of dists of the project at `root`, None for no project.

    `versioned` are the files that git has there.

    Changes the current directory for check-manifest: call it in the main thread.
    """
    declared = find_declaration(root) if root else None
    return tuple(
        replace(
            _gather(dist, root, versioned),
            declared=declared or Place(file=dist.filename),
            release_version=release_version,
        )
        for dist in dists
    )


def _gather(dist: Dist, root: Path | None, versioned: Sequence[str]) -> DistFacts:
    text = read_metadata(dist)
    metadata, problems = parse_metadata(text) if text is not None else (None, ())
    is_wheel = dist.named.kind is DistKind.WHEEL
    return DistFacts(
        dist=dist,
        metadata=metadata,
        metadata_problems=problems,
        description_problem=render_description(
            (metadata or {}).get("description"),
            (metadata or {}).get("description_content_type"),
        ),
        record_problems=find_record_problems(dist.path) if is_wheel else (),
        missing_files=find_missing_files(dist.path, root, versioned)
        if root and not is_wheel
        else (),
    )


def render_description(text: str | None, content_type: str | None) -> str | None:
    """Return why a description does not render, None where it does.

    reStructuredText is the default and the only type that can fail, as `twine check` has it
    (twine 7.0.0, commands/check.py).
    """
    media_type = (content_type or "text/x-rst").partition(";")[0].strip().lower()
    if not text or text.strip() == "UNKNOWN" or media_type in ("text/plain", "text/markdown"):
        return None
    from readme_renderer import rst  # docutils takes 0.1 s to import, and few still need it

    said = io.StringIO()
    if rst.render(text, stream=said) is not None:
        return None
    lines = said.getvalue().strip().splitlines()
    return lines[0].removeprefix("<string>:") if lines else "docutils could not render it"


def find_record_problems(wheel: Path) -> tuple[str, ...]:
    """Return where a wheel's RECORD is untrue, as installer finds it."""
    try:
        with WheelFile.open(wheel) as source:
            source.validate_record(validate_contents=True)
    except Exception as error:  # noqa: BLE001 - its own error class is private
        issues = getattr(error, "issues", None) or [str(error)]
        return tuple(str(issue).replace(f"In {wheel}, ", "") for issue in issues)
    return ()


def find_missing_files(sdist: Path, root: Path, versioned: Sequence[str]) -> tuple[str, ...]:
    """Return the versioned files that an sdist lacks, after the project's own settings.

    check-manifest builds two sdists for this; its comparison is used on the one at hand.
    """
    with _in_directory(root):
        try:
            ui = check_manifest.UI(verbosity=-1)
            ui.stdout = ui.stderr = io.StringIO()
            ignore, _ = check_manifest.read_config()
            ignore += check_manifest.read_manifest(ui)
            listed = check_manifest.canonical_file_list(versioned)
            source = set(check_manifest.strip_sdist_extras(ignore, listed))
            packed = set(check_manifest.get_sdist_file_list(str(sdist), ignore))
        except (check_manifest.Failure, *UNREADABLE) as error:
            return (f"(check-manifest: {error})",)
    return tuple(sorted(source - packed))


@contextlib.contextmanager
def _in_directory(path: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(path)
    try:
        yield
    finally:
        os.chdir(before)


def find_declaration(root: Path) -> Place:
    """Return where a project declares its metadata: file and line."""
    for name, opening in (
        ("pyproject.toml", "[project]"),
        ("pyproject.toml", "[tool.poetry]"),
        ("setup.cfg", "[metadata]"),
        ("setup.py", "setup("),
    ):
        path = root / name
        if path.is_file():
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            for number, line in enumerate(lines, start=1):
                if line.lstrip().startswith(opening) or f".{opening}" in line:
                    return Place(file=name, line=number)
    return Place(file="pyproject.toml" if (root / "pyproject.toml").is_file() else "setup.py")
