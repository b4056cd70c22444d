from __future__ import annotations

import functools
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from raising import raises_error
from releasekit.build.backend import repair_wheel
from releasekit.errors.refused import REPAIR_FAILED

EPOCH = 1_700_000_000
LINUX = "demo-1.0-cp311-cp311-linux_x86_64.whl"
MANYLINUX = "demo-1.0-cp311-cp311-manylinux_2_28_x86_64.whl"

Repair = Callable[[Path, str], Path]


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    wheel = tmp_path / "größe, mit leer" / LINUX
    wheel.parent.mkdir()
    wheel.write_bytes(b"as built")
    return wheel


@pytest.fixture
def repair(environ: dict[str, str], tmp_path: Path) -> Repair:
    return functools.partial(repair_wheel, root=tmp_path, environ=environ, epoch=EPOCH, log=print)


def command(code: str) -> str:
    """A command that does something to a wheel: `wheel` and `made` are its paths."""
    start = "import os, sys; from pathlib import Path; wheel, made = map(Path, sys.argv[1:]); "
    return shlex.join((sys.executable, "-c", start + code)) + " {wheel} '{dest_dir}'"


def test_what_the_command_makes_takes_the_place_of_the_wheel(
    wheel: Path, repair: Repair, tmp_path: Path
) -> None:
    code = f"(made / '{MANYLINUX}').write_text(os.environ['SOURCE_DATE_EPOCH'] + os.getcwd())"
    repaired = repair(wheel, command(code))
    assert repaired == wheel.parent / MANYLINUX
    assert repaired.read_text() == f"{EPOCH}{tmp_path}"
    assert not wheel.exists()


def test_pure_wheel_stays_as_it_is(wheel: Path, repair: Repair) -> None:
    pure = wheel.rename(wheel.parent / "demo-1.0-py3-none-any.whl")
    assert repair(pure, command("1 / 0")) == pure
    assert pure.read_bytes() == b"as built"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        pytest.param("sys.exit('cannot repair')", "cannot repair", id="status"),
        pytest.param("pass", "it left nothing in {dest_dir}, and not one wheel", id="nothing"),
        pytest.param(
            "[(made / name).touch() for name in 'ab']",
            "it left a, b in {dest_dir}, and not one wheel",
            id="several",
        ),
        pytest.param(
            f"(made / '{MANYLINUX.replace('1.0', '1.1')}').touch()",
            f"it made {MANYLINUX.replace('1.0', '1.1')}, which is no wheel of this release",
            id="another version",
        ),
        pytest.param(
            "(made / 'demo.txt').touch()",
            "Invalid sdist filename (extension must be '.tar.gz' or '.zip'): 'demo.txt'",
            id="no wheel",
        ),
    ],
)
def test_command_that_makes_no_wheel_of_the_release_is_refused(
    wheel: Path, repair: Repair, tmp_path: Path, code: str, why: str
) -> None:
    with raises_error(REPAIR_FAILED) as caught:
        repair(wheel, command(code))
    assert caught.value.answers() == {
        "what": f"the repair of {LINUX} failed",
        "where": f"{tmp_path}; the whole output is in ",
        "why": why,
        "next": f"fix the wheel, or repair-wheel-command: {command(code)}",
    }
