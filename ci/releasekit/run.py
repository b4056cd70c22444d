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
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from releasekit.destination import choose_destination
from releasekit.errors import (
    CannotWrite,
    NotAPlainFile,
    OutputLost,
    ReleasekitError,
    Status,
    UnknownCode,
    find_limit,
)
from releasekit.errors.ci import OTHER_TEMPLATE
from releasekit.errors.failed import CANNOT_WRITE, INTERNAL_ERROR, INTERRUPTED
from releasekit.errors.limits import SPACE
from releasekit.errors.refused import TRACKED_RESULTS
from releasekit.errors.usage import UNSUITABLE_ENCODING
from releasekit.files import is_full
from releasekit.model.credentials import Credentials
from releasekit.outcome import Outcome, Result
from releasekit.redact import escape_json, find_secrets
from releasekit.request import Request, check_directory, render_commands
from releasekit.signals import interrupts_deferred, is_interrupted, raise_again
from releasekit.terminal import Terminal

if TYPE_CHECKING:
    from releasekit.context import DirectoryContext
    from releasekit.network import Network
    from releasekit.sandbox import Sandbox
    from releasekit_nexus import Nexus


OLD_NEXUS = "an old release: for trying out and for tests, not for service"
NO_DRY_RUN = "--dry-run changes nothing here: {name} sends no file with or without it"


class Run:
    """One command under way."""

    def __init__(self, request: Request, terminal: Terminal) -> None:
        self._request = replace(request, say=self._say)
        self._terminal = terminal
        self._started = time.monotonic()
        self._outcome = Outcome(
            command=request.command.name,
            sandbox=False,
            dry_run=request.is_dry_run,
            began=self._started,
        )
        self._lock = threading.Lock()
        """Results come from the main thread, notes from any."""
        self.is_over = False
        """True if all that is left is to report what came of it."""
        request.redactor.add_all(find_secrets(request.environ))
        terminal.use(request.redactor)

    def do(self) -> int:
        """Do what was asked, and return the exit status."""
        if self._request.options.explain:
            return self.explain(self._request.options.explain)
        return self.keep_server() if self._request.command.context == "server" else self.carry_out()

    def carry_out(self) -> int:
        """Do the command and return its exit status; report also when it fails."""
        from releasekit.tempdirs import keep_temporary_files

        raised: BaseException | None = None
        request = self._request
        try:
            with keep_temporary_files(), contextlib.ExitStack() as stack:
                if template := request.environ.get("RELEASEKIT_TEMPLATE"):
                    from importlib.metadata import version

                    refuse_other_template(template, version("releasekit"))
                self._check_directory()
                if request.reports_folder and not request.options.reports:
                    from releasekit.network import find_git_environ
                    from releasekit.workspace import check_folders

                    environ = find_git_environ(request.environ)
                    # Before there is anything to write.
                    check_folders(request.root, request.options.into, environ)
                ctx = self._open(stack)
                for found in list_credentials(ctx):  # the passwords that were looked up
                    name = f"the password of {found.source}"
                    request.redactor.add(found.password, found.username, name=name)
                if warning := request.redactor.warn():
                    self.note(warning)
                if self._request.options.dry_run and not self._request.is_dry_run:
                    self.note(NO_DRY_RUN.format(name=self._request.command.name))
                if run := self._request.command.run:
                    run(ctx)
        except (KeyboardInterrupt, Exception) as caught:  # noqa: BLE001 - told apart there
            raised = caught
        with interrupts_deferred(until_event=True):  # nothing cuts a report off
            return self.conclude(self._explain(raised) if raised else None)

    def _open(self, stack: contextlib.ExitStack) -> DirectoryContext:
        """Return what the command is given; a step's settings are read before more is imported."""
        request, kind = self._request, self._request.command.context
        goal = kind == "project" and (request.destination or choose_destination(request))
        from releasekit.context import open_directory, open_nexus, open_project

        if kind == "directory":
            return open_directory(request, self)
        ctx = open_project(request, goal, self, stack) if goal else open_nexus(request, self, stack)
        stack.callback(self._count_requests, ctx.network)
        self._outcome = replace(self._outcome, sandbox=bool(goal and goal.target.sandbox))
        return ctx

    def _count_requests(self, network: Network) -> None:
        sent, failed = network.count_requests()
        self._outcome = replace(self._outcome, requests=sent, failed_requests=failed)

    def _check_directory(self) -> None:
        """Refuse a -C that is no directory, and note one without any settings."""
        root = self._request.root
        check_directory(root)
        files = ("pyproject.toml", "releasekit.toml")
        is_named = self._request.command.context in ("nexus", "server") and root != Path.cwd()
        if is_named and not any((root / name).is_file() for name in files):
            text = "no pyproject.toml or releasekit.toml: settings come from the environment alone"
            self.note(f"{root} has {text}")

    def _find_place(self, raised: OSError) -> str:
        """Return what an error of the system is about: write(2) and close(2) name no file."""
        if raised.errno in (errno.ENOSPC, errno.EDQUOT):
            return self._find_full()
        return str(raised.filename2 or raised.filename or "no file is named")

    def _find_full(self, *places: Path) -> str:
        """Return which of the directories that a run writes to have no space."""
        root = self._request.root
        written = (root / "dist", root / "reports", Path(tempfile.gettempdir()))
        there = [place for place in (*places, *written) if place.exists()]
        full = [place for place in there if is_full(place)]
        return ", or ".join(str(place) for place in full or there)

    def _explain(self, raised: BaseException) -> ReleasekitError:
        """Return the situation that an exception means."""
        # An interrupt had reached the programs that were started before.
        if is_interrupted() and not self.is_over:
            return ReleasekitError(INTERRUPTED, step=self._outcome.step)
        if limit := find_limit(raised, str(self._request.root)):
            return limit
        if isinstance(raised, ReleasekitError):
            fields = raised.fields
            if fields.get("limited") == SPACE[0] and Path(str(fields["place"])).is_dir():
                fields["place"] = self._find_full(Path(str(fields["place"])))
            return raised
        if isinstance(raised, UnicodeEncodeError) and sys.getfilesystemencoding() != "utf-8":
            reason, place = str(raised), str(self._request.root)
            return ReleasekitError(
                UNSUITABLE_ENCODING, place=place, encoding=raised.encoding, reason=reason
            )
        if isinstance(raised, OSError):
            path = self._find_place(raised)
            return CannotWrite(CANNOT_WRITE, path=path, reason=raised.strerror or str(raised))
        if self._terminal.is_verbose:
            self._terminal.trace("".join(traceback.format_exception(raised)))
        frame = traceback.extract_tb(raised.__traceback__)[-1]
        place = f"{Path(frame.filename).name}, line {frame.lineno}, during {self._outcome.step}"
        return ReleasekitError(INTERNAL_ERROR, kind=type(raised).__name__, place=place)

    def keep_server(self) -> int:
        """Keep a server in the foreground until Ctrl-C or SIGTERM, its ordinary end."""
        from releasekit.serve import open_server
        from releasekit.tempdirs import keep_temporary_files

        name = self._request.command.name
        try:
            self._check_directory()
            with keep_temporary_files(), open_server(self._request, self) as server:
                self._terminal.rest()
                self._show_server(server)
                threading.Event().wait()
        except KeyboardInterrupt:
            self._terminal.rest()
            self._terminal.say(name, "ended; nothing is left of it")
        except ReleasekitError as error:
            self._terminal.fail(error, self._spell)
            return error.status
        return Status.DONE

    def begin(self, step: str) -> None:
        """Take note that a step has begun."""
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
        """Take something to know that stops nothing."""
        if self._goes_on():
            text = self._spell(text)
            with self._lock:
                is_new = text not in self._outcome.notes  # check and verify note the same
                self._outcome = self._outcome.note(text) if is_new else self._outcome
            if is_new:
                self._terminal.note(text)

    def _say(self, label: str, text: str) -> None:
        """Show what is asked for, and note what is waited for."""
        if label == "note":
            self.note(text)
        else:
            self._terminal.say(label, text)

    def change(self, text: str) -> None:
        """Show a change that was made on a server."""
        if self._goes_on():
            self._terminal.say("apply", text)

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
        """Return a text with the commands in it as whoever started this types them."""
        request = self._request
        return render_commands(text, request.door, request.options, request.root)

    def _goes_on(self) -> bool:
        """Tell whether the command is under way still; raises an interrupt that got lost."""
        if self.is_over:
            return False
        raise_again()
        return True

    def explain(self, code: str) -> int:
        """Say what a check or an error means."""
        from releasekit.explain import explain

        try:
            text = explain(code)
        except UnknownCode as error:
            self._terminal.fail(error, self._spell)
            return error.status
        self._terminal.write(self._spell(text))
        return Status.DONE

    def conclude(self, error: ReleasekitError | None) -> int:
        """Report what came of the command, and return its exit status."""
        self.is_over = True
        try:
            return self._conclude(error)
        except OutputLost as lost:  # what is shown from now on goes to standard error
            for unseen in (error, lost) if error else (lost,):
                self._terminal.fail(unseen, self._spell)
            return (error or lost).status

    def _conclude(self, error: ReleasekitError | None) -> int:
        from releasekit.report.redacted import redact_outcome

        if error:
            answers = {"code": error.entry.code, **error.answers(self._spell)}
            self._outcome = replace(
                self._outcome, status=error.status, error=tuple(answers.items())
            )
        self._outcome = redact_outcome(self._outcome, self._request.redactor.clean)
        self._terminal.rest()
        folder = self._request.reports_folder
        is_theirs = error is not None and error.entry is TRACKED_RESULTS
        unwritten = self._write_reports(folder, error) if folder and not is_theirs else None
        if error:
            self._terminal.fail(error, self._spell)
        else:
            self._terminal.say(*self._say_done())
        if self._terminal.is_verbose and self._outcome.times:
            self._terminal.say("times", self._outcome.describe_times())
            self._terminal.say("requests", self._outcome.describe_requests())
        if self._request.options.json:
            from releasekit.report.outcome import render_outcome

            self._terminal.write(escape_json(render_outcome(self._outcome)))
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
        from releasekit.report import FINDINGS_REPORTS, render_reports
        from releasekit.workspace import remove_file, write_file

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
            error = self._explain(raised)
            if str(error) != str(told):
                self._terminal.fail(error, self._spell)
            return error.status
        self._terminal.say("report", render_path(folder / "summary.md", self._request.root))
        return None

    def _show_server(self, server: Sandbox | Nexus) -> None:
        environ = server.environ()
        is_nexus = self._request.command.name == "nexus"
        proxy = f"proxy {cast('Nexus', server).proxy}, " if is_nexus else ""
        names = f"hosted {server.hosted}, {proxy}group {server.group}"
        self._terminal.say(self._request.command.name, f"{server.url} ({names})")
        if is_nexus:
            nexus = cast("Nexus", server)
            self._terminal.say("note", OLD_NEXUS)
            login = f"as {nexus.admin_username}, with RELEASEKIT_ADMIN_PASSWORD below"
            self._terminal.say("browser", f"{nexus.url}/ {login}")
            environ |= nexus.admin_environ()
        self._terminal.say("settings", "for another terminal, until Ctrl-C ends this one:")
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
        raise ReleasekitError(OTHER_TEMPLATE, kit=kit, template=template)


def _find_series(version: str) -> list[str]:
    """Return the part of a version that stays the same while a template need not change."""
    major, minor = (*version.split(".", 2), "", "")[:2]
    return [major, minor] if major == "0" else [major]


def list_credentials(opened: object) -> Iterator[Credentials]:
    """Yield all credentials that a context has, also those of its target and its group."""
    if isinstance(opened, Credentials):
        yield opened
    elif is_dataclass(opened):
        for field in fields(opened):
            yield from list_credentials(getattr(opened, field.name))


def render_path(path: Path, root: Path) -> str:
    """Return a path as somebody in `root` would write it."""
    return str(path.relative_to(root) if path.is_relative_to(root) else path)
