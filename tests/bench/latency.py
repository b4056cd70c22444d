"""Many wheels over a connection with a delay: the kit beside twine, and what it asks for."""

from __future__ import annotations

import collections
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.measure import Took, find_median, time_commands
from bench.subjects import QUICK, Checkout, write_checkout
from bench.wheels import KIT, add_wheel, build_version, prove, read_seconds, record_wheels
from nexus_double import Sandbox

ROUND_TRIP = 50.0
"""Milliseconds."""
PUBLISHED = 2000


class Latency:
    """Releases of many wheels; `environ` leads to the server over the slow connection."""

    def __init__(self, tempdir: Path, environ: Mapping[str, str], wheels: int) -> None:
        self._environ, self._wheels = environ, wheels
        root = tempdir / "checkouts" / "latency"
        self._checkout = write_checkout(QUICK, root, "bench-latency", environ)

    def _prepare(self, version: str) -> Checkout:
        """Have a release of many wheels, most of them for other platforms, in `dist/`."""
        build_version(self._checkout, version, self._environ)
        tags = [f"py3-none-macosx_{number + 11}_0_arm64" for number in range(self._wheels - 1)]
        record_wheels(self._checkout, [add_wheel(self._checkout, version, tag) for tag in tags])
        return self._checkout

    def _publish(self, version: str) -> tuple[Took, dict[str, float]]:
        """Publish and verify a version by the kit; also what the steps took."""
        checkout, seconds = self._prepare(version), dict[str, float]()
        prove(checkout, self._environ)
        took = time_commands([(*KIT, "publish", "-q")], checkout.root, self._environ)
        seconds |= read_seconds(checkout)
        time_commands([(*KIT, "verify", "-q")], checkout.root, self._environ)
        return took, seconds | {"verify": read_seconds(checkout)["verify"]}

    def _upload(self, version: str) -> Took:
        """Upload a version by twine."""
        checkout = self._prepare(version)
        files = sorted(map(str, checkout.root.glob("dist/bench*")))
        command = (sys.executable, "-m", "twine", "upload", "--non-interactive", *files)
        return time_commands([command], checkout.root, self._environ)

    def _plan(self, version: str) -> float:
        """Return the seconds of the step plan."""
        build_version(self._checkout, version, self._environ)
        time_commands([(*KIT, "plan", "-q")], self._checkout.root, self._environ)
        return read_seconds(self._checkout)["plan"]

    def compare(
        self, sandbox: Sandbox | None, rounds: int, say: Callable[[str], None]
    ) -> dict[str, Any]:
        """Publish by twine and by the kit, in turns; of a sandbox, count the kit's requests."""
        twine, kit, steps, requests = [], [], [], {}
        for number in range(1, rounds + 1):
            say(f"latency, round {number} of {rounds}: twine")
            twine.append(self._upload(f"1.0.{number}"))
            say(f"latency, round {number} of {rounds}: the kit")
            if sandbox:
                sandbox.state.clear_log()
            took, seconds = self._publish(f"1.1.{number}")
            kit.append(took)
            steps.append(seconds)
            requests = count_requests(sandbox) if sandbox else {}
        found = {name: statistics.median(step[name] for step in steps) for name in steps[0]}
        median, alone = find_median(twine), find_median(kit)
        return {
            "wheels": self._wheels,
            "round_trip_ms": ROUND_TRIP,
            "twine_seconds": round(median.seconds, 2),
            "twine_cpu": round(median.cpu, 2),
            "command_seconds": round(alone.seconds, 2),
            "command_cpu": round(alone.cpu, 2),
            "step_seconds": found,
            "times_faster": {
                "command": round(median.seconds / alone.seconds, 2),
                "step": round(median.seconds / found["publish"], 2),
            },
            "requests": requests,
        }

    def measure_plan(self, sandbox: Sandbox) -> dict[str, Any]:
        """Plan a release of a project that has many files already."""
        for number in range(PUBLISHED):
            sandbox.state.store(
                sandbox.hosted,
                project="bench-latency",
                version=f"0.{number}",
                filename=f"bench_latency-0.{number}-py3-none-any.whl",
                content=b"PK",
            )
        sandbox.state.clear_log()
        seconds = self._plan("2.0.0")
        requests = [f"{one.method} {one.path}" for one in sandbox.state.requests_log]
        return {"published": PUBLISHED, "seconds": seconds, "requests": requests}


def count_requests(sandbox: Sandbox) -> dict[str, Any]:
    """Return how many requests were made, and which files were sent or fetched twice."""
    log = sandbox.state.requests_log
    fetched = collections.Counter(one.path for one in log if "/packages/" in one.path)
    methods = collections.Counter(one.method for one in log)
    return {
        **methods,
        "files_fetched": len(fetched),
        "fetched_twice": _find_repeated(fetched),
    }


def _find_repeated(counted: Mapping[str, int]) -> Sequence[str]:
    return [path.rpartition("/")[2] for path, count in counted.items() if count > 1]
