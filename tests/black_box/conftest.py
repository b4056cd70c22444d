"""A user's machine, tiny tagged projects, running servers, and the command line.

Nothing here imports the kit: these tests have to survive a complete restructuring of its code.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urljoin

import pytest

KIT = str(Path(sys.executable).with_name("releasekit"))
BACKEND = Path(__file__).with_name("plain_backend.py")
BOUND = 120.0
"""Seconds after which a command is killed and its test fails."""
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """A command that has ended, or was killed at its bound."""

    status: int | None
    """None if it was killed at its bound."""
    out: str
    err: str
    memory: int
    """The most that it, or a process that it started, had in memory at once, in MB."""

    @property
    def text(self) -> str:
        return self.out + self.err


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """A git repository of its own, with a tag."""

    root: Path
    name: str
    version: str

    @property
    def wheel(self) -> str:
        return f"{self.name.replace('-', '_')}-{self.version}-py3-none-any.whl"

    @property
    def sdist(self) -> str:
        return f"{self.name.replace('-', '_')}-{self.version}.tar.gz"

    def built(self) -> dict[str, str]:
        """Return the SHA-256 of each dist that was built, by file name."""
        return {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (self.root / "dist").iterdir()
            if path.name in (self.wheel, self.sdist)
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A running index, with the settings that it printed."""

    environ: Mapping[str, str]

    @property
    def url(self) -> str:
        return self.environ["RELEASEKIT_URL"]

    def open(self, url: str, data: bytes | None = None, content_type: str = "") -> bytes:
        """Ask as the publisher; raises urllib.error.HTTPError."""
        login = f"{self.environ['TWINE_USERNAME']}:{self.environ['TWINE_PASSWORD']}"
        request = urllib.request.Request(url, data)
        request.add_header("Authorization", f"Basic {base64.b64encode(login.encode()).decode()}")
        if content_type:
            request.add_header("Content-Type", content_type)
        context = ssl.create_default_context(cafile=self.environ["RELEASEKIT_CA_BUNDLE"])
        with urllib.request.urlopen(request, context=context, timeout=60) as answer:
            content: bytes = answer.read()
        return content

    def files(self, project: str) -> dict[str, str]:
        """Return the SHA-256 of each file of a project in the hosted repository, by file name."""
        page = f"{self.url}/repository/{self.environ['RELEASEKIT_HOSTED']}/simple/{project}/"
        try:
            html = self.open(page).decode()
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            return {}
        links = [urljoin(page, link) for link in re.findall(r'<a[^>]* href="([^"#]+)', html)]
        return {
            unquote(link.rpartition("/")[2]): hashlib.sha256(self.open(link)).hexdigest()
            for link in links
        }

    def upload(self, file: Path, name: str, version: str) -> None:
        """Upload a wheel as twine does."""
        fields = {":action": "file_upload", "name": name, "version": version}
        fields |= {"protocol_version": "1", "filetype": "bdist_wheel", "pyversion": "py3"}
        form = "".join(
            f'--part\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
            for key, value in fields.items()
        )
        form += (
            f'--part\r\nContent-Disposition: form-data; name="content"; filename="{file.name}"\r\n'
        )
        form += "Content-Type: application/octet-stream\r\n\r\n"
        body = form.encode() + file.read_bytes() + b"\r\n--part--\r\n"
        url = f"{self.url}/repository/{self.environ['RELEASEKIT_HOSTED']}/"
        self.open(url, body, "multipart/form-data; boundary=part")


RunKit = Callable[..., Ran]
MakeProject = Callable[..., Project]


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
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
def make_project(tmp_path: Path, machine: Mapping[str, str]) -> MakeProject:
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
            subprocess.run(("git", *command), cwd=root, env=machine, check=True)
        subprocess.run(("git", "tag", f"v{version}"), cwd=root, env=machine, check=True)
        return Project(root=root, name=name, version=version)

    return make


@pytest.fixture(scope="session")
def run_kit(machine: Mapping[str, str]) -> RunKit:
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
                env={**machine, **(environ or {})},
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


@contextlib.contextmanager
def run_server(command: str, environ: Mapping[str, str], folder: Path) -> Iterator[Server]:
    """Run `releasekit sandbox` or `releasekit nexus` in a process of its own."""
    log = folder / "log"
    with (
        log.open("w") as err,
        subprocess.Popen(
            (KIT, command, "--json"), cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=err
        ) as process,
    ):
        try:
            assert process.stdout
            printed = process.stdout.readline()
            assert printed, log.read_text()
            yield Server(environ=json.loads(printed))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(BOUND)


@pytest.fixture(scope="session")
def sandbox_index(
    machine: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A sandbox that all tests of this process share: choose project names that are yours alone."""
    with run_server("sandbox", machine, tmp_path_factory.mktemp("sandbox")) as server:
        yield server


@pytest.fixture(scope="session")
def nexus_index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real Nexus, whose archive is in this machine's own cache; shared like the sandbox."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("TWINE_", "RELEASEKIT_"))}
    if archive := os.environ.get("RELEASEKIT_NEXUS_ZIP"):
        kept["RELEASEKIT_NEXUS_ZIP"] = archive
    with run_server("nexus", kept, tmp_path_factory.mktemp("nexus")) as server:
        yield server
