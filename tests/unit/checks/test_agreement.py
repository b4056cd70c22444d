"""Metadata of an sdist and of a wheel: what may differ, and what is another project."""

from __future__ import annotations

from dataclasses import replace

import pytest

from releasekit.checks.catalog import CHECKS
from releasekit.checks.declared import parse_declared
from releasekit.checks.model import Member, ProjectFacts
from samples import METADATA, SDIST, WHEEL, make_facts, run_checks

BODY = "\nA demo.\n"
OLD = METADATA.replace("2.4", "2.1").replace("License-Expression: ", "License: ")
LINUX = "demo-1.0-cp311-cp311-manylinux_2_28_x86_64.whl"

RK124 = [check for check in CHECKS if check.code == "RK124"]


def find(sdist: str, wheel: str, *, filename: str = WHEEL, **project: object) -> list[str]:
    facts = ProjectFacts(**project)  # type: ignore[arg-type]
    members = (Member(name="demo-1.0/setup.py"),)
    first = make_facts(SDIST, metadata=sdist, project=facts, members=members)
    second = make_facts(filename, metadata=wheel, project=facts)
    both = (replace(first, others=(second,)), replace(second, others=(first,)))
    return [finding.message for finding in run_checks(RK124, both)]


SAYS = "the wheel does not say the same as the sdist: "


@pytest.mark.parametrize(
    ("sdist", "wheel", "said"),
    [
        pytest.param(
            "Maintainer: a\n",
            "Maintainer: b\n",
            "Maintainer: only the sdist has a, only the wheel has b",
            id="text",
        ),
        pytest.param("Keywords: a,b\n", "", "Keywords is empty in the wheel", id="empty"),
        pytest.param("", "Keywords: a,b\n", "Keywords is empty in the sdist", id="empty sdist"),
        pytest.param(
            "Requires-Dist: a>=1\nRequires-Dist: b\n",
            "Requires-Dist: a>=1\n",
            "Requires-Dist: only the sdist has b",
            id="requirement",
        ),
        pytest.param(
            "Dynamic: requires-dist\nRequires-Dist: a\n",
            "",
            "Requires-Dist is empty in the wheel",
            id="dynamic, and the wheel is for every machine",
        ),
        pytest.param(
            "Dynamic: description\n" + BODY, "", "Description is empty in the wheel", id="README"
        ),
        pytest.param(BODY, "\nAnother demo.\n", "Description differs", id="other README"),
        pytest.param(
            "License-File: LICENSE\nLicense-File: NOTICE\n",
            "License-File: LICENSE\n",
            "License-File: only the sdist has NOTICE",
            id="license file",
        ),
        pytest.param(
            "Classifier: Typing :: Typed\n", "", "Classifier is empty in the wheel", id="classifier"
        ),
        pytest.param(
            "Project-URL: Docs, https://example.com/a\n",
            "",
            "Project-URL: only the sdist has Docs, https://example.com/a",
            id="address",
        ),
    ],
)
def test_other_metadata_is_found(sdist: str, wheel: str, said: str) -> None:
    (message,) = find(METADATA + sdist, METADATA + wheel)
    assert message.startswith(SAYS + said)


@pytest.mark.parametrize(
    ("sdist", "wheel", "filename"),
    [
        pytest.param(METADATA, METADATA, WHEEL, id="the same"),
        pytest.param(
            f"{METADATA}Requires-Dist: A_b >=1\nRequires-Dist: c\n",
            f"{METADATA}Requires-Dist: c\nRequires-Dist: a-b>=1\n",
            WHEEL,
            id="order and spelling",
        ),
        pytest.param(
            f"{METADATA}Requires-Python: >=3.9,<4\n".replace("Requires-Python: >=3.10\n", ""),
            f"{METADATA}Requires-Python: <4, >=3.9\n".replace("Requires-Python: >=3.10\n", ""),
            WHEEL,
            id="order of specifiers",
        ),
        pytest.param(METADATA + BODY, METADATA + BODY.replace("\n", "\r\n"), WHEEL, id="line ends"),
        pytest.param(OLD, f"{OLD}Requires-Dist: a\n", WHEEL, id="old sdists leave fields out"),
        pytest.param(f"{OLD}Keywords: a,b\n", f"{OLD}Keywords: a b\n", WHEEL, id="old keywords"),
        pytest.param(f"{OLD}Home-page: UNKNOWN\n", OLD, WHEEL, id="old setuptools' UNKNOWN"),
        pytest.param(
            f"{METADATA}Dynamic: requires-dist\nRequires-Dist: a\n",
            f"{METADATA}Requires-Dist: b\n",
            LINUX,
            id="dynamic, for one machine",
        ),
        pytest.param(METADATA, METADATA.replace("2.4", "2.5"), WHEEL, id="metadata version"),
        pytest.param(METADATA, f"{METADATA}License-File: AUTHORS\n", WHEEL, id="pbr's AUTHORS"),
    ],
)
def test_what_makes_no_difference_is_let_pass(sdist: str, wheel: str, filename: str) -> None:
    assert find(sdist, wheel, filename=filename) == []


def test_static_field_of_a_wheel_for_one_machine_is_compared() -> None:
    assert find(f"{METADATA}Requires-Dist: a\n", METADATA, filename=LINUX) == [
        f"{SAYS}Requires-Dist is empty in the wheel"
    ]


@pytest.mark.parametrize(
    ("setup_py", "versioned", "lacks"),
    [
        pytest.param("open('README.md')", ("README.md", "setup.py"), "README.md", id="named"),
        pytest.param("open(NAME)", ("README.md", "setup.py"), "README.md", id="not named"),
        pytest.param('open("docs/a.rst")', ("docs/a.rst",), "docs/a.rst", id="elsewhere"),
        pytest.param("open('../README.md')", ("setup.py",), "../README.md", id="outside"),
        pytest.param("open('a')", ("docs/README.rst", "notes.md"), None, id="none"),
    ],
)
def test_file_of_an_empty_description_is_named(
    setup_py: str, versioned: tuple[str, ...], lacks: str | None
) -> None:
    declared = parse_declared({"setup.py": setup_py})
    said = find(METADATA + BODY, METADATA, versioned=versioned, declared=declared)
    more = f", and the sdist lacks {lacks}" if lacks else ""
    assert said == [f"{SAYS}Description is empty in the wheel{more}"]


def test_difference_of_many_wheels_is_one_finding() -> None:
    project = ProjectFacts(declared=parse_declared({"setup.py": ""}))
    sdist = make_facts(SDIST, metadata=METADATA + BODY, project=project)
    wheels = [make_facts(name, project=project, others=(sdist,)) for name in (WHEEL, LINUX)]
    assert len(run_checks(RK124, wheels)) == 1
