"""RK1xx: for each check dists that have the fault, and dists that have not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from packaging.version import Version

from releasekit.checks.catalog import CHECKS
from releasekit.checks.declared import Declared, Place
from releasekit.checks.model import DistFacts, Finding, ProjectFacts, Severity
from samples import METADATA, SDIST, WHEEL, make_facts, run_checks

DECLARED = Place(file="setup.cfg", line=1)
PROJECT = ProjectFacts(declared=Declared(base=DECLARED))
NO_URL = "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n"


def error(code: str, message: str, fix: str, place: Place | None = None) -> Finding:
    place = place or Place(file=WHEEL)
    return Finding(code=code, severity=Severity.ERROR, message=message, place=place, fix=fix)


def find(code: str, facts: DistFacts) -> tuple[Finding, ...]:
    return run_checks([check for check in CHECKS if check.code == code], [facts])


MISSING_URL = error(
    "RK101",
    "the metadata names no url: neither a home page nor a project URL",
    'add [project.urls] Homepage = "https://…" (setup.cfg: url = …, setup.py: url="…")',
    DECLARED,
)


@pytest.mark.parametrize(
    ("metadata", "findings"),
    [
        pytest.param(NO_URL, (MISSING_URL,), id="no url at all"),
        pytest.param(f"{NO_URL}Home-page: \n", (MISSING_URL,), id="empty home page"),
        pytest.param(f"{NO_URL}Home-page: https://d.example.com\n", (), id="home page"),
        pytest.param(f"{NO_URL}Project-URL: S, https://d.example.com\n", (), id="project URL"),
    ],
)
def test_rk101_missing_url(metadata: str, findings: tuple[Finding, ...]) -> None:
    assert find("RK101", make_facts(metadata=metadata, project=PROJECT)) == findings


def test_rk101_leaves_unreadable_metadata_to_rk103() -> None:
    assert find("RK101", make_facts(metadata="", metadata_problems=())) != ()
    unreadable = DistFacts(dist=make_facts().dist, metadata=None)
    assert find("RK101", unreadable) == ()


@pytest.mark.parametrize(
    ("facts", "findings"),
    [
        pytest.param(
            make_facts(metadata=METADATA.replace("demo", "other", 1)),
            (
                error(
                    "RK102",
                    "the file name says demo, the metadata says other",
                    "build again with one name; rename no dist by hand",
                ),
            ),
            id="another name",
        ),
        pytest.param(
            make_facts(metadata=METADATA.replace("1.0", "1.1")),
            (
                error(
                    "RK102",
                    "the file name says 1.0, the metadata says 1.1",
                    "build again; rename no dist by hand",
                ),
            ),
            id="another version",
        ),
        pytest.param(
            make_facts(SDIST, project=replace(PROJECT, release_version=Version("2.0"))),
            (
                error(
                    "RK102",
                    f"the release is 2.0, {SDIST} is not",
                    "set the version to 2.0, or tag the commit that has it",
                    DECLARED,
                ),
            ),
            id="another release",
        ),
        pytest.param(
            make_facts(project=replace(PROJECT, release_version=Version("1.0.0"))),
            (),
            id="1.0 is 1.0.0",
        ),
        pytest.param(
            make_facts(
                "my_demo-1.0-py3-none-any.whl", metadata=METADATA.replace("demo", "My.Demo", 1)
            ),
            (),
            id="another spelling of the name",
        ),
        pytest.param(
            make_facts(metadata=METADATA.replace("1.0", "one")), (), id="no version: RK103"
        ),
        pytest.param(make_facts(metadata="Summary: x\n"), (), id="neither name nor version"),
        pytest.param(DistFacts(dist=make_facts().dist, metadata=None), (), id="no metadata: RK103"),
    ],
)
def test_rk102_other_identity(facts: DistFacts, findings: tuple[Finding, ...]) -> None:
    assert find("RK102", facts) == findings


def invalid(problem: str) -> Finding:
    return error(
        "RK103",
        f"invalid metadata: {problem}",
        "fix that field in the project's configuration, or update the build backend",
    )


@pytest.mark.parametrize(
    ("facts", "findings"),
    [
        pytest.param(
            make_facts(metadata=f"{METADATA}Foo: x\nRequires-Dist: ???\n"),
            (
                invalid("'???' is invalid for 'requires-dist'"),
                invalid("unknown or malformed field foo"),
            ),
            id="each problem",
        ),
        pytest.param(
            DistFacts(dist=make_facts().dist, metadata=None), (invalid("there is none"),), id="none"
        ),
        pytest.param(make_facts(), (), id="valid"),
    ],
)
def test_rk103_invalid_metadata(facts: DistFacts, findings: tuple[Finding, ...]) -> None:
    assert find("RK103", facts) == findings


@pytest.mark.parametrize(
    ("problem", "findings"),
    [
        pytest.param(
            "3: (WARNING) Title underline too short.",
            (
                error(
                    "RK104",
                    "the description does not render: 3: (WARNING) Title underline too short.",
                    "fix the README's markup, or declare its content type (readme = …)",
                    DECLARED,
                ),
            ),
            id="does not render",
        ),
        pytest.param(None, (), id="renders"),
    ],
)
def test_rk104_description(problem: str | None, findings: tuple[Finding, ...]) -> None:
    assert find("RK104", make_facts(description_problem=problem, project=PROJECT)) == findings
