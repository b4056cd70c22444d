"""How a password is looked for: when, how long, and what is said of one that is refused."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from nexus_double import Sandbox
from support import Command, ProjectDir, public_index

BACKEND = """\
import threading
from pathlib import Path

from keyring.backend import KeyringBackend


class Silent(KeyringBackend):
    \"\"\"A keyring that never answers, and writes down that it was asked.\"\"\"

    priority = 1

    def get_password(self, service, username):
        Path(__file__).with_name("asked").touch()
        threading.Event().wait()

    def get_credential(self, service, username):
        return self.get_password(service, username)

    def set_password(self, service, username, password):
        raise NotImplementedError
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Silent:
    """A keyring that does not answer, as the environment names it."""

    folder: Path

    @property
    def was_used(self) -> bool:
        return (self.folder / "asked").exists()

    def environ(self, sandbox: Sandbox) -> dict[str, str]:
        """Give the settings of the sandbox, without the password."""
        settings = {k: v for k, v in sandbox.environ().items() if not k.startswith("TWINE_")}
        named = {"PYTHONPATH": str(self.folder), "PYTHON_KEYRING_BACKEND": "silent_keyring.Silent"}
        return {**settings, **named}


@pytest.fixture
def silent(tmp_path: Path) -> Silent:
    folder = tmp_path / "keyring"
    folder.mkdir()
    (folder / "silent_keyring.py").write_text(BACKEND)
    return Silent(folder=folder)


@pytest.mark.parametrize(
    "command",
    ["version", "build", "check", "plan", "verify", "search plain", "pip-config", "gather"],
)
def test_a_command_that_needs_no_password_asks_no_keyring(
    silent: Silent, sandbox: Sandbox, releasekit: Command, project: ProjectDir, command: str
) -> None:
    ran = releasekit(*command.split(), project=project, **silent.environ(sandbox))
    assert "keyring" not in ran.out + ran.err, ran
    assert not silent.was_used


def test_a_release_says_that_it_waits_for_the_keyring_and_ends(
    silent: Silent, sandbox: Sandbox, releasekit: Command, project: ProjectDir
) -> None:
    ran = releasekit("release", project=project, **silent.environ(sandbox))
    url = sandbox.upload_url()
    waiting = f"note      waiting for the keyring to give the login for {url} (at most 15 s): "
    assert (ran.status, waiting in ran.out, silent.was_used) == (2, True, True), ran
    assert f"error E255: the keyring does not answer\n  where: the keyring's entry for {url}" in (
        ran.out + ran.err
    )


def remove_tag(project: ProjectDir) -> None:
    project.git("tag", "-d", "v1.2.3")


def change_file(project: ProjectDir) -> None:
    project.write("pyproject.toml", (project.root / "pyproject.toml").read_text() + "# more\n")


def leave_as_it_is(_: ProjectDir) -> None:
    """Do nothing."""


REFUSALS = [
    pytest.param("release", remove_tag, 1, "E101", id="no tag"),
    pytest.param("release", change_file, 1, "E107", id="changes"),
    pytest.param("release --tag v9", leave_as_it_is, 1, "E105", id="another tag"),
    pytest.param("publish", leave_as_it_is, 2, "E207", id="nothing is built"),
]


@pytest.mark.parametrize(("command", "prepare", "status", "code"), REFUSALS)
def test_what_is_refused_without_a_password_is_refused_before_anybody_is_bothered(
    silent: Silent,
    sandbox: Sandbox,
    releasekit: Command,
    project: ProjectDir,
    command: str,
    prepare: object,
    status: int,
    code: str,
) -> None:
    assert callable(prepare)
    prepare(project)
    ran = releasekit(*command.split(), project=project, **silent.environ(sandbox))
    assert (ran.status, f"error {code}: " in ran.out + ran.err) == (status, True), ran
    assert not silent.was_used


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """The two ends of a terminal."""
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)


def test_the_prompt_names_the_address_and_the_user(
    sandbox: Sandbox,
    user_environ: dict[str, str],
    project: ProjectDir,
    terminal: tuple[int, int],
) -> None:
    ours, theirs = terminal
    settings = {k: v for k, v in sandbox.environ().items() if not k.startswith("TWINE_")}
    process = subprocess.Popen(
        (sys.executable, "-m", "releasekit", "release"),
        cwd=project.root,
        env={**user_environ, **public_index(), **settings},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    os.close(theirs)
    assert process.stdout
    shown = ""
    for prompt, typed in (
        ("Enter your username: ", sandbox.username),
        ("Enter your password: ", sandbox.password),
    ):
        while not shown.endswith(prompt):  # what is typed earlier is thrown away
            shown += (char := process.stdout.read(1))
            assert char, shown
        os.write(ours, f"{typed}\n".encode())
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0, shown + out
    url = sandbox.upload_url()
    assert f"login     {url}\nEnter your username: " in shown
    assert f"login     {url}, user {sandbox.username}\n" in shown
    assert sandbox.password not in shown + out


ODD = [
    pytest.param("{}\n", "ends in a newline", id="newline"),
    pytest.param("\ufeff{}", "begins with a byte order mark", id="byte order mark"),
    pytest.param('"{}"', "stands in quotes", id="quotes"),
]


@pytest.mark.parametrize(("form", "said"), ODD)
@pytest.mark.parametrize("command", ["release", "doctor", "search plain"])
def test_a_password_that_is_refused_is_looked_at(
    sandbox: Sandbox,
    releasekit: Command,
    project: ProjectDir,
    command: str,
    form: str,
    said: str,
) -> None:
    odd = {"TWINE_PASSWORD": form.format(sandbox.password)}
    ran = releasekit(*command.split(), project=project, **{**sandbox.environ(), **odd})
    shown = ran.out + ran.err
    assert ran.status == 2 - (command == "doctor"), ran
    assert f"the password {said}, and was sent like that" in shown
    assert sandbox.password not in shown
