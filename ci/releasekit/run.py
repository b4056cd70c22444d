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
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from releasekit.core.errors import (
    CannotWrite,
    InternalError,
    Interrupted,
    ReleasekitError,
    Status,
    UnknownCheck,
)
from releasekit.core.events import Event, Note, Output, Sent, Working
from releasekit.core.outcome import Outcome, describe_times, fold_event
from releasekit.interrupts import raise_again
from releasekit.prepare import open_job, open_task
from releasekit.request import Request
from releasekit.terminal import Terminal

if TYPE_CHECKING:
    from releasekit.servers.local_nexus import Nexus
    from releasekit.servers.sandbox import Sandbox


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
        error: ReleasekitError | None = None
        try:
            with contextlib.ExitStack() as stack:
                open_ = {"pipeline": open_job, "admin": open_task}[self._request.command.module]
                opened = open_(self._request, self.notify, stack)
                self._note_dry_run()
                self._find_verb()(opened)
        except ReleasekitError as raised:
            error = raised
        except KeyboardInterrupt:
            error = Interrupted(step=self._outcome.step)
        except OSError as raised:
            error = CannotWrite(path=str(raised.filename), reason=raised.strerror or str(raised))
        except Exception as raised:  # noqa: BLE001 - a defect, reported like any other failure
            error = self._explain_defect(raised)
        return self.conclude(error)

    def _note_dry_run(self) -> None:
        name = self._request.command.name
        if self._request.dry_run and not self._request.is_dry_run:
            text = f"--dry-run changes nothing here: {name} sends no file with or without it"
            self.notify(Note(text=text))

    def _explain_defect(self, raised: Exception) -> ReleasekitError:
        if self._terminal.is_verbose:
            traceback.print_exception(raised)
        frame = traceback.extract_tb(raised.__traceback__)[-1]
        place = f"{Path(frame.filename).name}, line {frame.lineno}, during {self._outcome.step}"
        return InternalError(kind=type(raised).__name__, place=place)

    def keep_server(self) -> int:
        """Keep a server in the foreground until Ctrl-C or SIGTERM, its ordinary end."""
        from releasekit.serve import open_server

        name = self._request.command.name
        try:
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
        dry = request.dry_run and command.dry_verb
        applied = request.apply and command.applied_verb
        sdist = request.sdist and command.sdist_verb
        wheel = request.wheel_from and command.wheel_verb
        module = importlib.import_module(f"releasekit.{command.module}")
        given = request.files and command.files_verb
        return getattr(module, dry or applied or sdist or wheel or given or command.verb)

    def explain(self, code: str) -> int:
        """Tell what a check asks, as the README has it."""
        from releasekit.core.checks.explain import explain_check

        try:
            text = explain_check(code)
        except UnknownCheck as error:
            self._terminal.fail(error)
            return error.status
        sys.stdout.write(text)
        return Status.DONE

    def conclude(self, error: ReleasekitError | None) -> int:
        """Report what came of the command, and return its exit status."""
        self._over = True
        if error:
            status, answers = error.status, tuple(error.answers().items())
            self._outcome = replace(self._outcome, status=status, error=answers)
        self._terminal.rest()
        folder = self._request.reports_folder
        unwritten = self._write_reports(folder) if folder else None
        if error:
            self._terminal.fail(error)
        else:
            self._terminal.say(*self._say_done())
        if self._terminal.is_verbose and self._outcome.times:
            self._terminal.say("times", describe_times(self._outcome))
        if self._request.json:
            from releasekit.core.report.outcome import render_outcome

            sys.stdout.write(render_outcome(self._outcome))
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

    def _write_reports(self, folder: Path) -> int | None:
        """Write the reports; what is done stays done where they cannot be written."""
        from releasekit.adapters.files import write_text
        from releasekit.core.report import render_reports

        reports = render_reports(self._outcome)
        try:
            for name, text in reports.items():
                write_text(folder / name, text)
            for name in self._find_outdated() - reports.keys():
                (folder / name).unlink(missing_ok=True)
        except CannotWrite as error:
            self._terminal.fail(error)
            return error.status
        self._terminal.say("report", render_path(folder / "summary.md", self._request.root))
        return None

    def _find_outdated(self) -> set[str]:
        """Return the reports of earlier runs that would belie this one."""
        from releasekit.core.report import FINDINGS_REPORTS

        findings = set(FINDINGS_REPORTS) if self._request.command.renews_findings else set()
        return {"release.env", *findings}

    def _show_server(self, server: Sandbox | Nexus) -> None:
        environ = server.environ()
        names = f"hosted {server.hosted}, proxy {server.proxy}, group {server.group}"
        self._terminal.say(self._request.command.name, f"{server.url} ({names})")
        if self._request.command.server == "nexus":
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


def render_path(path: Path, root: Path) -> str:
    """Return a path as somebody in `root` would write it."""
    return str(path.relative_to(root) if path.is_relative_to(root) else path)
