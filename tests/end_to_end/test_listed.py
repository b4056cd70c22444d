"""A file counts as uploaded once the hosted repository lists it, and no sdist goes up before."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from front import LOGIN, Front, Reply, Request, Spoil, pass_on, run_front
from nexus_double import NO_FAULTS, Faults, LoseAnswer, Sandbox
from support import SDIST, WHEEL, Command, ProjectDir, outcome, published, uploads

HOSTED_PAGE = "/repository/pypi-hosted/simple/plain/"


@pytest.fixture
def front(sandbox: Sandbox, tmp_path: Path) -> Iterator[Front]:
    with run_front(sandbox, tmp_path / "front.pem") as running:
        yield running


def posts(front: Front) -> int:
    return sum(request.method == "POST" for request in front.requests)


def instead_of_upload(reply: Reply) -> Spoil:
    """Answer uploads like this, and store nothing."""
    return lambda request, forward: reply if request.method == "POST" else forward()


def old_page(times: int) -> Spoil:
    """Serve the hosted page as it was before the first upload, so often: a cache in front."""
    left = itertools.count(times, -1)
    sent = []

    def spoil(request: Request, forward: Callable[[], Reply]) -> Reply:
        sent.append(request.method)
        reply = forward()
        if request.path == HOSTED_PAGE and "POST" in sent and next(left) > 0:
            return Reply(body=b"<html><head><title>Links for plain</title></head></html>")
        return reply

    return spoil


ANSWERS = {
    "a login page": (Reply(body=LOGIN), '200 OK, with the page "Sign in"'),
    "a page without a title": (Reply(body=b"<p>Hi</p>"), '200 OK, with the page "<p>Hi</p>"'),
    "a text": (
        Reply(headers=(("Content-Type", "text/plain; x"),), body=b"uploaded"),
        "200 OK, with a body of text/plain",
    ),
    "a page that is cut off": (Reply(body=LOGIN, length=9999), '200 OK, with the page "Sign in"'),
    "nothing": (Reply(), "200 OK"),
    "accepted": (Reply(status=202, reason="Accepted"), "202 Accepted"),
    "no content": (Reply(status=204, reason="No Content"), "204 No Content"),
}


@pytest.mark.parametrize(("reply", "words"), list(ANSWERS.values()), ids=list(ANSWERS))
def test_an_upload_that_is_answered_and_not_stored_is_none(
    project: ProjectDir,
    front: Front,
    sandbox: Sandbox,
    releasekit: Command,
    reply: Reply,
    words: str,
) -> None:
    front.spoil = instead_of_upload(reply)
    ran = releasekit("release", project=project, server=front, RELEASEKIT_STALE_LIMIT="0.1")
    assert ran.status == 3
    assert ran.out.endswith(
        "error E305: the repository does not list what was uploaded\n"
        f"  where: {front.upload_url()}\n"
        f"  why:   {WHEEL}: the server answered {words}\n"
        "         (not listed for 0.1 s; nothing more was uploaded)\n"
        "  next:  open that address in a browser: a login page or a proxy may answer instead of "
        "the\n"
        "         repository, or keep its pages longer; then run this again: what is listed is "
        "skipped\n"
    ), ran.out
    assert posts(front) == 1
    assert published(sandbox) == set()
    assert (outcome(project)["stopped_in"], outcome(project)["uploaded"]) == ("publish", [])

    front.spoil = pass_on
    assert releasekit("release", project=project, server=front).status == 0
    assert published(sandbox) == {WHEEL, SDIST}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_an_upload_that_is_redirected_is_refused_with_the_place(
    project: ProjectDir, front: Front, sandbox: Sandbox, releasekit: Command, status: int
) -> None:
    place = "https://user:pw@sso.example.com/login?token=s3cret"
    reply = Reply(status=status, reason="Moved", headers=(("Location", place),))
    front.spoil = instead_of_upload(reply)
    ran = releasekit("release", project=project, server=front)
    assert ran.status == 3
    assert f"  why:   it answered {status} Moved, to https://sso.example.com/login\n" in ran.out
    assert "if it is a login page, ask its administrator to let uploads pass\n" in ran.out
    assert "s3cret" not in ran.out
    assert (posts(front), published(sandbox)) == (1, set())


@pytest.mark.parametrize("status", [201, 202, 204])
def test_a_file_that_is_listed_is_uploaded_whatever_success_was_answered(
    project: ProjectDir, front: Front, sandbox: Sandbox, releasekit: Command, status: int
) -> None:
    def spoil(request: Request, forward: Callable[[], Reply]) -> Reply:
        reply = forward()
        return Reply(status=status, reason="Stored") if request.method == "POST" else reply

    front.spoil = spoil
    ran = releasekit("release", project=project, server=front)
    assert ran.status == 0, ran
    assert posts(front) == 2
    assert published(sandbox) == {WHEEL, SDIST}


def test_a_release_takes_fourteen_requests_at_most(
    project: ProjectDir, front: Front, releasekit: Command
) -> None:
    assert releasekit("release", project=project, server=front).status == 0
    assert len(front.requests) <= 14, [(request.method, request.path) for request in front.requests]


def test_a_cache_in_front_of_the_hosted_page_is_waited_for(
    project: ProjectDir, front: Front, sandbox: Sandbox, releasekit: Command
) -> None:
    front.spoil = old_page(2)
    ran = releasekit("release", project=project, server=front)
    assert ran.status == 0, ran
    hosted = [
        request.method
        for request in front.requests
        if request.path.startswith("/repository/pypi-h")
    ]
    first = hosted.index("POST")
    assert hosted[first : first + 5] == ["POST", "GET", "GET", "GET", "POST"]
    pages = [request for request in front.requests if request.path == HOSTED_PAGE]
    assert {page.headers["cache-control"] for page in pages} == {"no-cache"}


def test_a_cache_that_keeps_the_hosted_page_keeps_the_sdist_back(
    project: ProjectDir, front: Front, sandbox: Sandbox, releasekit: Command
) -> None:
    front.spoil = old_page(1_000)
    ran = releasekit("release", project=project, server=front, RELEASEKIT_STALE_LIMIT="0.1")
    assert ran.status == 3
    assert f"{WHEEL}: the server answered 200 OK\n" in ran.out
    assert published(sandbox) == {WHEEL}

    front.spoil = pass_on
    assert releasekit("release", project=project, server=front).status == 0
    assert published(sandbox) == {WHEEL, SDIST}


def test_a_login_page_instead_of_the_hosted_page_keeps_the_sdist_back(
    project: ProjectDir, front: Front, sandbox: Sandbox, releasekit: Command
) -> None:
    def spoil(request: Request, forward: Callable[[], Reply]) -> Reply:
        late = request.path == HOSTED_PAGE and posts(front)
        return Reply(body=LOGIN) if late else forward()

    front.spoil = spoil
    ran = releasekit("release", project=project, server=front)
    assert ran.status == 3
    assert 'it sent a page without any link to a file: "Sign in"' in ran.out
    assert (posts(front), published(sandbox)) == (1, {WHEEL})


def test_a_refusal_after_a_lost_answer_is_none_where_a_cache_hides_the_file(
    project: ProjectDir, front: Front, sandbox: Sandbox, releasekit: Command
) -> None:
    # The wheel is stored; the second POST is answered 400, and only then the page shows it.
    sandbox.state.faults = Faults(uploads=(LoseAnswer(500),))
    front.spoil = old_page(2)
    ran = releasekit("release", project=project, server=front)
    assert ran.status == 0, ran
    assert [r.status for r in sandbox.state.requests_log if r.method == "POST"] == [500, 400, 200]


def publish_meanwhile(sandbox: Sandbox, change: Callable[[bytes], bytes]) -> Spoil:
    """Another pipeline publishes the wheel, a moment before this one's upload of it."""

    def spoil(request: Request, forward: Callable[[], Reply]) -> Reply:
        if request.method == "POST" and not sandbox.state.find_files(sandbox.hosted):
            start = request.body.index(b"PK\x03\x04")
            wheel = request.body[start : request.body.rindex(b"\r\n--")]
            sandbox.state.store(
                sandbox.hosted,
                project="plain",
                version="1.2.3",
                filename=WHEEL,
                content=change(wheel),
            )
        return forward()

    return spoil


def test_the_same_bytes_of_another_pipeline_at_the_same_moment_are_the_release(
    project: ProjectDir, front: Front, sandbox: Sandbox, releasekit: Command
) -> None:
    front.spoil = publish_meanwhile(sandbox, lambda wheel: wheel)
    ran = releasekit("release", project=project, server=front)
    assert ran.status == 0, ran
    assert [r.status for r in sandbox.state.requests_log if r.method == "POST"] == [400, 200]


def test_other_bytes_of_another_pipeline_at_the_same_moment_are_a_conflict(
    project: ProjectDir, front: Front, sandbox: Sandbox, releasekit: Command
) -> None:
    front.spoil = publish_meanwhile(sandbox, lambda wheel: wheel + b"\n")
    ran = releasekit("release", project=project, server=front)
    assert ran.status == 1
    assert "error E141: 1 file is already published with other bytes\n" in ran.out
    assert (posts(front), published(sandbox)) == (1, {WHEEL})


def test_an_sdist_that_was_published_alone_gets_its_wheel(
    project: ProjectDir, front: Front, sandbox: Sandbox, releasekit: Command
) -> None:
    releasekit("release", project=project, server=front)
    sandbox.state.delete(sandbox.hosted, WHEEL)
    sandbox.state.faults = NO_FAULTS
    before = uploads(sandbox)
    ran = releasekit("publish", project=project, server=front)
    assert ran.status == 0, ran
    assert outcome(project)["uploaded"] == [WHEEL]
    assert (uploads(sandbox) - before, published(sandbox)) == (1, {WHEEL, SDIST})
