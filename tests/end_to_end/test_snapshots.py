"""What goes to `snapshots`: development versions, and never the number of a release."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nexus_double import Sandbox, run_sandbox
from support import Command, MakeProject, ProjectDir, Ran, published, uploads

DYNAMIC = 'dynamic = ["version"]'


@pytest.fixture
def server() -> Iterator[Sandbox]:
    with run_sandbox(snapshots="pypi-snapshots") as running:
        yield running


def set_version(project: ProjectDir, version: str, *, static: bool) -> None:
    """State a version in the project's files: where all may read it, or where setuptools does."""
    text = (project.root / "pyproject.toml").read_text()
    (line,) = (line for line in text.splitlines() if line.startswith("version = "))
    if static:
        text = text.replace(line, f'version = "{version}"')
    else:
        text = text.replace(line, DYNAMIC)
        text += '\n[tool.setuptools.dynamic]\nversion = { attr = "plain.__version__" }\n'
        source = (project.root / "plain.py").read_text()
        project.write("plain.py", f'{source}\n__version__ = "{version}"\n')
    project.write("pyproject.toml", text)
    project.commit_all()


def refusal(project: ProjectDir, server: Sandbox, version: str, tag: str) -> str:
    url = server.upload_url("pypi-snapshots")
    return (
        f"error E108: {version} is not a development version, and HEAD has no release tag\n"
        f"  where: {project.root}, commit {project.commit}\n"
        f"  why:   without a tag it would go to {url}, which takes versions like 1.2.3.dev4:\n"
        f"         with the number {version}, installers would take it for a release\n"
        f"  next:  git tag {tag} && git push origin {tag}, and release that tag;\n"
        "         or take the version from git, with setuptools-scm or hatch-vcs: "
        "they count .devN\n"
    )


def assert_refused(ran: Ran, expected: str, server: Sandbox) -> None:
    assert (ran.status, ran.err) == (1, ""), ran
    assert ran.out.endswith(expected)
    assert (uploads(server), published(server)) == (0, set())
    assert not server.state.find_files("pypi-snapshots")


@pytest.mark.parametrize(
    "command", [("version",), ("plan",), ("publish",), ("release",), ("release", "--dry-run")]
)
def test_static_version_of_an_untagged_commit_is_refused_before_the_build(
    make_project: MakeProject, server: Sandbox, releasekit: Command, command: tuple[str, ...]
) -> None:
    project = make_project(tag=None)
    ran = releasekit(*command, project=project, server=server)
    assert_refused(ran, refusal(project, server, "1.2.3", "v1.2.3"), server)
    assert not (project.root / "dist").exists()


@pytest.mark.parametrize(
    ("version", "tag"),
    [
        ("1.2.3", "v1.2.3"),
        ("1.2.4rc1", "v1.2.4rc1"),
        ("1.2.3.post4", "v1.2.3.post4"),
        ("1.2.3+g0a1b2c", "v1.2.3"),
    ],
)
def test_version_that_a_build_makes_is_refused_before_the_upload(
    make_project: MakeProject, server: Sandbox, releasekit: Command, version: str, tag: str
) -> None:
    project = make_project(tag=None)
    set_version(project, version, static=False)
    assert releasekit("check", project=project, server=server).status == 0
    for command in (("plan",), ("publish",), ("publish", "--dry-run"), ("release",)):
        ran = releasekit(*command, project=project, server=server)
        assert_refused(ran, refusal(project, server, version, tag), server)


@pytest.mark.parametrize("static", [True, False], ids=["static", "dynamic"])
@pytest.mark.parametrize("version", ["1.2.4.dev3", "1.2.4rc1.dev3+g0a1b2c"])
def test_development_version_goes_to_snapshots(
    make_project: MakeProject, server: Sandbox, releasekit: Command, version: str, static: bool
) -> None:
    project = make_project(tag=None)
    set_version(project, version, static=static)
    ran = releasekit("release", project=project, server=server)
    assert ran.status == 0, ran
    assert len(server.state.find_files("pypi-snapshots")) == 2


def test_number_of_another_table_is_not_taken_for_the_version(
    make_project: MakeProject, server: Sandbox, releasekit: Command
) -> None:
    """A plugin of Poetry replaces that one when it builds."""
    project = make_project("ordinary", tag=None)
    text = (project.root / "pyproject.toml").read_text()
    project.write("pyproject.toml", f'{text}\n[tool.poetry]\nversion = "0.0.0"\n')
    project.commit_all()
    ran = releasekit("version", project=project, server=server)
    assert ran.status == 0, ran
