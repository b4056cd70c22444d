"""Measure what releases take: `nox -s bench -- OPTIONS`.

Nothing here is a test: times depend on the machine, and on what else it does.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console

from bench.measure import run_command
from bench.releases import COLD, WARM, Releases, Result, find_settings
from bench.subjects import SUBJECTS
from bench.tables import describe_machine, make_table, render_document
from bench.targets import SERVERS, Server, open_server
from bench.ways import UV, WAYS, Way
from releasekit.adapters.network import open_network
from support import public_index

REPORT = Path("reports", "bench.json")


def make_parser() -> argparse.ArgumentParser:
    """Return the options; without any, a small project's warm releases into the sandbox."""
    parser = argparse.ArgumentParser(prog="nox -s bench --", description=__doc__)
    add = parser.add_argument
    add("--project", action="append", choices=[s.name for s in SUBJECTS], help="default: small")
    add("--server", action="append", choices=SERVERS, help="default: sandbox")
    add("--only", choices=(WARM, COLD), help="the state of all caches; default: warm")
    add("--way", action="append", choices=[w.name for w in WAYS], help="default: all")
    add("--rounds", type=int, default=5, help="default: 5")
    add("--all", action="store_true", help="all projects, servers, and states of the caches")
    add("--json", type=Path, default=REPORT, help=f"where the document goes; default: {REPORT}")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what was asked for, show it, and write it down."""
    options = make_parser().parse_args(argv)
    console = Console(highlight=False)
    machine = describe_machine()
    with tempfile.TemporaryDirectory(prefix="releasekit-bench-") as folder:
        results = tuple(_measure(options, Path(folder), console))
    document = render_document(machine, results, {})
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    console.print(f"{machine['cores']} cores, {machine['processor']}, {machine['date']}")
    return 0


def _measure(options: argparse.Namespace, room: Path, console: Console) -> Iterator[Result]:
    subjects = [s for s in SUBJECTS if options.all or s.name in (options.project or ["small"])]
    servers = SERVERS if options.all else options.server or ["sandbox"]
    caches = (WARM, COLD) if options.all else (options.only or WARM,)
    ways = [way for way in WAYS if way.name in (options.way or [w.name for w in WAYS])]
    environ = find_environ(room)
    with console.status("installing the tools") as status:
        tools = install_tools(ways, room, environ)
        for name in servers:
            status.update(f"starting {name}")
            with open_target(name, environ) as (server, trusting):
                releases = Releases(room, tools, trusting)
                for setting in find_settings(subjects, server, caches, options.rounds):
                    result = releases.compare(setting, ways, status.update)
                    console.print(make_table(result), "")
                    yield result


def find_environ(room: Path) -> dict[str, str]:
    """Return the machine's environment with an empty HOME, and an index for build requirements."""
    home = room / "home"
    home.mkdir()
    ours = ("RELEASEKIT_", "TWINE_", "GIT_", "XDG_", "UV_PUBLISH_", "HATCH_")
    author = {"NAME": "Author", "EMAIL": "author@example.com"}
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(ours)},
        **{f"GIT_{who}_{k}": v for who in ("AUTHOR", "COMMITTER") for k, v in author.items()},
        **public_index(),
        "HOME": str(home),
    }


@contextlib.contextmanager
def open_target(
    name: str, environ: Mapping[str, str]
) -> Iterator[tuple[Server, Mapping[str, str]]]:
    """Provide a server, and an environment in which every program trusts it."""
    with (
        open_server(name, environ) as server,
        open_network(environ=environ, ca_bundle=str(server.ca_bundle)) as network,
    ):
        merged = network.environ["SSL_CERT_FILE"]
        yield server, {**network.environ, "HATCH_INDEX_CA_CERT": merged}


def install_tools(ways: Sequence[Way], room: Path, environ: Mapping[str, str]) -> Path:
    """Install what the ways need into one environment, and return where its programs are."""
    needs = [need for way in ways for need in way.needs]
    if needs:
        tools = str(room / "tools")
        run_command((UV, "venv", "--quiet", "--python", sys.executable, tools), room, environ)
        install = (UV, "pip", "install", "--quiet", "--python", f"{tools}/bin/python")
        run_command((*install, *needs), room, environ)
    return room / "tools" / "bin"


if __name__ == "__main__":
    sys.exit(main())
