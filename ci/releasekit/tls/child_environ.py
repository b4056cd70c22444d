"""The environment of the programs that the kit starts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from releasekit.tls.trust import CA_DIRECTORIES, CA_VARIABLES

PRIVATE_PREFIXES = ("TWINE_", "RELEASEKIT_")
FOREIGN_VARIABLES = (
    # git rev-parse --local-env-vars, without GIT_CONFIG*, which CI uses for safe.directory
    *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"),
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"),
    *("GIT_GRAFT_FILE", "GIT_SHALLOW_FILE", "GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE"),
)
FOR_PYTHON = re.compile("PYTHON[A-Z0-9]+")
"""Variables of Python itself. Not what others call PYTHON_..., as PYTHON_KEYRING_BACKEND."""
LOOPBACK = "localhost,127.0.0.1,::1"


def child_environ(environ: Mapping[str, str], bundle: Path) -> dict[str, str]:
    """Return the environment of children: the user's, one CA bundle, loopback without proxies.

    A build backend is other people's code: it gets no credentials for publishing. Variables that
    git sets for its hooks name the repository of the hook. Variables of Python would make builds
    differ: PYTHONPATH puts files into one that the tag does not have, PYTHONWARNINGS=error and
    PYTHONIOENCODING let backends fail, PYTHONPYCACHEPREFIX shares bytecode between builds, and with
    PYTHONINSPECT the Python that uv asks never ends.
    """
    spellings = ("NO_PROXY", "no_proxy")  # each client prefers one
    theirs = dict.fromkeys(environ[name] for name in spellings if environ.get(name))
    loopback = dict.fromkeys(spellings, ",".join((*theirs, LOOPBACK)))
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith(PRIVATE_PREFIXES)
        and name not in FOREIGN_VARIABLES
        and not FOR_PYTHON.fullmatch(name)
    }
    trust = dict.fromkeys(CA_VARIABLES, str(bundle))
    if CA_DIRECTORIES in environ:  # uv trusts nobody where that directory does not exist
        trust[CA_DIRECTORIES] = str(bundle.parent)
    return {**kept, **trust, **loopback}
