"""The doors: options, environment, signals and statuses. Nothing about a release is decided here.

`main` is the one function behind `nox -s X -- OPTIONS`, `python -m releasekit X OPTIONS` and
`releasekit X OPTIONS`. Only this module reads the environment of the process. What a command does
is imported when it runs, so that help and refusals are quick.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import functools
import importlib
import json
import logging
import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from releasekit.core.config import Settings, find_table, parse_settings, read_environment
from releasekit.core.errors import (
    CannotWrite,
    Interrupted,
    InvalidConfiguration,
    NotAProject,
    ReleasekitError,
    Status,
)
from releasekit.core.events import Event, Note
from releasekit.core.outcome import Outcome, fold_event
from releasekit.core.report import render_outcome, render_reports
from releasekit.core.target import NO_CREDENTIALS, Credentials, Target, nexus_target, pypirc_target
from releasekit.terminal import NORMAL, QUIET, VERBOSE, Terminal

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from releasekit.servers.sandbox import Sandbox
    from releasekit.steps.job import Job


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A command, which is a session too."""

    name: str
    summary: str
    verb: str
    """The function of `pipeline` that does it."""
    dry_verb: str | None = None
    """The one that does it with --dry-run."""
    asks_index: bool = False
    reports: bool = True


COMMANDS = (
    Command(
        name="release",
        summary="The whole release: version, build, check, plan, publish, verify, report.",
        verb="release",
        dry_verb="rehearse",
        asks_index=True,
    ),
    Command(
        name="version",
        summary="Tell which version a release of HEAD has.",
        verb="show_version",
        reports=False,
    ),
    Command(
        name="build",
        summary="Build the sdist, and the wheel from it, into dist/.",
        verb="build_only",
    ),
    Command(
        name="check", summary="Check the dists; build them first if need be.", verb="check_only"
    ),
    Command(
        name="plan",
        summary="Compare dist/ with the index: upload, skip or conflict.",
        verb="plan_only",
        asks_index=True,
    ),
    Command(
        name="publish",
        summary="Check dist/ again and upload what is missing, wheels first.",
        verb="publish_only",
        dry_verb="plan_only",
        asks_index=True,
    ),
    Command(
        name="verify",
        summary="Prove that the index serves dist/ and that it installs.",
        verb="verify_only",
        asks_index=True,
    ),
    Command(
        name="sandbox",
        summary="Keep a sandbox index in the foreground and print its settings.",
        verb="",
        reports=False,
    ),
)

EPILOG = """\
exit status: 0 done, 1 refused (the project must change), 2 usage (configuration or arguments),
3 failed (index or network: a re-run is safe), 130 interrupted. Settings: [tool.releasekit] in
pyproject.toml, RELEASEKIT_* in the environment, then these options; see the README."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = make_parser().parse_args(argv)
    command = next(command for command in COMMANDS if command.name == options.command)
    loudness = QUIET if options.quiet else VERBOSE if options.verbose else NORMAL
    # With --json, stdout belongs to the document.
    console = Console(stderr=options.json, highlight=False, emoji=False, markup=False)
    run = Run(options, command, Terminal(console, loudness), os.environ)
    with _interruptible(), _calm_logs():
        if command.name == "sandbox":
            return run.keep_sandbox()
        return run.carry_out()


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands and their options."""
    parser = argparse.ArgumentParser(
        prog="releasekit",
        description="From a git tag to a proven release in a private Nexus.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        options = commands.add_parser(
            command.name,
            help=command.summary,
            description=command.summary,
            epilog=EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        _add_options(options, command)
    return parser


def _add_options(parser: argparse.ArgumentParser, command: Command) -> None:
    add = parser.add_argument
    add("-C", dest="directory", metavar="DIR", default=".", help="the project's directory")
    add("--json", action="store_true", help="print the outcome as JSON on standard output")
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("-v", "--verbose", action="store_true", help="show the tools' output")
    loudness.add_argument("-q", "--quiet", action="store_true", help="show errors only")
    parser.set_defaults(tag=None, repository=None, dry_run=False, fresh=False)
    if command.name == "sandbox":
        add("--port", type=int, default=0, help="port on loopback; a free one by default")
        return
    add("--tag", metavar="NAME", help="the release tag on HEAD (also RELEASEKIT_TAG)")
    add("--fresh", action="store_true", help="use no cache")
    if command.asks_index:
        add(
            "-r",
            dest="repository",
            metavar="NAME",
            help="a section of ~/.pypirc; beats url and hosted",
        )
    if command.dry_verb:
        add("--dry-run", action="store_true", help="stop after the plan: change nothing")


class Run:
    """One command under way: events are folded into the outcome and shown as they come."""

    def __init__(
        self,
        options: argparse.Namespace,
        command: Command,
        terminal: Terminal,
        environ: Mapping[str, str],
    ) -> None:
        self._options = options
        self._command = command
        self._terminal = terminal
        self._environ = environ
        self._root = Path(options.directory).resolve()
        self._outcome = Outcome(command=command.name, sandbox=False)
        self._started = time.monotonic()

    def carry_out(self) -> int:
        """Run the command; report also when it fails."""
        error: ReleasekitError | None = None
        try:
            with contextlib.ExitStack() as stack:
                self._find_verb()(self._open_job(stack))
        except ReleasekitError as raised:
            error = raised
        except KeyboardInterrupt:
            error = Interrupted(step=self._outcome.step)
        except OSError as raised:
            error = CannotWrite(path=str(raised.filename), reason=raised.strerror or str(raised))
        if error:
            status, answers = error.status, tuple(error.answers().items())
            self._outcome = replace(self._outcome, status=status, error=answers)
        return self._conclude(error)

    def keep_sandbox(self) -> int:
        """Keep a sandbox in the foreground until Ctrl-C or SIGTERM, its ordinary end."""
        try:
            settings = self._read_settings()
            options = _sandbox_options(settings, self._root)
            with _open_sandbox(**options, port=self._options.port) as sandbox:
                self._show_sandbox(sandbox)
                threading.Event().wait()
        except KeyboardInterrupt:
            self._terminal.say("sandbox", "ended; nothing is left of it")
        except ReleasekitError as error:
            self._terminal.fail(error)
            return error.status
        return Status.DONE

    def notify(self, event: Event) -> None:
        """Take an event in; called from threads for the progress of uploads only."""
        self._outcome = fold_event(self._outcome, event, time.monotonic())
        self._terminal.show(event, self._outcome)

    def _find_verb(self) -> Any:
        dry = self._options.dry_run and self._command.dry_verb
        pipeline = importlib.import_module("releasekit.pipeline")
        return getattr(pipeline, dry or self._command.verb)

    def _open_job(self, stack: contextlib.ExitStack) -> Job:
        from releasekit.adapters.http import open_network
        from releasekit.steps.job import Job

        settings = self._read_settings()
        target, trust = self._open_target(settings)
        network = stack.enter_context(
            open_network(environ=self._environ, timeout=settings.timeout, **trust)
        )
        return Job(
            root=self._root,
            settings=settings,
            target=target,
            network=network,
            notify=self.notify,
            tag=self._options.tag or self._environ.get("RELEASEKIT_TAG") or None,
            cache=None if self._options.fresh else self._find_cache(settings),
        )

    def _read_settings(self) -> Settings:
        pyproject = _read_toml(self._root / "pyproject.toml")
        own = _read_toml(self._root / "releasekit.toml")
        is_project = pyproject is not None or (self._root / "setup.py").is_file()
        if not is_project and self._command.name != "sandbox":
            raise NotAProject(root=str(self._root))
        table = find_table(self._root, pyproject or {}, own)
        return parse_settings([table, read_environment(self._environ)])

    def _open_target(self, settings: Settings) -> tuple[Target, dict[str, str | None]]:
        """Return where this run goes, and the CA and client certificate for getting there."""
        trust = {
            "ca_bundle": self._resolve(settings.ca_bundle),
            "client_cert": self._resolve(settings.client_cert),
        }
        if self._options.repository:
            return self._open_pypirc(settings, trust)
        if settings.url is not None:
            address = f"{settings.url}/repository/{settings.hosted}/"
            return nexus_target(settings, self._find_credentials(address)), trust
        self._outcome = replace(self._outcome, sandbox=True)
        if not self._command.asks_index:
            return _sandbox_target("", "", NO_CREDENTIALS), trust
        sandbox = _embed_sandbox(**_sandbox_options(settings, self._root))
        credentials = Credentials(
            username=sandbox.username, password=sandbox.password, source="the sandbox"
        )
        self.notify(Note(text="no url is configured: this goes to a sandbox on this machine only"))
        target = _sandbox_target(
            sandbox.upload_url(), sandbox.upload_url(sandbox.group), credentials
        )
        return target, {"ca_bundle": str(sandbox.ca_bundle)}

    def _open_pypirc(
        self, settings: Settings, trust: dict[str, str | None]
    ) -> tuple[Target, dict[str, str | None]]:
        from releasekit.adapters.credentials import read_pypirc

        section = read_pypirc(self._options.repository)
        trust = {
            "ca_bundle": trust["ca_bundle"] or section.ca_cert,
            "client_cert": trust["client_cert"] or section.client_cert,
        }
        return pypirc_target(section.url, settings, self._find_credentials(section.url)), trust

    def _find_credentials(self, url: str) -> Credentials:
        """Find the credentials before any work is done; none for a step that asks no index."""
        if not self._command.asks_index:
            return NO_CREDENTIALS
        from releasekit.adapters.credentials import read_credentials

        return read_credentials(
            url,
            section=self._options.repository,
            environ=self._environ,
            interactive=sys.stdin.isatty(),
        )

    def _find_cache(self, settings: Settings) -> Path:
        from platformdirs import user_cache_path

        named = self._resolve(settings.cache_dir)
        return Path(named) if named else user_cache_path("releasekit")

    def _resolve(self, path: str | None) -> str | None:
        """Return a configured path below the project's directory; PEM text stays as it is."""
        if path is None or "-----BEGIN" in path:
            return path
        return str(self._root / Path(path).expanduser())

    def _conclude(self, error: ReleasekitError | None) -> int:
        status = self._write_reports() if self._outcome.project else None
        if error:
            self._terminal.fail(error)
        else:
            self._terminal.rest()
            took = time.monotonic() - self._started
            self._terminal.say("done", f"{self._command.name} in {took:.1f} s")
        if self._options.json:
            sys.stdout.write(render_outcome(self._outcome))
        return status or self._outcome.status

    def _write_reports(self) -> int | None:
        """Write the reports; what is done stays done where they cannot be written."""
        if not self._command.reports:
            return None
        from releasekit.adapters.files import write_text

        folder = self._root / "reports"
        try:
            for name, text in render_reports(self._outcome).items():
                write_text(folder / name, text)
        except CannotWrite as error:
            self._terminal.fail(error)
            return error.status
        self._terminal.say("report", str(folder.relative_to(self._root) / "summary.md"))
        return None

    def _show_sandbox(self, sandbox: Sandbox) -> None:
        if self._options.json:
            sys.stdout.write(json.dumps(sandbox.environ()) + "\n")
        names = f"hosted {sandbox.hosted}, proxy {sandbox.proxy}, group {sandbox.group}"
        self._terminal.say("sandbox", f"{sandbox.url} ({names})")
        self._terminal.say("settings", "for another terminal, until Ctrl-C ends this one:")
        if not self._options.json:
            for name, value in sandbox.environ().items():
                sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
        sys.stdout.flush()


def _sandbox_target(upload_url: str, install_url: str, credentials: Credentials) -> Target:
    return Target(
        upload_url=upload_url,
        install_url=install_url,
        snapshots_url=None,
        credentials=credentials,
        sandbox=True,
    )


def _read_toml(path: Path) -> Mapping[str, Any] | None:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidConfiguration(source=str(path), count=1, problems=str(error)) from error


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Make SIGTERM, which CI sends on cancel, arrive like Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _calm_logs() -> Iterator[None]:
    """Keep the libraries' logs out: nox shows them all, Python itself shows their warnings.

    What they warn of (a request tried again, a keyring that fails) ends well or in our error.
    """
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _sandbox_options(settings: Settings, root: Path) -> dict[str, Any]:
    """Return the sandbox that the settings describe."""
    remote = settings.proxy_remote
    is_address = remote is None or remote.startswith(("https://", "http://"))
    return {
        "hosted": settings.hosted,
        "proxy": settings.proxy,
        "group": settings.group or "pypi-group",
        "snapshots": settings.snapshots,
        "remote": remote if is_address else root / str(remote),
    }


@contextlib.contextmanager
def _open_sandbox(**options: Any) -> Iterator[Sandbox]:
    """Start a server: this is the one place that does."""
    from releasekit.servers.sandbox import run_sandbox

    with run_sandbox(**options) as sandbox:
        yield sandbox


@functools.cache
def _embed_sandbox(**options: Any) -> Sandbox:
    """Start the sandbox of this process: all its sessions share it, and it ends with it."""
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(_open_sandbox(**options))
