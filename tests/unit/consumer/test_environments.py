from __future__ import annotations

import os
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from raising import raises_error
from releasekit.consumer.search import read_installed_versions
from releasekit.errors.usage import NO_SUCH_ENVIRONMENT


def test_versions_that_a_python_can_import() -> None:
    found = read_installed_versions(Path(sys.executable), os.environ)
    assert found["packaging"] == version("packaging")


def test_a_directory_without_metadata_is_no_distribution(tmp_path: Path) -> None:
    (tmp_path / "broken-1.0.dist-info").mkdir()
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho {tmp_path}\n")
    python.chmod(0o755)
    assert read_installed_versions(python, os.environ) == {}


@pytest.mark.parametrize(
    ("content", "mode", "reason"),
    [
        pytest.param(None, 0, "there is no such file", id="nothing there"),
        pytest.param("#!/bin/sh\n", 0o644, "Permission denied", id="not executable"),
        pytest.param("#!/bin/sh\necho no >&2\nexit 3\n", 0o755, "no", id="it fails"),
    ],
)
def test_what_is_no_python(tmp_path: Path, content: str | None, mode: int, reason: str) -> None:
    python = tmp_path / "python"
    if content is not None:
        python.write_text(content)
        python.chmod(mode)
    with raises_error(NO_SUCH_ENVIRONMENT) as caught:
        read_installed_versions(python, os.environ)
    assert str(caught.value) == (
        "error E219: no Python there\n"
        f"  where: {python}\n"
        f"  why:   {reason}\n"
        "  next:  name an environment's directory or its Python: releasekit search WORD --python "
        ".venv"
    )
