"""The verbs of the sentence, a module each: what is done, with which effects, and what is said.

A module is imported when its verb is first used: a commit without a tag is refused before what
publishes is loaded (twine and what it stands on take longer than the refusal).
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from releasekit.steps import build as build
    from releasekit.steps import check as check
    from releasekit.steps import gather as gather
    from releasekit.steps import greet as greet
    from releasekit.steps import plan as plan
    from releasekit.steps import publish as publish
    from releasekit.steps import record as record
    from releasekit.steps import verify as verify
    from releasekit.steps import version as version


def __getattr__(name: str) -> ModuleType:
    """Import the module of a verb."""
    module = f"{__name__}.{name}"
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name == module:
            raise AttributeError(name) from error
        raise  # a library is missing


GREET = ("requests", "releasekit.steps.greet")
"""What asks the index."""
LATER = (
    "check_wheel_contents.checker",
    "setuptools",
    "check_manifest",
    "releasekit.steps.check",
    "releasekit.steps.publish",
    "releasekit.steps.verify",
    "releasekit.report.junit",
    "releasekit.report.sarif",
)
"""What a release needs once something is built."""


def load(names: Sequence[str]) -> Iterator[None]:
    """Import what comes after a build, a module at each step: while something else is waited for.

    No step takes longer than 0.1 s.
    """
    for name in names:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a library's of another one
            importlib.import_module(name)
        yield
