"""What a release notes of a server, from the first answer that it gets of it."""

from __future__ import annotations

import contextlib
from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

import pytest

from certificates import DAY, NOW, make, server_context
from in_process import Recorder
from releasekit.commands.plan import note_server_oddities
from releasekit.config.settings import Settings, hosted_url, make_target
from releasekit.context import ProjectContext
from releasekit.index.layouts import open_index
from releasekit.model.access import Credentials
from releasekit.network import open_network
from releasekit.proof.environment import CleanEnvironments
from unit.conftest import Answer, Handler, Server, run_server

BOB = Credentials(username="bob", password="hunter2", source="test")
ROOT = make("Company Root")
PAGE = b"<title>Links for plain</title>"
END = NOW + 3 * DAY + timedelta(hours=1)
ReadNotes = Callable[[str], list[str]]


@pytest.fixture
def notes(tmp_path: Path) -> Iterator[ReadNotes]:
    """Read a page as the plan does, and give what is noted."""
    with (
        contextlib.ExitStack() as stack,
        open_network(environ={}, ca_bundle=ROOT.pem, timeout=5) as network,
    ):

        def run(url: str) -> list[str]:
            recorder = Recorder()
            settings = Settings(url=url)
            target = make_target(hosted_url(settings), settings, BOB, BOB)
            ctx = ProjectContext(
                root=tmp_path,
                options=Namespace(),
                environ={},
                settings=settings,
                target=target,
                network=network,
                progress=recorder,
                environments=CleanEnvironments({}, stack),
            )
            index = open_index(target.upload_url, client=network.client, reader=BOB)
            index.read_page("plain")
            note_server_oddities(ctx, index)
            return recorder.notes

        yield run


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server whose certificate ends soon, and whose connections last, as those of Nexus do."""
    monkeypatch.setattr(Handler, "protocol_version", "HTTP/1.1")
    made = make("here", ROOT, ca=False, hosts=("127.0.0.1",), end=END)
    with run_server(server_context(tmp_path, made)) as server:
        yield server


def said(named: str, ahead: timedelta, **more: str) -> Answer:
    date = format_datetime(datetime.now(timezone.utc) + ahead, usegmt=True)
    return Answer(headers={"Server": named, "Date": date, **more}, body=PAGE)


HOUR = timedelta(hours=1, minutes=1, seconds=30)
ENDING = (
    f"TLS: the server's certificate expires in 3 days, on {END:%Y-%m-%d}; ask the administrator "
    "of that server to renew it"
)


def test_what_is_odd_is_noted_from_the_one_answer(server: Server, notes: ReadNotes) -> None:
    server.answers = [said("Nexus/3.29.2-02 (OSS)", HOUR)]
    assert notes(server.url) == [
        ENDING,
        "server: Nexus 3.29.2 (OSS) is older than 3.30, the oldest that was tried; ask its "
        "administrator for an upgrade, and try a release with --dry-run first",
        "clock: the server's is 1 h 1 min ahead of this machine's; set the one that is wrong, by "
        "NTP: certificates, tokens and logs go by it",
    ]
    assert server.requests == ["GET /repository/pypi-hosted/simple/plain/"]


QUIET: dict[str, Callable[[], Answer]] = {  # a date is that of the request
    "a Nexus of today": lambda: said("Nexus/3.97.0-01 (COMMUNITY)", timedelta()),
    "a front server that names itself": lambda: said("nginx", timedelta()),
    "an answer that a proxy kept": lambda: said("Nexus/3.30.0-01 (OSS)", -HOUR, Age="3600"),
    "no date, no name": lambda: Answer(body=PAGE),
}


@pytest.mark.parametrize("answer", QUIET.values(), ids=QUIET)
def test_what_is_usual_is_not_noted(
    server: Server, notes: ReadNotes, answer: Callable[[], Answer]
) -> None:
    server.answers = [answer()]
    assert notes(server.url) == [ENDING]
