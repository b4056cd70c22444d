"""What a server or a proxy refuses has the same cause and the same status in every command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from front import Reply, Spoil, run_front
from nexus_double import Sandbox
from support import SDIST, WHEEL, Command, ProjectDir, Ran, published
from unit.conftest import Answer, Server

COMMANDS = {
    "release": (),
    "plan": (),
    "publish": (),
    "verify": (),
    "search": ("plain",),
    "provision": (),
}
"""Those that end with the error itself; `doctor` has a row for it, and status 1 or 3."""
OFF = "https://nexus.example.com"
DENY = "Repository is read only: pypi-hosted"
FROZEN = "Nexus Repository Manager is in read-only mode"
LOGIN = {"Proxy-Authenticate": "Negotiate, NTLM"}
READING = ("release", "plan", "publish", "verify", "search")
CASES: dict[str, tuple[Answer, tuple[str, ...], int, str]] = {
    "402": (
        Answer(status=402, reason="Payment Required", body=b"Limit reached"),
        tuple(COMMANDS),
        2,
        "it answered 402 Payment Required: Limit reached",
    ),
    "429": (
        Answer(status=429, reason="Slow down", headers={"Retry-After": "3600"}),
        tuple(COMMANDS),
        3,
        "it answered 429 Slow down, and asks to wait 3600 s",
    ),
    "deny": (Answer(status=400, reason=DENY), READING, 2, f"it answered 400 {DENY}"),
    "frozen": (Answer(status=503, reason=FROZEN), READING, 3, f"it answered 503 {FROZEN}"),
    "login page elsewhere": (
        Answer(status=302, reason="Found", headers={"Location": "ftp://login.example.com/?t=1"}),
        tuple(COMMANDS),
        3,
        "its Location is ftp://login.example.com/",
    ),
}


@pytest.fixture
def built(project: ProjectDir, sandbox: Sandbox, releasekit: Command) -> ProjectDir:
    """A project whose dists are built and proven."""
    for command in ("build", "check"):
        assert releasekit(command, project=project, server=sandbox).status == 0
    return project


def instead_of_upload(reply: Reply) -> Spoil:
    """Answer uploads like this, and store nothing."""
    return lambda request, forward: reply if request.method == "POST" else forward()


Try = Callable[..., Ran]


@pytest.fixture
def ask(built: ProjectDir, sandbox: Sandbox, releasekit: Command) -> Try:
    """Run a command against another server than the sandbox."""

    def run(command: str, url: str, *options: str, **variables: str) -> Ran:
        words = (command, *options, *COMMANDS.get(command, ()))
        mine = {"RELEASEKIT_URL": url, "RELEASEKIT_TIMEOUT": "20", "RELEASEKIT_GROUP": ""}
        mine["RELEASEKIT_ADMIN_PASSWORD"] = "hunter3"
        return releasekit(*words, project=built, server=sandbox, **(mine | variables))

    return run


@pytest.mark.parametrize(("answer", "commands", "status", "why"), CASES.values(), ids=CASES)
def test_a_refusal_is_the_same_in_every_command(
    serve: Callable[[Answer], Server],
    ask: Try,
    answer: Answer,
    commands: tuple[str, ...],
    status: int,
    why: str,
) -> None:
    server = serve(answer)
    for command in commands:
        ran = ask(command, server.url)
        assert (command, ran.status) == (command, status), ran.out
        assert f"  why:   {why}\n" in ran.out, (command, ran.out)
        assert f"  where: {server.url}/" in ran.out, (command, ran.out)


def test_a_proxy_that_asks_for_a_login_is_usage_in_every_command(
    serve: Callable[[Answer], Server], ask: Try
) -> None:
    proxy = serve(Answer(status=407, reason="Login", headers=LOGIN))
    for command in COMMANDS:
        ran = ask(command, OFF, HTTPS_PROXY=proxy.url, NO_PROXY="", no_proxy="")
        assert (command, ran.status) == (command, 2), ran.out
        assert "error E247: the proxy cannot be used\n" in ran.out, ran.out
        assert f"  where: {proxy.url}, on the way to {OFF}/" in ran.out, ran.out
        assert "it asks for a login (407 Login: Negotiate, NTLM); " in ran.out, ran.out
    ran = ask("doctor", OFF, HTTPS_PROXY=proxy.url, NO_PROXY="", no_proxy="")
    assert ran.status == 1
    assert f"{proxy.url}, on the way to {OFF}: it asks for a login" in ran.out, ran.out


@pytest.mark.parametrize("slash", ["", "/"])
def test_an_address_of_pages_gets_the_same_error_in_every_command(
    ask: Try, tmp_path: Path, user_environ: dict[str, str], slash: str
) -> None:
    place = Path(user_environ["HOME"], ".pypirc")
    url = "https://nexus.example.com/repository/pypi-hosted/"
    place.write_text(f"[distutils]\nindex-servers = own\n[own]\nrepository = {url}simple{slash}\n")
    said = (
        "error E254: this is the address of an index, and that of a repository is needed\n"
        "  where: ~/.pypirc, section [own]\n"
        f"  why:   {url}simple{slash} ends in /simple/, where the pages for pip are\n"
        f"  next:  leave /simple/ out: repository = {url}\n"
    )
    try:
        for command in ("release", "plan", "publish", "verify", "doctor"):
            ran = ask(command, OFF, "-r", "own")
            assert (command, ran.status) == (command, 2), ran.out
            assert said in ran.out, (command, ran.out)
    finally:
        place.unlink()


@pytest.mark.parametrize("status", [429, 503])
def test_an_upload_waits_as_the_server_asks_and_says_so(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command, tmp_path: Path, status: int
) -> None:
    refusals = [Reply(status=status, reason="Slow down", headers=(("Retry-After", "2"),))]
    with run_front(sandbox, tmp_path / "front.pem") as front:
        front.spoil = lambda request, forward: (
            refusals.pop() if request.method == "POST" and refusals else forward()
        )
        ran = releasekit("release", project=project, server=sandbox, **front.environ())
    assert (ran.status, published(sandbox)) == (0, {WHEEL, SDIST})
    assert f"the server answered {status} Slow down, and asks to wait 2 s: waiting" in ran.out
    assert not refusals


def test_an_upload_that_is_put_off_for_an_hour_ends_at_once_and_says_so(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command, tmp_path: Path
) -> None:
    reply = Reply(status=429, reason="Slow down", headers=(("Retry-After", "3600"),))
    later = iter([reply])
    with run_front(sandbox, tmp_path / "front.pem") as front:
        # A second one is not answered.
        front.spoil = lambda request, forward: (
            next(later) if request.method == "POST" else forward()
        )
        ran = releasekit("release", project=project, server=sandbox, **front.environ())
    assert (ran.status, published(sandbox)) == (3, set())
    assert "error E337: the server takes no more requests for now\n" in ran.out
    assert "  why:   it answered 429 Slow down, and asks to wait 3600 s\n" in ran.out


def test_a_frozen_server_is_a_failure_and_a_read_only_repository_is_usage(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command, tmp_path: Path
) -> None:
    """Only uploads are refused: pages that were served before are served on."""
    cases = ((503, FROZEN, 3), (400, DENY, 2))
    with run_front(sandbox, tmp_path / "front.pem") as front:
        for status, said, ends in cases:
            front.spoil = instead_of_upload(Reply(status=status, reason=said))
            ran = releasekit("release", project=project, server=sandbox, **front.environ())
            assert (ran.status, published(sandbox)) == (ends, set()), ran.out
            assert f"{status} {said}" in ran.out
