"""The shared step: what it runs where, and what comes of it."""

from __future__ import annotations

from jenkins.conftest import MakeJob
from jenkins.harness import Jenkins


def test_a_branch_is_rehearsed_in_the_sandbox(
    jenkins: Jenkins, make_job: MakeJob, own_kit: str
) -> None:
    built = jenkins.run(make_job(f"releasePython {own_kit}"))
    assert built.result == "SUCCESS", built.log
    assert built.stages == ["release"]
    assert built.mismatches == built.warnings == ()
