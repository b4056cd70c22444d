"""A project of any build backend is released, and a fresh clone elsewhere gives the same bytes."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from nexus_double import Sandbox
from support import Command, MakeProject, ProjectDir, Ran, outcome, public_index, published, uploads

UNTIDY = {"RK111", "RK112"}
"""What the tiny projects leave out: an author, a license. Both are warnings."""

PURE = {
    "flit": "flit-demo",
    "hatch-vcs": "hatch-vcs-demo",
    "hatchling": "hatchling-static",
    "own-backend": "own-backend",
    "pbr": "pbr-demo",
    "pdm": "pdm-demo",
    "pdm-scm": "pdm-scm",
    "poetry": "poetry-demo",
    "setup-cfg": "setup-cfg",
    "setuptools-pyproject": "setuptools-pyproject",
    "versioningit": "versioningit-demo",
}
"""The directories below tests/projects, and what the projects there are called."""


def files_of(name: str, tag: str = "py3-none-any") -> set[str]:
    stem = f"{name.replace('-', '_')}-1.2.3"
    return {f"{stem}.tar.gz", f"{stem}-{tag}.whl"}


def built(project: ProjectDir) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (project.root / "dist").glob("[!.]*")}


def warnings_of(ran: Ran) -> set[str]:
    return {line.split()[1] for line in ran.out.splitlines() if line.startswith("  warning")}


ANOTHER_USER = 65534
"""Whoever that is: one that has no home, and whom nothing belongs to."""
AS_ANOTHER = (
    *("setpriv", f"--reuid={ANOTHER_USER}", f"--regid={ANOTHER_USER}", "--clear-groups"),
    # The kit that is tested may stand where this user alone may look.
    *("--inh-caps=+dac_override", "--ambient-caps=+dac_override"),
)


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A directory that another user gets to; pytest's is closed to others."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def clone_elsewhere(project: ProjectDir, folder: Path) -> ProjectDir:
    """Clone into another directory, with the habits of another user."""
    habits = {"HOME": str(folder), "USER": "another", "LC_ALL": "POSIX", "TZ": "Pacific/Auckland"}
    environ = {**project.environ, **public_index(), **habits}
    clone = ProjectDir(root=folder / "größer, und woanders", environ=environ)
    command = ("git", "clone", "-q", project.root.as_uri(), str(clone.root))
    subprocess.run(command, env=environ, umask=0o077, check=True)
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, ANOTHER_USER, ANOTHER_USER, follow_symlinks=False)
    return clone


def release_elsewhere(clone: ProjectDir, python: Path, server: Sandbox, *options: str) -> Ran:
    """Release by another Python, and as another user where this one may become another."""
    done = subprocess.run(
        (
            *(AS_ANOTHER if os.geteuid() == 0 else ()),
            python,
            "-m",
            "releasekit",
            "release",
            *options,
        ),
        env={**clone.environ, **server.environ()},
        cwd=clone.root,
        umask=0o077,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ran(status=done.returncode, out=done.stdout, err=done.stderr)


@pytest.mark.parametrize("kind", PURE)
def test_pure_project_is_released_once_whoever_releases_it_again_with_whichever_python(
    kind: str,
    make_project: MakeProject,
    sandbox: Sandbox,
    releasekit: Command,
    other_python: Path,
    elsewhere: Path,
) -> None:
    project, name = make_project(kind), PURE[kind]
    ran = releasekit("release", project=project, server=sandbox)
    assert (ran.status, ran.err) == (0, ""), ran
    assert outcome(project)["findings"]["error"] == 0
    assert warnings_of(ran) <= UNTIDY
    assert f"verify    {name}==1.2.3 installed by hash from" in ran.out
    assert built(project).keys() == files_of(name)
    clone = clone_elsewhere(project, elsewhere)
    again = release_elsewhere(clone, other_python, sandbox, "--dry-run")
    assert (again.status, again.err) == (0, ""), again
    assert "plan      0 to upload, 2 already published" in again.out
    assert built(clone) == built(project)


def test_project_that_asks_which_python_builds_it_gets_a_message_about_what_differs(
    make_project: MakeProject,
    sandbox: Sandbox,
    releasekit: Command,
    other_python: Path,
    elsewhere: Path,
) -> None:
    project = make_project("setup-py", tag=None)
    text = (project.root / "setup.py").read_text(encoding="utf-8")
    asks = "url='https://setup-py.example.com', keywords='python%d.%d' % sys.version_info[:2],"
    project.write("setup.py", "import sys\n" + text.replace("author=", f"{asks} author="))
    project.commit_all()
    project.git("tag", "0.1.2")
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 0, ran
    clone = clone_elsewhere(project, elsewhere)
    again = release_elsewhere(clone, other_python, sandbox)
    if minor_version(other_python) == minor_version(Path(sys.executable)):  # there is no other one
        assert again.status == 0, again
        return
    assert again.status == 1, again
    assert "error E141: 2 files are already published with other bytes\n" in again.out
    info = "setup_py-0.1.2.dist-info"
    for names in (
        f"{info}/METADATA, {info}/RECORD",
        "setup_py-0.1.2/PKG-INFO, setup_py-0.1.2/setup_py.egg-info/PKG-INFO",
    ):
        assert f"           the content differs of {names}\n" in again.out
    assert uploads(sandbox) == 2


def minor_version(python: Path) -> str:
    return subprocess.check_output(
        (python, "-c", "import sys; print(sys.version_info[:2])"), text=True
    )


# --- compiled -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name"), [("c-extension", "c-extension"), ("meson", "meson-demo")]
)
def test_compiled_project_is_released_and_a_fresh_clone_builds_the_same_bytes(
    kind: str,
    name: str,
    make_project: MakeProject,
    releasekit: Command,
    compiler: dict[str, str],
    tmp_path: Path,
) -> None:
    project = make_project(kind)
    ran = releasekit("release", project=project, **compiler)
    assert (ran.status, ran.err) == (0, ""), ran
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    assert built(project).keys() == files_of(name, f"{python}-{python}-{platform}")
    assert f"verify    {name}==1.2.3 installed by hash from" in ran.out
    project.git("clone", "-q", str(project.root), str(tmp_path / "clone"))
    clone = ProjectDir(root=tmp_path / "clone", environ=project.environ)
    again = releasekit("build", project=clone, **compiler)
    assert (again.status, again.err) == (0, ""), again
    assert built(clone) == built(project)


REPAIRS = {
    "linux": ("auditwheel repair -w {dest_dir} {wheel}", "manylinux*"),
    "darwin": ("delocate-wheel -w {dest_dir} -v {wheel}", "macosx*"),
}


def test_repaired_wheel_of_the_stable_abi_is_the_one_that_is_recorded_and_released(
    make_project: MakeProject,
    sandbox: Sandbox,
    releasekit: Command,
    compiler: dict[str, str],
) -> None:
    project = make_project("abi3")
    command, platform = REPAIRS[sys.platform]
    variables = {
        "RELEASEKIT_REPAIR_WHEEL_COMMAND": command,
        "RELEASEKIT_WHEELS": f"cp310-abi3-{platform}",
        **compiler,
    }
    for _ in range(2):
        ran = releasekit("release", project=project, server=sandbox, **variables)
        assert (ran.status, ran.err) == (0, ""), ran
    assert "plan      0 to upload, 2 already published" in ran.out
    assert "RK303" not in ran.out
    assert published(sandbox) == set(built(project))


# --- as in the wiki page that the kit replaces --------------------------------------------------


def test_old_setup_py_without_a_url_is_refused_and_released_when_fixed(
    make_project: MakeProject, releasekit: Command
) -> None:
    project = make_project("setup-py", tag="0.1.2")
    ran = releasekit("release", project=project)
    assert (ran.status, ran.err) == (1, "")
    assert "error    RK101  setup.py:9: the metadata names no url" in ran.out
    assert outcome(project)["uploaded"] == []
    text = (project.root / "setup.py").read_text(encoding="utf-8")
    project.write(
        "setup.py", text.replace("author=", 'url="https://setup-py.example.com", author=')
    )
    project.commit_all("fix")
    project.git("tag", "-f", "0.1.2")
    ran = releasekit("release", project=project)
    assert (ran.status, ran.err) == (0, ""), ran
    assert built(project).keys() == {"setup_py-0.1.2.tar.gz", "setup_py-0.1.2-py3-none-any.whl"}
    assert "verify    setup-py==0.1.2 installed by hash from" in ran.out
