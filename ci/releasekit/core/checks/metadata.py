"""RK1xx: core metadata."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from releasekit.core.checks.facts import DistFacts, in_dist
from releasekit.core.checks.model import Check, Fault, Severity


def find_missing_url(facts: DistFacts) -> Iterator[Fault]:
    """Find a project without a home page and without any project URL."""
    metadata = facts.metadata
    if metadata is None or metadata.get("home_page") or metadata.get("project_urls"):
        return
    yield Fault(
        message="the metadata names no url: neither a home page nor a project URL",
        fix='add [project.urls] Homepage = "https://…" (setup.cfg: url = …, setup.py: url="…")',
        place=facts.declared,
    )


def find_other_identity(facts: DistFacts) -> Iterator[Fault]:
    """Find a name or version that differs between tag, file name and metadata.

    Compared after PEP 503 and PEP 440, so that 1.0 and 1.0.0 are one version.
    """
    metadata, named = facts.metadata or {}, facts.dist.named
    name, version = metadata.get("name", ""), metadata.get("version", "")
    if name and canonicalize_name(name) != named.name:
        yield Fault(
            message=f"the file name says {named.name}, the metadata says {name}",
            fix="build again with one name; rename no dist by hand",
            place=in_dist(facts),
        )
    if (parsed := _parse_version(version)) is not None and parsed != named.version:
        yield Fault(
            message=f"the file name says {named.version}, the metadata says {version}",
            fix="build again; rename no dist by hand",
            place=in_dist(facts),
        )
    if facts.release_version is not None and named.version != facts.release_version:
        yield Fault(
            message=f"the release is {facts.release_version}, {facts.dist.filename} is not",
            fix=f"set the version to {facts.release_version}, or tag the commit that has it",
            place=facts.declared,
        )


def find_invalid_metadata(facts: DistFacts) -> Iterator[Fault]:
    """Find metadata that is missing or that the core metadata specification does not allow."""
    problems = facts.metadata_problems or (("there is none",) if facts.metadata is None else ())
    for problem in problems:
        yield Fault(
            message=f"invalid metadata: {problem}",
            fix="mend that field in the project's configuration, or update the build backend",
            place=in_dist(facts),
        )


def find_unrendered_description(facts: DistFacts) -> Iterator[Fault]:
    """Find a long description that does not render (twine's own check)."""
    if facts.description_problem:
        yield Fault(
            message=f"the description does not render: {facts.description_problem}",
            fix="mend the README's markup, or declare its content type (readme = …)",
            place=facts.declared,
        )


def _parse_version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


METADATA_CHECKS = (
    Check(
        code="RK101",
        title="missing url",
        severity=Severity.ERROR,
        why="whoever meets the package in the index has no way to its source or its owners",
        mend="Name a home page or any project URL: the repository, the documentation, the tracker.",
        example='[project.urls]\nHomepage = "https://git.example.com/team/demo"',
        find=find_missing_url,
    ),
    Check(
        code="RK102",
        title="tag, file name and metadata differ",
        severity=Severity.ERROR,
        fixed=True,
        why="an installer asks for one version and gets another",
        mend=(
            "Tag the commit whose metadata has that version, or take the version from the tag "
            "(setuptools-scm, hatch-vcs). Never rename a dist by hand."
        ),
        example="git tag v1.2.3 && git push origin v1.2.3",
        find=find_other_identity,
    ),
    Check(
        code="RK103",
        title="invalid metadata",
        severity=Severity.ERROR,
        fixed=True,
        why="twine refuses to upload it, and installers may refuse to read it",
        mend=(
            "Mend the named field in the project's configuration. Where the configuration is "
            "right, the build backend is too old for it: raise it in [build-system] requires."
        ),
        find=find_invalid_metadata,
    ),
    Check(
        code="RK104",
        title="description does not render",
        severity=Severity.ERROR,
        why="an index shows the markup as plain text, or nothing",
        mend=(
            "Mend the markup at the line that the message names. A README in Markdown that is "
            "read as reStructuredText lacks its content type."
        ),
        example='[project]\nreadme = "README.md"',
        find=find_unrendered_description,
    ),
)
