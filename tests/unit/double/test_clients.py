"""Real programs: twine uploads, pip and uv install from the group."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nexus_double import Sandbox

WHEEL = "tiny_real-1.0-py3-none-any.whl"
REFUSED = "Repository does not allow updating assets: pypi-hosted"


@pytest.fixture
def run(sandbox: Sandbox, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a Python program in an environment that is made here, not inherited."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "SSL_CERT_FILE": str(sandbox.ca_bundle),
        "PIP_CERT": str(sandbox.ca_bundle),
        "TWINE_USERNAME": sandbox.username,
        "TWINE_PASSWORD": sandbox.password,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }

    def run_module(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run_module


@pytest.fixture
def wheel(tmp_path: Path, make_wheel: Callable[..., bytes]) -> Path:
    file = tmp_path / WHEEL
    file.write_bytes(make_wheel("tiny_real", "1.0", ">=3.9"))
    return file


def store(sandbox: Sandbox, wheel: Path) -> None:
    sandbox.state.store(
        "pypi-hosted",
        project="tiny_real",
        version="1.0",
        filename=WHEEL,
        content=wheel.read_bytes(),
        requires_python=">=3.9",
    )


def test_twine_uploads_and_shows_the_reason_of_a_refusal(
    sandbox: Sandbox, wheel: Path, run: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    upload = (
        "twine",
        "upload",
        "--non-interactive",
        "--disable-progress-bar",
        "--cert",
        str(sandbox.ca_bundle),
        "--repository-url",
        sandbox.upload_url(),
        str(wheel),
    )
    first, second = run(*upload), run(*upload)
    assert first.returncode == 0, first.stdout + first.stderr
    (file,) = sandbox.state.find_files("pypi-hosted")
    assert (file.path, file.requires_python) == (f"packages/tiny-real/1.0/{WHEEL}", ">=3.9")
    assert second.returncode == 1
    assert REFUSED in second.stdout + second.stderr


INSTALLERS = {
    "pip": ("pip", "install", "--no-cache-dir"),
    "uv": ("uv", "pip", "install", "--no-config", "--no-cache", "--python", sys.executable),
}


@pytest.mark.parametrize("installer", INSTALLERS.values(), ids=INSTALLERS)
def test_an_installer_takes_it_from_the_group(
    sandbox: Sandbox,
    wheel: Path,
    tmp_path: Path,
    run: Callable[..., subprocess.CompletedProcess[str]],
    installer: tuple[str, ...],
) -> None:
    store(sandbox, wheel)
    target = tmp_path / "target"
    index = ("--index-url", sandbox.simple_url(), "--no-deps", "--target", str(target))
    child = run(*installer, *index, "tiny-real==1.0")
    assert child.returncode == 0, child.stdout + child.stderr
    assert (target / "tiny_real.py").read_text() == "VERSION = '1.0'\n"
