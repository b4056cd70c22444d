"""An outcome without secrets: what people read is cleaned, what programs compare stays as it is.

Names of files and projects, versions, tags, commits, hashes, codes and paths stay: a password that
is a part of one, by chance, must not damage it.
"""

from __future__ import annotations

from dataclasses import replace

from releasekit.outcome import Clean, Outcome
from releasekit.redact import map_all_texts, map_texts


def redact_outcome(outcome: Outcome, clean: Clean) -> Outcome:
    """Return the outcome with all its texts cleaned, as reports may show it."""
    plan = outcome.plan
    if plan:
        files = map_all_texts(plan.files, clean, "why")
        plan = replace(map_texts(plan, clean, "url"), files=files)
    return replace(
        outcome,
        findings=map_all_texts(outcome.findings, clean, "message", "fix", "reason"),
        plan=plan,
        published=outcome.published and outcome.published.redact(clean),
        verified=outcome.verified and outcome.verified.redact(clean),
        result=outcome.result and outcome.result.redact(clean),
        notes=tuple(map(clean, outcome.notes)),
        error=tuple((question, clean(answer)) for question, answer in outcome.error),
    )
