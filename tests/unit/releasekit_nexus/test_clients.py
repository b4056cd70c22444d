"""Real programs: twine uploads over TLS with the private CA, pip and uv install from the group."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from releasekit_nexus import Nexus
from samples import METADATA, write_wheel

Run = Callable[..., subprocess.CompletedProcess[str]]
INSTALLERS = {
    "pip": ("pip", "install", "--no-cache-dir"),
    "uv": ("uv", "pip", "install", "--no-config", "--no-cache", "--python", sys.executable),
}


@pytest.fixture
def run(nexus: Nexus, tmp_path: Path) -> Run:
    """Run a Python program in an environment that is made here, not inherited."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "SSL_CERT_FILE": str(nexus.ca_bundle),
        "PIP_CERT": str(nexus.ca_bundle),
        "TWINE_USERNAME": nexus.username,
        "TWINE_PASSWORD": nexus.password,
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


@pytest.mark.parametrize("installer", INSTALLERS)
def test_what_twine_uploads_an_installer_takes_from_the_group(
    nexus: Nexus, run: Run, tmp_path: Path, installer: str
) -> None:
    name = f"client_{installer}"
    wheel = write_wheel(
        tmp_path,
        metadata=METADATA.replace("demo", name),
        filename=f"{name}-1.0-py3-none-any.whl",
    )
    twine = ("twine", "upload", "--non-interactive", "--disable-progress-bar")
    upload = (*twine, "--cert", str(nexus.ca_bundle), "--repository-url", nexus.upload_url())
    first, second = run(*upload, str(wheel)), run(*upload, str(wheel))
    assert first.returncode == 0, first.stdout + first.stderr
    assert second.returncode == 1
    refusal = "Repository does not allow updating assets: pypi-hosted"
    assert refusal in second.stdout + second.stderr
    target = tmp_path / "target"
    index = ("--index-url", nexus.simple_url(), "--no-deps", "--target", str(target))
    child = run(*INSTALLERS[installer], *index, f"{name}==1.0")
    assert child.returncode == 0, child.stdout + child.stderr
    assert (target / "demo.py").read_text() == "ANSWER = 42\n"
