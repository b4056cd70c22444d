"""A release to a real pypiserver, which a section of `.pypirc` names: another layout than Nexus."""

from __future__ import annotations

import base64
import hashlib
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from support import SDIST, WHEEL, Command, ProjectDir, Ran, wait_for, without_times
from unit.conftest import Answer, Server, run_server

PASSWORD = "hunter2-hunter2"
USER = "bob"
REQUEST = "request: "
"""Begins the lines of the log that show a request."""


@dataclass(frozen=True, kw_only=True)
class Pypiserver:
    """A running pypiserver that asks for a login before uploads, as it does by default."""

    url: str
    packages: Path
    elsewhere: Server
    """Where it redirects those who ask for a project that it does not have."""
    home: Path
    log: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.packages.iterdir())

    @property
    def requests(self) -> list[str]:
        lines = self.log.read_text().splitlines()
        requests = [line.removeprefix(REQUEST) for line in lines if line.startswith(REQUEST)]
        return requests[requests.count("GET /") :]  # without those that waited for the server

    def write_section(self, password: str = PASSWORD) -> None:
        (self.home / ".pypirc").write_text(
            "[distutils]\nindex-servers = team\n"
            f"[team]\nrepository = {self.url}\nusername = {USER}\npassword = {password}\n"
        )


@pytest.fixture
def pypiserver(tmp_path: Path) -> Iterator[Pypiserver]:
    packages, home, log = tmp_path / "packages", tmp_path / "home", tmp_path / "pypiserver.log"
    packages.mkdir()
    home.mkdir()
    digest = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()
    (tmp_path / "htpasswd").write_text(f"{USER}:{{SHA}}{digest}\n")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with run_server(None) as elsewhere, log.open("w") as lines:
        elsewhere.answers = [Answer(body=b"<title>Links for plain</title>")]
        options = [*("-i", "127.0.0.1"), *("-p", str(port)), *("--server", "wsgiref")]
        options += ["-v", "--log-req-frmt", f"{REQUEST}%(REQUEST_METHOD)s %(PATH_INFO)s"]
        options += ["--log-frmt", "%(message)s", "--log-res-frmt", "", "--log-err-frmt", ""]
        options += ["-P", str(tmp_path / "htpasswd")]
        options += ["--fallback-url", f"http://localhost:{elsewhere.server_port}/simple"]
        command = (sys.executable, "-m", "pypiserver", "run", *options, str(packages))
        with subprocess.Popen(command, stdout=lines, stderr=lines) as process:
            try:
                wait_for(lambda: _answers(url))
                server = Pypiserver(
                    url=url, packages=packages, elsewhere=elsewhere, home=home, log=log
                )
                server.write_section()
                yield server
            finally:
                process.terminate()


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture
def release(project: ProjectDir, pypiserver: Pypiserver, releasekit: Command) -> Command:
    def run(*arguments: str) -> Ran:
        return releasekit(
            *("release", "-r", "team", *arguments), project=project, HOME=str(pypiserver.home)
        )

    return run


def test_release_is_built_checked_uploaded_and_installed_back(
    pypiserver: Pypiserver, release: Command
) -> None:
    ran = release()
    assert (ran.status, ran.err) == (0, ""), ran
    said = without_times(ran.out)
    assert f"publish   2 uploaded to {pypiserver.url}/\n" in said
    assert f"verify    plain==1.2.3 installed by hash from {pypiserver.url}/, imports" in said
    assert pypiserver.files == [WHEEL, SDIST]
    posts = [line for line in pypiserver.requests if line.startswith("POST")]
    assert posts == ["POST /", "POST /", "POST /"]  # the access check, the wheel, the sdist
    assert len(pypiserver.requests) <= 14
    assert pypiserver.elsewhere.requests == []  # nobody asked another server for the new project


def test_second_run_finds_nothing_to_do(pypiserver: Pypiserver, release: Command) -> None:
    release()
    before = len(pypiserver.requests)
    ran = release()
    assert ran.status == 0
    assert "plan      0 to upload, 2 already published\n" in without_times(ran.out)
    again = pypiserver.requests[before:]
    assert [line for line in again if line.startswith("POST")] == ["POST /"]  # the access check


def test_other_bytes_under_the_same_name_are_a_conflict(
    pypiserver: Pypiserver, project: ProjectDir, release: Command
) -> None:
    release()
    published = {path.name: path.read_bytes() for path in pypiserver.packages.iterdir()}
    project.write("plain.py", "OTHER = True\n")
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    ran = release()
    assert ran.status == 1
    assert "error E141: 2 files are already published with other bytes\n" in ran.out
    assert {path.name: path.read_bytes() for path in pypiserver.packages.iterdir()} == published


def test_wrong_password_is_reported_before_the_first_upload(
    pypiserver: Pypiserver, release: Command
) -> None:
    pypiserver.write_section("another-password")
    ran = release()
    assert ran.status == 2
    assert ran.out.endswith(
        "error E250: the user name or the password is wrong\n"
        f"  where: {pypiserver.url}/\n"
        "  why:   the server answered 403 to user bob, whose credentials came from .pypirc "
        "section team\n"
        "  next:  check .pypirc section team; a user whom it does not let upload gets 403 as "
        "well\n"
    )
    assert pypiserver.files == []


def test_dry_run_uploads_nothing(pypiserver: Pypiserver, release: Command) -> None:
    ran = release("--dry-run")
    assert ran.status == 0
    assert "plan      2 to upload, 0 already published\n" in without_times(ran.out)
    assert pypiserver.files == []
