"""Cached build environments: no code of one build runs in another, and none is removed in use."""

from __future__ import annotations

import mmap
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from building import build_dists
from raising import raises_error
from releasekit.build.backend import BuildOptions
from releasekit.build.environment_cache import use_cached
from releasekit.errors.failed import BUILD_ENVIRONMENT_CHANGED, CANNOT_CACHE
from samples import METADATA, write_wheel

PYPROJECT = """
[build-system]
requires = ["demo-helper"]
build-backend = "backend"
backend-path = ["."]
"""
# What the helper says stands in the wheel. What a project does to its environment comes before.
BACKEND = """
import importlib, marshal, os, pathlib, sys, tarfile, zipfile

ENVIRONMENT = pathlib.Path(sys.prefix)

def build_sdist(sdist_directory, config_settings=None):
    filename = "demo-1.0.tar.gz"
    with tarfile.open(os.path.join(sdist_directory, filename), "w:gz") as archive:
        for name in ("pyproject.toml", "backend.py", "PKG-INFO"):
            archive.add(name, f"demo-1.0/{name}")
    return filename

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    helper = importlib.import_module("helper")
    filename = "demo-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, filename), "w") as archive:
        archive.write("PKG-INFO", "demo-1.0.dist-info/METADATA")
        archive.writestr("said", helper.SAID)
        archive.writestr("environment", sys.prefix)
    after_wheel()
    return filename

def after_wheel():
    AFTER
"""
INNOCENT, EVIL = 'SAID = "good"\n', 'SAID = "evil"\n'
WRITE_BYTECODE = """
    source = pathlib.Path(helper_file())
    cached = pathlib.Path(importlib.util.cache_from_source(str(source)))
    code = compile('SAID = "evil"', str(source), "exec")
    cached.write_bytes(cached.read_bytes()[:16] + marshal.dumps(code))

import importlib.util

def helper_file():
    return importlib.import_module("helper").__file__
"""
WRITE_SOURCE = """
    with open(importlib.import_module("helper").__file__, "r+") as file:
        file.write('SAID = "evil"\\n')
"""


@pytest.fixture
def options(environ: dict[str, str], tmp_path: Path) -> BuildOptions:
    """Options with a cache of its own, and a build requirement that a directory has."""
    (tmp_path / "helpers").mkdir()
    write_wheel(
        tmp_path / "helpers",
        filename="demo_helper-1.0-py3-none-any.whl",
        metadata=METADATA.replace("Name: demo", "Name: demo-helper"),
        files={"helper.py": INNOCENT},
    )
    return BuildOptions(
        environ={
            **environ,
            "UV_CACHE_DIR": str(tmp_path / "uv"),
            "UV_FIND_LINKS": str(tmp_path / "helpers"),
            "UV_OFFLINE": "1",
        },
        cache=tmp_path / "cache",
        constraints=None,
        epoch=1_700_000_000,
        version=None,
        log=lambda line: None,
    )


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[..., Path]:
    """Make a project whose backend does something when it has built the wheel."""

    def make(name: str, after: str = "pass") -> Path:
        root = tmp_path / name
        root.mkdir()
        (root / "pyproject.toml").write_text(PYPROJECT)
        (root / "backend.py").write_text(BACKEND.replace("AFTER", after.strip()))
        (root / "PKG-INFO").write_text(METADATA)
        return root

    return make


def build(root: Path, options: BuildOptions) -> dict[str, str]:
    """Build a project, and return what the helper said, and where the build ran."""
    out = root / "out"
    out.mkdir(exist_ok=True)
    with zipfile.ZipFile(build_dists(root, out, options).wheel) as archive:
        return {name: archive.read(name).decode() for name in ("said", "environment")}


# --- what one build writes -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "after", [pytest.param(WRITE_BYTECODE, id="bytecode"), pytest.param(WRITE_SOURCE, id="source")]
)
def test_what_a_build_writes_into_its_environment_is_not_in_the_next_one(
    options: BuildOptions, make_project: Callable[..., Path], after: str
) -> None:
    build(make_project("evil", after), options)
    assert build(make_project("innocent"), options)["said"] == "good"


@pytest.mark.parametrize("link_mode", [None, "hardlink", "symlink"])
def test_what_a_build_writes_into_a_file_is_not_in_the_cache_of_uv(
    options: BuildOptions, make_project: Callable[..., Path], tmp_path: Path, link_mode: str | None
) -> None:
    if link_mode:
        options = replace(options, environ={**options.environ, "UV_LINK_MODE": link_mode})
    build(make_project("evil", WRITE_SOURCE), options)
    elsewhere = replace(options, cache=tmp_path / "another cache")
    assert build(make_project("innocent"), elsewhere)["said"] == "good"


def test_build_that_changes_its_environment_alone_is_kept(
    options: BuildOptions, make_project: Callable[..., Path]
) -> None:
    evil = make_project("evil", WRITE_SOURCE)
    assert [build(evil, options)["said"] for _ in range(2)] == ["good", "good"]


# --- builds at the same time ---------------------------------------------------------------------


CHILD = """
import sys
from pathlib import Path
from releasekit.build.environment_cache import use_cached

def make(path):
    (path / "bin").mkdir(parents=True)
    (path / "bin" / "python").touch()
    if "die" in sys.argv:
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
    return ("made==1",)

with use_cached(Path(sys.argv[1]), make) as requirements:
    print(requirements, flush=True)
    if sys.stdin.readline() == "write\\n":
        Path(sys.argv[1], "stranger.py").touch()
        print("written", flush=True)
        sys.stdin.readline()
"""


def make(path: Path) -> tuple[str, ...]:
    (path / "bin").mkdir(parents=True)
    (path / "bin" / "python").touch()
    return ("made==2",)


@contextmanager
def run_another(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Run another process that uses an environment, until its input ends."""
    command = (sys.executable, "-c", CHILD, str(path))
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "('made==1',)\n"
            yield process
        finally:
            process.kill()


def tell(process: subprocess.Popen[str], line: str) -> str:
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    return process.stdout.readline()


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, errors = process.communicate("")
    return process.returncode, errors


def test_builds_share_an_environment_that_none_of_them_changes(tmp_path: Path) -> None:
    path = tmp_path / "envs" / "key"
    with run_another(path) as other:
        with use_cached(path, make) as requirements:
            assert requirements == ("made==1",)
        assert end(other) == (0, "")


def test_changed_environment_is_not_removed_while_a_build_runs_in_it(tmp_path: Path) -> None:
    path = tmp_path / "envs" / "key"
    with run_another(path) as other:
        assert tell(other, "write") == "written\n"
        with use_cached(path, make) as requirements:
            assert requirements is None
        assert (path / "stranger.py").exists()
        assert end(other) == (0, "")  # nobody else was in it
    with use_cached(path, make) as requirements:
        assert requirements == ("made==2",)
        assert not (path / "stranger.py").exists()


def test_builds_that_shared_an_environment_which_one_changed_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "envs" / "key"
    with run_another(path) as other:
        with raises_error(BUILD_ENVIRONMENT_CHANGED), use_cached(path, make):
            (path / "stranger.py").touch()
        status, errors = end(other)
    assert status == 1
    assert errors.endswith(
        "releasekit.errors.ReleasekitError: error E312: the build environment was "
        "changed while two builds ran in it\n"
        f"  where: {path}\n"
        "  why:   one of them wrote into it, so that its code may have run in the other one;\n"
        "         nothing that this build made is kept\n"
        "  next:  run this again; with --fresh or -j 1 no two builds share an environment\n"
    )


def test_build_is_refused_also_if_the_one_that_changed_its_environment_was_killed(
    tmp_path: Path,
) -> None:
    path = tmp_path / "envs" / "key"
    with raises_error(BUILD_ENVIRONMENT_CHANGED), use_cached(path, make):
        process = subprocess.Popen(
            (sys.executable, "-c", CHILD, str(path)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        assert process.stdout.readline() == "('made==2',)\n"
        assert tell(process, "write") == "written\n"
        process.kill()
        process.communicate()


def test_file_that_comes_and_goes_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "envs" / "key"
    with run_another(path) as other:
        with use_cached(path, make):
            (path / "probe").touch()
            (path / "probe").unlink()
        assert end(other) == (0, "")
    with use_cached(path, make) as requirements:
        assert requirements == ("made==1",)


def test_environment_that_was_being_made_by_a_killed_run_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "envs" / "key"
    killed = subprocess.run((sys.executable, "-c", CHILD, str(path), "die"), check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (path / "bin").is_dir()
    with use_cached(path, make) as requirements:
        assert requirements == ("made==2",)


def test_link_in_place_of_an_environment_is_replaced(tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "envs" / "key", tmp_path / "elsewhere"
    with use_cached(path, make):
        pass
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    with use_cached(path, make):
        assert not path.is_symlink()
    assert (elsewhere / "bin" / "python").exists()


def test_link_in_place_of_a_lock_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "envs" / "key"
    path.parent.mkdir()
    path.with_name("key.users").symlink_to(tmp_path / "elsewhere")
    with raises_error(CANNOT_CACHE), use_cached(path, make):
        pass
    assert not os.path.lexists(tmp_path / "elsewhere")


def test_a_cache_that_is_full_is_named_where_the_system_names_no_file(tmp_path: Path) -> None:
    path = tmp_path / "envs" / "key"
    path.parent.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", "size=64k", "small", str(path.parent))
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a small file system")

    def fill(path: Path) -> tuple[str, ...]:
        made = make(path)
        filler = path / "filler"
        with suppress(OSError), filler.open("wb") as file:
            file.write(bytes(64 << 10))
        os.truncate(filler, filler.stat().st_size - mmap.PAGESIZE)  # for the record
        return made

    try:
        with raises_error(CANNOT_CACHE), use_cached(path, fill):
            pass
    finally:
        subprocess.run(("umount", str(path.parent)), check=True)
