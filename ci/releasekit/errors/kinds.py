"""The kinds of errors that some code catches. The texts stand in the catalogue."""

from __future__ import annotations

from releasekit.errors.base import ReleasekitError


class BadCertificateFile(ReleasekitError):
    """`ca-bundle` or `client-cert` cannot be loaded."""


class BadDirectory(ReleasekitError):
    """`-C` names no directory that can be used."""


class BrokenSettings(ReleasekitError):
    """A settings file of pip or uv cannot be read."""


class BuildFailed(ReleasekitError):
    """The backend, its requirements, or the repair of a wheel failed: there is a log."""


class CannotWrite(ReleasekitError):
    """A file or directory cannot be read or written."""


class GitFailed(ReleasekitError):
    """A git command failed."""


class InvalidConfiguration(ReleasekitError):
    """Keys are unknown or have wrong values."""


class MissingCredentials(ReleasekitError):
    """Nothing gives a user name or a password."""


class MissingProgram(ReleasekitError):
    """A program that releasekit starts is not on this machine."""


class NexusRefused(ReleasekitError):
    """The REST API of Nexus refused a request, or is not there."""


class NoSuchRepository(ReleasekitError):
    """The address leads to no repository, or to one that takes no uploads."""


class NotAPlainFile(ReleasekitError):
    """A link or a special file is in `dist/` or `reports/`."""


class NotBuilt(ReleasekitError):
    """There are no dists of this commit: they were not built, were changed, or are of another."""


class NotPermitted(ReleasekitError):
    """The server answered 403."""


class OutputLost(ReleasekitError):
    """What is shown does not arrive."""


class UnknownCode(ReleasekitError):
    """`--explain` names no code."""


class WrongCredentials(ReleasekitError):
    """The server answered 401."""
