"""The proof: what it says, and of which bytes."""

from __future__ import annotations

import json

import pytest

from releasekit.model.record import (
    UNRESOLVED,
    BuildFacts,
    NewerSchemaError,
    Record,
    RecordedFile,
    WheelResult,
    find_differences,
    parse_proof,
    prove_record,
    render_proof,
)
from samples import SDIST, WHEEL


def make_record(sha256: str = "a" * 64, commit: str = "c" * 40) -> Record:
    files = tuple(RecordedFile(filename=name, size=1, sha256=sha256) for name in (SDIST, WHEEL))
    built = BuildFacts(files=(SDIST, WHEEL), made_from=sha256, requirements=(), tools={})
    return Record(
        project="demo",
        version="1.0",
        tag="v1.0",
        commit=commit,
        dirty=False,
        files=files,
        builds=(built,),
    )


PASSED = WheelResult(python="3.11", wheel=WHEEL, result="passed")


def test_a_proof_is_read_as_it_was_written() -> None:
    proof = prove_record(make_record(), (PASSED,), requirements_from="")
    assert parse_proof(render_proof(proof)) == proof
    assert find_differences(proof, make_record()) == ()


def test_other_bytes_and_another_record_are_named() -> None:
    proof = prove_record(make_record(), (PASSED,), requirements_from="")
    assert len(find_differences(proof, make_record(sha256="b" * 64))) == 2
    assert find_differences(proof, make_record(commit="d" * 40)) == (
        "reports/release.json is not the record that was proven",
    )


def test_a_newer_proof_is_refused() -> None:
    document = json.loads(render_proof(prove_record(make_record(), (), requirements_from="")))
    with pytest.raises(NewerSchemaError):
        parse_proof(json.dumps({**document, "schema_version": 2, "more": 1}))


def test_requirements_that_nobody_looked_for_make_it_incomplete() -> None:
    untested = WheelResult(python="3.11", wheel=WHEEL, result="not tested", reason=UNRESOLVED)
    other = WheelResult(python=None, wheel=WHEEL, result="not tested", reason="for another Python")
    proofs = [
        prove_record(make_record(), (test,), requirements_from="")
        for test in (PASSED, untested, other)
    ]
    assert [proof.is_complete for proof in proofs] == [True, False, True]
