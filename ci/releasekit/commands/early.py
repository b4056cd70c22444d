"""What a command refuses whoever gives the credentials, before anybody is asked for them."""

from __future__ import annotations

import contextlib

from releasekit.commands.record import read_proof, read_whole_record
from releasekit.commands.version import read_releasable_project
from releasekit.context import open_project
from releasekit.destination import choose_destination
from releasekit.model.credentials import NO_CREDENTIALS
from releasekit.outcome import Progress
from releasekit.request import Request


def refuse_early(request: Request) -> None:
    """Read the project, for `publish` what was built and its proof too; raises what they raise."""
    with contextlib.ExitStack() as stack:
        # Nothing is shown: the command itself shows all of it again.
        destination = choose_destination(request, lambda _request, _url: NO_CREDENTIALS)
        ctx = open_project(request, destination, Progress(), stack)
        project = read_releasable_project(ctx)
        if request.command.name == "publish":
            record = read_whole_record(ctx, project)
            if not request.is_dry_run:
                read_proof(ctx, record)
