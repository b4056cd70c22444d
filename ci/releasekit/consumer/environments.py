"""Environments that are there already: what is installed in them."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path

from releasekit.errors import MissingProgram, ReleasekitError
from releasekit.errors.usage import NO_SUCH_ENVIRONMENT
from releasekit.process import capture

ASK = "import sys; print(*sys.path, sep='\\n')"


def read_installed_versions(python: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the versions that a Python can import, by name as their metadata spells it.

    Raises NO_SUCH_ENVIRONMENT.
    """
    with tempfile.TemporaryDirectory(prefix="releasekit-ask-") as folder:
        try:
            # Isolated: neither the current directory nor PYTHONPATH is the environment.
            asked = capture((str(python), "-I", "-c", ASK), cwd=Path(folder), environ=environ)
        except MissingProgram as error:
            raise ReleasekitError(
                NO_SUCH_ENVIRONMENT, path=str(python), reason="there is no such file"
            ) from error
        except OSError as error:
            reason = error.strerror or str(error)
            raise ReleasekitError(NO_SUCH_ENVIRONMENT, path=str(python), reason=reason) from error
    if asked.status:
        raise ReleasekitError(NO_SUCH_ENVIRONMENT, path=str(python), reason=asked.tail())
    versions: dict[str, str] = {}
    for distribution in distributions(path=asked.output.splitlines()):
        # pip leaves directories without METADATA when it is interrupted: no name, or (with the
        # finder of importlib_metadata, which keyring may bring) an error.
        with contextlib.suppress(FileNotFoundError):
            if distribution.name:
                versions.setdefault(distribution.name, distribution.version)
    return versions
