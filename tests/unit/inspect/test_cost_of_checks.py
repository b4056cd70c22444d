"""What all checks together cost on built files, in seconds of this process' own CPU time."""

from __future__ import annotations

import time
from pathlib import Path

from releasekit.archives import read_dist
from releasekit.checks.catalog import CHECKS
from releasekit.inspect.gather import gather_facts
from releasekit.model.dists import Dist
from samples import METADATA, run_checks, write_sdist, write_wheel

SCRIPTS = "[console_scripts]\ndemo = demo.m1:X\n"


def write_dists(folder: Path, modules: int) -> list[Dist]:
    """A wheel and an sdist of so many modules."""
    files = {f"demo/m{number}.py": f"X = {number}\n" for number in range(modules)}
    files |= {"demo/__init__.py": "", "demo-1.0.dist-info/entry_points.txt": SCRIPTS}
    wheel = write_wheel(folder, files=files)
    return [
        read_dist(wheel),
        read_dist(write_sdist(folder, files={"PKG-INFO": METADATA, **files})),
    ]


def measure(dists: list[Dist]) -> float:
    start = time.process_time()
    assert run_checks(CHECKS, gather_facts(dists)) == ()
    return time.process_time() - start


def test_small_project_is_checked_in_a_fifth_of_a_second(tmp_path: Path) -> None:
    dists = write_dists(tmp_path, 10)
    assert min(measure(dists) for _ in range(3)) < 0.2


def test_cost_of_a_wheel_is_linear_up_to_20_000_members(tmp_path: Path) -> None:
    (tmp_path / "few").mkdir()
    few, many = write_dists(tmp_path / "few", 1000)[:1], write_dists(tmp_path, 20_000)[:1]
    once = min(measure(few) for _ in range(3))
    assert measure(many) < 3 * 20 * once  # were it quadratic, it would be 400 times as much
