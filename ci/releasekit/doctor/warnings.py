"""The rows that a release asks at no request of its own: any answer tells them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from releasekit.doctor.connection import judge_clock, judge_expiry
from releasekit.doctor.model import Row, State
from releasekit.doctor.server import judge_age
from releasekit.index.greeting import Greeting
from releasekit.nexus.documents import parse_server_version


def find_warnings(greeting: Greeting, now: datetime) -> tuple[Row, ...]:
    """Return what is to be known of a server before something is sent to it."""
    return tuple(row for row in _judge(greeting, now) if row.state is State.WARNING)


def _judge(greeting: Greeting, now: datetime) -> Iterator[Row]:
    if greeting.certificate_ends:
        yield judge_expiry("the server's certificate", greeting.certificate_ends, now)
    if version := parse_server_version(greeting.server):
        yield judge_age(version)
    yield judge_clock(greeting.date, greeting.now)
