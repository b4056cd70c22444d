"""Hooks run one by one in forks of one process, and nothing that one does reaches the next."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from build import BuildBackendException, ProjectBuilder

from releasekit.build.hooks import Hooks
from releasekit.process import Finished

BACKEND = """
import atexit, gc, os, sys

COUNT = []
print("imported by", os.getpid())

def get_requires_for_build_sdist(config_settings=None):
    COUNT.append(1)
    os.environ["LEFT"] = "behind"
    os.chdir("/")
    atexit.register(print, "exit handlers ran")
    print("called by", os.getpid(), "with", COUNT, os.environ.get("LEFT"), "from", sys.path[0])
    return []

def get_requires_for_build_wheel(config_settings=None):
    print("called by", os.getpid(), "with", COUNT, os.environ.get("LEFT"), os.getcwd())
    print("stdin:", repr(sys.stdin.read()), "argv:", sys.argv[1], "gc:", gc.isenabled())
    print("no end of line", end="")
    return []

def build_sdist(sdist_directory, config_settings=None):
    END
"""


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    with Hooks() as running:
        yield running


class Builder:
    """A project with a backend that is installed beside it, and the lines that hooks write."""

    def __init__(self, root: Path, hooks: Hooks, environ: Mapping[str, str], *, end: str) -> None:
        (root / "installed").mkdir()
        backend = BACKEND.replace("END", end)
        (root / "installed" / "demo_backend.py").write_text(backend, encoding="utf-8")
        project = '[build-system]\nrequires = []\nbuild-backend = "demo_backend"\n'
        (root / "pyproject.toml").write_text(project, encoding="utf-8")
        self.root, self._hooks, self.lines = root, hooks, list[str]()
        self._environ = {**environ, "PYTHONPATH": str(root / "installed")}
        self.finished: Finished | None = None
        self.calls = ProjectBuilder(root, sys.executable, self._run)

    def _run(
        self,
        cmd: Sequence[str],
        cwd: str | None = None,
        extra_environ: Mapping[str, str] | None = None,
    ) -> None:
        environ = {**self._environ, **(extra_environ or {})}
        self.finished = self._hooks.run(
            cmd, cwd=Path(cwd or self.root), environ=environ, log=self.lines.append
        )
        if self.finished.status:
            raise OSError(self.finished.status)


def test_hooks_share_an_import_and_nothing_else(
    tmp_path: Path, hooks: Hooks, environ: dict[str, str]
) -> None:
    builder = Builder(tmp_path, hooks, environ, end="return 'x'")
    builder.calls.get_requires_for_build("sdist")
    builder.calls.get_requires_for_build("wheel")
    imported, first, ended, second, stdin, last = builder.lines
    assert ended == "exit handlers ran"
    assert first.endswith(f"with [1] behind from {tmp_path / 'installed'}")
    assert second.endswith(f"with [] None {tmp_path}")
    assert stdin == "stdin: '' argv: get_requires_for_build_wheel gc: True"
    assert last == "no end of line"
    processes = {line.split(" ")[2] for line in (imported, first, second)}
    assert len(processes) == 3


@pytest.mark.parametrize(
    ("end", "status", "said"),
    [
        ("raise ValueError('no such thing')", 1, "ValueError: no such thing"),
        ("sys.exit(7)", 7, ""),
        ("os._exit(9)", 9, ""),
        ("os.kill(os.getpid(), 9)", -9, ""),
        ("os.kill(os.getppid(), 9)", -9, ""),
    ],
    ids=("raises", "exits", "exits-at-once", "is-killed", "kills-its-parent"),
)
def test_a_hook_that_fails_has_the_status_of_its_process(
    tmp_path: Path, hooks: Hooks, environ: dict[str, str], end: str, status: int, said: str
) -> None:
    builder = Builder(tmp_path, hooks, environ, end=end)
    with pytest.raises((OSError, BuildBackendException)):
        builder.calls.build("sdist", tmp_path / "out")
    assert builder.finished
    assert builder.finished.status == status
    assert said in builder.finished.output


def test_a_server_that_is_killed_is_not_waited_for_where_a_daemon_holds_its_output(
    tmp_path: Path, hooks: Hooks, environ: dict[str, str]
) -> None:
    ended = tmp_path / "ended"
    end = f"""__import__("subprocess").Popen(
        ["sh", "-c", "sleep 5; touch {ended}"], start_new_session=True
    )
    os.kill(os.getppid(), 9)"""
    builder = Builder(tmp_path, hooks, environ, end=end)
    with pytest.raises((OSError, BuildBackendException)):
        builder.calls.build("sdist", tmp_path / "out")
    assert builder.finished
    assert builder.finished.status == -9
    assert not ended.exists()


def test_a_backend_that_cannot_be_imported_fails_in_its_hook(
    tmp_path: Path, hooks: Hooks, environ: dict[str, str]
) -> None:
    builder = Builder(tmp_path, hooks, environ, end="pass")
    (tmp_path / "installed" / "demo_backend.py").write_text("raise ImportError('half of it')")
    with pytest.raises(BuildBackendException, match="demo_backend"):
        builder.calls.build("sdist", tmp_path / "out")


LAZY = """
import os

def get_requires_for_build_sdist(config_settings=None):
    import demo_backend.late
    import demo_plugin
    print("called by", os.getpid())
    return []

get_requires_for_build_wheel = get_requires_for_build_sdist
"""
LATE = "import os\nprint(__name__, 'imported by', os.getpid())\n"


def test_what_a_hook_imports_of_its_backend_is_imported_once_for_those_after_it(
    tmp_path: Path, hooks: Hooks, environ: dict[str, str]
) -> None:
    builder = Builder(tmp_path, hooks, environ, end="pass")
    installed = tmp_path / "installed"
    (installed / "demo_backend.py").unlink()
    (installed / "demo_backend").mkdir()
    (installed / "demo_backend" / "__init__.py").write_text(LAZY)
    for name in ("demo_backend/late.py", "demo_plugin.py"):
        (installed / name).write_text(LATE)
    for dist in ("sdist", "wheel", "wheel"):
        builder.calls.get_requires_for_build(dist)
    who = [line.rpartition(" ")[::2] for line in builder.lines]
    first, server = who[0][1], who[3][1]
    second, third = who[5][1], who[7][1]
    late, plugin = "demo_backend.late imported by", "demo_plugin imported by"
    assert who == [
        *((late, first), (plugin, first), ("called by", first)),
        # The plugin is no part of the backend: each hook imports it, as in a process of its own.
        *((late, server), (plugin, second), ("called by", second)),
        *((plugin, third), ("called by", third)),
    ]
    assert len({first, server, second, third}) == 4


@pytest.mark.parametrize(
    "end",
    ["os.kill(os.getpid(), 9)", "os.fork() or __import__('time').sleep(2); os._exit(0)"],
    ids=("is-killed", "leaves-a-process-behind"),
)
def test_a_hook_that_reports_no_import_keeps_nothing_from_the_next(
    tmp_path: Path, hooks: Hooks, environ: dict[str, str], end: str
) -> None:
    builder = Builder(tmp_path, hooks, environ, end=end)
    with pytest.raises((OSError, BuildBackendException)):
        builder.calls.build("sdist", tmp_path / "out")
    builder.calls.get_requires_for_build("wheel")
    assert builder.finished
    assert builder.finished.status == 0
