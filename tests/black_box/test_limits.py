"""Little memory, few files, full and read-only directories: what is missing is named, status 3.

The package is never blamed, and without the limit the next run reaches exactly the release.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from black_box.kill_tools import (
    Index,
    Machine,
    Project,
    Ran,
    end,
    start,
    wait_until,
)

AS_OTHERS = (
    ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override")
    if os.geteuid() == 0
    else ()
)
"""Root may write anywhere; without this right it is as other users are."""


def release(
    machine: Machine, project: Project, index: Index, *prefix: str, **variables: str
) -> Ran:
    """Run a release below another command."""
    environ = {**index.environ(), **variables}
    return end(start(machine, project.root, environ, "release", prefix=prefix))


def assert_the_machine_is_to_blame(ran: Ran) -> None:
    assert ran.status == 3, ran.out
    assert ran.out.count("error E") >= 1
    for word in ("Traceback", "defect", "None", "release a new version", "backend failed"):
        assert word not in ran.out, ran.out


def assert_released(machine: Machine, project: Project, index: Index) -> None:
    ran = release(machine, project, index)
    assert ran.status == 0, ran.out
    assert index.files(project.name) == project.files == project.dist()
    assert list(machine.temporary.iterdir()) == []
    assert not machine.processes()


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        pytest.param("-n 10", "of this machine was reached: open files\n", id="files"),
        pytest.param("-f 0", "of this machine was reached: the size of a file\n", id="no file"),
    ],
)
def test_a_limit_is_named(
    machine: Machine, project: Project, index: Index, limit: str, said: str
) -> None:
    ran = release(machine, project, index, "sh", "-c", f'ulimit {limit}; exec "$@"', "sh")
    assert_the_machine_is_to_blame(ran)
    assert said in ran.out
    assert f"ulimit {limit[:2]}" in ran.out
    assert_released(machine, project, index)


@pytest.mark.parametrize("size", [20_000, 30_000, 45_000, 60_000, 75_000])
def test_too_little_memory_is_named_wherever_it_runs_out(
    machine: Machine, project: Project, index: Index, size: int
) -> None:
    """In imports of the kit, in a thread, in a report. Below 15 MB Python itself does not start."""
    prefix = ("sh", "-c", f'ulimit -v {size}; exec "$@"', "sh")
    ran = release(machine, project, index, *prefix)
    assert ran.status == 3, ran.out
    assert "error E324: a limit of this machine was reached: " in ran.out
    assert "ulimit -v" in ran.out
    assert "defect" not in ran.out
    assert_released(machine, project, index)


ANOTHER = 61000 + os.getpid() % 4000
AS_ANOTHER = (
    *("setpriv", f"--reuid={ANOTHER}", f"--regid={ANOTHER}", "--clear-groups"),
    *(f"--{kind}=+dac_override" for kind in ("inh-caps", "ambient-caps")),
)
"""Who runs the tests has processes already, and root may have as many as it likes."""


@pytest.fixture
def of_another(machine: Machine, project: Project) -> Iterator[Project]:
    """The project as a user has it who runs no process yet."""
    with tempfile.TemporaryDirectory() as folder:  # git reaches no directory of pytest's
        root = Path(shutil.copytree(project.root, Path(folder, "project")))
        for path in (machine.temporary, Path(folder), root, *root.rglob("*")):
            os.chown(path, ANOTHER, ANOTHER)  # git takes no repository of another user
        yield Project(root=root, name=project.name)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be a user without any process")
@pytest.mark.parametrize("limit", [2, 3, 4, 7])
def test_too_few_processes_are_named(
    machine: Machine, of_another: Project, index: Index, limit: int
) -> None:
    prefix = ("prlimit", f"--nproc={limit}", *AS_ANOTHER)
    ran = release(machine, of_another, index, *prefix, HOME=str(machine.temporary))
    assert_the_machine_is_to_blame(ran)
    said = ("Resource temporarily unavailable", "can't start new thread", "os error 11")
    assert any(words in ran.out for words in said), ran.out
    assert "check `requires`" not in ran.out
    wait_until(lambda: not machine.processes())
    ran = release(machine, of_another, index, *AS_ANOTHER, HOME=str(machine.temporary))
    assert ran.status == 0, ran.out
    assert index.files(of_another.name) == of_another.files == of_another.dist()
    assert not list(machine.temporary.glob("releasekit-*"))


@pytest.mark.parametrize("limit", ["-v 90000", "-v 110000", "-n 15"])
def test_with_little_it_is_released_or_the_machine_is_named(
    machine: Machine, project: Project, index: Index, limit: str
) -> None:
    """How much is too little, and who meets it, differs from run to run: the kit, uv, the backend.

    What is never said is that the package is to blame.
    """
    ran = release(machine, project, index, "sh", "-c", f'ulimit {limit}; exec "$@"', "sh")
    if ran.status:
        assert_the_machine_is_to_blame(ran)
    assert_released(machine, project, index)


# --- directories that cannot be written -----------------------------------------------------------


@pytest.mark.parametrize("name", ["project/dist", "project/reports", "cache", "tmp"])
def test_a_directory_that_may_not_be_written_is_named(
    machine: Machine, project: Project, index: Index, name: str
) -> None:
    folder = machine.folder / name
    folder.mkdir(exist_ok=True)
    folder.chmod(0o555)
    cache = {"RELEASEKIT_CACHE_DIR": str(machine.folder / "cache")}
    temporary = {"TMPDIR": str(folder)} if name == "tmp" else {}
    ran = release(machine, project, index, *AS_OTHERS, **cache, **temporary)
    folder.chmod(0o755)
    if name == "tmp":  # others are tried: /tmp, /var/tmp
        assert ran.status == 0, ran.out
    else:
        assert_the_machine_is_to_blame(ran)
        assert f"  where: {folder}" in ran.out
        assert "  why:   Permission denied\n" in ran.out
    assert_released(machine, project, index)


def test_a_home_that_may_not_be_written_is_named_or_not_needed(
    machine: Machine, project: Project, index: Index
) -> None:
    home = machine.folder / "home"
    home.mkdir(mode=0o555)
    variables = {"HOME": str(home), "RELEASEKIT_CACHE_DIR": ""}
    ran = release(machine, project, index, *AS_OTHERS, **variables)
    assert_the_machine_is_to_blame(ran)
    assert f"  where: {home}/.cache/releasekit/build-envs\n" in ran.out
    assert "--fresh does without a cache" in ran.out
    environ = {**index.environ(), **variables}
    ran = end(start(machine, project.root, environ, "release", "--fresh", prefix=AS_OTHERS))
    assert ran.status == 0, ran.out
    assert list(home.iterdir()) == []
    assert_released(machine, project, index)


@pytest.mark.parametrize("name", ["dist", "reports"])
def test_a_file_in_place_of_a_directory_is_named(
    machine: Machine, project: Project, index: Index, name: str
) -> None:
    file = project.root / name
    file.write_text("mine")
    ran = release(machine, project, index)
    assert ran.status in (1, 3), ran.out  # it may be the project's, if it is committed
    assert f"  where: {file}" in ran.out
    assert file.read_text() == "mine"
    file.unlink()
    assert_released(machine, project, index)


# --- full directories -----------------------------------------------------------------------------


@pytest.fixture
def small(machine: Machine, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A file system of 64 kB beside the project, where this user may mount one."""
    folder = machine.folder / "small"
    folder.mkdir()
    limit = getattr(request, "param", "size=64k")
    mount = ("mount", "-t", "tmpfs", "-o", limit, "small", str(folder))
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a small file system")
    yield folder
    subprocess.run(("umount", str(folder)), check=True)


@pytest.mark.parametrize("name", ["dist", "reports", "cache", "tmp"])
def test_a_directory_that_is_full_is_named(
    machine: Machine, project: Project, index: Index, small: Path, name: str
) -> None:
    (small / name).mkdir()
    with contextlib.suppress(OSError), (small / "filler").open("wb") as filler:
        filler.write(bytes(52 << 10))
        filler.write(bytes(0 if name == "tmp" else 12 << 10))  # Python takes no TMPDIR that is full
    variable = {"cache": "RELEASEKIT_CACHE_DIR", "tmp": "TMPDIR"}.get(name)
    variables = {variable: str(small / name)} if variable else {}
    bind = ("mount", "--bind", str(small / name), str(project.root / name))
    if not variables:
        (project.root / name).mkdir()
        subprocess.run(bind, check=True)
    ran = release(machine, project, index, **variables)
    (small / "filler").unlink()
    if not variables:
        subprocess.run(("umount", str(project.root / name)), check=True)
    assert_the_machine_is_to_blame(ran)
    assert "No space left on device" in ran.out
    full = small if variables else project.root / name
    assert re.search(rf"^  where: {re.escape(str(full))}(/|$)", ran.out, re.MULTILINE), ran.out
    assert_released(machine, project, index)


@pytest.mark.parametrize("small", ["size=4k", "size=16k", "nr_inodes=30"], indirect=True)
def test_a_cache_that_fills_up_is_named(
    machine: Machine, project: Project, index: Index, small: Path
) -> None:
    ran = release(machine, project, index, RELEASEKIT_CACHE_DIR=str(small))
    assert_the_machine_is_to_blame(ran)
    assert "No space left on device" in ran.out
    assert re.search(rf"^  where: {re.escape(str(small))}/[^,]*$", ran.out, re.MULTILINE), ran.out
    assert_released(machine, project, index)
