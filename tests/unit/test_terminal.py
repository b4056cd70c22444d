from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from outcomes import MISSING, NO_URL, WAIVED
from releasekit.checks.declared import Place
from releasekit.checks.model import Finding, Severity
from releasekit.errors import ReleasekitError
from releasekit.errors.failed import UPLOAD_REFUSED
from releasekit.outcome import Checked, Outcome, Published, StepTime
from releasekit.redact import Redactor
from releasekit.terminal import NORMAL, QUIET, VERBOSE, Terminal
from samples import SDIST, WHEEL

OUTCOME = Outcome(command="check", sandbox=False, times=(StepTime(step="check", seconds=0.0),))


def show(findings: tuple[Finding, ...], loudness: int = NORMAL) -> str:
    console = Console(file=io.StringIO(), width=60, highlight=False, emoji=False, markup=False)
    result = Checked(findings=findings, codes=("RK101", "RK104", "RK201"))
    Terminal(console, loudness).finish(result, OUTCOME)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_finding_is_one_line_with_the_fix_or_the_reason_last() -> None:
    assert show((NO_URL, MISSING, WAIVED)) == (
        "check     3 checks: 1 error, 1 warning, 1 waived\n"
        "  error    RK101  pyproject.toml:5: no <url>  fix: add [project.urls] Homepage\n"
        f"  warning  RK201  {SDIST}: a|b is missing  fix: include it, …\n"
        f"  waived   RK104  {WHEEL}/demo-1.0.dist-info/METADATA: the description of demo 1.0 does "
        "not render  reason: nobody reads it\n"
    )


def test_only_errors_are_shown_where_it_has_to_be_quiet() -> None:
    assert show((NO_URL, MISSING), QUIET) == (
        "  error    RK101  pyproject.toml:5: no <url>  fix: add [project.urls] Homepage\n"
    )


def test_no_findings() -> None:
    assert show(()) == "check     3 checks: no findings\n"


def test_what_is_recorded_and_passed_on_looks_like_what_is_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def make() -> tuple[Terminal, io.StringIO]:
        file = io.StringIO()
        return Terminal(Console(file=file, color_system="truecolor", markup=False), NORMAL), file

    shown, there = make()
    shown.say("project", "packages/[bold]a")
    recorded, here = make()
    kept = recorded.record()
    recorded.say("project", "packages/[bold]a")
    assert here.getvalue() == ""
    other, here = make()
    other.pass_on(kept.getvalue(), "{}\n")
    assert here.getvalue() == there.getvalue() == "\x1b[1mproject   \x1b[0mpackages/[bold]a\n"
    assert capsys.readouterr().out == "{}\n"


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("a\x1b[2Jb", id="an escape sequence"),
        pytest.param("a\x9b2Jb", id="its one-byte form"),
        pytest.param("a\rb", id="a carriage return"),
        pytest.param("a\u202eb", id="text the other way round"),
        pytest.param("a\udc80b", id="bytes that are no text"),
    ],
)
def test_what_a_dist_holds_moves_no_cursor(message: str) -> None:
    found = Finding(
        code="RK102",
        severity=Severity.NOTE,
        message=message,
        place=Place(file=f"x-1.tar.gz/{message}"),
        fix=message,
    )
    _, line, rest = show((found,)).split("\n")
    assert rest == ""
    assert line.isprintable()


def open_terminal(secret: str) -> tuple[Terminal, io.StringIO]:
    file, redactor = io.StringIO(), Redactor()
    redactor.add(secret)
    terminal = Terminal(Console(file=file, width=60, markup=False), VERBOSE)
    terminal.redactor = redactor
    return terminal, file


SECRET = "hunter2/hunter2"
URL = f"https://nexus.example.com/{SECRET}/"


@pytest.mark.parametrize(
    "result",
    [
        Published(url=URL, uploaded=(WHEEL,)),
        Checked(findings=(replace(NO_URL, message=f"a {SECRET}", fix=SECRET),), codes=("RK101",)),
    ],
    ids=lambda result: type(result).__name__,
)
def test_no_line_of_a_result_shows_a_secret(result: Published | Checked) -> None:
    terminal, file = open_terminal(SECRET)
    terminal.finish(result, OUTCOME)
    assert "****" in file.getvalue()
    assert SECRET not in file.getvalue()


def test_no_output_of_a_program_shows_a_secret() -> None:
    terminal, file = open_terminal(SECRET)
    terminal.output(f"a {SECRET}")
    assert "****" in file.getvalue()
    assert SECRET not in file.getvalue()


def test_neither_an_error_nor_a_traceback_shows_a_secret() -> None:
    terminal, file = open_terminal(SECRET)
    terminal.fail(
        ReleasekitError(UPLOAD_REFUSED, url=URL, answer=f"400\x1b[2J\u2028{SECRET}", fix="x")
    )
    terminal.trace(f"Traceback:\n  File x\nValueError: {SECRET}\x1b[2J\n")
    terminal.say("note", f"a {SECRET}")
    terminal.say("login", URL)
    assert SECRET not in file.getvalue()
    assert "\x1b" not in file.getvalue()
    assert "\u2028" not in file.getvalue()
    assert file.getvalue().endswith(
        "Traceback:\n  File x\nValueError: ****\nnote      a ****\nlogin     https://nexus.example.com/****/\n"
    )


def test_a_password_that_was_made_up_is_shown_this_once() -> None:
    terminal, file = open_terminal(SECRET)
    terminal.show_password("ci", SECRET)
    terminal.say("note", SECRET)
    assert file.getvalue() == (
        f"password  {SECRET}  (of ci; shown this once, kept nowhere)\nnote      ****\n"
    )
