"""pypiserver, and servers like it: one repository per server, uploads to its root.

Read from pypiserver 2.4 (_app.py), and tried with it: by default it lets everybody read, answers
401 to an upload without credentials and 403 to one with a wrong password, and redirects a project
that it does not have to a public index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from releasekit.errors import ReleasekitError, WrongCredentials
from releasekit.errors.access import WRONG_CREDENTIALS_OR_RIGHTS
from releasekit.http.answer import Answer
from releasekit.index import Layout
from releasekit.model.credentials import describe_login

if TYPE_CHECKING:
    from releasekit.index.pages import Index


def _ask_for_upload(index: Index) -> Answer:
    """Send a form without an action, which is looked at after the login, and stores nothing."""
    return index.client.send(
        "POST",
        index.url,
        credentials=index.publisher,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=b"",
    )


def _explain_refusal(answer: Answer, index: Index) -> ReleasekitError | None:
    if answer.status != 403 or not index.publisher.username:
        return None
    name, source, hint = describe_login(index.publisher)
    return WrongCredentials(
        WRONG_CREDENTIALS_OR_RIGHTS, url=index.url, username=name, source=source, hint=hint
    )


PYPISERVER = Layout(
    owns=bool,  # every address
    follows_elsewhere=False,
    ask_for_upload=_ask_for_upload,
    explain_refusal=_explain_refusal,
)
