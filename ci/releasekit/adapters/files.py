"""Files of the kit's own, written whole or not at all."""

from __future__ import annotations

import tempfile
from pathlib import Path

from releasekit.core.errors import CannotWrite


def write_text(path: Path, text: str) -> Path:
    """Write a file by a rename, so that no reader and no interrupt sees half of it.

    Raises CannotWrite.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A directory, which goes with all that is in it where the writing fails.
        with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder:
            made = Path(folder, path.name)
            made.write_text(text, encoding="utf-8")
            made.chmod(0o644)
            return made.replace(path)
    except OSError as error:
        raise CannotWrite(path=str(path), reason=error.strerror or str(error)) from error
