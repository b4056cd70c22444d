"""The lock has all that pyproject.toml names, for every supported Python on Linux."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
LOCKED = [Requirement(line) for line in re.findall(r"^([^\s#].*?) \\$", TEXT, re.MULTILINE)]
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NEEDS = [
    *PYPROJECT["project"]["dependencies"],
    *PYPROJECT["project"]["optional-dependencies"]["nexus"],
    *PYPROJECT["dependency-groups"]["test"],
    *PYPROJECT["build-system"]["requires"],
]


def applies(need: Requirement, python: str) -> bool:
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.1",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "os_name": "posix",
    }
    return need.marker is None or need.marker.evaluate(environment)


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13"])
def test_the_lock_has_one_version_of_all_that_is_needed(python: str) -> None:
    wrong = {}
    for need in map(Requirement, NEEDS):
        versions = [
            specifier.version
            for pin in LOCKED
            if canonicalize_name(pin.name) == canonicalize_name(need.name) and applies(pin, python)
            for specifier in pin.specifier
        ]
        if applies(need, python) and [need.specifier.contains(v) for v in versions] != [True]:
            wrong[str(need)] = versions
    assert wrong == {}, "nox -s lock writes the lock"


def test_every_version_is_pinned_and_has_hashes() -> None:
    assert {str(pin) for pin in LOCKED if [s.operator for s in pin.specifier] != ["=="]} == set()
    hashed = re.findall(r"^([^\s#].*?) \\\n    --hash=sha256:[0-9a-f]{64}", TEXT, re.MULTILINE)
    assert len(hashed) == len(LOCKED)
    assert len(LOCKED) == len(re.findall(r"^[^\s#]", TEXT, re.MULTILINE))


def test_the_lock_names_no_address() -> None:
    assert "://" not in TEXT
    assert "index-url" not in TEXT
