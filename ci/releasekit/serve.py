"""Servers: the sandbox and a real Nexus, in the foreground or embedded in a run."""

from __future__ import annotations

import atexit
import contextlib
import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from releasekit.config.settings import Settings
from releasekit.config.sources import read_settings
from releasekit.errors import ReleasekitError, failed
from releasekit.outcome import Progress
from releasekit.request import Request
from releasekit.tempdirs import find_system_directory, open_tempdir

if TYPE_CHECKING:
    from releasekit.sandbox import Sandbox
    from releasekit_nexus import Nexus


def open_server(
    request: Request, progress: Progress
) -> contextlib.AbstractContextManager[Sandbox | Nexus]:
    """Run the sandbox or a real Nexus until the block ends; raises NEXUS_NOT_STARTED."""
    settings = read_settings(request.root, request.environ)
    options = sandbox_options(settings) | {"port": request.options.port}
    if request.command.name != "nexus":
        return _run_sandbox(**options)
    from releasekit_nexus import run_nexus

    return run_nexus(
        **options,
        proxy=settings.proxy,
        remote=settings.proxy_remote,
        environ=request.environ,
        notify=progress.note,
        progress=functools.partial(progress.sent, "Nexus 3.30.0-01"),
    )


@contextlib.contextmanager
def _run_sandbox(**options: Any) -> Iterator[Sandbox]:
    from releasekit.sandbox import run_sandbox

    with contextlib.ExitStack() as stack:
        try:
            tempdir = stack.enter_context(
                open_tempdir("releasekit-sandbox-", find_system_directory())
            )
            sandbox = stack.enter_context(run_sandbox(tempdir, **options))
        except OSError as error:
            raise ReleasekitError(
                failed.SANDBOX_NOT_STARTED,
                address=f"127.0.0.1:{options.get('port', 0)}",
                reason=error.strerror or str(error),
            ) from error
        yield sandbox


EMBEDDED = contextlib.ExitStack()
"""What this process serves. Held here: a fork forgets what its parent was to do at exit (Python
3.13), and a sandbox that nobody holds would tidy up, in the fork, what the parent still uses."""


@functools.cache
def embed_sandbox(**options: Any) -> Sandbox:
    """Start the sandbox of this process: all its sessions share it, and it ends with it."""
    sandbox = EMBEDDED.enter_context(_run_sandbox(**options))
    # The last one registered is the first called: tempfile would warn that it tidies up itself.
    atexit.register(EMBEDDED.close)
    return sandbox


def sandbox_options(settings: Settings) -> dict[str, Any]:
    """Return the names of the repositories that the settings describe."""
    return {
        "hosted": settings.hosted,
        "group": settings.group or "pypi-group",
        "snapshots": settings.snapshots,
    }
