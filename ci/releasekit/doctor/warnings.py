"""The rows that a release asks at no request of its own: any answer tells them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from releasekit.doctor.connection import judge_clock, judge_expiry
from releasekit.doctor.model import Row, State
from releasekit.doctor.server import judge_age
from releasekit.index.server_info import ServerInfo
from releasekit.nexus.documents import parse_server_version


def find_warnings(info: ServerInfo, now: datetime) -> tuple[Row, ...]:
    """Return what is to be known of a server before something is sent to it."""
    return tuple(row for row in _judge(info, now) if row.state is State.WARNING)


def _judge(info: ServerInfo, now: datetime) -> Iterator[Row]:
    if info.certificate_ends:
        yield judge_expiry("the server's certificate", info.certificate_ends, now)
    if version := parse_server_version(info.server):
        yield judge_age(version)
    yield judge_clock(info.date, info.now)
