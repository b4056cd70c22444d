"""findings.json: all that was asked and found, for programs.

`docs/findings.schema.json` is the JSON Schema of these classes; a test keeps them together.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from releasekit.checks.catalog import CHECKS
from releasekit.checks.model import Check, Finding
from releasekit.doctor import QUESTIONS, Question
from releasekit.outcome import Outcome

DOTTED = r"(?<![\w.])v?\d+(?:\.\d+)+(?:[._-]?(?:a|b|c|rc|post|dev)\.?\d+)*"
LOCAL = r"(?:\+[a-z0-9]+(?:\.(?!dist-info|data|tar|zip)[a-z0-9]+)*)?"
UNDOTTED = r"(?<=-)\d+(?=-|/|\.tar\.gz|\.zip|\.dist-info|\.data|$)"
VERSION = re.compile(rf"{DOTTED}{LOCAL}(?!\w)|{UNDOTTED}", re.IGNORECASE)
"""A version after PEP 440 with a dot in it, or without one in a dist's name (demo-7.tar.gz)."""


def find_fingerprints(findings: Sequence[Finding]) -> Iterator[tuple[Finding, str]]:
    """Yield every finding with a fingerprint that no other of them has.

    The next release's finding has the same, so that GitLab and SARIF readers can tell new from
    old. GitLab shows only one of two findings with one fingerprint, hence the count of those that
    differ in a version alone.
    """
    seen: Counter[str] = Counter()
    for finding in findings:
        words = (finding.code, finding.place.file, finding.message)
        facts = "\0".join(VERSION.sub("VERSION", word) for word in words)
        seen[facts] += 1
        counted = facts if seen[facts] == 1 else f"{facts}\0{seen[facts]}"
        yield finding, hashlib.sha256(counted.encode("utf-8", "surrogatepass")).hexdigest()


ALL_CODES: tuple[Check | Question, ...] = (*CHECKS, *QUESTIONS)


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AskedCheck(_Document):
    """A check that was asked, or a question of the doctor."""

    code: Annotated[str, Field(pattern="^RK[0-9]{3}$")]
    title: str
    result: Annotated[
        Literal["passed", "found", "waived"],
        Field(description="waived: all that it found is waived by configuration"),
    ]


class FoundFault(_Document):
    """What is wrong, where, and how to fix it."""

    code: Annotated[str, Field(pattern="^RK[0-9]{3}$")]
    severity: Annotated[
        Literal["error", "warning", "note", "off"],
        Field(description="an error refuses the release; off: waived by configuration"),
    ]
    message: str
    file: Annotated[
        str, Field(description="a file of the project, a dist, or a member: dist/path/in/it")
    ]
    line: Annotated[int | None, Field(ge=1, description="counted from 1")]
    fix: str
    reason: Annotated[
        str | None, Field(description="why the configuration gives the check this severity")
    ]
    fingerprint: Annotated[
        str,
        Field(
            pattern="^[0-9a-f]{64}$",
            description="the same for the same fault in the next version; unique in this document",
        ),
    ]


class FindingsDocument(_Document):
    """What the checks of a release found: reports/findings.json."""

    schema_version: Literal[1] = 1
    project: Annotated[str | None, Field(description="null where files were given to check")]
    version: str | None
    checks: tuple[AskedCheck, ...]
    findings: Annotated[
        tuple[FoundFault, ...], Field(description="errors first, the waived ones last")
    ]


def render_findings(outcome: Outcome) -> str:
    """Return what was asked and found, as JSON."""
    record = outcome.record
    document = FindingsDocument(
        project=record.project if record else None,
        version=record.version if record else None,
        checks=tuple(
            AskedCheck(
                code=asked.code,
                title=asked.title,
                result=_sum_up([f for f in outcome.findings if f.code == asked.code]),
            )
            for asked in ALL_CODES
            if asked.code in outcome.asked
        ),
        findings=tuple(
            FoundFault(
                code=finding.code,
                severity=finding.severity.value,
                message=finding.message,
                file=finding.place.file,
                line=finding.place.line,
                fix=finding.fix,
                reason=finding.reason,
                fingerprint=fingerprint,
            )
            for finding, fingerprint in find_fingerprints(outcome.findings)
        ),
    )
    return json.dumps(document.model_dump(), indent=2, ensure_ascii=False) + "\n"


def _sum_up(found: Sequence[Finding]) -> Literal["passed", "found", "waived"]:
    if not found:
        return "passed"
    return "waived" if all(finding.is_waived for finding in found) else "found"


def render_findings_schema() -> str:
    """Return the JSON Schema of findings.json."""
    schema: dict[str, Any] = FindingsDocument.model_json_schema(mode="serialization")
    return json.dumps(schema, indent=2) + "\n"
