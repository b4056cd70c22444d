"""Whole releases, side by side: each method once, then each again, and so on."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.measure import Took, find_median, time_commands
from bench.methods import UV, Method, Round, find_cache_variables, find_variables
from bench.subjects import Checkout, Subject, write_checkout
from bench.targets import Server
from samples import write_modules

WARM, COLD = "warm", "cold"
BASES = ("careful", "uv")
"""The method that the others are compared with: the first one that was measured."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """What is released where, in which state of the caches."""

    subject: Subject
    server: Server
    caches: str
    rounds: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What the methods took in one setting."""

    setting: Setting
    took: Mapping[str, Sequence[Took]]
    steps: Sequence[Mapping[str, float]]
    """The seconds of each step of the whole release, round by round."""

    def find_ratio(self, method: str) -> float | None:
        """Return how long a method took, as a multiple of the one that all are compared with."""
        base = next((name for name in BASES if name in self.took), None)
        if base is None or method not in self.took:
            return None
        return find_median(self.took[method]).seconds / find_median(self.took[base]).seconds


class Releases:
    """Releases of all kinds of projects below one directory."""

    def __init__(self, tempdir: Path, tools: Path, environ: Mapping[str, str]) -> None:
        self._tempdir, self._tools, self._environ = tempdir, tools, environ
        self._serials = itertools.count(1)
        self._stocked: set[str] = set()

    def compare(
        self, setting: Setting, methods: Sequence[Method], say: Callable[[str], None]
    ) -> Result:
        """Release by every method, round by round; before warm rounds once for the caches."""
        checkouts = {method: self._write(setting, method) for method in methods}
        took: dict[str, list[Took]] = {method.name: [] for method in methods}
        steps: list[Mapping[str, float]] = []
        for number in range(setting.caches == COLD, setting.rounds + 1):
            for method, checkout in checkouts.items():
                say(f"round {number} of {setting.rounds}: {method.name}")
                one = self._release(setting, method, checkout)
                if number:
                    took[method.name].append(one)
                    steps += [_read_steps(checkout)] if method.name == "release" else []
        return Result(setting=setting, took=took, steps=steps)

    def _write(self, setting: Setting, method: Method) -> Checkout:
        if setting.subject.dependencies and setting.server.url not in self._stocked:
            self._stocked.add(setting.server.url)
            publish_packages(setting.subject.dependencies, setting.server, self._environ)
        root = self._tempdir / "checkouts" / method.name
        return write_checkout(setting.subject, root, f"bench-{setting.subject.name}", self._environ)

    def _release(self, setting: Setting, method: Method, checkout: Checkout) -> Took:
        version = f"1.0.{next(self._serials)}"
        checkout.begin_version(version)
        tempdir, caches = self._tempdir / "round", self._tempdir / "caches" / setting.caches
        for folder in (tempdir, *([caches] if setting.caches == COLD else [])):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        environ = {
            **self._environ,
            **find_variables(setting.server),
            **find_cache_variables(caches),
        }
        round_ = Round(
            checkout=checkout,
            version=version,
            server=setting.server,
            tools=self._tools,
            tempdir=tempdir,
        )
        return time_commands(method.render(round_), checkout.root, environ)


def publish_packages(names: Sequence[str], server: Server, environ: Mapping[str, str]) -> None:
    """Publish a wheel of version 1.0 for each name."""
    with tempfile.TemporaryDirectory() as folder:
        write_modules(Path(folder), **{name.replace("-", "_"): "" for name in names})
        files = sorted(map(str, Path(folder).glob("*.whl")))
        command = (UV, "publish", "--quiet", *files)
        subprocess.run(command, env={**environ, **find_variables(server)}, check=True)


def _read_steps(checkout: Checkout) -> Mapping[str, float]:
    """Return what the steps of the last release took, as it reported itself."""
    text = (checkout.root / "reports" / "outcome.json").read_text(encoding="utf-8")
    seconds: Mapping[str, float] = json.loads(text)["seconds"]
    return seconds


def find_settings(
    subjects: Sequence[Subject], server: Server, caches: Sequence[str], rounds: int
) -> Iterator[Setting]:
    """Yield the settings of one server."""
    for subject, state in itertools.product(subjects, caches):
        yield Setting(subject=subject, server=server, caches=state, rounds=rounds)
