"""The backend's warnings, as they stand in the log of a build."""

from __future__ import annotations

import pytest

from releasekit.checks.facts import BackendWarning
from releasekit.checks.origins import parse_warnings

BOX = 8 * " " + 80 * "*"
SETUPTOOLS = f"""\
running egg_info
/env/setuptools/config/_apply_pyprojecttoml.py:82: SetuptoolsDeprecationWarning: `project.license` \
as a TOML table is deprecated
!!

{BOX}
        Please use a simple string.
        Both are available.

        By 2027-Feb-18, you need to update your project.
{BOX}

!!
  dist._finalize_license_expression()
"""
CLASSIFIERS = f"""\
/env/setuptools/dist.py:765: BuildBackendWarning: License classifiers are deprecated.
!!

{BOX}
        Please consider removing the following classifiers:

        License :: OSI Approved :: MIT License

        See https://example.com/license for details.
{BOX}
"""
MORE = "\n        and much more" * 25
IGNORED = f"""\
/env/command/build_py.py:215: BuildBackendWarning: Package 'demo.sql' is absent from the \
`packages` configuration.
!!

{BOX}
        ############################
        # Package would be ignored #
        ############################
        Python recognizes 'demo.sql' as an importable package[^1],
        but it is absent from setuptools' `packages` configuration.
{MORE}
{BOX}

!!
"""
ABSENT = BackendWarning(
    category="BuildBackendWarning",
    text="Package 'demo.sql' is absent from the `packages` configuration.",
    advice="Python recognizes 'demo.sql' as an importable package[^1], "
    "but it is absent from setuptools' `packages` configuration.",
)
TABLE = BackendWarning(
    category="SetuptoolsDeprecationWarning",
    text="`project.license` as a TOML table is deprecated",
    advice="Please use a simple string. Both are available.",
)
LICENSE = BackendWarning(
    category="BuildBackendWarning",
    text="License classifiers are deprecated.",
    advice="Please consider removing the following classifiers: "
    "License :: OSI Approved :: MIT License",
)
ODD = BackendWarning(category="UserWarning", text="odd layout")


@pytest.mark.parametrize(
    ("log", "found"),
    [
        pytest.param("", (), id="empty log"),
        pytest.param(SETUPTOOLS, (TABLE,), id="setuptools, with its advice"),
        pytest.param(IGNORED, (ABSENT,), id="advice with a heading, and long"),
        pytest.param(CLASSIFIERS, (LICENSE,), id="advice that announces a list"),
        pytest.param(SETUPTOOLS * 3, (TABLE,), id="each once"),
        pytest.param("/a/b.py:1: UserWarning: odd layout\n", (ODD,), id="Python's form"),
        pytest.param("C:\\a b\\c.py:1: UserWarning: odd layout\n", (ODD,), id="on Windows"),
        pytest.param("UserWarning: odd layout\n", (ODD,), id="without a place"),
        pytest.param(
            f"/a.py:1: UserWarning: odd layout\n{SETUPTOOLS}", (ODD, TABLE), id="advice of another"
        ),
        pytest.param("warning: build_py: byte-compiling is disabled\n", (), id="distutils"),
        pytest.param("warning: no files found matching '*.txt'\n", (), id="MANIFEST.in"),
        pytest.param("a.c:3:5: warning: unused variable\n", (), id="a compiler"),
        pytest.param("/a.py:1: ResourceWarning: unclosed file\n", (), id="unclosed files"),
        pytest.param("copying demo/MyWarning: x.py\n", (), id="in the middle of a line"),
    ],
)
def test_warnings_are_found(log: str, found: tuple[BackendWarning, ...]) -> None:
    assert parse_warnings(log) == found
