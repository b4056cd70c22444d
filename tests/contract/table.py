"""The contract as a table: what Nexus does, and on which server it was seen."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from contract.wire import Answer

CONTRACT = "contract"
"""Under this name a report tells what its test is about."""
SERVERS = ("double", "nexus")
TITLE = """\
# What a Nexus 3.30.0-01 does as a PyPI server

Every line is a test, which ran on the servers named: `yes` it does so, `NO` it does not.
"""


@dataclass(kw_only=True, slots=True)
class Row:
    """One behaviour; `seen` is how its test went on each server."""

    topic: str
    behaviour: str
    answer: str
    seen: dict[str, bool] = field(default_factory=dict)

    def note(self, server: str, report: pytest.TestReport) -> None:
        """Note how one phase of the test went; a failure of any phase is one."""
        self.seen[server] = self.seen.get(server, True) and not report.failed


def read_case(item: pytest.Function) -> tuple[str, str, str, str]:
    """Read topic, behaviour, answer and server of a test; `expected` is what is answered."""
    callspec = item.callspec
    cases = [part for part in callspec.id.split("-", 1) if part not in SERVERS]
    name = item.originalname.removeprefix("test_").replace("_", " ")
    expected = callspec.params.get("expected")
    return (
        item.path.stem.removeprefix("test_contract_").replace("_", " "),
        ": ".join([name, *cases]),
        expected.line if isinstance(expected, Answer) else "",
        str(callspec.params["server"]),
    )


class Table:
    """Gathers the rows from the reports of tests, in whatever process these ran."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: dict[tuple[str, str], Row] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note one phase of a test."""
        case: Any = dict(report.user_properties).get(CONTRACT)
        if case is not None:
            topic, behaviour, answer, server = case
            row = Row(topic=topic, behaviour=behaviour, answer=answer)
            self._rows.setdefault((topic, behaviour), row).note(server, report)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write the table."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(render_table(self._rows.values()), encoding="utf-8")
        line = f"contract table: {self._path} ({len(self._rows)} behaviours)"
        terminalreporter.write_line(line)


def render_table(rows: Iterable[Row]) -> str:
    """Render the rows, topic by topic, in the order in which they ran."""
    ordered = sorted(rows, key=lambda row: row.topic)
    topics = itertools.groupby(ordered, key=lambda row: row.topic)
    return "\n".join([TITLE, *(_render_topic(topic, found) for topic, found in topics)])


def _render_topic(topic: str, rows: Iterable[Row]) -> str:
    head = f"## {topic.capitalize()}\n\n| behaviour | answer | {' | '.join(SERVERS)} |\n"
    rule = "|---|---|" + "---|" * len(SERVERS) + "\n"
    return head + rule + "".join(map(_render_row, rows))


def _render_row(row: Row) -> str:
    words = {True: "yes", False: "NO", None: "-"}
    seen = [words[row.seen.get(server)] for server in SERVERS]
    cells = [_escape(row.behaviour), _escape(row.answer), *seen]
    return f"| {' | '.join(cells)} |\n"


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
