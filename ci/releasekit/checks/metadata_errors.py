"""RK101 to RK107: metadata that makes a release wrong."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from releasekit.checks.facts import DistFacts, in_dist, in_project
from releasekit.checks.model import Check, Fault, Severity


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
)
