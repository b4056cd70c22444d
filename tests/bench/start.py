"""What a command takes before it does anything: lists, help, refusals."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.measure import time_commands
from bench.subjects import SUBJECTS, write_checkout

BARE = '''\
import nox


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests."""
'''
KIT = "import releasekit.sessions\n"
NOX, RELEASEKIT = f"{sys.executable} -m nox", f"{sys.executable} -m releasekit"
COMMANDS = {
    "nox -l, bare": f"{NOX} -l -f bare.py",
    "nox -l, with the kit": f"{NOX} -l -f kit.py",
    "releasekit --help": f"{RELEASEKIT} --help",
    "refused: no tag": f"{RELEASEKIT} release -q; test $? = 1",
    "refused: no credentials": f"cd tagged && TWINE_PASSWORD= {RELEASEKIT} release -q; test $? = 2",
}


def measure_start(
    tempdir: Path, environ: Mapping[str, str], rounds: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Return the median seconds of each command, run in turns, and what nox pays for the kit."""
    root = tempdir / "checkouts" / "start"
    write_checkout(SUBJECTS[0], root, "bench-start", environ)
    # Whoever gives credentials, a release without a tag is refused first.
    write_checkout(SUBJECTS[0], root / "tagged", "bench-start", environ).begin_version("1.0")
    (root / "bare.py").write_text(BARE, encoding="utf-8")
    (root / "kit.py").write_text(f"{KIT}{BARE}", encoding="utf-8")
    took: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for number in range(rounds + 1):
        for name, command in COMMANDS.items():
            say(f"round {number} of {rounds}: {name}")
            one = time_commands([("sh", "-c", command)], root, environ)
            if number:  # the first reads what the disk has not given yet
                took[name].append(one.seconds)
    seconds = {name: statistics.median(each) for name, each in took.items()}
    ratio = seconds["nox -l, with the kit"] / seconds["nox -l, bare"]
    return {"seconds": {k: round(v, 3) for k, v in seconds.items()}, "nox_ratio": round(ratio, 2)}
