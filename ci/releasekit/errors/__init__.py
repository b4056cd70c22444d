"""The errors of releasekit: kinds that are caught, and a catalogue of entries with all texts.

    raise ReleasekitError(NO_NEXUS, command="doctor", root="/project")

An entry is a constant of `refused`, `usage`, `access`, `setup`, `development`, `ci` (usage, too) or
`failed`. The
first digit of its code gives the exit status.
"""

from releasekit.errors.base import (
    BadCertificateFile,
    BadDirectory,
    BrokenSettings,
    BuildFailed,
    CannotWrite,
    Entry,
    GitFailed,
    InvalidConfiguration,
    MissingCredentials,
    MissingProgram,
    NexusRefused,
    NoSuchRepository,
    NotAPlainFile,
    NotBuilt,
    NotPermitted,
    OutputLost,
    ReleasekitError,
    Status,
    UnknownCode,
    WrongCredentials,
)
from releasekit.errors.limits import find_limit, find_limit_in

__all__ = [
    "BadCertificateFile",
    "BadDirectory",
    "BrokenSettings",
    "BuildFailed",
    "CannotWrite",
    "Entry",
    "GitFailed",
    "InvalidConfiguration",
    "MissingCredentials",
    "MissingProgram",
    "NexusRefused",
    "NoSuchRepository",
    "NotAPlainFile",
    "NotBuilt",
    "NotPermitted",
    "OutputLost",
    "ReleasekitError",
    "Status",
    "UnknownCode",
    "WrongCredentials",
    "find_limit",
    "find_limit_in",
]
