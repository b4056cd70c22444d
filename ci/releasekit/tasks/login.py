"""The administrator's way in: also on a fresh server, whose password Nexus made up itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from releasekit.errors import WrongCredentials
from releasekit.model.credentials import Credentials
from releasekit.nexus.resources import set_password
from releasekit.nexus.rest import Rest, open_rest, read_version
from releasekit.tasks.task import Task


@contextlib.contextmanager
def open_administration(task: Task) -> Iterator[Rest]:
    """Provide the API to the administrator, with the first password where that is valid still.

    Raises WrongCredentials, for the password that is wanted.
    """
    with open_rest(task.url, task.network, _choose(task)) as rest:
        yield rest


def _choose(task: Task) -> Credentials:
    if not task.first.username or _fits(task, task.admin):
        return task.admin
    return task.first if _fits(task, task.first) else task.admin


def has_first_password(task: Task, rest: Rest) -> bool:
    """Tell whether the administrator's password is to be changed from the first one."""
    return rest.credentials != task.admin


def change_first_password(task: Task) -> None:
    """Replace the password that Nexus made up at its first start."""
    with open_rest(task.url, task.network, task.first) as rest:
        set_password(rest, task.admin.username, task.admin.password)


def fits(task: Task, username: str, password: str) -> bool:
    """Tell whether somebody can log in: a wrong password is refused on every path."""
    return _fits(task, Credentials(username=username, password=password, source=""))


def _fits(task: Task, credentials: Credentials) -> bool:
    with open_rest(task.url, task.network, credentials) as rest:
        try:
            read_version(rest)
        except WrongCredentials:
            return False
    return True
