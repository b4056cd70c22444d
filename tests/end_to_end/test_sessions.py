"""Which commands are sessions of a project's noxfile, and under which names."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

STEPS = ["release", "version", "build", "gather", "check", "plan", "publish", "verify"]
OWN = "import nox\n\n@nox.session(venv_backend='none')\ndef build(session):\n    pass\n"


def list_sessions(
    folder: Path, environ: Mapping[str, str], noxfile: str
) -> subprocess.CompletedProcess[str]:
    (folder / "noxfile.py").write_text(noxfile)
    nox = str(Path(sys.executable).with_name("nox"))
    return subprocess.run(
        (nox, "--list-sessions"), cwd=folder, env=environ, capture_output=True, text=True
    )


def names(listed: str) -> list[str]:
    lines = (line for line in listed.splitlines() if line.startswith(("- ", "* ")))
    return [line.split()[1] for line in lines]


@pytest.mark.parametrize(
    ("noxfile", "expected"),
    [
        pytest.param("import releasekit.sessions\n", [*STEPS, "doctor"], id="default"),
        pytest.param(
            f"from releasekit.sessions import register\nregister(prefix='kit-')\n{OWN}",
            [*(f"kit-{name}" for name in STEPS), "kit-doctor", "build"],
            id="prefix",
        ),
        pytest.param(
            "from releasekit.sessions import register\n"
            f"register(names=['release', 'search'])\n{OWN}",
            ["release", "search", "build"],
            id="names",
        ),
    ],
)
def test_commands_are_registered_as_sessions(
    tmp_path: Path, user_environ: Mapping[str, str], noxfile: str, expected: list[str]
) -> None:
    assert names(list_sessions(tmp_path, user_environ, noxfile).stdout) == expected


def test_a_session_of_the_project_is_not_replaced(
    tmp_path: Path, user_environ: Mapping[str, str]
) -> None:
    ran = list_sessions(tmp_path, user_environ, f"{OWN}\nimport releasekit.sessions\n")
    assert ran.returncode == 2
    assert "error E225: the noxfile has a session build already" in ran.stderr
    assert 'register(prefix="kit-")' in ran.stderr


def test_a_name_that_no_command_has_is_refused(
    tmp_path: Path, user_environ: Mapping[str, str]
) -> None:
    noxfile = "from releasekit.sessions import register\nregister(names=['relase'])\n"
    ran = list_sessions(tmp_path, user_environ, noxfile)
    assert ran.returncode == 2
    assert "error E226: releasekit has no command relase\n" in ran.stderr
