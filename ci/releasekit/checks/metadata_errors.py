"""RK101 to RK107 and RK124: metadata that makes a release wrong."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from releasekit.checks.model import Check, DistFacts, Fault, Severity, in_dist, in_project
from releasekit.plural import list_some

if TYPE_CHECKING:
    from packaging.metadata import RawMetadata

# Fields of core metadata that are compared, and where a project declares them. RK102 compares
# name and version.
FIELDS = {
    "summary": "description",
    "description": "readme",
    "description_content_type": "readme",
    "keywords": "keywords",
    "home_page": "urls",
    "download_url": "urls",
    "project_urls": "urls",
    "author": "authors",
    "author_email": "authors",
    "maintainer": "maintainers",
    "maintainer_email": "maintainers",
    "license": "license",
    "license_expression": "license",
    "license_files": "license-files",
    "classifiers": "classifiers",
    "requires_python": "requires-python",
    "requires_dist": "dependencies",
    "provides_extra": "optional-dependencies",
}
# Headers of fields that are not called so.
HEADERS = {
    "license_files": "License-File",
    "classifiers": "Classifier",
    "project_urls": "Project-URL",
}


def _find_missing_url(facts: DistFacts) -> Iterator[Fault]:
    metadata = facts.metadata
    if metadata is None or metadata.get("home_page") or metadata.get("project_urls"):
        return
    yield Fault(
        message="the metadata names no url: neither a home page nor a project URL",
        fix='add [project.urls] Homepage = "https://…" (setup.cfg: url = …, setup.py: url="…")',
        place=in_project(facts, "urls"),
    )


def _find_other_identity(facts: DistFacts) -> Iterator[Fault]:
    """Find a name or version that differs between tag, file name and metadata.

    Compared after PEP 503 and PEP 440, so that 1.0 and 1.0.0 are one version.
    """
    metadata, named, release = facts.metadata or {}, facts.dist.named, facts.project.release_version
    name, version = metadata.get("name", ""), metadata.get("version", "")
    if name and canonicalize_name(name) != named.name:
        yield Fault(
            message=f"the file name says {named.name}, the metadata says {name}",
            fix="build again with one name; rename no dist by hand",
            place=in_dist(facts),
        )
    with contextlib.suppress(ValueError):  # RK103
        if Version(version) != named.version:
            yield Fault(
                message=f"the file name says {named.version}, the metadata says {version}",
                fix="build again; rename no dist by hand",
                place=in_dist(facts),
            )
    if release is not None and named.version != release:
        yield Fault(
            message=f"the release is {release}, {facts.dist.filename} is not",
            fix=f"set the version to {release}, or tag the commit that has it",
            place=in_project(facts, "version"),
        )


def _find_invalid_metadata(facts: DistFacts) -> Iterator[Fault]:
    problems = facts.metadata_problems
    if facts.metadata is None and facts.archive_problem is None:
        problems = ("there is none",)
    for problem in problems:
        yield Fault(
            message=f"invalid metadata: {problem}",
            fix="fix that field in the project's configuration, or update the build backend",
            place=in_dist(facts),
        )


def _find_unrendered_description(facts: DistFacts) -> Iterator[Fault]:
    if facts.description_problem:
        yield Fault(
            message=f"the description does not render: {facts.description_problem}",
            fix="fix the README's markup, or declare its content type (readme = …)",
            place=in_project(facts, "readme"),
        )


def _find_private_classifier(facts: DistFacts) -> Iterator[Fault]:
    for classifier in (facts.metadata or {}).get("classifiers", []):
        if facts.project.into_public and classifier.lower().startswith("private ::"):
            yield Fault(
                message=f'the classifier "{classifier}" says that this is not to be published, and '
                "the repository is public",
                fix="release it to an index of your own, or remove the classifier",
                place=in_project(facts, "classifiers", near=classifier),
            )


def _find_direct_dependency(facts: DistFacts) -> Iterator[Fault]:
    for text in (facts.metadata or {}).get("requires_dist", []):
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue  # RK103
        if requirement.url:
            yield Fault(
                message=f"{requirement.name} is required from an address, not from the index",
                fix=f"publish {requirement.name} to the index and require a version of it",
                place=in_project(facts, "dependencies", near=requirement.name),
            )


def _find_local_version(facts: DistFacts) -> Iterator[Fault]:
    version = facts.dist.named.version
    if facts.project.tag is not None and version.local:
        yield Fault(
            message=f"the tag {facts.project.tag} releases a local version, {version}",
            fix=f"tag {version.public}; what stands after + names a private variant of a release",
            place=in_project(facts, "version"),
        )


def find_disagreements(sdist: RawMetadata, wheel: RawMetadata, *, is_pure: bool) -> dict[str, str]:
    """Return how the metadata of a wheel differs from its sdist's, by field.

    What the sdist declares as dynamic may differ (PEP 643) where the machine may decide it, which
    it does not for a wheel that is pure.
    """
    return {
        field: said for field in FIELDS if (said := _compare(field, sdist, wheel, is_pure=is_pure))
    }


def _compare(field: str, sdist: RawMetadata, wheel: RawMetadata, *, is_pure: bool) -> str:
    """Return how a field differs, "" where it does not or may."""
    ours, theirs = _read(field, sdist), _read(field, wheel)
    # Each wheel of an sdist has the same value of a field that is not dynamic (PEP 643).
    version = tuple(map(int, re.findall(r"\d+", sdist.get("metadata_version", ""))))
    header = HEADERS.get(field, field).lower().replace("_", "-")
    is_static = version >= (2, 2) and header not in map(str.lower, sdist.get("dynamic", ()))
    if ours == theirs or not (is_static or ours):
        return ""  # setuptools before 77 leaves fields out of sdists
    if field == "license_files" and ours <= theirs:
        return ""  # pbr writes AUTHORS into the sdist that it is making
    if field in ("requires_dist", "provides_extra") and not is_pure and not is_static:
        return ""  # setup.py may compute these for the machine that it runs on
    name = HEADERS.get(field) or "-".join(word.capitalize() for word in field.split("_"))
    if not (ours and theirs):
        return f"{name} is empty in the {'wheel' if ours else 'sdist'}"
    if field == "description":
        return f"{name} differs"
    said = [
        f"only the {dist} has {list_some(sorted(more))}"
        for dist, more in (("sdist", ours - theirs), ("wheel", theirs - ours))
        if more
    ]
    return f"{name}: {', '.join(said)}"


def _read(field: str, metadata: Mapping[str, Any]) -> frozenset[str]:
    """Return the values of a field, without what makes no difference."""
    value = metadata.get(field)
    if isinstance(value, Mapping):
        return frozenset(f"{label}, {url}" for label, url in value.items())
    if field == "keywords":
        return frozenset(re.split(r"[,\s]+", ",".join(value or ()))) - {""}
    if field == "requires_python":
        return frozenset(part.strip() for part in (value or "").split(",")) - {""}
    texts = [value] if isinstance(value, str) else cast("Collection[str]", value or ())
    plain = {" ".join(_normalize(field, text).split()) for text in texts}
    return frozenset(plain - {"", "UNKNOWN"})


def _normalize(field: str, text: str) -> str:
    if field == "provides_extra":
        return canonicalize_name(text)
    if field == "requires_dist":
        with contextlib.suppress(InvalidRequirement):
            requirement = Requirement(text)
            requirement.name = canonicalize_name(requirement.name)
            return str(requirement)
    return text


def _find_other_description(facts: DistFacts) -> Iterator[Fault]:
    sdist = next((one for one in facts.others if not one.is_wheel), None)
    if not facts.is_wheel or sdist is None or not (sdist.metadata and facts.metadata):
        return
    is_pure = all(tag.platform == "any" for tag in facts.dist.named.tags)
    if not (fields := find_disagreements(sdist.metadata, facts.metadata, is_pure=is_pure)):
        return
    lacks = list(dict.fromkeys(_find_lacking(fields, sdist)))
    what = f", and the sdist lacks {list_some(lacks)}" if lacks else ""
    include = f"include it {sdist.project.packing.include}"
    yield Fault(
        message=f"the wheel does not say the same as the sdist: {'; '.join(fields.values())}{what}",
        fix=f"the wheel is built from the sdist: {include}"
        if lacks
        else "see what the build reads that the sdist lacks, or that differs between machines",
        place=in_project(facts, *(FIELDS[field] for field in fields)),
    )


def _find_lacking(fields: Collection[str], sdist: DistFacts) -> list[str]:
    """Return files that the sdist lacks and that the configuration names, or else a README."""
    packed = {member.name.partition("/")[2] for member in sdist.members}
    texts = list(sdist.project.declared.texts.values())
    missing = [name for name in sdist.project.versioned if name not in packed]
    # Files that descriptions are made of, and files that the other fields are read from.
    kinds = [r"(?i)(?:^|/)[^./]+$|\.(?:md|rst|txt)$"] if "description" in fields else []
    if set(fields) - {"description", "description_content_type"}:
        kinds.append(r"\.(?:txt|in|json|toml|py|ya?ml)$")
    found = []
    for name in missing:
        # In quotes, or as setup.cfg names a file.
        named = rf"""["'\s:]{re.escape(name)}(?:["'\s,]|$)"""
        if any(re.search(kind, name) for kind in kinds) and any(
            re.search(named, text) for text in texts
        ):
            found.append(name)
    if "description" in fields and not found:
        # A description beside the project, which no sdist can have.
        outside = r"""["'](\.\./(?:[\w.-]+/)*[\w.-]+\.(?:md|rst|txt))["']"""
        readme = [name for name in missing if re.fullmatch(r"(?i)README(?:\.\w+)?", name)]
        found = [name for text in texts for name in re.findall(outside, text)] or readme
    return found


METADATA_ERRORS = (
    Check(
        code="RK101",
        title="missing url",
        severity=Severity.ERROR,
        explanation="Finds a project without a home page and without any project URL.",
        why="whoever meets the package in the index has no way to its source or its owners",
        fix="Name a home page or any project URL: the repository, the documentation, the tracker.",
        example='[project.urls]\nHomepage = "https://git.example.com/team/demo"',
        find=_find_missing_url,
    ),
    Check(
        code="RK102",
        title="tag, file name and metadata differ",
        severity=Severity.ERROR,
        fixed=True,
        explanation="Finds a name or version that differs between tag, file name and metadata.",
        why="an installer asks for one version and gets another",
        fix="Tag the commit whose metadata has that version, or take the version from the tag "
        "(setuptools-scm, hatch-vcs). Never rename a dist by hand.",
        example="git tag v1.2.3 && git push origin v1.2.3",
        find=_find_other_identity,
    ),
    Check(
        code="RK103",
        title="invalid metadata",
        severity=Severity.ERROR,
        fixed=True,
        explanation="Finds metadata that is missing or that the core metadata specification does "
        "not allow.",
        why="twine refuses to upload it, and installers may refuse to read it",
        fix="Fix the named field in the project's configuration. Where the configuration is "
        "right, the build backend is too old for it: raise it in [build-system] requires.",
        find=_find_invalid_metadata,
    ),
    Check(
        code="RK104",
        title="description does not render",
        severity=Severity.ERROR,
        explanation="Finds a long description that does not render (twine's own check).",
        why="an index shows the markup as plain text, or nothing",
        fix="Fix the markup at the line of the description that the message names. A README in "
        "Markdown that is read as reStructuredText lacks its content type.",
        example='[project]\nreadme = "README.md"',
        find=_find_unrendered_description,
    ),
    Check(
        code="RK105",
        title='classifier "Private"',
        severity=Severity.ERROR,
        explanation="Finds a classifier that begins with Private, if the release goes to one of "
        "twine's default repositories. In an index of your own it is right: it keeps the package "
        "out of public ones.",
        why="it says that the package is not to be published, and public indexes refuse it",
        fix="Release it to an index of your own, or remove the classifier.",
        example='[tool.releasekit]\nurl = "https://nexus.example.com"',
        find=_find_private_classifier,
    ),
    Check(
        code="RK106",
        title="dependency by address",
        severity=Severity.ERROR,
        explanation="Finds a dependency that is named by an address instead of a version (PEP "
        "440, PEP 508).",
        why="installers fetch it past the index: nobody reviewed it, and it can change or vanish",
        fix="Publish the dependency to the index, and require a version of it.",
        example='[project]\ndependencies = ["demo-core>=1.2"]',
        find=_find_direct_dependency,
    ),
    Check(
        code="RK107",
        title="local version released",
        severity=Severity.ERROR,
        explanation="Finds a local version (PEP 440: 1.0+local) under a release tag.",
        why="1.0+local sorts above 1.0 and says that it is somebody's variant of it",
        fix="Tag a public version. A build number belongs into a development or post release.",
        example="git tag v1.2.3.post1",
        find=_find_local_version,
        needs_project=True,
    ),
    Check(
        code="RK124",
        title="sdist and wheel differ",
        severity=Severity.ERROR,
        explanation="Finds a wheel whose metadata is not that of its sdist: another description, "
        "other requirements, another license. What an sdist declares as dynamic (PEP 643) may "
        "differ where the machine may decide it.",
        why="who installs the wheel gets another project than who builds the sdist",
        fix="The wheel is built from the sdist. Mostly setup.py reads a file that is in git and "
        "not in the sdist, and goes on without it: include that file.",
        example="include README.md requirements.txt   # MANIFEST.in",
        find=_find_other_description,
    ),
)
