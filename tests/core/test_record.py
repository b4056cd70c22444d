from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from releasekit.core.record import (
    Record,
    RecordedFile,
    find_changes,
    parse_record,
    render_record,
)
from samples import SDIST, WHEEL, make_dist

OURS = make_dist()
DOCUMENT: dict[str, Any] = {
    "schema_version": 1,
    "project": "My.Demo",
    "version": "1.0",
    "tag": "v1.0",
    "commit": "c" * 40,
    "dirty": False,
    "requirements": ["setuptools==80.9.0"],
    "tools": {"python": "3.12.1"},
    "files": [{"filename": WHEEL, "size": 5, "sha256": OURS.sha256}],
}
RECORD = Record(
    project="My.Demo",
    version="1.0",
    tag="v1.0",
    commit="c" * 40,
    dirty=False,
    requirements=("setuptools==80.9.0",),
    tools={"python": "3.12.1"},
    files=(RecordedFile(filename=WHEEL, size=5, sha256=OURS.sha256),),
)


def test_record_is_a_json_document() -> None:
    assert render_record(RECORD) == json.dumps(DOCUMENT, indent=2) + "\n"
    assert parse_record(json.dumps(DOCUMENT)) == RECORD


def test_record_names_the_release() -> None:
    assert (RECORD.requirement, RECORD.normalized_name) == ("My.Demo==1.0", "my-demo")


filenames = st.sampled_from([WHEEL, SDIST, "a_b-2!1.0.post1-py3-none-any.whl"])
recorded = st.builds(
    RecordedFile,
    filename=filenames,
    size=st.integers(0, 1 << 40),
    sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
)


@given(
    st.builds(
        Record,
        schema_version=st.just(1),
        tag=st.none() | st.text(st.characters(codec="utf-8")),
        project=st.text(st.characters(codec="utf-8")),
        files=st.lists(recorded).map(tuple),
    )
)
def test_every_record_is_read_back(record: Record) -> None:
    assert parse_record(render_record(record)) == record


def change_file(**changes: Any) -> dict[str, Any]:
    return {"files": [{**DOCUMENT["files"][0], **changes}]}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        pytest.param(
            {"schema_version": 2},
            ("schema_version", "Input should be 1"),
            id="version of the future",
        ),
        pytest.param(
            {"verdict": "good"},
            ("verdict", "Extra inputs are not permitted"),
            id="a verdict is no fact",
        ),
        pytest.param(
            change_file(filename=f"../{WHEEL}"),
            ("files.0.filename", "Value error, a file name has no path in it"),
            id="path",
        ),
        pytest.param(
            change_file(filename=f"..\\{WHEEL}"),
            ("files.0.filename", "Value error, a file name has no path in it"),
            id="path of Windows",
        ),
        pytest.param(
            change_file(filename="notes.txt"),
            (
                "files.0.filename",
                "Value error, Invalid sdist filename (extension must be '.tar.gz' or '.zip'): "
                "'notes.txt'",
            ),
            id="no dist",
        ),
        pytest.param(
            change_file(sha256="AB"),
            ("files.0.sha256", "String should match pattern '^[0-9a-f]{64}$'"),
            id="no digest",
        ),
        pytest.param(
            change_file(size=-1),
            ("files.0.size", "Input should be greater than or equal to 0"),
            id="negative size",
        ),
    ],
)
def test_other_documents_are_refused(changes: dict[str, Any], problem: tuple[str, str]) -> None:
    with pytest.raises(ValidationError) as caught:
        parse_record(json.dumps({**DOCUMENT, **changes}))
    found = [(".".join(map(str, e["loc"])), e["msg"]) for e in caught.value.errors()]
    assert found == [problem]


def test_unchanged_files_have_no_changes() -> None:
    stranger = make_dist(SDIST, b"not recorded")
    assert find_changes(RECORD, [OURS, stranger]) == ()


def test_changed_and_missing_files_are_found() -> None:
    changed = make_dist(WHEEL, b"other")
    assert find_changes(RECORD, [changed]) == (
        f"{WHEEL} has SHA-256 {changed.sha256}, recorded is {OURS.sha256}",
    )
    assert find_changes(RECORD, []) == (f"{WHEEL} is missing",)
