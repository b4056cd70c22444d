"""pip, uv and poetry install from the real Nexus with what pip-config wrote, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import certifi
import pytest
import requests
from uv import find_uv_bin

from contract.nexus_admin import VIEW, NexusAdmin
from contract.wire import Login
from releasekit_nexus import Nexus
from stored import Stored, store
from support import Command, ProjectDir

UV = find_uv_bin()
BUNDLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "SSL_CERT_DIR")


@pytest.fixture(scope="module")
def admin(nexus: Nexus) -> Iterator[NexusAdmin]:
    with requests.Session() as session:
        yield NexusAdmin(nexus, session)


@pytest.fixture(scope="module")
def stored(
    nexus: Nexus, admin: NexusAdmin, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stored]:
    with store(nexus, admin, tmp_path_factory.mktemp("dist"), "1.0", "1.1") as made:
        yield made


@dataclass(frozen=True, kw_only=True, slots=True)
class Colleague:
    """Somebody with a virtual environment and an empty home."""

    home: Path
    venv: Path
    environ: Mapping[str, str]

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env={**self.environ, **variables},
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def installed(self, stored: Stored) -> str:
        """Import the project and tell its version."""
        code = f"import {stored.module}; print({stored.module}.VERSION, end='')"
        return self.run(str(self.venv / "bin" / "python"), "-c", code).stdout


@pytest.fixture
def colleague(tmp_path: Path) -> Colleague:
    home, venv = tmp_path / "home", tmp_path / "venv"
    home.mkdir()
    subprocess.run((UV, "venv", "--no-config", "-q", "-p", sys.executable, str(venv)), check=True)
    environ = {"HOME": str(home), "PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1"}
    return Colleague(home=home, venv=venv, environ=environ)


Configure = Callable[..., dict[str, Any]]


@pytest.fixture
def configure(releasekit: Command, nexus: Nexus, colleague: Colleague) -> Configure:
    """Write the settings as the colleague, and give what the printed lines export."""

    def run(**variables: str) -> dict[str, Any]:
        ran = releasekit(
            "pip-config",
            "--apply",
            "--json",
            *(("--to", variables.pop("to")) if "to" in variables else ()),
            project=ProjectDir(root=colleague.home, environ={}),
            server=nexus,
            HOME=str(colleague.home),
            VIRTUAL_ENV=str(colleague.venv),
            **variables,
        )
        assert ran.status == 0, ran.err
        settings: dict[str, Any] = json.loads(ran.out)["settings"]
        return settings

    return run


def exports(settings: Mapping[str, Any], colleague: Colleague) -> dict[str, str]:
    """Let a shell read the lines for it."""
    script = "\n".join((*settings["shell"], "env -0"))
    done = colleague.run("/bin/sh", "-c", script)
    pairs = (entry.partition("=") for entry in done.stdout.split("\0") if entry)
    return {name: value for name, _, value in pairs}


def pip(colleague: Colleague, name: str, **variables: str) -> subprocess.CompletedProcess[str]:
    # It runs in the environment, whose pip.conf it thus reads.
    python = str(colleague.venv / "bin" / "python")
    command = (sys.executable, "-m", "pip", "--no-input", "--python", python, "install", name)
    return colleague.run(*command, PIP_DISABLE_PIP_VERSION_CHECK="1", **variables)


def uv(colleague: Colleague, name: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return colleague.run(UV, "pip", "install", "--python", str(colleague.venv), name, **variables)


INSTALLERS = {"pip": pip, "uv": uv}
Install = Callable[..., subprocess.CompletedProcess[str]]


SETTINGS = {
    "pip in an environment": (pip, None),
    "pip for the user": (pip, "user"),
    "pip in CI": (pip, "ci"),
    "uv in an environment": (uv, None),
    "uv for the user": (uv, "user"),
    "uv in CI": (uv, "ci"),
}
NEEDS_NO_VARIABLE = ((pip, None), (pip, "user"))


@pytest.mark.parametrize(("install", "to"), SETTINGS.values(), ids=SETTINGS)
def test_the_settings_lead_to_the_group(
    configure: Configure, colleague: Colleague, stored: Stored, install: Install, to: str | None
) -> None:
    settings = configure(**({"to": to} if to else {}))
    variables = {} if (install, to) in NEEDS_NO_VARIABLE else exports(settings, colleague)
    ran = install(colleague, f"{stored.name}==1.0", **variables)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert colleague.installed(stored) == "1.0"


def test_lines_for_the_shell_fix_variables_that_beat_the_settings(
    configure: Configure, colleague: Colleague, stored: Stored
) -> None:
    beating = ("REQUESTS_CA_BUNDLE", "PIP_CERT", "SSL_CERT_FILE")
    hostile = dict.fromkeys(beating, certifi.where())
    settings = configure(**hostile)
    ran = pip(colleague, stored.name, **hostile, PIP_RETRIES="0")
    assert (ran.returncode, "CERTIFICATE_VERIFY_FAILED" in ran.stdout + ran.stderr) == (1, True)
    for install in INSTALLERS.values():
        ran = install(colleague, stored.name, **{**hostile, **exports(settings, colleague)})
        assert ran.returncode == 0, ran.stdout + ran.stderr


def write_netrc(colleague: Colleague, reader: Login) -> dict[str, str]:
    netrc = colleague.home / ".netrc"
    netrc.write_text(f"machine 127.0.0.1 login {reader.username} password {reader.password}\n")
    netrc.chmod(0o600)
    return {}


def name_uvs_variables(_: Colleague, reader: Login) -> dict[str, str]:
    prefix = "UV_INDEX_PYPI_GROUP"
    return {f"{prefix}_USERNAME": reader.username, f"{prefix}_PASSWORD": reader.password}


CREDENTIALS = {
    "pip reads netrc": (pip, write_netrc),
    "uv reads netrc": (uv, write_netrc),
    "uv reads variables": (uv, name_uvs_variables),
}


@pytest.mark.parametrize(("install", "give"), CREDENTIALS.values(), ids=CREDENTIALS)
def test_a_group_that_wants_credentials_gets_them_from_elsewhere(
    configure: Configure,
    colleague: Colleague,
    stored: Stored,
    nexus: Nexus,
    admin: NexusAdmin,
    install: Install,
    give: Callable[[Colleague, Login], dict[str, str]],
) -> None:
    variables = exports(configure(), colleague)
    with admin.closed(), admin.user([f"{VIEW}-{nexus.group}-read"]) as reader:
        assert install(colleague, stored.name, **variables).returncode != 0
        ran = install(colleague, stored.name, **variables, **give(colleague, reader))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert colleague.installed(stored) == "1.1"


PYPROJECT = """\
[project]
name = "app"
version = "1.0"
requires-python = ">=3.10"
[tool.poetry]
package-mode = false
"""


def test_poetry_installs_after_the_printed_commands(
    configure: Configure, colleague: Colleague, stored: Stored, nexus: Nexus, admin: NexusAdmin
) -> None:
    poetry = (UV, "tool", "run", "--quiet", "--from", "poetry==2.5.1", "poetry")
    tool = {
        # Its own environment is made once, in the user's cache, with the machine's settings.
        **{key: value for key, value in os.environ.items() if key.startswith("UV_")},
        "UV_CACHE_DIR": str(Path.home() / ".cache" / "uv"),
        "UV_TOOL_DIR": str(colleague.home / "tools"),
        "VIRTUAL_ENV": str(colleague.venv),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    made = {key: os.environ[key] for key in BUNDLES if key in os.environ}
    assert colleague.run(*poetry, "--version", **tool, **made).returncode == 0
    tool["UV_OFFLINE"] = "1"
    (colleague.home / "pyproject.toml").write_text(PYPROJECT)
    for line in configure()["poetry"]:
        ran = colleague.run(*poetry, *line.split()[1:], **tool)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    with admin.closed(), admin.user([f"{VIEW}-{nexus.group}-read"]) as reader:
        tool["POETRY_HTTP_BASIC_PYPI_GROUP_USERNAME"] = reader.username
        tool["POETRY_HTTP_BASIC_PYPI_GROUP_PASSWORD"] = reader.password
        ran = colleague.run(*poetry, "add", "--no-interaction", f"{stored.name}==1.0", **tool)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert colleague.installed(stored) == "1.0"
