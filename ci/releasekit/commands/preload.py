"""Imports what a release needs later, in parts, while the build backend works.

An optimisation: the release imports the same by itself where this is not called.
"""

# ruff: noqa: F401

from __future__ import annotations

import warnings
from collections.abc import Iterator


def import_in_parts() -> Iterator[None]:
    """Import a part at each step; none takes longer than 0.1 s."""
    parts = (
        _import_wheel_checker,
        _import_setuptools,
        _import_manifest_checker,
        _import_commands,
        _import_reports,
    )
    for part in parts:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a library's of another one
            part()
        yield


def import_all() -> None:
    """Import what a release needs, from its beginning to its end."""
    _import_first()
    for _ in import_in_parts():
        pass


def _import_first() -> None:
    import trove_classifiers

    import releasekit.commands.access
    import releasekit.commands.build
    import releasekit.context
    import releasekit.http.client


def _import_wheel_checker() -> None:
    import check_wheel_contents.checker


def _import_setuptools() -> None:
    import setuptools


def _import_manifest_checker() -> None:
    import check_manifest


def _import_commands() -> None:
    import releasekit.commands.check
    import releasekit.commands.plan
    import releasekit.commands.publish
    import releasekit.commands.verify


def _import_reports() -> None:
    import releasekit.report.code_quality
    import releasekit.report.findings
    import releasekit.report.junit
    import releasekit.report.sarif
