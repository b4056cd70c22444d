"""The packages of a monorepo: one command for all, beside a command for each."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.measure import Commands, find_median, time_commands
from bench.subjects import Checkout, write_version

PYPROJECT = """\
[build-system]
requires = ["flit-core>=3.12"]
build-backend = "flit_core.buildapi"

[project]
name = "bench-part-{number}"
version = "0"
description = "One of many in a repository"
readme = "README.md"
license = "LicenseRef-Proprietary"
authors = [{{ name = "Team Example" }}]
requires-python = ">=3.10"

[project.urls]
Homepage = "https://bench.example.com"

[tool.releasekit]
tag = "part-{number}/v{{version}}"
"""
RELEASE = (sys.executable, "-m", "releasekit", "release", "-q")


def write_monorepo(root: Path, count: int, environ: Mapping[str, str]) -> Checkout:
    """Write so many packages into one new git repository."""
    shutil.rmtree(root, ignore_errors=True)
    for number in range(count):
        folder = root / "packages" / f"p{number}"
        folder.mkdir(parents=True)
        text = PYPROJECT.format(number=number)
        folder.joinpath("pyproject.toml").write_text(text, encoding="utf-8")
        folder.joinpath(f"bench_part_{number}.py").write_text(f'"""Part {number}."""\n')
        folder.joinpath("README.md").write_text(f"# Part {number}\n\nTo be measured.\n")
    root.joinpath(".gitignore").write_text("dist/\nreports/\n")
    checkout = Checkout(root=root, project="bench-part", environ=environ)
    checkout.git("init", "-q", "-b", "main")
    checkout.git("add", "-A")
    return checkout


def begin_version(checkout: Checkout, version: str) -> None:
    """Commit a new version of every package, and tag them all."""
    paths = sorted(checkout.root.glob("packages/*/pyproject.toml"))
    for path in paths:
        write_version(path, version)
    checkout.git("add", "-A")
    checkout.git("commit", "-qm", f"Version {version}")
    for number in range(len(paths)):
        checkout.git("tag", f"part-{number}/v{version}")


def measure_monorepo(
    tempdir: Path, environ: Mapping[str, str], count: int, rounds: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Return the medians of releasing them all in one command, and in one for each, in turns."""
    checkout = write_monorepo(tempdir / "checkouts" / "monorepo", count, environ)
    methods: dict[str, Commands] = {
        "one": [(*RELEASE, "-C", "packages/*")],
        "each": [(*RELEASE, "-C", f"packages/p{number}") for number in range(count)],
    }
    took: dict[str, list[Any]] = {name: [] for name in methods}
    for number in range(rounds + 1):
        for name, commands in methods.items():
            say(f"round {number} of {rounds}: {count} packages, {name}")
            begin_version(checkout, f"1.{number}.{list(methods).index(name)}")
            one = time_commands(commands, checkout.root, environ)
            if number:
                took[name].append(one)
    one, each = find_median(took["one"]), find_median(took["each"])
    return {
        "packages": count,
        "one_command_seconds": round(one.seconds, 2),
        "a_command_each_seconds": round(each.seconds, 2),
        "ratio": round(one.seconds / each.seconds, 2),
        "cpu_ratio": round(one.cpu / each.cpu, 2),
    }
