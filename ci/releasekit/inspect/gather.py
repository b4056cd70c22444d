"""Facts about dists, gathered with the tools that know them; judging is not done here."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import zipfile
from collections.abc import Callable, Collection, Iterator, Sequence
from configparser import Error as ConfigError
from dataclasses import replace
from pathlib import Path
from typing import Any

import check_manifest
from check_wheel_contents.checker import WheelChecker
from check_wheel_contents.config import CONFIG_FILES, Configuration
from check_wheel_contents.contents import WheelContents
from installer.sources import WheelFile
from packaging.tags import Tag, parse_tag
from packaging.utils import canonicalize_name, canonicalize_version
from trove_classifiers import classifiers as known
from trove_classifiers import deprecated_classifiers as deprecated

from releasekit.archives import read_metadata, read_wheel_headers
from releasekit.checks.entry_points import find_dead
from releasekit.checks.facts import (
    NO_PROJECT,
    ContentProblem,
    DeadEntryPoint,
    DistFacts,
    Member,
    ProjectFacts,
)
from releasekit.inspect.archive import read_archive
from releasekit.model.dists import Dist, DistKind, parse_metadata
from releasekit.plural import list_some

OF_THE_REPOSITORY = (".gitlab-ci.yml", "releasekit.toml")
"""No sdist needs them; check-manifest knows that of a Jenkinsfile."""


def gather_facts(
    dists: Sequence[Dist], project: ProjectFacts = NO_PROJECT, root: Path | None = None
) -> tuple[DistFacts, ...]:
    """Gather what the checks want to know of dists; `root` is their project's directory, if known.

    Changes the current directory for check-manifest: call it in the main thread.
    """
    check_contents = read_contents_check(root)
    gathered = [_gather(dist, project, root, check_contents) for dist in dists]
    return tuple(
        replace(one, others=tuple(o for o in gathered if o is not one and _is_same(o, one)))
        for one in gathered
    )


def _is_same(one: DistFacts, other: DistFacts) -> bool:
    """Tell whether two dists are of one version of a project."""
    first, second = one.dist.named, other.dist.named
    return (first.name, first.version) == (second.name, second.version)


def _gather(
    dist: Dist, project: ProjectFacts, root: Path | None, check_contents: ContentsCheck
) -> DistFacts:
    archive = read_archive(dist)
    if archive.problem is not None:
        # What is left of it, a second tool might read without bounds.
        return DistFacts(
            dist=dist,
            metadata=None,
            project=project,
            archive_problem=archive.problem,
            members=archive.members,
            folders=archive.folders,
            secrets=archive.secrets,
        )
    text = read_metadata(dist)
    metadata, problems = parse_metadata(text) if text is not None else (None, ())
    said = metadata or {}
    is_wheel = dist.named.kind is DistKind.WHEEL
    classifiers = said.get("classifiers", [])
    return DistFacts(
        dist=dist,
        metadata=metadata,
        project=project,
        members=archive.members,
        folders=archive.folders,
        secrets=archive.secrets,
        metadata_problems=problems,
        description_problem=render_description(
            said.get("description"), said.get("description_content_type")
        ),
        unknown_classifiers=find_unknown(classifiers),
        deprecated_classifiers=find_deprecated(classifiers),
        record_problems=find_record_problems(dist.path, archive.members) if is_wheel else (),
        content_problems=check_contents(dist.path) if is_wheel else (),
        dead_entry_points=(
            find_dead_entry_points(dist.path, archive.members, said.get("requires_dist", []))
            if is_wheel
            else ()
        ),
        missing_files=(
            ()
            if is_wheel or root is None
            else find_missing_files([member.name for member in archive.members], root, project)
        ),
    )


DESCRIPTION_LIMIT = 1 << 19
"""Characters that are rendered: docutils takes 10 s and 300 MB for a million (0.23, measured). The
longest description among 250 known packages has 140,000."""
PRIVATE = "private ::"
"""The prefix that no index knows, on purpose (packaging user guide, "classifiers")."""


def render_description(text: str | None, content_type: str | None) -> str | None:
    """Return why a description does not render, None where it does.

    reStructuredText is the default and the only type that can fail, as `twine check` has it
    (twine 7.0.0, commands/check.py).
    """
    media_type = (content_type or "text/x-rst").partition(";")[0].strip().lower()
    if not text or text.strip() == "UNKNOWN" or media_type in ("text/plain", "text/markdown"):
        return None
    if len(text) > DESCRIPTION_LIMIT:
        return f"it has {len(text)} characters, and {DESCRIPTION_LIMIT} are read at most"
    from readme_renderer import rst  # docutils takes 0.1 s to import, and few still need it

    # docutils.conf in the current directory, the project's, may have any file written.
    rst.SETTINGS["_disable_config"] = True
    said = io.StringIO()
    try:
        if rst.render(text, stream=said) is not None:
            return None
    except Exception as error:  # noqa: BLE001 - docutils, of markup made to break it
        return f"docutils failed: {type(error).__name__}"
    lines = said.getvalue().strip().splitlines()
    return lines[0].removeprefix("<string>:") if lines else "docutils could not render it"


def find_unknown(classifiers: Sequence[str]) -> tuple[str, ...]:
    """Return the classifiers that are not on the list, but for private ones."""
    return tuple(
        classifier
        for classifier in dict.fromkeys(classifiers)
        if classifier not in known
        and classifier not in deprecated
        and not classifier.lower().startswith(PRIVATE)
    )


def find_deprecated(classifiers: Sequence[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the deprecated classifiers, with what replaces each."""
    return tuple(
        (classifier, tuple(deprecated[classifier]))
        for classifier in dict.fromkeys(classifiers)
        if classifier in deprecated
    )


def find_missing_files(packed: Sequence[str], root: Path, project: ProjectFacts) -> tuple[str, ...]:
    """Return the versioned files that an sdist lacks, after the project's own settings.

    It is check-manifest's comparison, which builds two sdists for that. What the backend's own
    configuration leaves out is left out on purpose, as MANIFEST.in does it for setuptools.
    `packed` are the names of its members. Changes the current directory for a moment: call it in
    the main thread.
    """
    packing = project.packing
    with _in_directory(root):
        try:
            ui = check_manifest.UI(verbosity=-1)
            ui.stdout = ui.stderr = io.StringIO()
            ignore, _ = check_manifest.read_config()
            if packing.reads_manifest:
                ignore += check_manifest.read_manifest(ui)
            for pattern in (*OF_THE_REPOSITORY, *packing.left_out):
                place = pattern.strip("/")
                ignore.exclude(place).prune(place)
                if "/" not in pattern.rstrip("/"):
                    ignore.global_exclude(place, f"{place}/**")
        except (check_manifest.Failure, ConfigError, OSError, ValueError) as error:
            return (f"(check-manifest: {error})",)
        files = check_manifest.canonical_file_list(packed)
        source = check_manifest.canonical_file_list(project.versioned)
        # The top directory is taken off: check-manifest's own function fails where there are two.
        inside = [rest for name in files if (rest := name.partition("/")[2])]
        inside = check_manifest.strip_sdist_extras(ignore, inside)
        missing = set(check_manifest.strip_sdist_extras(ignore, source)) - set(inside)
        return tuple(map(_spell, sorted(missing)))


def _spell(name: str) -> str:
    """Return a file name as text, with escapes for what is not UTF-8."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


@contextlib.contextmanager
def _in_directory(path: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(path)
    try:
        yield
    finally:
        os.chdir(before)


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


def find_naming_problems(wheel: Dist, members: Sequence[Member]) -> tuple[str, ...]:
    """Return where the inside of a wheel is another one's than its file name says, a sentence each.

    An installer may believe either: see the binary distribution format of the packaging guide.
    """
    tops = {member.name.partition("/")[0] for member in members}
    folders = sorted(top for top in tops if top.endswith(".dist-info"))
    wanted = f"{wheel.named.name.replace('-', '_')}-{wheel.named.version}.dist-info"
    if [_identify_folder(folder) for folder in folders] != [_identify_folder(wanted)]:
        there = list_some(folders) or "no .dist-info directory"
        return (f"it has {there}, and not {wanted} alone",)
    name = f"{folders[0]}/WHEEL"
    if not any(member.name == name for member in members):
        return (f"it has no {name}",)
    stated = read_wheel_headers(wheel.path).get_all("Tag", [])
    texts = [text for text in stated if text.count("-") == 2]
    tags = frozenset[Tag]().union(*map(parse_tag, texts))
    if tags != wheel.named.tags:
        named = "-".join(wheel.filename.removesuffix(".whl").split("-")[-3:])
        said = list_some(sorted(map(str, tags))) or "none"
        return (f"the tags in {name} are {said}, and those in its file name {named}",)
    return ()


def _identify_folder(name: str) -> tuple[str, str]:
    project, _, version = name.removesuffix(".dist-info").rpartition("-")
    return canonicalize_name(project), canonicalize_version(version, strip_trailing_zero=False)


def read_contents_check(root: Path | None) -> ContentsCheck:
    """Return check-wheel-contents with the settings of the project at `root`, read once."""
    checker, configuration = WheelChecker(), Configuration()
    try:
        if root is not None:
            configuration = _read_configuration(root)
            checker.apply_config(configuration)
    except Exception as error:  # noqa: BLE001 - its settings are read by three libraries
        problem = ContentProblem(code="settings", text=f"its settings are wrong: {error}")
        return lambda _: (problem,)
    selected = {check.name for check in configuration.select or ()}
    return functools.partial(_find_content_problems, checker, selected)


def _find_content_problems(
    checker: WheelChecker, selected: Collection[str], wheel: Path
) -> tuple[ContentProblem, ...]:
    try:
        failed = checker.check_contents(WheelContents.from_wheel(wheel))
    except Exception:  # noqa: BLE001 - what it cannot read, RECORD's check has named
        return ()
    paths: dict[Any, list[str]] = {}
    for one in failed:  # a problem for each set of equal files: one for all of them is enough
        paths.setdefault(one.check, []).extend(one.args)
    return tuple(
        ContentProblem(
            code=check.name,
            text=check.value,
            paths=tuple(named),
            selected=check.name in selected,
        )
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
