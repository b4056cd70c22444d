"""What tests of kills and limits use: a machine, an index that can be held, a project.

All of it is outside of the kit: the command line is started, and what is left is looked for in
/proc and on the disk.
"""

from __future__ import annotations

import contextlib
import http.client
import http.server
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
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from black_box.tools import DOUBLE, TESTS

RELEASEKIT = str(Path(sys.executable).with_name("releasekit"))
NOX = str(Path(sys.executable).with_name("nox"))
WAIT = 120.0
"""Seconds until a test gives up: far more than anything takes, on a busy machine too."""
FILENAME = re.compile(rb'filename="([^"]+)"')
BACKEND = Path(__file__).with_name("held_backend.py")
GIT = """\
#!/bin/sh
# Waits where a test holds this command of git.
if [ -n "$HELD" ] && [ -p "$HELD/git" ]; then
  case "$*" in
    *"$(cat "$HELD/git.command")"*)
      echo $$ > "$HELD/git.part" && mv "$HELD/git.part" "$HELD/git.pid"
      read -r line < "$HELD/git" ;;
  esac
fi
exec {git} "$@"
"""


def wait_until(what: Callable[[], object], process: subprocess.Popen[str] | None = None) -> None:
    """Wait until something is so; fail if it is not in time, or if the process ends before."""
    deadline = time.monotonic() + WAIT
    while not what():
        if process is not None and process.poll() is not None and not what():
            raise AssertionError(f"it ended before: {process.communicate()}")
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """A command that has ended."""

    status: int
    out: str


class Held:
    """A place where a run is held; `go` lets it on, and what has arrived is not lost."""

    def __init__(self, is_reached: Callable[[], bool], let_go: Callable[[], None]) -> None:
        self.is_reached, self.go = is_reached, let_go


@dataclass(kw_only=True)
class _Rule:
    """One request to hold."""

    method: str
    path: re.Pattern[str]
    agent: str
    content: str
    when: str
    uploaded: str
    reached: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)


class Index:
    """A double, and a plain http door before it that holds a request where a test says so."""

    def __init__(self, environ: Mapping[str, str], settings: Mapping[str, str]) -> None:
        self._environ = dict(settings)
        self._upstream = urlsplit(self._environ["RELEASEKIT_URL"]).netloc
        self._context = ssl.create_default_context(cafile=self._environ.pop("RELEASEKIT_CA_BUNDLE"))
        self._rules: list[_Rule] = []
        self._uploaded = {""}
        index = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                # The other end may be killed at any moment.
                with contextlib.suppress(OSError):
                    super().handle_one_request()
                    return
                self.close_connection = True

            def do_GET(self) -> None:
                index._pass_on(self)

            do_HEAD = do_POST = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Write nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def environ(self) -> dict[str, str]:
        """Return the variables that lead a release through the door."""
        return {**self._environ, "RELEASEKIT_URL": self.url}

    def hold(
        self,
        method: str,
        path: str,
        *,
        agent: str = "",
        content: str = "",
        uploaded: str = "",
        when: str = "before",
    ) -> Held:
        """Hold the first such request; `before` it is passed on, or `after`, with its answer.

        `uploaded` names a file that has to be there first. What is held before is not passed on
        any more if the one who asked is gone.
        """
        rule = _Rule(
            method=method,
            path=re.compile(path),
            agent=agent,
            content=content,
            when=when,
            uploaded=uploaded,
        )
        self._rules.append(rule)
        return Held(rule.reached.is_set, rule.go.set)

    def files(self, project: str) -> set[str]:
        """Return the names of the files that the hosted repository lists."""
        status, body = self._ask("GET", f"/repository/{self.hosted}/simple/{project}/", {}, b"")[:2]
        assert status in (200, 404), body
        return set(re.findall(r">([^<>]+\.(?:whl|tar\.gz))</a>", body.decode()))

    @property
    def hosted(self) -> str:
        return self._environ["RELEASEKIT_HOSTED"]

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes, list[tuple[str, str]]]:
        connection = http.client.HTTPSConnection(self._upstream, context=self._context, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body or None, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.getheaders()

    def _find_rule(self, request: http.server.BaseHTTPRequestHandler, body: bytes) -> _Rule | None:
        for rule in self._rules:
            agent = request.headers.get("User-Agent", "")
            if (
                request.command == rule.method
                and rule.path.search(request.path)
                and agent.startswith(rule.agent)
                and rule.content.encode() in body
                and rule.uploaded in self._uploaded
            ):
                self._rules.remove(rule)
                return rule
        return None

    def _pass_on(self, request: http.server.BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        rule = self._find_rule(request, body)
        if rule and rule.when == "before":
            rule.reached.set()
            assert rule.go.wait(WAIT)
            if _has_left(request.connection):
                request.close_connection = True
                return
        headers = {name: value for name, value in request.headers.items() if name != "Host"}
        headers |= {"Connection": "close", "Accept-Encoding": "identity"}
        status, content, answered = self._ask(request.command, request.path, headers, body)
        if request.command == "POST" and status == 200:
            self._uploaded |= {found.decode() for found in FILENAME.findall(body)}
        if rule and rule.when == "after":
            rule.reached.set()
            assert rule.go.wait(WAIT)
        request.send_response(status)
        for name, value in answered:
            if name.lower() not in ("connection", "transfer-encoding", "content-length", "date"):
                request.send_header(name, value)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(content)


def _has_left(connection: Any) -> bool:
    """Tell whether the other end of a connection has closed it."""
    connection.setblocking(False)
    try:
        return not connection.recv(1)
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        connection.setblocking(True)


@contextlib.contextmanager
def run_index(environ: Mapping[str, str], folder: Path) -> Iterator[Index]:
    """Run a double in a process of its own, and the door before it."""
    process = subprocess.Popen(
        DOUBLE,
        cwd=folder,
        env={**environ, "PYTHONPATH": TESTS},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        try:
            assert process.stdout
            index = Index(environ, json.loads(process.stdout.readline()))
            yield index
            index.close()
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(WAIT)


class Machine:
    """A home, a directory for temporary files and a cache; and what of a run is left there."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder = folder
        # Short: paths of sockets are limited to 100 characters.
        self.temporary = Path(tempfile.mkdtemp(prefix="kills-")).resolve()
        self.held = folder / "held"
        self.held.mkdir()
        self.started: list[subprocess.Popen[str]] = []
        self.environ = {**environ, "TMPDIR": str(self.temporary), "HELD": str(self.held)}

    def close(self) -> None:
        for started in self.started:
            with started:
                started.kill()
        for process in self.processes():
            os.kill(process, signal.SIGKILL)
        shutil.rmtree(self.temporary)

    def processes(self) -> dict[int, str]:
        """Return the processes that run with this machine's variables, whoever is their parent."""
        mark = f"HELD={self.held}\0".encode()
        found = {}
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it has just ended
                if mark in (path / "environ").read_bytes() and not _is_dead(path):
                    command = (path / "cmdline").read_bytes().replace(b"\0", b" ")
                    found[int(path.name)] = command.decode(errors="replace")
        return found

    def hold(self, place: str, command: str = "") -> Held:
        """Hold a hook of the backend, or the first git whose command line has this in it."""
        fifo, pid = self.held / place, self.held / f"{place}.pid"
        os.mkfifo(fifo)
        if command:
            (self.held / f"{place}.command").write_text(command)

        def go() -> None:
            opened = os.open(fifo, os.O_RDWR)
            fifo.unlink()
            os.close(opened)  # who waits there has come to its end

        return Held(pid.exists, go)

    def pid(self, place: str) -> int:
        """Return the process that is held there."""
        return int((self.held / f"{place}.pid").read_text())


def _is_dead(process: Path) -> bool:
    status = (process / "stat").read_text(encoding="utf-8", errors="replace")
    return status.rpartition(")")[2].split()[0] in "ZX"


def make_environ(folder: Path) -> dict[str, str]:
    """Return the environment of a machine on which nobody has released yet."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("RELEASEKIT_", "TWINE_", "GIT_", "XDG_", "UV_", "PIP_"))
    }
    tools = folder / "tools"
    tools.mkdir()
    git = tools / "git"
    git.write_text(GIT.format(git=shutil.which("git")))
    git.chmod(0o755)
    identity = {"NAME": "Author", "EMAIL": "author@example.com", "DATE": "2026-01-02T03:04:05Z"}
    (folder / "home").mkdir()
    return {
        **ours,
        **{
            f"GIT_{who}_{what}": v
            for what, v in identity.items()
            for who in ("AUTHOR", "COMMITTER")
        },
        "HOME": str(folder / "home"),
        "PATH": f"{tools}:{ours['PATH']}",
        "RELEASEKIT_CACHE_DIR": str(folder / "cache"),
        "PYTHONDEVMODE": "",
        "PYTHONDONTWRITEBYTECODE": "",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """A tagged project in a git repository of its own."""

    root: Path
    name: str

    @property
    def files(self) -> set[str]:
        """The names of the files that a release of it has."""
        return {f"{self.name}-1.0.tar.gz", f"{self.name}-1.0-py3-none-any.whl"}

    def dist(self) -> set[str]:
        folder = self.root / "dist"
        names = {path.name for path in folder.iterdir()} if folder.is_dir() else set[str]()
        return names - {".gitignore"}


def make_project(root: Path, name: str, requires: str = "") -> None:
    """Write a project that the backend of these tests builds, without a repository."""
    root.mkdir(parents=True)
    shutil.copy(BACKEND, root / "held_backend.py")
    needs = json.dumps([requires] if requires else [])
    (root / "pyproject.toml").write_text(
        f'[build-system]\nrequires = {needs}\nbuild-backend = "held_backend"\n'
        'backend-path = ["."]\n\n'
        f'[project]\nname = "{name}"\nversion = "1.0"\n'
    )
    wait = BACKEND.read_text("utf-8").partition("def wait_if_held")[2].partition("\n\n\n")[0]
    text = f"import os, subprocess\nfrom pathlib import Path\n\n\ndef wait_if_held{wait}\n\n\n"
    (root / f"{name}.py").write_text(f'{text}wait_if_held("import")\n')
    (root / "README.md").write_text("A project.\n")
    (root / "noxfile.py").write_text("import releasekit.sessions\n")
    (root / ".gitignore").write_text("dist/\nreports/\n")


def commit(root: Path, environ: Mapping[str, str]) -> None:
    """Make a repository with one commit, which is tagged."""
    plain = {name: value for name, value in environ.items() if name != "HELD"}
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "first"), ("tag", "v1.0")):
        subprocess.run(("git", *command), cwd=root, env=plain, check=True)


def start(
    machine: Machine,
    folder: Path,
    environ: Mapping[str, str],
    *arguments: str,
    prefix: Sequence[str] = (),
    kit: Sequence[str] = (RELEASEKIT,),
) -> subprocess.Popen[str]:
    """Start a command in a session of its own, as a terminal or a CI runner does."""
    process = subprocess.Popen(
        (*prefix, *kit, *arguments),
        cwd=folder,
        env={**machine.environ, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    machine.started.append(process)
    return process


def end(process: subprocess.Popen[str]) -> Ran:
    """Wait until a command has ended."""
    out = process.communicate(timeout=WAIT)[0]
    return Ran(status=process.returncode, out=out)
