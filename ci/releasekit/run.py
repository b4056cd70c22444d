"""A command under way: its events become the outcome, the terminal's lines and the reports."""

from __future__ import annotations

import contextlib
import importlib
import json
import shlex
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from releasekit.errors import (
    CannotWrite,
    InternalError,
    Interrupted,
    NotAPlainFile,
    ReleasekitError,
    Status,
    UnknownCheck,
    find_limit,
)
from releasekit.events import Event, Note, Output, Sent, Working
from releasekit.model.credentials import Credentials
from releasekit.outcome import Outcome, describe_times, fold_event
from releasekit.prepare import open_job, open_task
from releasekit.redact import escape_json
from releasekit.request import Request, check_directory
from releasekit.signals import is_interrupted, raise_again
from releasekit.terminal import Terminal

if TYPE_CHECKING:
    from releasekit.sandbox import Sandbox
    from releasekit_nexus import Nexus


class Run:
    """One command under way."""

    def __init__(self, request: Request, terminal: Terminal) -> None:
        self._request = request
        self._terminal = terminal
        self._started = time.monotonic()
        self._outcome = Outcome(
            command=request.command.name,
            sandbox=False,
            dry_run=request.is_dry_run,
            began=self._started,
        )
        self._over = False
        request.redactor.add_environ(request.environ)
        terminal.use(request.redactor)

    @property
    def is_over(self) -> bool:
        """Tell whether all that is left is to report what came of it."""
        return self._over

    def do(self) -> int:
        """Do what was asked, and return the exit status."""
        if self._request.explain:
            return self.explain(self._request.explain)
        return self.keep_server() if self._request.command.server else self.carry_out()

    def carry_out(self) -> int:
        """Do the command and return its exit status; report also when it fails."""
        from releasekit.tempdirs import keep_temporary_files

        error: ReleasekitError | None = None
        try:
            with keep_temporary_files(), contextlib.ExitStack() as stack:
                self._check_directory()
                self._check_folders()
                open_ = {"pipeline": open_job, "admin": open_task}[self._request.command.module]
                opened = open_(self._request, self.notify, stack)
                self._add_secrets(opened)
                self._note_dry_run()
                self._find_verb()(opened)
        except KeyboardInterrupt:
            error = Interrupted(step=self._outcome.step)
        except Exception as raised:  # noqa: BLE001 - told from each other there
            error = self._explain(raised)
        return self.conclude(error)

    def _add_secrets(self, opened: object) -> None:
        """Add the passwords that were looked up; say which are too short to be hidden."""
        for found in list_credentials(opened):
            name = f"the password of {found.source}"
            self._request.redactor.add(found.password, found.username, name=name)
        if warning := self._request.redactor.warn():
            self.notify(Note(text=warning))

    def _check_directory(self) -> None:
        """Refuse a -C that is no directory, and note one without any settings."""
        root = self._request.root
        check_directory(root)
        files = ("pyproject.toml", "releasekit.toml")
        is_named = not self._request.command.is_step and root != Path.cwd()
        if is_named and not any((root / name).is_file() for name in files):
            text = "no pyproject.toml or releasekit.toml: settings come from the environment alone"
            self.notify(Note(text=f"{root} has {text}"))

    def _check_folders(self) -> None:
        """Refuse links in place of `dist/` and `reports/` before there is anything to write."""
        if self._request.reports_folder and not self._request.reports:
            from releasekit.workspace import check_folders

            check_folders(self._request.root)

    def _explain(self, raised: Exception) -> ReleasekitError:
        """Return the situation that an exception means."""
        if is_interrupted():  # it had reached the programs that were started before
            return Interrupted(step=self._outcome.step)
        if limit := find_limit(raised, str(self._request.root)):
            return limit
        if isinstance(raised, ReleasekitError):
            return raised
        if isinstance(raised, OSError):
            path = raised.filename or "no file is named"
            return CannotWrite(path=str(path), reason=raised.strerror or str(raised))
        return self._explain_defect(raised)

    def _note_dry_run(self) -> None:
        name = self._request.command.name
        if self._request.dry_run and not self._request.is_dry_run:
            text = f"--dry-run changes nothing here: {name} sends no file with or without it"
            self.notify(Note(text=text))

    def _explain_defect(self, raised: Exception) -> ReleasekitError:
        if self._terminal.is_verbose:
            self._terminal.trace("".join(traceback.format_exception(raised)))
        frame = traceback.extract_tb(raised.__traceback__)[-1]
        place = f"{Path(frame.filename).name}, line {frame.lineno}, during {self._outcome.step}"
        return InternalError(kind=type(raised).__name__, place=place)

    def keep_server(self) -> int:
        """Keep a server in the foreground until Ctrl-C or SIGTERM, its ordinary end."""
        from releasekit.serve import open_server

        name = self._request.command.name
        try:
            self._check_directory()
            with open_server(self._request, self.notify) as server:
                self._terminal.rest()
                self._show_server(server)
                threading.Event().wait()
        except KeyboardInterrupt:
            self._terminal.rest()
            self._terminal.say(name, "ended; nothing is left of it")
        except ReleasekitError as error:
            self._terminal.fail(error)
            return error.status
        return Status.DONE

    def notify(self, event: Event) -> None:
        """Take an event in; threads send progress only, which adds nothing to the outcome."""
        if self._over:
            return
        raise_again()
        if not isinstance(event, Sent | Working | Output):
            self._outcome = fold_event(self._outcome, event, time.monotonic())
        self._terminal.show(event, self._outcome)

    def _find_verb(self) -> Any:
        request, command = self._request, self._request.command
        dry = request.is_dry_run and command.dry_verb
        applied = request.apply and command.applied_verb
        sdist = request.sdist and command.sdist_verb
        wheel = request.wheel_from and command.wheel_verb
        module = importlib.import_module(f"releasekit.{command.module}")
        given = request.files and command.files_verb
        return getattr(module, dry or applied or sdist or wheel or given or command.verb)

    def explain(self, code: str) -> int:
        """Tell what a check asks, as the README has it."""
        from releasekit.checks.explain import explain_check

        try:
            text = explain_check(code)
        except UnknownCheck as error:
            self._terminal.fail(error)
            return error.status
        sys.stdout.write(text)
        return Status.DONE

    def conclude(self, error: ReleasekitError | None) -> int:
        """Report what came of the command, and return its exit status."""
        from releasekit.report.redacted import redact_outcome

        self._over = True
        if error:
            status, answers = error.status, tuple(error.answers().items())
            self._outcome = replace(self._outcome, status=status, error=answers)
        self._outcome = redact_outcome(self._outcome, self._request.redactor.clean)
        self._terminal.rest()
        folder = self._request.reports_folder
        unwritten = self._write_reports(folder, error) if folder else None
        if error:
            self._terminal.fail(error)
        else:
            self._terminal.say(*self._say_done())
        if self._terminal.is_verbose and self._outcome.times:
            self._terminal.say("times", describe_times(self._outcome))
        if self._request.json:
            from releasekit.report.outcome import render_outcome

            sys.stdout.write(escape_json(render_outcome(self._outcome)))
        return unwritten or self._outcome.status

    def _say_done(self) -> tuple[str, str]:
        """Return the last line, a label and a text: what was done, and what left this machine."""
        outcome, name = self._outcome, self._request.command.name
        took = f"{name} in {time.monotonic() - self._started:.1f} s"
        if outcome.dry_run:
            return "dry run", f"nothing was sent: this was a dry run of {took}"
        if outcome.sandbox and outcome.published:
            return "done", f"{took}, into a sandbox on this machine (nothing left it)"
        return "done", took

    def _write_reports(self, folder: Path, told: ReleasekitError | None) -> int | None:
        """Write the reports; what is done stays done where they cannot be written."""
        from releasekit.report import render_reports
        from releasekit.workspace import remove_file, write_file

        reports = render_reports(self._outcome)
        root = self._request.reports or self._request.root
        try:
            for name, text in reports.items():
                write_file(folder / name, text, root=root)
            for name in self._find_outdated() - reports.keys():
                remove_file(folder / name, root=root)
        except (CannotWrite, NotAPlainFile, OSError) as raised:
            error = self._explain(raised)
            if str(error) != str(told):
                self._terminal.fail(error)
            return error.status
        self._terminal.say("report", render_path(folder / "summary.md", self._request.root))
        return None

    def _find_outdated(self) -> set[str]:
        """Return the reports of earlier runs that would belie this one."""
        from releasekit.report import FINDINGS_REPORTS

        findings = set(FINDINGS_REPORTS) if self._request.command.renews_findings else set()
        return {"release.env", *findings}

    def _show_server(self, server: Sandbox | Nexus) -> None:
        environ = server.environ()
        is_nexus = self._request.command.server == "nexus"
        proxy = f"proxy {cast('Nexus', server).proxy}, " if is_nexus else ""
        names = f"hosted {server.hosted}, {proxy}group {server.group}"
        self._terminal.say(self._request.command.name, f"{server.url} ({names})")
        if is_nexus:
            environ |= self._show_nexus(cast("Nexus", server))
        self._terminal.say("settings", "for another terminal, until Ctrl-C ends this one:")
        # The password of a server that ends with this process: whoever sees it may use it.
        if self._request.json:
            sys.stdout.write(json.dumps(environ) + "\n")
        else:
            exports = (f"export {name}={shlex.quote(v)}\n" for name, v in environ.items())
            sys.stdout.writelines(exports)
        sys.stdout.flush()

    def _show_nexus(self, nexus: Nexus) -> dict[str, str]:
        self._terminal.say("note", "an old release: for trying out and for tests, not for service")
        login = f"as {nexus.admin_username}, with RELEASEKIT_ADMIN_PASSWORD below"
        self._terminal.say("browser", f"{nexus.url}/ {login}")
        return nexus.admin_environ()


def list_credentials(opened: object) -> Iterator[Credentials]:
    """Yield all credentials that a job or a task has, also those of its target and its index."""
    if isinstance(opened, Credentials):
        yield opened
    elif is_dataclass(opened):
        for field in fields(opened):
            yield from list_credentials(getattr(opened, field.name))


def render_path(path: Path, root: Path) -> str:
    """Return a path as somebody in `root` would write it."""
    return str(path.relative_to(root) if path.is_relative_to(root) else path)
