"""Real programs: twine, uv and poetry upload; pip and uv install; all with the private CA.

Poetry pins what others need newer, so it runs in an environment of its own, made by `uv tool run`.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from uv import find_uv_bin

from contract.servers import Server
from samples import METADATA, write_wheel

Run = Callable[..., subprocess.CompletedProcess[str]]
PYTHON = (sys.executable, "-m")
POETRY = (find_uv_bin(), "tool", "run", "--quiet", "--from", "poetry==2.5.1", "poetry")
NO_UPDATE = "Repository does not allow updating assets: pypi-hosted"
BUNDLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "SSL_CERT_DIR")


@pytest.fixture
def run(server: Server, tmp_path: Path) -> Run:
    """Run a program with the publisher's credentials and with no settings of the machine's."""
    ours = {
        "HOME": str(tmp_path),
        "SSL_CERT_FILE": str(server.ca_bundle),
        "REQUESTS_CA_BUNDLE": str(server.ca_bundle),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "NO_PROXY": "127.0.0.1",
    }
    secret = server.publisher.username, server.publisher.password
    for prefix in ("TWINE_", "UV_PUBLISH_", "POETRY_HTTP_BASIC_CONTRACT_"):
        ours |= dict(zip((f"{prefix}USERNAME", f"{prefix}PASSWORD"), secret, strict=True))
    environ = {"PATH": os.environ["PATH"], **ours}

    def run_program(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            arguments,
            env={**environ, **more},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run_program


@pytest.fixture
def name() -> str:
    """A project name that no other test has: these repositories are shared."""
    return f"contract{secrets.token_hex(4)}"


@pytest.fixture
def dist(tmp_path: Path, name: str) -> Path:
    """A real wheel in a directory of its own."""
    folder = tmp_path / "dist"
    folder.mkdir()
    metadata = METADATA.replace("Name: demo", f"Name: {name}").replace(">=3.10", ">=3.9")
    return write_wheel(folder, metadata=metadata, filename=f"{name}-1.0-py3-none-any.whl")


def says(ran: subprocess.CompletedProcess[str]) -> str:
    """Give what a program printed, without the line ends of its frames."""
    return " ".join((ran.stdout + ran.stderr).split())


def twine(run: Run, server: Server, dist: Path, **more: str) -> subprocess.CompletedProcess[str]:
    url = server.upload_url(server.hosted)
    options = ("--non-interactive", "--disable-progress-bar", "--repository-url", url)
    return run(*PYTHON, "twine", "upload", *options, str(dist), **more)


def uv_publish(
    run: Run, server: Server, dist: Path, *options: str
) -> subprocess.CompletedProcess[str]:
    url = ("--publish-url", server.upload_url(server.hosted))
    return run(find_uv_bin(), "publish", "--no-config", *url, *options, str(dist))


def test_twine_uploads_once_and_shows_the_text_of_the_refusal(
    server: Server, run: Run, dist: Path, name: str
) -> None:
    first, second = twine(run, server, dist), twine(run, server, dist)
    assert first.returncode == 0, says(first)
    page = server.get(server.hosted, f"simple/{name}/").body.decode()
    assert f'data-requires-python="&gt;=3.9" >{dist.name}</a>' in page
    assert (second.returncode, NO_UPDATE in says(second)) == (1, True)


def test_twine_shows_a_wrong_password_as_401(server: Server, run: Run, dist: Path) -> None:
    ran = twine(run, server, dist, TWINE_PASSWORD="wrong")
    assert (ran.returncode, "401 Unauthorized" in says(ran)) == (1, True)


def test_uv_publishes_once_and_skips_by_the_index(
    server: Server, run: Run, dist: Path, name: str
) -> None:
    first, second = uv_publish(run, server, dist), uv_publish(run, server, dist)
    assert first.returncode == 0, says(first)
    assert (second.returncode, "400 Bad Request" in says(second)) == (2, True)
    check = server.simple_url(server.hosted)
    third = uv_publish(run, server, dist, "--check-url", check)
    assert (third.returncode, "already exists, skipping" in says(third)) == (0, True)


PYPROJECT = """\
[project]
name = "{name}"
version = "1.0"
[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
"""


def test_poetry_publishes_once_shows_the_refusal_and_can_skip(
    server: Server, run: Run, dist: Path, name: str, tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT.format(name=name))
    tool = {
        # Its own environment is made once, in the user's cache, with the machine's settings.
        **{key: value for key, value in os.environ.items() if key.startswith("UV_")},
        "UV_CACHE_DIR": str(Path.home() / ".cache" / "uv"),
        "UV_TOOL_DIR": str(tmp_path / "tools"),
        "POETRY_REPOSITORIES_CONTRACT_URL": server.upload_url(server.hosted),
        "POETRY_CERTIFICATES_CONTRACT_CERT": str(server.ca_bundle),
        "POETRY_KEYRING_ENABLED": "false",
    }
    made = {key: os.environ[key] for key in BUNDLES if key in os.environ}
    assert run(*POETRY, "--version", **tool, **made).returncode == 0
    # From here on it trusts the server's CA alone, and needs no other server.
    tool["UV_OFFLINE"] = "1"
    publish = (*POETRY, "publish", "--no-interaction", "--repository", "contract")
    first, second = run(*publish, **tool), run(*publish, **tool)
    assert first.returncode == 0, says(first)
    assert (second.returncode, NO_UPDATE in says(second)) == (1, True)
    third = run(*publish, "--skip-existing", **tool)
    assert (third.returncode, "File exists. Skipping" in says(third)) == (0, True)


INSTALLERS = {
    "pip": (*PYTHON, "pip", "install", "--no-cache-dir"),
    "uv": (find_uv_bin(), "pip", "install", "--no-config", "--no-cache", f"--python={PYTHON[0]}"),
}


@pytest.mark.parametrize("installer", INSTALLERS)
def test_an_installer_takes_it_from_the_group_of_releases(
    server: Server, run: Run, dist: Path, name: str, tmp_path: Path, installer: str
) -> None:
    assert twine(run, server, dist).returncode == 0
    target = tmp_path / "target"
    index = ("--index-url", server.simple_url(server.group), "--no-deps", "--target", str(target))
    ran = run(*INSTALLERS[installer], *index, f"{name}==1.0")
    assert ran.returncode == 0, says(ran)
    assert (target / "demo.py").read_text() == "ANSWER = 42\n"


MISSING = {"pip": "No matching distribution found", "uv": "there are no versions of"}


@pytest.mark.parametrize("installer", INSTALLERS)
def test_an_installer_finds_no_version_of_an_unknown_project_in_the_group(
    server: Server, run: Run, name: str, tmp_path: Path, installer: str
) -> None:
    index = ("--index-url", server.simple_url(server.group), "--target", str(tmp_path / "target"))
    ran = run(*INSTALLERS[installer], *index, name)
    assert (ran.returncode, MISSING[installer] in says(ran)) == (1, True)
