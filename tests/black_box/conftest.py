"""A user's machine, tiny tagged projects, running servers, and the command line.

Nothing here imports the kit: these tests have to survive a complete restructuring of its code.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from black_box import kill_tools
from black_box.kill_tools import Index, Machine, make_environ, run_index
from black_box.tools import (
    BOUND,
    DOUBLE,
    KIT,
    TESTS,
    MakeProject,
    Project,
    Ran,
    RunKit,
    Server,
    run_server,
)

BACKEND = Path(__file__).with_name("plain_backend.py")
PYPROJECT = """\
[build-system]
requires = [{requires}]
build-backend = "backend"
backend-path = ["."]

[project]
name = "{name}"
version = "{version}"
dependencies = [{dependencies}]
"""


@pytest.fixture(scope="session")
def user_environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment of a user with an empty HOME, whom nobody told of an index."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("RELEASEKIT_", "TWINE_", "GIT_", "XDG_", "UV_", "PIP_"))
    }
    identity = {"NAME": "Author", "EMAIL": "author@example.com", "DATE": "2026-01-02T03:04:05Z"}
    return {
        **ours,
        **{
            f"GIT_{who}_{what}": v
            for what, v in identity.items()
            for who in ("AUTHOR", "COMMITTER")
        },
        "HOME": str(tmp_path_factory.mktemp("home")),
        "RELEASEKIT_CACHE_DIR": str(tmp_path_factory.mktemp("cache")),
        "UV_CACHE_DIR": str(tmp_path_factory.mktemp("uv-cache")),
        "PIP_CONFIG_FILE": os.devnull,
        "UV_NO_CONFIG": "1",
        "PYTHONDEVMODE": "",
        # Images often forbid bytecode, and each of a thousand commands would compile the kit anew.
        "PYTHONDONTWRITEBYTECODE": "",
    }


def _fill(size: int) -> str:
    """Return about so many characters of comments that no archive makes much smaller."""
    digests = (hashlib.sha256(str(n).encode()).hexdigest() for n in range(size // 67))
    return "".join(f"# {digest}\n" for digest in digests)


@pytest.fixture
def make_project(tmp_path: Path, user_environ: Mapping[str, str]) -> MakeProject:
    """Make a project that builds at once and needs no index, in a git repository, with a tag."""

    def make(
        name: str = "plain",
        version: str = "1.2.3",
        *,
        requires: tuple[str, ...] = (),
        dependencies: tuple[str, ...] = (),
        payload: int = 0,
    ) -> Project:
        root = tmp_path / name
        root.mkdir()
        lists = {"requires": requires, "dependencies": dependencies}
        spelled = {key: ", ".join(f'"{one}"' for one in value) for key, value in lists.items()}
        text = PYPROJECT.format(name=name, version=version, **spelled)
        (root / "pyproject.toml").write_text(text, encoding="utf-8")
        (root / "README.md").write_text("A package for tests.\n", encoding="utf-8")
        (root / f"{name.replace('-', '_')}.py").write_text(
            f"ANSWER = 42\n{_fill(payload)}", encoding="utf-8"
        )
        (root / ".gitignore").write_text("dist/\nreports/\n", encoding="utf-8")
        shutil.copy(BACKEND, root / "backend.py")
        for command in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "first")):
            subprocess.run(("git", *command), cwd=root, env=user_environ, check=True)
        subprocess.run(("git", "tag", f"v{version}"), cwd=root, env=user_environ, check=True)
        return Project(root=root, name=name, version=version)

    return make


@pytest.fixture(scope="session")
def run_kit(user_environ: Mapping[str, str]) -> RunKit:
    """Run the console script in a session of its own; kill it, and all it started, at a bound."""

    def run(
        *arguments: str,
        cwd: Path,
        environ: Mapping[str, str] | None = None,
        bound: float = BOUND,
    ) -> Ran:
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            process = subprocess.Popen(
                (KIT, *arguments),
                cwd=cwd,
                env={**user_environ, **(environ or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
            killed = threading.Event()

            def kill() -> None:
                killed.set()
                os.killpg(process.pid, signal.SIGKILL)

            timer = threading.Timer(bound, kill)
            timer.start()
            # Popen.wait would not tell of the memory; what was reaped below counts too.
            _, code, usage = os.wait4(process.pid, 0)
            timer.cancel()
            process.returncode = os.waitstatus_to_exitcode(code)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            texts = [(file.seek(0), file.read())[1] for file in (out, err)]
        status = None if killed.is_set() else process.returncode
        memory = usage.ru_maxrss // (1024 if sys.platform != "darwin" else 1 << 20)
        return Ran(status=status, out=texts[0], err=texts[1], memory=memory)

    return run


@pytest.fixture(scope="session")
def double_index(
    user_environ: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A double that all tests of this process share: choose project names that are yours alone."""
    environ = {**user_environ, "PYTHONPATH": TESTS}
    with run_server(DOUBLE, environ, tmp_path_factory.mktemp("double")) as server:
        yield server


@pytest.fixture(scope="session")
def nexus_index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real Nexus, whose archive is in this machine's own cache; shared like the double."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("TWINE_", "RELEASEKIT_"))}
    kept["RELEASEKIT_SNAPSHOTS"] = "pypi-snapshots"
    if archive := os.environ.get("RELEASEKIT_NEXUS_ZIP"):
        kept["RELEASEKIT_NEXUS_ZIP"] = archive
    with run_server((KIT, "nexus", "--json"), kept, tmp_path_factory.mktemp("nexus")) as server:
        yield server


# --- what can be held, killed and limited ---------------------------------------------------------


@pytest.fixture(scope="session")
def held_environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a user whose git can be held."""
    return make_environ(tmp_path_factory.mktemp("user"))


@pytest.fixture(scope="session")
def index(
    held_environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Index]:
    """A sandbox whose requests can be held; all tests of this process share it."""
    with run_index(held_environ, tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def machine(tmp_path: Path, held_environ: dict[str, str]) -> Iterator[Machine]:
    """A directory for temporary files, and the processes of this test alone."""
    made = Machine(tmp_path, held_environ)
    yield made
    made.close()


@pytest.fixture(scope="session")
def new_name() -> Callable[[], str]:
    """Make a name of a project that nobody else has."""
    numbers = itertools.count()
    return lambda: f"held{next(numbers)}"


@pytest.fixture
def project(machine: Machine, new_name: Callable[[], str]) -> kill_tools.Project:
    """A tagged project whose backend can be held."""
    name = new_name()
    root = machine.folder / "project"
    kill_tools.make_project(root, name)
    kill_tools.commit(root, machine.environ)
    return kill_tools.Project(root=root, name=name)
