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
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}-", delete=False
        ) as file:
            file.write(text)
        made = Path(file.name)
        made.chmod(0o644)
        return made.replace(path)
    except OSError as error:
        raise CannotWrite(path=str(path), reason=error.strerror or str(error)) from error
