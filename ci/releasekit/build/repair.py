"""Repairing: a command of the user's rewrites a wheel that was built, as auditwheel does."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from releasekit.errors import BuildFailed
from releasekit.errors.refused import REPAIR_FAILED
from releasekit.model.dists import NotADistError, parse_filename
from releasekit.process import Log, run


def repair_wheel(
    wheel: Path,
    command: str,
    *,
    root: Path,
    environ: Mapping[str, str],
    epoch: int,
    log: Log,
) -> Path:
    """Return what the command makes of a wheel, in place of it; a pure wheel stays as it is.

    The words {wheel} and {dest_dir} stand for paths, as in cibuildwheel's repair-wheel-command. It
    runs in `root`; `epoch` is its SOURCE_DATE_EPOCH. Raises REPAIR_FAILED and MissingProgram.
    """
    if wheel.name.endswith("-none-any.whl"):
        return wheel
    made = wheel.parent / "repaired"
    made.mkdir()
    source, target, words = str(wheel), str(made), shlex.split(command)
    words = [word.replace("{wheel}", source).replace("{dest_dir}", target) for word in words]
    # Tools that lie beside the kit are found.
    path = f"{Path(sys.executable).parent}:{environ.get('PATH', '')}"
    environ = {**environ, "PATH": path, "SOURCE_DATE_EPOCH": str(epoch)}
    finished = run(words, cwd=root, environ=environ, log=log)
    if tail := finished.tail() if finished.status else _find_fault(wheel, made):
        raise BuildFailed(
            REPAIR_FAILED, wheel=wheel.name, command=command, root=str(root), log="", tail=tail
        )
    (repaired,) = made.iterdir()
    wheel.unlink()
    return repaired.replace(wheel.parent / repaired.name)


def _find_fault(wheel: Path, made: Path) -> str:
    """Return why what was made is not one wheel of the same release; nothing if it is."""
    names = sorted(path.name for path in made.iterdir())
    if len(names) != 1:
        return f"it left {', '.join(names) or 'nothing'} in {{dest_dir}}, and not one wheel"
    before = parse_filename(wheel.name)
    try:
        after = parse_filename(names[0])
    except NotADistError as error:
        return str(error)
    same = (before.kind, before.name, before.version) == (after.kind, after.name, after.version)
    return "" if same else f"it made {names[0]}, which is no wheel of this release"
