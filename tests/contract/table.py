"""The contract as a table: what Nexus does, and on which server it was seen."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from contract.wire import Answer

SERVERS = ("sandbox", "nexus")
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

    @property
    def key(self) -> str:
        """Give what tells rows apart."""
        return f"{self.topic}\n{self.behaviour}"

    def note(self, item: pytest.Function, report: pytest.TestReport) -> None:
        """Note how one phase of the test went; a failure of any phase is one."""
        server = str(item.callspec.params["server"])
        self.seen[server] = self.seen.get(server, True) and not report.failed


def read_row(item: pytest.Function) -> Row:
    """Read what a test is about from its names; `expected` is what is answered."""
    callspec = item.callspec
    cases = [part for part in callspec.id.split("-", 1) if part not in SERVERS]
    name = item.originalname.removeprefix("test_").replace("_", " ")
    expected = callspec.params.get("expected")
    return Row(
        topic=item.path.stem.removeprefix("test_contract_").replace("_", " "),
        behaviour=": ".join([name, *cases]),
        answer=expected.line if isinstance(expected, Answer) else "",
    )


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
