"""The proof that a release works, `reports/proof.json`: what was installed, imported and run.

It names the bytes that it is about, so that `publish` can refuse others. It guards against other
jobs, not against the one that built. Section 8 of the design; docs/schema-versions.md.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from releasekit.model.record import Record, Sha256, refuse_newer_schema, render_record
from releasekit.redact import escape_json

Result = Literal["passed", "waived", "not tested"]


class WheelResult(BaseModel):
    """What came of one wheel with one Python."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    python: str | None
    """As "3.11"; None for a wheel that is for none of the Pythons here."""
    wheel: str | None
    """File name; None if no wheel of the release is for this Python."""
    result: Result
    reason: str = ""
    """Why it is waived, or was not tested."""


class Proof(BaseModel):
    """What was tested of which files."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    project: str
    version: str
    record: Sha256
    """SHA-256 of the record, reports/release.json."""
    files: Annotated[dict[str, Sha256], Field(min_length=1)]
    """SHA-256 of the dists by file name."""
    requirements_from: str
    """Address or name of the index that the requirements were resolved against; "" for none."""
    tests: tuple[WheelResult, ...]

    @property
    def is_complete(self) -> bool:
        """Tell whether requirements were resolved, or there are none."""
        return all(test.reason != UNRESOLVED for test in self.tests)


UNRESOLVED = "its requirements could not be resolved: no group is known"
"""Why a wheel was not tested before a release into a sandbox."""


def prove_record(
    record: Record, tests: tuple[WheelResult, ...], *, requirements_from: str
) -> Proof:
    """Return the proof for the files of a record."""
    return Proof(
        project=record.project,
        version=record.version,
        record=hash_record(record),
        files={file.filename: file.sha256 for file in record.files},
        requirements_from=requirements_from,
        tests=tests,
    )


def hash_record(record: Record) -> str:
    """Return the SHA-256 of a record, as `render_record` writes it."""
    return hashlib.sha256(render_record(record).encode()).hexdigest()


def render_proof(proof: Proof) -> str:
    """Return the proof as JSON text."""
    return escape_json(proof.model_dump_json(indent=2)) + "\n"


def parse_proof(text: str) -> Proof:
    """Return the proof of a JSON text; raises NewerSchemaError and pydantic's ValidationError."""
    refuse_newer_schema(text, 1)
    return Proof.model_validate_json(text)


def find_differences(proof: Proof, record: Record) -> tuple[str, ...]:
    """Return what a proof says of other bytes than the record has, a sentence each."""
    files = {file.filename: file.sha256 for file in record.files}
    found = [
        f"{name} has SHA-256 {sha256}, the proof is about {proof.files.get(name, 'no such file')}"
        for name, sha256 in files.items()
        if proof.files.get(name) != sha256
    ]
    found += [f"{name} is not in the release" for name in proof.files if name not in files]
    if not found and proof.record != hash_record(record):
        found.append("reports/release.json is not the record that was proven")
    return tuple(found)
