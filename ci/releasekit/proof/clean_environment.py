"""The clean environment of a run, made in the background while something else is waited for."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from releasekit.tempdirs import open_tempdir

if TYPE_CHECKING:
    from concurrent.futures import Future

    from releasekit.proof.install import CleanEnvironment


class BackgroundEnvironment:
    """A clean environment that is made from `begin` on, and ends with the stack."""

    def __init__(self, environ: Mapping[str, str], stack: contextlib.ExitStack) -> None:
        self._environ = environ
        self._stack = stack
        self._made: Future[CleanEnvironment] | None = None

    def begin(self) -> Future[CleanEnvironment]:
        """Begin to make it, unless that was done."""
        # A refused run needs none of it.
        from concurrent.futures import wait

        from releasekit.proof.install import make_environment
        from releasekit.threads import begin

        if self._made is None:
            tempdir = self._stack.enter_context(open_tempdir("releasekit-env-"))
            self._made = begin(lambda: make_environment(tempdir, self._environ))
            self._stack.callback(wait, [self._made])
        return self._made

    def take(self) -> CleanEnvironment:
        """Return it as soon as it is made; raises INSTALL_NOT_TESTED."""
        return self.begin().result()
