from __future__ import annotations

from typing import Any

import pytest

from raising import raises_error
from releasekit.errors.refused import BUILT_TWICE, PARTS_DISAGREE, WHEEL_OF_ANOTHER_SDIST
from releasekit.model.record import (
    BuildFacts,
    Record,
    RecordedFile,
    find_gaps,
    is_superseded,
    join_parts,
    match_wheel,
    name_part,
)

SDIST = "demo-1.0.tar.gz"
LINUX = "demo-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
WINDOWS = "demo-1.0-cp311-cp311-win_amd64.whl"
DIGESTS = {SDIST: "a" * 64, LINUX: "b" * 64, WINDOWS: "c" * 64}


def file(filename: str, **changes: Any) -> RecordedFile:
    return RecordedFile(**{"filename": filename, "size": 5, "sha256": DIGESTS[filename], **changes})


def facts(*filenames: str, **changes: Any) -> BuildFacts:
    made_from = None if filenames == (SDIST,) else DIGESTS[SDIST]
    values = {"made_from": made_from, "requirements": (), "tools": {"python": "3.11.9"}}
    return BuildFacts(files=filenames, **{**values, **changes})


def part(*filenames: str, **changes: Any) -> Record:
    """What one job made, with the changes given."""
    values = {
        "project": "demo",
        "version": "1.0",
        "tag": "v1.0",
        "commit": "c" * 40,
        "dirty": False,
        "files": tuple(file(filename) for filename in filenames),
        "builds": (facts(*filenames),),
    }
    return Record(**{**values, **changes})


# --- joining ------------------------------------------------------------------------------------


def test_parts_of_one_release_are_joined_the_sdist_first() -> None:
    parts = {"w": part(WINDOWS), "l": part(LINUX), "s": part(SDIST)}
    assert join_parts(parts) == part(
        SDIST, LINUX, WINDOWS, builds=(facts(WINDOWS), facts(LINUX), facts(SDIST))
    )


def test_a_file_that_travelled_on_with_another_job_is_one_file() -> None:
    linux = part(SDIST, LINUX, builds=(facts(SDIST), facts(LINUX)))
    joined = join_parts({"sdist": part(SDIST), "linux": linux, "again": linux})
    assert joined == linux


def test_one_record_joined_is_itself() -> None:
    assert join_parts({"all": part(SDIST, LINUX)}) == part(SDIST, LINUX)


def test_another_spelling_of_the_name_is_the_same_project() -> None:
    assert join_parts({"s": part(SDIST), "l": part(LINUX, project="Demo")}).project == "demo"


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        pytest.param({"commit": "d" * 40}, "demo==1.0 of dddddddddd (v1.0)", id="commit"),
        pytest.param({"tag": None}, "demo==1.0 of cccccccccc (no tag)", id="tag"),
        pytest.param({"dirty": True}, "demo==1.0 of cccccccccc (v1.0, with changes)", id="changes"),
    ],
)
def test_parts_of_other_releases_are_refused(changes: dict[str, Any], shown: str) -> None:
    with raises_error(PARTS_DISAGREE) as caught:
        join_parts({"one.json": part(SDIST), "two.json": part(LINUX, **changes)})
    assert caught.value.fields["parts"] == (
        f"one.json: demo==1.0 of cccccccccc (v1.0)\ntwo.json: {shown}"
    )


def test_a_part_of_another_version_is_refused() -> None:
    name = "demo-1.1-py3-none-any.whl"
    other = RecordedFile(filename=name, size=5, sha256="e" * 64)
    later = part(SDIST, version="1.1", files=(other,), builds=(facts(name),))
    with raises_error(PARTS_DISAGREE):
        join_parts({"one.json": part(SDIST), "two.json": later})


def test_two_files_of_one_name_with_other_bytes_are_refused() -> None:
    other = part(LINUX, files=(file(LINUX, sha256="e" * 64),))
    with raises_error(BUILT_TWICE) as caught:
        join_parts({"one": part(SDIST), "two": part(LINUX), "three": other})
    assert caught.value.answers() == {
        "what": f"{LINUX} was built twice, and the bytes differ",
        "where": f"{LINUX} {'b' * 64} (two)\n{LINUX} {'e' * 64} (three)",
        "why": "a release has one sdist, and one file per name: nobody can tell which is right",
        "next": (
            "let one job build it: in a matrix, a pure wheel is the same for all Pythons\n"
            "(each record in reports/parts/ holds the tools and requirements of its build)"
        ),
    }


def test_two_sdists_are_refused() -> None:
    archive = RecordedFile(filename="demo-1.0.zip", size=5, sha256="e" * 64)
    other = part(SDIST, files=(archive,), builds=(facts("demo-1.0.zip", made_from=None),))
    with raises_error(BUILT_TWICE) as caught:
        join_parts({"one": part(SDIST), "two": other})
    assert caught.value.fields["filename"] == "demo-1.0.tar.gz, demo-1.0.zip"


def test_a_wheel_that_was_made_from_another_sdist_is_refused() -> None:
    other = part(LINUX, builds=(facts(LINUX, made_from="e" * 64),))
    with raises_error(WHEEL_OF_ANOTHER_SDIST) as caught:
        join_parts({"one": part(SDIST), "two": other})
    assert str(caught.value) == (
        "error E134: a wheel was not made from this sdist\n"
        f"  where: {LINUX}\n"
        f"  why:   it was made from an sdist {'e' * 64},\n"
        f"         and {SDIST} is {'a' * 64}\n"
        f"  next:  releasekit build --wheel-from {SDIST}, with the sdist that is to be released"
    )


# --- what a workspace keeps ---------------------------------------------------------------------


def test_records_of_other_bytes_have_other_names() -> None:
    names = {
        name_part(part(LINUX)),
        name_part(part(WINDOWS)),
        name_part(part(LINUX, files=(file(LINUX, sha256="e" * 64),))),
    }
    assert names == {
        f"{LINUX}-bbbbbbbbbbbb.json",
        f"{WINDOWS}-cccccccccccc.json",
        f"{LINUX}-eeeeeeeeeeee.json",
    }


@pytest.mark.parametrize(
    ("older", "newer", "superseded"),
    [
        pytest.param(part(SDIST), part(LINUX), False, id="sdist, then its wheel"),
        pytest.param(part(LINUX), part(WINDOWS), False, id="wheels side by side"),
        pytest.param(part(LINUX), part(SDIST), False, id="the same sdist again"),
        pytest.param(part(SDIST, LINUX), part(LINUX), False, id="the same bytes again"),
        pytest.param(
            part(LINUX), part(LINUX, files=(file(LINUX, sha256="e" * 64),)), True, id="other bytes"
        ),
        pytest.param(part(LINUX, commit="d" * 40), part(WINDOWS), True, id="another commit"),
        pytest.param(
            part(LINUX),
            part(SDIST, files=(file(SDIST, sha256="e" * 64),)),
            True,
            id="a wheel of the sdist before",
        ),
    ],
)
def test_what_a_new_build_makes_worthless(older: Record, newer: Record, superseded: bool) -> None:
    assert is_superseded(older, by=newer) is superseded


# --- completeness -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filenames", "expected", "gaps"),
    [
        pytest.param((SDIST, LINUX), (), (), id="whole"),
        pytest.param((LINUX,), (), ("the sdist is missing",), id="no sdist"),
        pytest.param((SDIST,), (), ("there is no wheel",), id="no wheel"),
        pytest.param((SDIST, LINUX), ("cp311-*-manylinux*_x86_64",), (), id="as expected"),
        pytest.param(
            (SDIST, LINUX),
            ("cp311-*-manylinux*_x86_64", "cp311-cp311-win_amd64"),
            ("the wheel cp311-cp311-win_amd64 is missing",),
            id="one is missing",
        ),
        pytest.param(
            (SDIST, LINUX, WINDOWS),
            ("cp311-*-manylinux*_x86_64",),
            (f"{WINDOWS} is none of those that `wheels` expects",),
            id="one too much",
        ),
        pytest.param(
            (SDIST,),
            ("py3-none-any",),
            ("the wheel py3-none-any is missing",),
            id="none of the expected ones",
        ),
    ],
)
def test_gaps(filenames: tuple[str, ...], expected: tuple[str, ...], gaps: tuple[str, ...]) -> None:
    assert find_gaps(part(*filenames), expected) == gaps


@pytest.mark.parametrize(
    ("filename", "pattern", "fits"),
    [
        (LINUX, "cp311-*-manylinux*_x86_64", True),
        (LINUX, "cp311-cp311-manylinux2014_x86_64", True),
        (LINUX, "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64", True),
        (LINUX, "cp311-cp311-manylinux*_aarch64", False),
        (LINUX, "cp31?-*-*", True),
        (LINUX, "CP311-*-*", True),
        ("demo-1.0-py2.py3-none-any.whl", "py3-none-any", True),
        ("demo-1.0-py2.py3-none-any.whl", "py2.py3-none-any", True),
        ("demo-1.0-1-cp39-abi3-musllinux_1_2_x86_64.whl", "cp39-abi3-musllinux*", True),
        ("demo-1.0-cp39-abi3-linux_x86_64.whl", "cp39-abi3-manylinux*", False),
        ("demo-1.0-CP311-CP311-WIN_AMD64.whl", "cp311-*-win_amd64", True),
    ],
)
def test_tags_that_a_pattern_means(filename: str, pattern: str, fits: bool) -> None:
    assert match_wheel(filename, pattern) is fits
