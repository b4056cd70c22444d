"""Count what the rows of `nox -s faults` found; with --write, record it.

broken.json holds the promises that are not kept, and docs/faults.md shows them as a table.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from black_box.fault_table import CELLS, MEANINGS, REQUESTS, Cell

HERE = Path(__file__).parent
BROKEN, TABLE = HERE / "broken.json", HERE.parents[1] / "docs" / "faults.md"
INTRODUCTION = """\
# When a request of a release fails

A release sends these requests, and each of them was made to fail in each of these manners, before
a double of a Nexus and before a real one. Each cell was tried: the exit status, whether the message
names the server, proxy or file that failed, a limit of time (90 s at a `timeout` of 5 s) and memory
(500 MB), what the index has afterwards, and that the same command, run again, reaches exactly the
release. The letters say what is promised; [the guarantees](guarantees.md) say why. In bold is the
number of a reason, if a promise is not kept. `nox -s faults -- --write` tries all cells, and writes
this page.
"""
SERVERS = {"double": "The double of a Nexus", "real": "A real Nexus 3.30.0-01"}
Broken = Mapping[str, Mapping[str, str]]


def cells_of(server: str) -> list[Cell]:
    """Return the cells that are tried before a server."""
    return [cell for cell in CELLS if server == "double" or REQUESTS[cell.request].nexus]


def merge(broken: Broken, results: list[dict[str, object]]) -> dict[str, dict[str, str]]:
    """Return the broken promises after rows were tried; others stay as they are."""
    merged = {server: dict(broken[server]) for server in SERVERS}
    for result in results:
        server, cell, problems = (
            merged[str(result["server"])],
            str(result["cell"]),
            result["problems"],
        )
        assert isinstance(problems, list)
        server.pop(cell, None)
        if problems:
            server[cell] = "; ".join(problems)
    order = [cell.name for cell in CELLS]
    return {
        name: dict(sorted(s.items(), key=lambda i: order.index(i[0]))) for name, s in merged.items()
    }


def count(broken: Broken) -> Iterator[str]:
    """Yield a line per server, and one per guarantee that does not hold everywhere."""
    for server, title in SERVERS.items():
        total, found = len(cells_of(server)), broken[server]
        yield f"{title}: {total} cells, {total - len(found)} ok, {len(found)} broken"
        kinds = Counter(kind for text in found.values() for kind in _kinds(text))
        yield from (f"- {number} x {kind}" for kind, number in sorted(kinds.items()))
        yield ""


def _kinds(text: str) -> set[str]:
    return {problem.partition(":")[0] for problem in text.split("; ")}


def render(broken: Broken) -> str:
    """Return the table as Markdown."""
    lines = [*INTRODUCTION.splitlines(), "", *count(broken)]
    lines += [f"- `{letter}` {meaning}" for letter, meaning in MEANINGS.items() if letter != "."]
    reasons = sorted({reason for server in broken.values() for reason in server.values()})
    for server, title in SERVERS.items():
        lines += ["", f"## {title}", "", *_render_grid(server, broken[server], reasons)]
    lines += ["", "## Requests", "", *(f"- {name}: {r.about}" for name, r in REQUESTS.items())]
    if reasons:
        lines += ["", "## Reasons", "", *(f"{n}. {text}" for n, text in enumerate(reasons, 1))]
    return "\n".join(lines) + "\n"


def _render_grid(server: str, broken: Mapping[str, str], reasons: list[str]) -> Iterator[str]:
    cells = {(cell.request, cell.fault): cell for cell in cells_of(server)}
    requests = [name for name in REQUESTS if any(name == request for request, _ in cells)]
    yield f"| fault | {' | '.join(requests)} |"
    yield f"|---|{'---|' * len(requests)}"
    for fault in dict.fromkeys(fault for _, fault in cells):
        shown = [_show(cells.get((request, fault)), broken, reasons) for request in requests]
        yield f"| {fault} | {' | '.join(shown)} |"


def _show(cell: Cell | None, broken: Mapping[str, str], reasons: list[str]) -> str:
    if cell is None:
        return ""
    if reason := broken.get(cell.name):
        return f"{cell.promise} **{reasons.index(reason) + 1}**"
    return cell.promise


def read_broken() -> dict[str, dict[str, str]]:
    """Return the promises that are not kept today, with the reason, by server and cell."""
    found: dict[str, dict[str, str]] = json.loads(BROKEN.read_text(encoding="utf-8"))
    return found


def main(results: Path, write: bool) -> None:
    """Print the counts of the rows in a directory; record them if that is wanted."""
    rows = [json.loads(path.read_text(encoding="utf-8")) for path in results.glob("*.json")]
    broken = merge(read_broken(), rows)
    sys.stdout.write(f"{len(rows)} rows were tried\n" + "\n".join(count(broken)))
    if write:
        BROKEN.write_text(json.dumps(broken, indent=1) + "\n", encoding="utf-8")
        TABLE.write_text(render(broken), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), "--write" in sys.argv)
