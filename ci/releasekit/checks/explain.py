"""What a check finds, why that matters and how to fix it: docs/checks.md, `check --explain`."""

from __future__ import annotations

import difflib

from releasekit.checks.catalog import CHECKS, CODES
from releasekit.checks.model import Check
from releasekit.errors import UnknownCheck

LOOKALIKES = str.maketrans("OIL", "011")


def explain_check(code: str) -> str:
    """Return the paragraph of a check as Markdown; raises UnknownCheck."""
    for check in CHECKS:
        if check.code == code.strip().upper():
            return render_explanation(check)
    typed = code.upper().translate(LOOKALIKES)
    close = difflib.get_close_matches(typed, CODES, n=1, cutoff=0.6)
    mend = (
        f"did you mean {close[0]}? releasekit check --explain {close[0]}"
        if close
        else ("take the code from a finding, or from docs/checks.md of releasekit")
    )
    raise UnknownCheck(code=code, codes=", ".join(CODES), mend=mend)


def render_explanation(check: Check) -> str:
    """Return what a check finds, why that matters and how to mend it, as Markdown."""
    finds = " ".join((check.find.__doc__ or "").partition("\n\n")[0].split())
    severity = (
        f"{check.severity.value}, and no configuration changes that"
        if check.fixed
        else (f"{check.severity.value} by default")
    )
    text = (
        f"### {check.code} {check.title}\n\n"
        f"{finds.replace('Find ', 'Finds ', 1)} Severity: {severity}.\n"
        f"Why it matters: {check.why}.\n\n"
        f"{check.mend}\n"
    )
    return text + (f"\n```\n{check.example}\n```\n" if check.example else "")
