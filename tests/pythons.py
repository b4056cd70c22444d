"""The Pythons of this machine that the kit supports. Run as a program, it lists them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

SUPPORTED = ("3.10", "3.11", "3.12", "3.13")


def find_python(version: str) -> str | None:
    """Return an interpreter that runs; a shim of pyenv may stand for one that is switched off."""
    name = f"python{version}"
    first = shutil.which(name)
    below = Path(first).parent.parent.glob(f"versions/{version}.*/bin/{name}") if first else ()
    for candidate in (first, *sorted(map(str, below))):
        if candidate and not subprocess.run((candidate, "-c", ""), capture_output=True).returncode:
            return candidate
    return None


def find_other_python() -> str:
    """Return the Python whose minor version is farthest from this one's; this one if alone."""
    here = sys.version_info.minor
    others = sorted(SUPPORTED, key=lambda version: -abs(int(version.partition(".")[2]) - here))
    return next((found for version in others if (found := find_python(version))), sys.executable)


if __name__ == "__main__":
    for supported in SUPPORTED:
        sys.stdout.write(f"{supported} {find_python(supported) or ''}\n")
