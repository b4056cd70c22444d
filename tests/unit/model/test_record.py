from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from pydantic import ValidationError

from releasekit.model.record import (
    BuildFacts,
    NewerSchemaError,
    Record,
    RecordedFile,
    find_changes,
    parse_record,
    render_record,
)
from samples import SDIST, WHEEL, make_dist

OURS, OUR_SDIST = make_dist(), make_dist(SDIST, b"sdist")
DOCUMENT: dict[str, Any] = {
    "schema_version": 1,
    "project": "Demo",
    "version": "1.0",
    "tag": "v1.0",
    "commit": "c" * 40,
    "dirty": False,
    "files": [
        {"filename": WHEEL, "size": 5, "sha256": OURS.sha256},
        {"filename": SDIST, "size": 5, "sha256": OUR_SDIST.sha256},
    ],
    "builds": [
        {
            "files": [WHEEL, SDIST],
            "made_from": OUR_SDIST.sha256,
            "requirements": ["setuptools==80.9.0"],
            "tools": {"python": "3.12.1"},
        }
    ],
}
RECORD = Record(
    project="Demo",
    version="1.0",
    tag="v1.0",
    commit="c" * 40,
    dirty=False,
    files=(
        RecordedFile(filename=WHEEL, size=5, sha256=OURS.sha256),
        RecordedFile(filename=SDIST, size=5, sha256=OUR_SDIST.sha256),
    ),
    builds=(
        BuildFacts(
            files=(WHEEL, SDIST),
            made_from=OUR_SDIST.sha256,
            requirements=("setuptools==80.9.0",),
            tools={"python": "3.12.1"},
        ),
    ),
)


def test_record_is_a_json_document() -> None:
    assert render_record(RECORD) == json.dumps(DOCUMENT, indent=2) + "\n"
    assert parse_record(json.dumps(DOCUMENT)) == RECORD


def test_record_names_the_release() -> None:
    assert (RECORD.requirement, RECORD.normalized_name) == ("Demo==1.0", "demo")


def rename(project: str, version: str, *filenames: str) -> dict[str, Any]:
    """What makes a record one of another release, with these files."""
    files = [{"filename": name, "size": 5, "sha256": OURS.sha256} for name in filenames]
    return {"project": project, "version": version, **make(*files)}


def make(*files: dict[str, Any]) -> dict[str, Any]:
    """These files, made by one build."""
    names = [file["filename"] for file in files]
    return {"files": files, "builds": [{**DOCUMENT["builds"][0], "files": names}]}


@pytest.mark.parametrize(
    ("changes", "requirement"),
    [
        pytest.param(
            rename("My.De-mo_2", "1.0", "my_de_mo_2-1.0-py3-none-any.whl", "my_de_mo_2-1.0.tar.gz"),
            "My.De-mo_2==1.0",
            id="name that is not normalized",
        ),
        pytest.param(
            rename("demo", "1.0.0", WHEEL, SDIST),
            "demo==1.0.0",
            id="the same version after PEP 440",
        ),
        pytest.param(
            rename("demo", "2!1.0.post1", "demo-2!1.post1-py3-none-any.whl", "demo-2!1.post1.zip"),
            "demo==2!1.0.post1",
            id="epoch, and a zip file as sdist",
        ),
        pytest.param(
            rename("demo", "1.0", "demo-1.0-cp312-cp312-win_amd64.whl", SDIST, WHEEL),
            "demo==1.0",
            id="two wheels",
        ),
        pytest.param(rename("demo", "1.0", WHEEL), "demo==1.0", id="a wheel alone"),
        pytest.param(rename("demo", "1.0", SDIST), "demo==1.0", id="an sdist alone"),
    ],
)
def test_files_of_one_release_are_a_record(changes: dict[str, Any], requirement: str) -> None:
    record = parse_record(json.dumps({**DOCUMENT, **changes}))
    assert record.requirement == requirement
    assert [file.filename for file in record.files] == [f["filename"] for f in changes["files"]]


names = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?", fullmatch=True)
versions = st.from_regex(
    r"([1-9]!)?[0-9](\.[0-9]){0,2}((a|b|rc)[0-9])?(\.post[0-9])?", fullmatch=True
)
platforms = st.sampled_from(["any", "win_amd64", "manylinux_2_28_x86_64"])


@st.composite
def records(draw: st.DrawFn) -> Record:
    """Any release: its sdist and wheels for some platforms."""
    project, version = draw(names), draw(versions)
    stem = f"{canonicalize_name(project).replace('-', '_')}-{version}"
    wheels = draw(st.lists(platforms, min_size=1, unique=True))
    filenames = [f"{stem}.tar.gz", *(f"{stem}-py3-none-{platform}.whl" for platform in wheels)]
    return Record(
        project=project,
        version=version,
        tag=draw(st.none() | st.text(st.characters(codec="utf-8"))),
        commit=draw(st.text("0123456789abcdef")),
        dirty=draw(st.booleans()),
        files=tuple(
            RecordedFile(
                filename=filename,
                size=draw(st.integers(0, 1 << 40)),
                sha256=draw(st.text("0123456789abcdef", min_size=64, max_size=64)),
            )
            for filename in filenames
        ),
        builds=tuple(
            BuildFacts(
                files=(filename,),
                made_from=draw(st.none() | st.just("a" * 64)),
                requirements=tuple(draw(st.lists(st.text(st.characters(codec="utf-8"))))),
                tools=draw(st.dictionaries(names, names)),
            )
            for filename in filenames
        ),
    )


@given(records())
def test_every_record_is_read_back(record: Record) -> None:
    assert parse_record(render_record(record)) == record


def test_a_development_version_is_recorded_as_version_2_and_a_release_as_version_1() -> None:
    facts = {"written_to": "version in [project]", "stated": "1.2", "after": "v1.2", "commits": 3}
    record = Record.model_validate({**DOCUMENT, "development": facts})
    written = json.loads(render_record(record))
    assert (written["schema_version"], written["development"]) == (2, facts)
    assert render_record(parse_record(render_record(record))) == render_record(record)
    written = json.loads(render_record(Record.model_validate(DOCUMENT)))
    assert (written["schema_version"], "development" in written) == (1, False)


def change_file(**changes: Any) -> dict[str, Any]:
    wheel, sdist = DOCUMENT["files"]
    return make({**wheel, **changes}, sdist)


@pytest.mark.parametrize("more", [{}, {"files": "of another form"}, {"proof": {}}])
def test_a_newer_record_is_refused_whole(more: dict[str, Any]) -> None:
    text = json.dumps({**DOCUMENT, "schema_version": 3, **more})
    with pytest.raises(NewerSchemaError) as caught:
        parse_record(text)
    assert (caught.value.found, caught.value.known) == (3, 2)


NO_MAKER = "Value error, every file is made by one of the builds"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        pytest.param(
            {"schema_version": 0},
            ("schema_version", "Input should be 1 or 2"),
            id="version that never was",
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
        pytest.param(
            {"project": "my demo"},
            ("project", "Value error, name is invalid: 'my demo'"),
            id="no name",
        ),
        pytest.param(
            {"project": "demo\n"},
            ("project", "Value error, name is invalid: 'demo\\n'"),
            id="a line more",
        ),
        pytest.param(
            {"version": "one"},
            ("version", "Value error, Invalid version: 'one'"),
            id="no version",
        ),
        pytest.param(
            {"files": []},
            ("files", "Tuple should have at least 1 item after validation, not 0"),
            id="no file",
        ),
        pytest.param({"files": DOCUMENT["files"][:1]}, ("", NO_MAKER), id="a build of more"),
        pytest.param({"builds": []}, ("", NO_MAKER), id="a file that nothing made"),
        pytest.param(
            {"builds": DOCUMENT["builds"] * 2}, ("", NO_MAKER), id="a file that was made twice"
        ),
        pytest.param(
            rename("demo", "1.0", WHEEL, SDIST, "demo-1.0.zip"),
            ("", "Value error, a release has one sdist"),
            id="two sdists",
        ),
        pytest.param(
            change_file(filename="other-1.0-py3-none-any.whl"),
            ("", "Value error, other-1.0-py3-none-any.whl is no file of Demo==1.0"),
            id="file of another project",
        ),
        pytest.param(
            {"version": "1.1"},
            ("", f"Value error, {WHEEL} is no file of Demo==1.1"),
            id="file of another version",
        ),
        pytest.param(
            change_file(filename="demo-1.0+local-py3-none-any.whl"),
            ("", "Value error, demo-1.0+local-py3-none-any.whl is no file of Demo==1.0"),
            id="file of a local version",
        ),
    ],
)
def test_other_documents_are_refused(changes: dict[str, Any], problem: tuple[str, str]) -> None:
    with pytest.raises(ValidationError) as caught:
        parse_record(json.dumps({**DOCUMENT, **changes}))
    found = [(".".join(map(str, e["loc"])), e["msg"]) for e in caught.value.errors()]
    assert found == [problem]


def test_unchanged_files_have_no_changes() -> None:
    stranger = make_dist("demo-0.9.tar.gz", b"not recorded")
    assert find_changes(RECORD, [OURS, OUR_SDIST, stranger]) == ()


def test_changed_and_missing_files_are_found() -> None:
    changed = make_dist(WHEEL, b"other")
    assert find_changes(RECORD, [changed]) == (
        f"{WHEEL} has SHA-256 {changed.sha256}, recorded is {OURS.sha256}",
        f"{SDIST} is missing",
    )
    assert find_changes(RECORD, []) == (f"{WHEEL} is missing", f"{SDIST} is missing")
