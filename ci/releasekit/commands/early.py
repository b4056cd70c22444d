"""What a command refuses whoever gives the credentials, before anybody is asked for them."""

from __future__ import annotations

import contextlib

from releasekit.commands.record import read_proof, read_whole_record
from releasekit.commands.version import read_releasable_project
from releasekit.context import open_project
from releasekit.destination import choose_destination
from releasekit.model.credentials import NO_CREDENTIALS
from releasekit.outcome import Result
from releasekit.request import Request


class Unseen:
    """Shows nothing: the command itself shows all of it again."""

    def begin(self, step: str) -> None:
        """Do nothing."""

    def finish(self, result: Result) -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""

    def change(self, text: str) -> None:
        """Do nothing."""

    def show_password(self, username: str, password: str) -> None:
        """Do nothing."""

    def work(self, text: str) -> None:
        """Do nothing."""

    def output(self, line: str) -> None:
        """Do nothing."""

    def sent(self, filename: str, sent: int, size: int) -> None:
        """Do nothing."""


def refuse_early(request: Request) -> None:
    """Read the project, for `publish` what was built and its proof too; raises what they raise."""
    with contextlib.ExitStack() as stack:
        destination = choose_destination(request, lambda _request, _url: NO_CREDENTIALS)
        ctx = open_project(request, destination, Unseen(), stack)
        project = read_releasable_project(ctx)
        if request.command.name == "publish":
            record = read_whole_record(ctx, project)
            if not request.is_dry_run:
                read_proof(ctx, record)
