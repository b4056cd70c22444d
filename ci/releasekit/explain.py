"""What a code means, for `check --explain` and the reference: checks, questions and errors."""

import difflib
from string import Formatter

from releasekit.checks.catalog import CHECKS, CODES
from releasekit.checks.model import Check
from releasekit.doctor.model import QUESTIONS
from releasekit.errors import Entry, ReleasekitError, access, ci, failed, refused, setup, usage

ENTRIES: tuple[Entry, ...] = tuple(
    sorted(
        (
            entry
            for module in (refused, usage, access, setup, ci, failed)
            for entry in vars(module).values()
            if isinstance(entry, Entry)
        ),
        key=lambda entry: entry.code,
    )
)


def explain(code: str) -> str:
    """Return the paragraph of a code as Markdown; raises UNKNOWN_CODE."""
    wanted = code.strip().upper()
    for check in CHECKS:
        if check.code == wanted:
            return explain_check(check)
    for question in QUESTIONS:
        if question.code == wanted:
            title = f"### {question.code} {question.title}"
            return f"{title}\n\n{question.asks} `releasekit doctor` asks it.\n"
    for entry in ENTRIES:
        if entry.code == wanted:
            fix = f"How to fix it: {' '.join(name_fields(entry.fix).split())}."
            return (
                f"### {entry.code} {name_fields(entry.title)}\n\n{entry.explanation} "
                f"Exit status: {int(entry.status)} ({entry.status.word}).\n\n"
                f"{'The message says what to do.' if entry.fix == '{fix}' else fix}\n"
            )
    known = [*CODES, *(q.code for q in QUESTIONS), *(entry.code for entry in ENTRIES)]
    lookalikes = str.maketrans("OIL", "011")
    close = difflib.get_close_matches(wanted.translate(lookalikes), known, n=1, cutoff=0.6)
    raise ReleasekitError(
        usage.UNKNOWN_CODE,
        code=code,
        first_check=CODES[0],
        last_check=QUESTIONS[-1].code,
        first_error=ENTRIES[0].code,
        last_error=ENTRIES[-1].code,
        fix=f"did you mean {close[0]}? [[check --explain {close[0]}]]"
        if close
        else "take the code from a finding or an error, or from docs/checks.md of releasekit",
    )


def explain_check(check: Check) -> str:
    """Return what a check finds, why that matters and how to fix it, as Markdown."""
    changes = ", and no configuration changes that" if check.fixed else " by default"
    text = (
        f"### {check.code} {check.title}\n\n"
        f"{check.explanation} Severity: {check.severity.value}{changes}.\n"
        f"Why it matters: {check.why}.\n\n"
        f"{check.fix}\n"
    )
    return text + (f"\n```\n{check.example}\n```\n" if check.example else "")


def name_fields(template: str) -> str:
    """Return a text of an entry with the names of its fields in capitals, as in `git tag TAG`."""
    names = {name for _, name, _, _ in Formatter().parse(template) if name}
    return template.format_map({name: name.upper() for name in names})
