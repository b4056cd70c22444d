"""Results as a table on the terminal, as Markdown, and as a JSON document."""

from __future__ import annotations

import datetime
import os
import platform
import re
import statistics
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.table import Table

from bench.measure import find_median
from bench.methods import METHODS
from bench.releases import Result

TITLES = {method.name: method.title for method in METHODS}
Row = tuple[str, str, str, str]
HEADINGS = ("method", "seconds", "ratio", "CPU seconds")


def find_title(result: Result) -> str:
    """Return what a table shows."""
    setting = result.setting
    server = {"sandbox": "the sandbox", "nexus": "a real Nexus"}[setting.server.name]
    return f"{setting.subject.title}, {setting.caches}, to {server}"


def find_rows(result: Result) -> Iterator[Row]:
    """Yield a row for each method: medians, and how often what `uv` takes."""
    for name, took in result.took.items():
        median, ratio = find_median(took), result.find_ratio(name)
        shown = "" if ratio is None else f"{ratio:.2f}"
        yield TITLES[name], f"{median.seconds:.2f}", shown, f"{median.cpu:.2f}"


def find_steps(result: Result) -> Mapping[str, float]:
    """Return the median seconds of each step of the whole release."""
    names = dict.fromkeys(name for steps in result.steps for name in steps)
    return {
        name: round(statistics.median(steps.get(name, 0.0) for steps in result.steps), 3)
        for name in names
    }


def make_table(result: Result) -> Table:
    """Return a result for the terminal."""
    table = Table(title=find_title(result), title_justify="left", box=None, pad_edge=False)
    table.add_column(HEADINGS[0], overflow="fold")
    for heading in HEADINGS[1:]:
        table.add_column(heading, justify="right")
    for row in find_rows(result):
        table.add_row(*(cell.replace("`", "") for cell in row))
    if steps := find_steps(result):
        table.caption = "release: " + ", ".join(f"{k} {v:.2f} s" for k, v in steps.items())
        table.caption_justify = "left"
    return table


def describe_machine() -> dict[str, Any]:
    """Return what the figures are true of."""
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _find_processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("releasekit", "uv", "twine")},
    }


def _find_processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except FileNotFoundError:
        return platform.processor()
    found = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    return found[1] if found else platform.processor()


def render_result(result: Result) -> dict[str, Any]:
    """Return a result for the JSON document; times are in seconds."""
    setting = result.setting
    return {
        "project": setting.subject.name,
        "server": setting.server.name,
        "caches": setting.caches,
        "methods": {
            name: {
                "seconds": [round(one.seconds, 3) for one in took],
                "cpu": [round(one.cpu, 3) for one in took],
                "median": round(find_median(took).seconds, 3),
                "ratio": round(ratio, 3) if (ratio := result.find_ratio(name)) else None,
            }
            for name, took in result.took.items()
        },
        "steps": find_steps(result),
    }


PAGE = Path(__file__).parents[2] / "docs" / "speed.md"
PLACE = re.compile(r"(?<=<!-- bench -->\n).*(?=<!-- end of bench -->)", re.DOTALL)


def render_markdown(document: Mapping[str, Any]) -> str:
    """Return the document as docs/speed.md shows it: seconds are medians."""
    machine = document["machine"]
    versions = machine["versions"].items()
    used = ", ".join(f"{name} {number}" for name, number in versions if name != "releasekit")
    head = f"{machine['date']}, {machine['cores']} cores of {machine['processor']}"
    lines = [
        f"{head}, Python {machine['python']}, {used}:",
        "",
        f"| project | caches | server | {' | '.join(TITLES)} |",
        f"|---|---|---|{'---|' * len(TITLES)}",
    ]
    for one in document.get("releases", ()):
        cells = (_render_cell(one["methods"].get(name)) for name in TITLES)
        lines.append(f"| {' | '.join((one['project'], one['caches'], one['server'], *cells))} |")
    lines += ["", *map(_describe_start, document.get("start", ()))]
    lines += map(_describe_monorepo, document.get("monorepo", ()))
    lines += map(_describe_latency, document.get("latency", ()))
    lines += map(_describe_size, document.get("size", ()))
    return "\n".join(["", *lines, ""])


def _describe_start(found: Mapping[str, Any]) -> str:
    return "- " + ", ".join(f"{name} {took:.2f} s" for name, took in found["seconds"].items())


def _describe_monorepo(found: Mapping[str, Any]) -> str:
    return (
        f"- {found['packages']} packages of a monorepo, {found['server']}: in one command "
        f"{found['one_command_seconds']} s, in one for each {found['a_command_each_seconds']} s "
        f"({found['ratio']})"
    )


def _describe_latency(found: Mapping[str, Any]) -> str:
    faster = found["times_faster"]
    took = f"`twine upload` {found['twine_seconds']} s, `releasekit publish` with its checks and "
    took += f"its plan {found['command_seconds']} s ({faster['command']} times faster), "
    took += f"its step publish alone {found['step_seconds']['publish']:.2f} s ({faster['step']})"
    return (
        f"- {found['wheels']} wheels and an sdist, {found['round_trip_ms']:.0f} ms per round trip, "
        f"{found['server']}: {took}"
    )


def _describe_size(found: Mapping[str, Any]) -> str:
    return (
        f"- A wheel of {found['mebibytes']} MiB, {found['server']}: "
        f"curl {found['curl_seconds']} s, "
        f"the step publish {found['publish_seconds']} s, with {found['over_base_mebibytes']} MiB "
        "more memory than a small release"
    )


def _render_cell(method: Mapping[str, Any] | None) -> str:
    if method is None:
        return ""
    ratio = f" ({method['ratio']:.2f})" if method["ratio"] else ""
    return f"{method['median']:.2f} s{ratio}"


def fill_page(document: Mapping[str, Any]) -> None:
    """Put the document into docs/speed.md."""
    text = PAGE.read_text(encoding="utf-8")
    found = render_markdown(document)
    PAGE.write_text(PLACE.sub(lambda _: f"{found}\n", text), encoding="utf-8")
