"""What a release learns of the server before it sends anything."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from releasekit.config.target import split_url
from releasekit.doctor.probe import open_probe
from releasekit.doctor.warnings import find_warnings
from releasekit.errors import NotPermitted, ReleasekitError
from releasekit.events import Note
from releasekit.index.answer_headers import Greeting
from releasekit.index.pages import Index, ask_in
from releasekit.model.plan import Action, Plan
from releasekit.model.project import Project
from releasekit.nexus.documents import Document
from releasekit.nexus.rest import Rest, find_settings
from releasekit.steps.job import Job
from releasekit.threads import begin
from releasekit.tls.parsing import read_clock

OVERWRITES = (
    "{name} lets published files be overwritten: it cannot be excluded that another release does "
    "that to this one at the same instant; nox -s provision -- --apply sets its deployment policy "
    "to Disable redeploy"
)


def knock(job: Job, project: Project) -> None:
    """Find out before much is done what would stop the release after it.

    A wrong password, an unknown CA, a repository that is not there: builds may take long. Raises
    what reading an index raises.
    """
    if job.target.sandbox:
        return
    snapshots = None if project.released_as else job.target.snapshots_url
    url, target = snapshots or job.target.upload_url, job.target
    reader = target.find_reader(url)
    if reader != target.credentials:
        with contextlib.suppress(NotPermitted):  # who uploads need not be one who reads
            ask_in(Index(url=url, network=job.network, credentials=target.credentials))
    ask_in(Index(url=url, network=job.network, credentials=reader))


@contextlib.contextmanager
def knock_meanwhile(job: Job, project: Project) -> Iterator[None]:
    """Knock while the block works on files; raises at its end what knocking raises."""
    asked = begin(lambda: knock(job, project))
    yield
    asked.result()


def note_greeting(job: Job, greeting: Greeting) -> None:
    """Note what is odd about a server, as its first answer tells: nothing is asked for it."""
    for row in find_warnings(greeting, read_clock()):
        job.notify(Note(text=f"{row.question.title}: {row.text}; {row.fix}"))


@contextlib.contextmanager
def note_overwriting(job: Job, plan: Plan) -> Iterator[None]:
    """Note that two releases at one instant are not kept apart; asked while the block uploads."""
    overwrites = begin(lambda: _can_overwrite(job, plan))
    yield
    if overwrites.result():
        job.notify(Note(text=OVERWRITES.format(name=plan.url.rstrip("/").rpartition("/")[2])))


def _can_overwrite(job: Job, plan: Plan) -> bool:
    """Tell whether the repository lets files be overwritten, as far as this user may see it.

    Only the settings of a repository tell that. Who lacks nx-repository-admin-pypi-NAME-read is
    answered 404 (measured), as the publisher of `provision` is.
    """
    places = split_url(plan.url)
    releases = plan.url == job.target.upload_url  # snapshots are there to be overwritten
    if job.target.sandbox or not (places and releases and plan.having(Action.UPLOAD)):
        return False
    settings = _find_settings(job, *places)
    return settings is not None and str(settings.get("storage.writePolicy")).lower() == "allow"


def _find_settings(job: Job, nexus: str, name: str) -> Document | None:
    with open_probe(job.network, job.target.reader) as session:
        rest = Rest(url=nexus, session=session, credentials=job.target.reader)
        try:
            return find_settings(rest, "hosted", name)
        except ReleasekitError:  # a front server may hide the API, and a release needs none
            return None
