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
from typing import Any

from rich.console import Console

from bench.delay import open_delay
from bench.latency import ROUND_TRIP, Latency
from bench.measure import run_command
from bench.methods import METHODS, UV, Method, find_cache_variables, find_variables
from bench.monorepo import measure_monorepo
from bench.releases import COLD, WARM, Releases, find_settings
from bench.size import Size
from bench.start import measure_start
from bench.subjects import SUBJECTS
from bench.tables import describe_machine, fill_page, make_table, render_result
from bench.targets import SERVERS, Server, open_server, read_server
from nexus_double import run_sandbox
from releasekit.network import open_network
from support import public_index

REPORT = Path("reports", "bench.json")
PARTS = ("releases", "start", "monorepo", "latency", "size")
SHOWN = ("build", "check-manifest", "check-wheel-contents", "hatch", "hatchling", "setuptools")
Target = tuple[Server, Mapping[str, str]]


def make_parser() -> argparse.ArgumentParser:
    """Return the options; without any, a small project's warm releases into the sandbox."""
    parser = argparse.ArgumentParser(prog="nox -s bench --", description=__doc__)
    add = parser.add_argument
    add("--part", action="append", choices=PARTS, help="default: releases")
    add("--project", action="append", choices=[s.name for s in SUBJECTS], help="default: small")
    add("--server", action="append", choices=SERVERS, help="default: sandbox")
    add("--only", choices=(WARM, COLD), help="the state of all caches; default: warm")
    add(
        "--method",
        action="append",
        choices=[method.name for method in METHODS],
        help="default: all",
    )
    add("--rounds", type=int, default=5, help="default: 5")
    add("--packages", type=int, default=20, help="of the monorepo; default: 20")
    add("--size", type=int, default=1024, metavar="MIB", help="of the large wheel; default: 1024")
    add("--wheels", type=int, default=200, help="behind the slow connection; default: 200")
    add("--all", action="store_true", help="all parts, projects, servers, states of the caches")
    add("--json", type=Path, default=REPORT, help=f"where the document goes; default: {REPORT}")
    add("--write", action="store_true", help="put the table into docs/speed.md")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what the options name, show it, and write it down."""
    options = make_parser().parse_args(argv)
    console, machine = Console(highlight=False), describe_machine()
    with tempfile.TemporaryDirectory(prefix="releasekit-bench-") as folder:
        measured = Bench(options, Path(folder), console).measure()
    machine["versions"] |= measured.pop("versions")
    document = {"machine": machine, **measured}
    if options.write:
        fill_page(document)
    text = json.dumps(document, indent=2)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(f"{text}\n", encoding="utf-8")
    console.print(f"{machine['cores']} cores, {machine['processor']}, {machine['date']}")
    return 0


class Bench:
    """One run of the bench."""

    def __init__(self, options: argparse.Namespace, tempdir: Path, console: Console) -> None:
        self._options, self._tempdir, self._console = options, tempdir, console
        self._environ = find_environ(tempdir)
        names = options.method or [method.name for method in METHODS]
        self._methods = [method for method in METHODS if method.name in names]

    def measure(self) -> dict[str, Any]:
        """Measure all parts that the options name; return them by name."""
        options = self._options
        parts = PARTS if options.all else options.part or PARTS[:1]
        measured: dict[str, Any] = {"versions": {}, **{part: [] for part in parts}}
        with self._console.status("installing the tools") as status:
            self._say = status.update
            needed = self._methods if "releases" in parts else []
            self._tools = install_tools(needed, self._tempdir, self._environ)
            measured["versions"] = read_versions(self._tools, self._tempdir, self._environ)
            for part in parts:
                for name in SERVERS if options.all else options.server or SERVERS[:1]:
                    self._say(f"starting {name}")
                    measured[part] += getattr(self, f"_measure_{part}")(name)
        return measured

    def _measure_releases(self, name: str) -> Iterator[dict[str, Any]]:
        options = self._options
        chosen = options.project or ["small"]
        subjects = [s for s in SUBJECTS if options.all or s.name in chosen]
        caches = (WARM, COLD) if options.all else (options.only or WARM,)
        with open_target(name, self._environ) as (server, environ):
            releases = Releases(self._tempdir, self._tools, environ)
            for setting in find_settings(subjects, server, caches, options.rounds):
                result = releases.compare(setting, self._methods, self._say)
                self._console.print(make_table(result), "")
                yield render_result(result)

    def _measure_start(self, name: str) -> Iterator[dict[str, Any]]:
        with self._open_small_target(name) as environ:
            found = measure_start(self._tempdir, environ, self._options.rounds, self._say)
            yield self._show({"server": name, **found})

    def _measure_monorepo(self, name: str) -> Iterator[dict[str, Any]]:
        options = self._options
        with self._open_small_target(name) as environ:
            count, rounds = options.packages, options.rounds
            found = measure_monorepo(self._tempdir, environ, count, rounds, self._say)
            yield self._show({"server": name, **found})

    @contextlib.contextmanager
    def _open_small_target(self, name: str) -> Iterator[Mapping[str, str]]:
        """Provide the environment of commands that find a server and warm caches."""
        with open_target(name, self._environ) as (server, environ):
            caches = find_cache_variables(self._tempdir / "caches" / WARM)
            yield {**environ, **find_variables(server), **caches}

    def _show(self, found: dict[str, Any]) -> dict[str, Any]:
        self._console.print_json(data=found)
        return found

    def _measure_latency(self, name: str) -> Iterator[dict[str, Any]]:
        with contextlib.ExitStack() as stack:
            sandbox = stack.enter_context(run_sandbox()) if name == "sandbox" else None
            if sandbox:  # of this process, which counts the requests
                target = trust_server(read_server(name, sandbox.environ()), self._environ)
            else:
                target = open_target(name, self._environ)
            server, environ = stack.enter_context(target)
            port = stack.enter_context(open_delay(server.port, ROUND_TRIP))
            slow = {**environ, **find_variables(server.behind(port))}
            slow |= find_cache_variables(self._tempdir / "caches" / WARM)
            latency = Latency(self._tempdir, slow, self._options.wheels)
            found = {"server": name, **latency.compare(sandbox, self._options.rounds, self._say)}
            if sandbox:
                found["plan"] = latency.measure_plan(sandbox)
            yield self._show(found)

    def _measure_size(self, name: str) -> Iterator[dict[str, Any]]:
        with open_target(name, self._environ) as (server, environ):
            environ = {**environ, **find_variables(server)}
            environ |= find_cache_variables(self._tempdir / "caches" / WARM)
            size = Size(server, self._tempdir, environ, self._options.size)
            found = {"server": name, **size.compare(self._options.rounds, self._say)}
            yield self._show(found)


def find_environ(tempdir: Path) -> dict[str, str]:
    """Return the machine's environment with an empty HOME, and an index for build requirements."""
    home = tempdir / "home"
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
def open_target(name: str, environ: Mapping[str, str]) -> Iterator[Target]:
    """Provide a server, and an environment in which every program trusts it."""
    with open_server(name, environ) as server, trust_server(server, environ) as target:
        yield target


@contextlib.contextmanager
def trust_server(server: Server, environ: Mapping[str, str]) -> Iterator[Target]:
    """Provide an environment in which every program trusts a server."""
    with open_network(environ=environ, ca_bundle=str(server.ca_bundle)) as network:
        merged = network.environ["SSL_CERT_FILE"]
        yield server, {**network.environ, "HATCH_INDEX_CA_CERT": merged}


def install_tools(methods: Sequence[Method], tempdir: Path, environ: Mapping[str, str]) -> Path:
    """Install what the methods need into one environment, and return where its programs are."""
    needs = [need for method in methods for need in method.needs]
    if needs:
        tools = str(tempdir / "tools")
        run_command((UV, "venv", "--quiet", "--python", sys.executable, tools), tempdir, environ)
        install = (UV, "pip", "install", "--quiet", "--python", f"{tools}/bin/python")
        run_command((*install, "--compile-bytecode", *needs), tempdir, environ)
    return tempdir / "tools" / "bin"


def read_versions(tools: Path, tempdir: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the versions of the tools that were installed, by name."""
    if not tools.exists():
        return {}
    command = (UV, "pip", "list", "--quiet", "--format=json", f"--python={tools}/python")
    listed = json.loads(run_command(command, tempdir, environ))
    return {one["name"]: one["version"] for one in listed if one["name"] in SHOWN}


if __name__ == "__main__":
    sys.exit(main())
