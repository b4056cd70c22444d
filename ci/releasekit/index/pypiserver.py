"""pypiserver, and servers like it: one repository per server, uploads to its root.

Read from pypiserver 2.4 (_app.py), and tried with it: by default it lets everybody read, answers
401 to an upload without credentials and 403 to one with a wrong password, and redirects a project
that it does not have to a public index.
"""

from __future__ import annotations

from releasekit.errors import ReleasekitError, WrongCredentials
from releasekit.http.answer import Answer
from releasekit.index.pages import SimpleIndex
from releasekit.index.protocol import Layout


class Pypiserver(SimpleIndex):
    """A page that redirects to another server says that the project is not here."""

    follows_elsewhere = False

    def check_access(self) -> None:
        """Send a form without an action, which stores nothing: it is 400 to who may upload."""
        answer = self.access.client.send(
            "POST",
            self.url,
            credentials=self.access.publisher,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=b"",
        )
        if answer.status != 400 and (error := self.explain_upload(answer)):
            raise error
        self._read_byte(self.access.reader)

    def explain_upload(self, answer: Answer) -> ReleasekitError | None:
        """Return what an answer to an upload means; 403 may be a wrong password."""
        publisher = self.access.publisher
        if answer.status != 403 or not publisher.username:
            return super().explain_upload(answer)
        return WrongCredentials(
            url=self.url,
            username=publisher.username,
            source=publisher.source,
            answer="403",
            mend=f"check {publisher.source}; a user whom it does not let upload gets 403 as well",
        )


PYPISERVER = Layout(owns=bool, make_index=Pypiserver)
"""It owns every address."""
