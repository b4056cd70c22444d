"""What a code means, for `check --explain` and the reference: checks, questions and errors."""

from __future__ import annotations

import difflib

from releasekit.checks.catalog import CHECKS, CODES
from releasekit.checks.model import Check
from releasekit.doctor.model import QUESTIONS, Question
from releasekit.errors import (
    UnknownCode,
    access,
    ci,
    development,
    failed,
    refused,
    setup,
    usage,
)
from releasekit.errors.base import Entry
from releasekit.errors.usage import UNKNOWN_CODE

ENTRIES: tuple[Entry, ...] = tuple(
    sorted(
        (
            entry
            for module in (refused, usage, access, setup, development, ci, failed)
            for entry in vars(module).values()
            if isinstance(entry, Entry)
        ),
        key=lambda entry: entry.code,
    )
)
"""In the order of their codes."""

LOOKALIKES = str.maketrans("OIL", "011")
ERROR_CODES = tuple(entry.code for entry in ENTRIES)


class _Placeholders(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return name.upper()


def explain(code: str) -> str:
    """Return the paragraph of a code as Markdown; raises UNKNOWN_CODE."""
    wanted = code.strip().upper()
    for check in CHECKS:
        if check.code == wanted:
            return explain_check(check)
    for question in QUESTIONS:
        if question.code == wanted:
            return explain_question(question)
    for entry in ENTRIES:
        if entry.code == wanted:
            return explain_error(entry)
    known = (*CODES, *(question.code for question in QUESTIONS), *ERROR_CODES)
    close = difflib.get_close_matches(wanted.translate(LOOKALIKES), known, n=1, cutoff=0.6)
    raise UnknownCode(
        UNKNOWN_CODE,
        code=code,
        first_check=CODES[0],
        last_check=QUESTIONS[-1].code,
        first_error=ERROR_CODES[0],
        last_error=ERROR_CODES[-1],
        fix=f"did you mean {close[0]}? [[check --explain {close[0]}]]"
        if close
        else "take the code from a finding or an error, or from docs/checks.md of releasekit",
    )


def explain_check(check: Check) -> str:
    """Return what a check finds, why that matters and how to fix it, as Markdown."""
    severity = (
        f"{check.severity.value}, and no configuration changes that"
        if check.fixed
        else (f"{check.severity.value} by default")
    )
    text = (
        f"### {check.code} {check.title}\n\n"
        f"{check.explanation} Severity: {severity}.\n"
        f"Why it matters: {check.why}.\n\n"
        f"{check.fix}\n"
    )
    return text + (f"\n```\n{check.example}\n```\n" if check.example else "")


def explain_question(question: Question) -> str:
    """Return what the doctor asks, as Markdown; its row says what came of it, and how to fix it."""
    return f"### {question.code} {question.title}\n\n{question.asks} `releasekit doctor` asks it.\n"


def explain_error(entry: Entry) -> str:
    """Return when an error happens and how to fix it, as Markdown."""
    status, fix = entry.status, " ".join(name_fields(entry.fix).split())
    text = "The message says what to do." if entry.fix == "{fix}" else f"How to fix it: {fix}."
    return (
        f"### {entry.code} {name_fields(entry.title)}\n\n"
        f"{entry.explanation} Exit status: {int(status)} ({status.word}).\n\n"
        f"{text}\n"
    )


def name_fields(template: str) -> str:
    """Return a text of an entry with the names of its fields in capitals, as in `git tag TAG`."""
    return template.format_map(_Placeholders())
