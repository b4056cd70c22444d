"""Facts about dists, gathered with the tools that know them; judging is not done here."""

import io
import os
import zipfile
from collections.abc import Sequence
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
from releasekit.checks.model import (
    NO_PROJECT,
    ContentProblem,
    DeadEntryPoint,
    DistFacts,
    Member,
    ProjectFacts,
)
from releasekit.inspect.archive import read_archive
from releasekit.model.dists import Dist, parse_metadata
from releasekit.plural import list_some


def gather_facts(
    dists: Sequence[Dist], project: ProjectFacts = NO_PROJECT, root: Path | None = None
) -> tuple[DistFacts, ...]:
    """Gather what the checks want to know of dists; `root` is their project's directory, if known.

    Changes the current directory for check-manifest: call it in the main thread.
    """
    gathered = [_gather(dist, project, root) for dist in dists]
    versions = [(facts.dist.named.name, facts.dist.named.version) for facts in gathered]
    pairs = list(zip(gathered, versions, strict=True))
    return tuple(
        replace(one, others=tuple(o for o, other in pairs if o is not one and other == version))
        for one, version in pairs
    )


def _gather(dist: Dist, project: ProjectFacts, root: Path | None) -> DistFacts:
    facts = replace(read_archive(dist), project=project)
    if facts.archive_problem is not None:
        return facts  # what is left of it, a second tool might read without bounds
    text = read_metadata(dist)
    metadata, problems = parse_metadata(text) if text is not None else (None, ())
    said = metadata or {}
    classifiers = list(dict.fromkeys(said.get("classifiers", [])))
    # No index knows the prefix "Private ::", on purpose (packaging user guide, "classifiers").
    public = [text for text in classifiers if not text.lower().startswith("private ::")]
    facts = replace(
        facts,
        metadata=metadata,
        metadata_problems=problems,
        description_problem=render_description(
            said.get("description"), said.get("description_content_type")
        ),
        unknown_classifiers=tuple(t for t in public if t not in known and t not in deprecated),
        deprecated_classifiers=tuple(
            (text, tuple(deprecated[text])) for text in classifiers if text in deprecated
        ),
    )
    if facts.is_wheel:
        return replace(
            facts,
            record_problems=find_record_problems(dist.path, facts.members),
            content_problems=find_content_problems(dist.path, root),
            dead_entry_points=_find_dead_entry_points(facts, said.get("requires_dist", [])),
        )
    if root is None:
        return facts
    return replace(
        facts,
        missing_files=find_missing_files([member.name for member in facts.members], root, project),
    )


# Characters that are rendered: docutils takes 10 s and 300 MB for a million (0.23, measured). The
# longest description among 250 known packages has 140,000.
DESCRIPTION_LIMIT = 1 << 19


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


def find_missing_files(packed: Sequence[str], root: Path, project: ProjectFacts) -> tuple[str, ...]:
    """Return the versioned files that an sdist lacks, after the project's own settings.

    It is check-manifest's comparison, which builds two sdists for that. What the backend's own
    configuration leaves out is left out on purpose, as MANIFEST.in does it for setuptools.
    `packed` are the names of its members. Changes the current directory for a moment: call it in
    the main thread.
    """
    before = Path.cwd()
    os.chdir(root)
    try:
        ui = check_manifest.UI(verbosity=-1)
        ui.stdout = ui.stderr = io.StringIO()
        ignore, _ = check_manifest.read_config()
        if project.packing.reads_manifest:
            ignore += check_manifest.read_manifest(ui)
        # No sdist needs the first two; check-manifest knows that of a Jenkinsfile.
        for pattern in (".gitlab-ci.yml", "releasekit.toml", *project.packing.left_out):
            place = pattern.strip("/")
            ignore.exclude(place).prune(place)
            if "/" not in pattern.rstrip("/"):
                ignore.global_exclude(place, f"{place}/**")
    except (check_manifest.Failure, ConfigError, OSError, ValueError) as error:
        return (f"(check-manifest: {error})",)
    finally:
        os.chdir(before)
    source = check_manifest.canonical_file_list(project.versioned)
    # The top directory is taken off: check-manifest's own function fails where there are two.
    inside = {name.partition("/")[2] for name in check_manifest.canonical_file_list(packed)}
    missing = ignore.filter([name for name in source if name not in inside])
    # Names that are not UTF-8 are shown with escapes.
    raw = [name.encode("utf-8", "surrogateescape") for name in missing]
    return tuple(name.decode("utf-8", "backslashreplace") for name in raw)


def find_record_problems(wheel: Path, members: Sequence[Member]) -> tuple[str, ...]:
    """Return where a wheel's RECORD is untrue, as installer finds it."""
    limit = 2000 * (len(members) + 1)  # a line has a path, a digest and a size
    for member in members:
        if member.name.endswith(".dist-info/RECORD") and member.size > limit:
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
    tags = frozenset[Tag]().union(*(parse_tag(text) for text in stated if text.count("-") == 2))
    if tags != wheel.named.tags:
        named = "-".join(wheel.filename.removesuffix(".whl").split("-")[-3:])
        said = list_some(sorted(map(str, tags))) or "none"
        return (f"the tags in {name} are {said}, and those in its file name {named}",)
    return ()


def _identify_folder(name: str) -> tuple[str, str]:
    project, _, version = name.removesuffix(".dist-info").rpartition("-")
    return canonicalize_name(project), canonicalize_version(version, strip_trailing_zero=False)


def find_content_problems(wheel: Path, root: Path | None) -> tuple[ContentProblem, ...]:
    """Return what check-wheel-contents finds, by the settings of the project at `root`."""
    checker, configuration = WheelChecker(), Configuration()
    try:
        if root is not None:
            # Its find_default would look in directories above too.
            files = [root / name for name in CONFIG_FILES if (root / name).is_file()]
            configuration = next(filter(None, map(Configuration.from_file, files)), configuration)
            checker.apply_config(configuration)
    except Exception as error:  # noqa: BLE001 - its settings are read by three libraries
        return (ContentProblem(code="settings", text=f"its settings are wrong: {error}"),)
    try:
        failed = checker.check_contents(WheelContents.from_wheel(wheel))
    except Exception:  # noqa: BLE001 - what it cannot read, RECORD's check has named
        return ()
    paths: dict[Any, list[str]] = {}
    for one in failed:  # a problem for each set of equal files: one for all of them is enough
        paths.setdefault(one.check, []).extend(one.args)
    selected = set(configuration.select or ())
    return tuple(
        ContentProblem(
            code=check.name, text=check.value, paths=tuple(named), selected=check in selected
        )
        for check, named in paths.items()
    )


def _find_dead_entry_points(
    facts: DistFacts, requires: Sequence[str]
) -> tuple[DeadEntryPoint, ...]:
    with zipfile.ZipFile(facts.dist.path) as archive:
        # By the names as they are written, as members have them.
        entries = {entry.orig_filename: entry for entry in archive.infolist()}

        def read(name: str) -> str:
            with archive.open(entries[name]) as stream:
                return stream.read(1 << 20).decode("utf-8", errors="replace")

        return find_dead([member.name for member in facts.members], read, requires)
