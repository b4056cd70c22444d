"""A command under way: its results become the outcome, the terminal's lines and the reports."""

from __future__ import annotations

import contextlib
import errno
import json
import shlex
import sys
import tempfile
import threading
import time
import traceback
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, cast

from releasekit.destination import choose_destination
from releasekit.errors import (
    CannotWrite,
    NotAPlainFile,
    OutputLost,
    ReleasekitError,
    Status,
    ci,
    failed,
    refused,
    usage,
)
from releasekit.errors.limits import SPACE, find_limit
from releasekit.outcome import Outcome, Progress, Result
from releasekit.redact import escape_json, find_secrets
from releasekit.report import FINDINGS_REPORTS, render_outcome, render_reports
from releasekit.request import Request, check_directory, render_commands, render_path
from releasekit.signals import interrupts_deferred, is_interrupted, raise_again
from releasekit.tempdirs import keep_temporary_files
from releasekit.terminal import Terminal
from releasekit.workspace import check_folders, is_full, remove_file, write_file

if TYPE_CHECKING:
    from releasekit.context import DirectoryContext
    from releasekit.network import Network
    from releasekit.sandbox import Sandbox
    from releasekit_nexus import Nexus


class Run(Progress):
    """One command under way."""

    def __init__(self, request: Request, terminal: Terminal) -> None:
        self._request = replace(request, say=self.say)
        self._terminal = terminal
        self._started = time.monotonic()
        self._outcome = Outcome(
            command=request.command.name,
            sandbox=False,
            dry_run=request.is_dry_run,
            began=self._started,
        )
        self._lock = threading.Lock()  # results come from the main thread, notes from any
        self.is_over = False  # true if all that is left is to report what came of it
        request.redactor.add_all(find_secrets(request.environ))
        terminal.redactor = request.redactor

    def do(self) -> int:
        """Do what the request says, and return the exit status."""
        try:
            if self._request.options.explain:
                from releasekit.explain import explain

                text = explain(self._request.options.explain)
                self._terminal.write(self._spell(text))
                return Status.DONE
            if self._request.command.context == "server":
                self._keep_server()
                return Status.DONE
        except ReleasekitError as error:
            self._terminal.fail(error, self._spell)
            return error.status
        return self._carry_out()

    def _carry_out(self) -> int:
        raised: BaseException | None = None
        request = self._request
        try:
            with keep_temporary_files(), contextlib.ExitStack() as stack:
                if template := request.environ.get("RELEASEKIT_TEMPLATE"):
                    refuse_other_template(template, version("releasekit"))
                self._check_directory()
                if request.reports_folder and not request.options.reports:
                    from releasekit.network import find_git_environ

                    environ = find_git_environ(request.environ)
                    # Before there is anything to write.
                    check_folders(request.root, request.options.into, environ)
                ctx = self._open(stack)
                if warning := request.redactor.warn():
                    self.note(warning)
                if request.options.dry_run and not request.is_dry_run:
                    sends = f"{request.command.name} sends no file with or without it"
                    self.note(f"--dry-run changes nothing here: {sends}")
                if run := request.command.run:
                    run(ctx)
        except (KeyboardInterrupt, Exception) as caught:  # noqa: BLE001 - told apart there
            raised = caught
        with interrupts_deferred(until_event=True):  # nothing cuts a report off
            return self.conclude(self._make_error(raised) if raised else None)

    def _open(self, stack: contextlib.ExitStack) -> DirectoryContext:
        """Return what the command is given; a step's settings are read before more is imported."""
        request, kind = self._request, self._request.command.context
        goal = kind == "project" and (request.destination or choose_destination(request))
        from releasekit.context import DirectoryContext, open_nexus, open_project

        if kind == "directory":
            return DirectoryContext(
                root=request.root, options=request.options, environ=request.environ, progress=self
            )
        ctx = open_project(request, goal, self, stack) if goal else open_nexus(request, self, stack)
        stack.callback(self._count_requests, ctx.network)
        self._outcome = replace(self._outcome, sandbox=bool(goal and goal.target.sandbox))
        return ctx

    def _count_requests(self, network: Network) -> None:
        sent, without_answer = network.count_requests()
        self._outcome = replace(self._outcome, requests=sent, failed_requests=without_answer)

    def _check_directory(self) -> None:
        """Refuse a -C that is no directory, and note one without any settings."""
        root = self._request.root
        check_directory(root)
        files = ("pyproject.toml", "releasekit.toml")
        is_named = self._request.command.context in ("nexus", "server") and root != Path.cwd()
        if is_named and not any((root / name).is_file() for name in files):
            text = "no pyproject.toml or releasekit.toml: settings come from the environment alone"
            self.note(f"{root} has {text}")

    def _find_full(self, *places: Path) -> str:
        root = self._request.root
        written = (root / "dist", root / "reports", Path(tempfile.gettempdir()))
        there = [place for place in (*places, *written) if place.exists()]
        full = [place for place in there if is_full(place)]
        return ", or ".join(str(place) for place in full or there)

    def _make_error(self, raised: BaseException) -> ReleasekitError:
        # An interrupt had reached the programs that were started before.
        if is_interrupted() and not self.is_over:
            return ReleasekitError(failed.INTERRUPTED, step=self._outcome.step)
        if limit := find_limit(raised, str(self._request.root)):
            return limit
        if isinstance(raised, ReleasekitError):
            place = Path(str(raised.fields.get("place")))
            if raised.fields.get("limited") == SPACE[0] and place.is_dir():
                raised.fields["place"] = self._find_full(place)
            return raised
        if isinstance(raised, UnicodeEncodeError) and sys.getfilesystemencoding() != "utf-8":
            return ReleasekitError(
                usage.UNSUITABLE_ENCODING,
                place=str(self._request.root),
                encoding=raised.encoding,
                reason=str(raised),
            )
        if isinstance(raised, OSError):
            path = str(raised.filename2 or raised.filename or "no file is named")
            if raised.errno in (errno.ENOSPC, errno.EDQUOT):  # write(2) and close(2) name no file
                path = self._find_full()
            return CannotWrite(
                failed.CANNOT_WRITE, path=path, reason=raised.strerror or str(raised)
            )
        if self._terminal.is_verbose:
            self._terminal.trace("".join(traceback.format_exception(raised)))
        frame = traceback.extract_tb(raised.__traceback__)[-1]
        line = f"{Path(frame.filename).name}, line {frame.lineno}, during {self._outcome.step}"
        return ReleasekitError(failed.INTERNAL_ERROR, kind=type(raised).__name__, place=line)

    def _keep_server(self) -> None:
        """Keep a server in the foreground until Ctrl-C or SIGTERM, its ordinary end."""
        from releasekit.serve import open_server

        try:
            self._check_directory()
            with keep_temporary_files(), open_server(self._request, self) as server:
                self._terminal.rest()
                self._show_server(server)
                threading.Event().wait()
        except KeyboardInterrupt:
            self._terminal.rest()
            self._terminal.say(self._request.command.name, "ended; nothing is left of it")

    def begin(self, step: str) -> None:
        """Remember that a step has begun."""
        if self._goes_on():
            with self._lock:
                self._outcome = self._outcome.begin(step, time.monotonic())
            self._terminal.work(step)

    def finish(self, result: Result) -> None:
        """Take the result of a step, which ends it."""
        if self._goes_on():
            result = result.spell_commands(self._spell)
            with self._lock:
                self._outcome = self._outcome.finish(result, time.monotonic())
            if result.step:
                self._terminal.finish(result, self._outcome)

    def note(self, text: str) -> None:
        """Show something to know that stops nothing, once."""
        if self._goes_on():
            text = self._spell(text)
            with self._lock:
                notes = self._outcome.notes
                if text in notes:  # check and verify note the same
                    return
                self._outcome = replace(self._outcome, notes=(*notes, text))
            self._terminal.say("note", text, style="cyan")

    def say(self, label: str, text: str) -> None:
        """Show a text with a label; what is waited for is a note."""
        if label == "note":
            self.note(text)
        elif self._goes_on():
            self._terminal.say(label, text)

    def show_password(self, username: str, password: str) -> None:
        """Show a generated password, once."""
        if self._goes_on():
            self._terminal.show_password(username, password)

    def work(self, text: str) -> None:
        """Show what a long step is doing now."""
        if self._goes_on():
            self._terminal.work(f"{self._outcome.step}: {text}")

    def output(self, line: str) -> None:
        """Show a line of a program, with -v."""
        if self._goes_on():
            self._terminal.output(line)

    def sent(self, filename: str, sent: int, size: int) -> None:
        """Show how much of a file is sent."""
        if self._goes_on():
            self._terminal.sent(filename, sent, size)

    def _spell(self, text: str) -> str:
        request = self._request
        return render_commands(text, request.door, request.options, request.root)

    def _goes_on(self) -> bool:
        """Tell whether the command is under way still; raises an interrupt that got lost."""
        if self.is_over:
            return False
        raise_again()
        return True

    def conclude(self, error: ReleasekitError | None) -> int:
        """Report what came of the command, and return its exit status."""
        self.is_over = True
        try:
            return self._report(error)
        except OutputLost as lost:  # what is shown from now on goes to standard error
            for unseen in (error, lost) if error else (lost,):
                self._terminal.fail(unseen, self._spell)
            return (error or lost).status

    def _report(self, error: ReleasekitError | None) -> int:
        outcome = self._outcome
        if error:
            answers = {"code": error.entry.code, **error.answers(self._spell)}
            outcome = replace(outcome, status=error.status, error=tuple(answers.items()))
        self._outcome = outcome = outcome.redact(self._request.redactor.clean)
        self._terminal.rest()
        is_theirs = error is not None and error.entry is refused.TRACKED_RESULTS
        unwritten = None if is_theirs else self._write_reports(error)
        if error:
            self._terminal.fail(error, self._spell)
        else:
            self._say_done()
        if self._terminal.is_verbose and outcome.times:
            self._terminal.say("times", outcome.describe_times())
            # Nexus has a limit of requests per day, failed ones included.
            requests = f"{outcome.requests} sent, {outcome.failed_requests} of them failed"
            self._terminal.say("requests", requests)
        if self._request.options.json:
            self._terminal.write(escape_json(render_outcome(outcome)))
        return unwritten or outcome.status

    def _say_done(self) -> None:
        took = f"{self._outcome.command} in {time.monotonic() - self._started:.1f} s"
        if self._outcome.dry_run:
            self._terminal.say("dry run", f"nothing was sent: this was a dry run of {took}")
        elif self._outcome.sandbox and self._outcome.published:
            place = "into a sandbox on this machine (nothing left it)"
            self._terminal.say("done", f"{took}, {place}")
        else:
            self._terminal.say("done", took)

    def _write_reports(self, shown: ReleasekitError | None) -> int | None:
        """Write the reports; what is done stays done where they cannot be written.

        Returns the status of an error, which is shown unless it is the one that is shown anyway.
        """
        folder = self._request.reports_folder
        if folder is None:
            return None
        reports = render_reports(self._outcome)
        root = self._request.options.reports or self._request.root
        try:
            for name, text in reports.items():
                write_file(folder / name, text, root=root)
            # Reports of earlier runs would belie this one.
            findings = FINDINGS_REPORTS if self._request.command.renews_findings else ()
            for name in {"release.env", *findings} - reports.keys():
                remove_file(folder / name, root=root)
        except (CannotWrite, NotAPlainFile, OSError) as raised:
            error = self._make_error(raised)
            if str(error) != str(shown):
                self._terminal.fail(error, self._spell)
            return error.status
        self._terminal.say("report", render_path(folder / "summary.md", self._request.root))
        return None

    def _show_server(self, server: Sandbox | Nexus) -> None:
        say, environ = self._terminal.say, server.environ()
        nexus = cast("Nexus", server) if self._request.command.name == "nexus" else None
        proxy = f"proxy {nexus.proxy}, " if nexus else ""
        names = f"hosted {server.hosted}, {proxy}group {server.group}"
        say(self._request.command.name, f"{server.url} ({names})")
        if nexus:
            say("note", "an old release: for trying out and for tests, not for service")
            login = f"as {nexus.admin_username}, with RELEASEKIT_ADMIN_PASSWORD below"
            say("browser", f"{nexus.url}/ {login}")
            environ |= nexus.admin_environ()
        say("settings", "for another terminal, until Ctrl-C ends this one:")
        # The password of a server that ends with this process: whoever sees it may use it.
        if self._request.options.json:
            self._terminal.write(json.dumps(environ) + "\n")
        else:
            exports = (f"export {name}={shlex.quote(v)}\n" for name, v in environ.items())
            self._terminal.write("".join(exports))


def refuse_other_template(template: str, kit: str) -> None:
    """Raise OTHER_TEMPLATE where a CI template belongs to another releasekit than this one."""
    # A development version has the number of the release after it, or of none.
    if ".dev" not in kit and _find_series(template) != _find_series(kit):
        raise ReleasekitError(ci.OTHER_TEMPLATE, kit=kit, template=template)


def _find_series(version: str) -> list[str]:
    """Return the part of a version that stays the same while a template need not change."""
    return version.split(".")[: 2 if version.startswith("0.") else 1]
