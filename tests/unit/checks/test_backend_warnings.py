"""The backend's warnings, as they stand in the log of a build."""

from __future__ import annotations

import pytest

from releasekit.checks.build_and_proof import RK118, parse_warnings
from releasekit.checks.declared import parse_declared
from releasekit.checks.model import BackendWarning, Finding, ProjectFacts
from samples import make_facts, run_checks

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
DYNAMIC = f"""\
/env/a.py:55: BuildBackendWarning: `scripts` defined outside of `pyproject.toml` is ignored.
!!

{BOX}
        The following seems to be defined outside of `pyproject.toml`:

        `scripts = ['bin/demo']`

        According to the spec (see the link below), however, setuptools CANNOT
        consider this value unless `scripts` is listed as `dynamic`.

        https://example.com/spec

        To prevent this problem, you can list `scripts` under `dynamic`.
{BOX}

!!
"""
FAVOR = f"""\
/env/a.py:55: BuildBackendWarning: 'tool.setuptools.license-files' is deprecated in favor of
!!

{BOX}
        This deprecation is overdue, please update your project and remove deprecated
        calls to avoid build errors in the future.

        See https://example.com/license for details.
{BOX}

!!
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

        This leads to an ambiguous overall configuration. If you want to distribute this
        package, please make sure that 'demo.sql' is explicitly added
        to the `packages` configuration field.

        Alternatively, you can also rely on setuptools' discovery methods
{MORE}
{BOX}

!!
"""
ABSENT = BackendWarning(
    category="BuildBackendWarning",
    text="Package 'demo.sql' is absent from the `packages` configuration.",
    fix="This leads to an ambiguous overall configuration. If you want to distribute this "
    "package, please make sure that 'demo.sql' is explicitly added to the `packages` "
    "configuration field.",
)
TABLE = BackendWarning(
    category="SetuptoolsDeprecationWarning",
    text="`project.license` as a TOML table is deprecated",
    fix="Please use a simple string. Both are available.",
)
LICENSE = BackendWarning(
    category="BuildBackendWarning",
    text="License classifiers are deprecated.",
    fix="Please consider removing the following classifiers: "
    "License :: OSI Approved :: MIT License",
)
OUTSIDE = BackendWarning(
    category="BuildBackendWarning",
    text="`scripts` defined outside of `pyproject.toml` is ignored.",
    fix="To prevent this problem, you can list `scripts` under `dynamic`.",
)
OVERDUE = BackendWarning(
    category="BuildBackendWarning",
    text="'tool.setuptools.license-files' is deprecated in favor of",
)
ODD = BackendWarning(category="UserWarning", text="odd layout")
OF_SETUP_PY = BackendWarning(category="UserWarning", text="odd layout", line=7)


@pytest.mark.parametrize(
    ("log", "found"),
    [
        pytest.param("", (), id="empty log"),
        pytest.param(SETUPTOOLS, (TABLE,), id="setuptools, with its fix"),
        pytest.param(IGNORED, (ABSENT,), id="fix with a heading, and long"),
        pytest.param(CLASSIFIERS, (LICENSE,), id="fix that announces a list"),
        pytest.param(DYNAMIC, (OUTSIDE,), id="fix in the last paragraph"),
        pytest.param(FAVOR, (OVERDUE,), id="no fix but what all deprecations have"),
        pytest.param(SETUPTOOLS * 3, (TABLE,), id="each once"),
        pytest.param("<string>:7: UserWarning: odd layout\n", (OF_SETUP_PY,), id="setup.py, run"),
        pytest.param(
            "/tmp/x/setup.py:7: UserWarning: odd layout\n", (OF_SETUP_PY,), id="setup.py, a file"
        ),
        pytest.param("/a/my_setup.py:7: UserWarning: odd layout\n", (ODD,), id="not setup.py"),
        pytest.param("/a/b.py:1: UserWarning: odd layout\n", (ODD,), id="Python's form"),
        pytest.param("C:\\a b\\c.py:1: UserWarning: odd layout\n", (ODD,), id="on Windows"),
        pytest.param("UserWarning: odd layout\n", (ODD,), id="without a place"),
        pytest.param(
            f"/a.py:1: UserWarning: odd layout\n{SETUPTOOLS}", (ODD, TABLE), id="fix of another"
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


PYPROJECT = """\
[build-system]
requires = ["setuptools"]
[project]
name = "demo"
license = { text = "MIT" }
[tool.mypy]
packages = ["demo"]
[tool.setuptools]
license-files = ["LICENSE"]
[tool.setuptools.packages.find]
where = ["src"]
[tool.distutils.bdist_wheel]
universal = true
"""
SETUP_CFG = "[metadata]\ndescription-file = README\n[options]\nlicense_file = LICENSE\n"
SETUP_PY = "from setuptools import setup\n\nsetup(\n  name='demo',\n  tests_require=['x'],\n)\n"
TEXTS = {"pyproject.toml": PYPROJECT, "setup.cfg": SETUP_CFG, "setup.py": SETUP_PY}


def find(*warnings: BackendWarning) -> list[Finding]:
    project = ProjectFacts(declared=parse_declared(TEXTS), backend_warnings=warnings)
    return list(run_checks([RK118], [make_facts(project=project)]))


def warn(text: str, fix: str = "") -> BackendWarning:
    return BackendWarning(category="UserWarning", text=text, fix=fix)


@pytest.mark.parametrize(
    ("warning", "place"),
    [
        pytest.param(warn("`project.license` is old"), "pyproject.toml:5", id="field"),
        pytest.param(warn("bdist_wheel.universal is old"), "pyproject.toml:13", id="dotted word"),
        pytest.param(warn("'tool.setuptools.license-files' is old"), "pyproject.toml:9", id="full"),
        pytest.param(
            warn("Package 'demo.x' is absent from the `packages` configuration"),
            "pyproject.toml:10",
            id="a table of the backend, not of another tool",
        ),
        pytest.param(warn("Invalid key 'description-file'"), "setup.cfg:2", id="setup.cfg"),
        pytest.param(warn("Old", "use zip_safe"), "pyproject.toml", id="no such key"),
        pytest.param(
            warn("Deprecated", "The license_file parameter is deprecated"),
            "setup.cfg:4",
            id="fix",
        ),
        pytest.param(warn("`tests_require` is old"), "setup.py:5", id="keyword of setup()"),
        pytest.param(warn("something is odd"), "pyproject.toml", id="no name: the file alone"),
    ],
)
def test_warning_is_reported_at_the_line_of_the_key_that_it_names(
    warning: BackendWarning, place: str
) -> None:
    assert [str(found.place) for found in find(warning)] == [place]


def test_warnings_of_one_cause_are_one_finding() -> None:
    names = [f"'demo.{name}'" for name in "abcdef"]
    found = find(*(warn(f"Package {name} is absent", f"add {name}, please") for name in names))
    assert [(one.message, one.fix) for one in found] == [
        (
            "the build backend warns: Package 'demo.a' is absent "
            "(and 'demo.b', 'demo.c', 'demo.d' and 2 more)",
            "add 'demo.a', please",
        )
    ]


def test_warnings_without_a_fix_each_have_a_cause_of_their_own() -> None:
    options = (warn("Unknown distribution option: 'a'"), warn("Unknown distribution option: 'b'"))
    assert len(find(*options)) == 2
