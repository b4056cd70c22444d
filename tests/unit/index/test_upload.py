from __future__ import annotations

import base64
import contextlib
import hashlib
import itertools
import random
import threading
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import Message
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from twine.package import PackageFile
from twine.repository import Repository

from nexus_double import Faults, run_sandbox
from releasekit.archives import read_dist
from releasekit.index.layouts import open_index
from releasekit.index.upload import Attempt, OnSent
from releasekit.model.access import Credentials
from releasekit.model.dists import Dist
from releasekit.network import Network, open_network
from samples import METADATA, SDIST, WHEEL, write_sdist, write_wheel
from unit.conftest import Answer, Server

BOB = Credentials(username="bob", password="hunter2", source="TWINE_USERNAME")


@pytest.fixture
def network(ca_file: Path) -> Iterator[Network]:
    with open_network(environ={}, ca_bundle=str(ca_file), timeout=5) as network:
        yield network


def send(
    dist: Dist,
    url: str,
    network: Network,
    on_sent: OnSent | None = None,
    user: Credentials = BOB,
) -> Attempt:
    index = open_index(url, client=network.client, reader=user, publisher=user)
    return index.upload(dist, on_sent or (lambda sent, size: None))


def upload(path: Path, url: str, network: Network, on_sent: OnSent | None = None) -> Attempt:
    return send(read_dist(path), url, network, on_sent)


LARGE = 32 << 20
SandboxUpload = Callable[[Dist, OnSent], Attempt]


@pytest.fixture
def sandbox_upload() -> Iterator[SandboxUpload]:
    """Upload into a sandbox; what was refused here is not stored there."""
    with (
        run_sandbox() as sandbox,
        open_network(environ={}, ca_bundle=str(sandbox.ca_bundle)) as network,
    ):
        user = Credentials(username=sandbox.username, password=sandbox.password, source="test")

        def upload(dist: Dist, on_sent: OnSent) -> Attempt:
            url = sandbox.upload_url()
            tried = send(dist, url, network, on_sent, user)
            stored = [file.blob.sha256 for file in sandbox.state.find_files(sandbox.hosted)]
            assert stored == ([] if tried.error else [dist.sha256])
            return tried

        yield upload


def test_dists_arrive_with_their_bytes_and_progress_is_reported(tmp_path: Path) -> None:
    dists = [write_wheel(tmp_path), write_sdist(tmp_path)]
    reported: list[tuple[int, int]] = []
    with (
        run_sandbox() as sandbox,
        open_network(environ={}, ca_bundle=str(sandbox.ca_bundle)) as network,
    ):
        user = Credentials(username=sandbox.username, password=sandbox.password, source="test")
        attempts = [
            send(
                read_dist(path),
                sandbox.upload_url(),
                network,
                lambda sent, size: reported.append((sent, size)),
                user,
            )
            for path in dists
        ]
        stored = {file.filename: file.blob.size for file in sandbox.state.find_files("pypi-hosted")}
    assert attempts == [Attempt(error=None, reason="the server answered 200 OK", final=True)] * 2
    assert stored == {WHEEL: dists[0].stat().st_size, SDIST: dists[1].stat().st_size}
    assert reported[-1][0] == reported[-1][1]


REPOSITORY = (
    "check url, hosted and group (or the .pypirc section):\n"
    "uploads go to a hosted repository, never to a group or a proxy"
)


@pytest.mark.parametrize(
    ("answer", "answers", "reason", "final"),
    [
        pytest.param(
            Answer(status=400, reason="Repository does not allow updating assets: h", body=b""),
            (
                "the server refused an upload",
                "it answered 400 Repository does not allow updating assets: h",
                "see what that means in Nexus, then run this again: it is safe",
            ),
            "the server answered 400 Repository does not allow updating assets: h",
            True,
            id="exists",
        ),
        pytest.param(
            Answer(status=413, reason="Too Large", body=b""),
            (
                "the server refused an upload",
                "it answered 413 Too Large",
                "raise the size limit of the front server (nginx: client_max_body_size), "
                "then run again",
            ),
            "the server answered 413 Too Large",
            True,
            id="front server's limit",
        ),
        pytest.param(
            Answer(
                status=302,
                reason="Found",
                headers={"Location": "https://sso.example.com/login?t=1"},
            ),
            (
                "the server refused an upload",
                "it answered 302 Found, to https://sso.example.com/login",
                "an upload follows no redirect: if that is the repository's new address, configure "
                "it;\nif it is a login page, ask its administrator to let uploads pass",
            ),
            "the server answered 302 Found",
            True,
            id="redirect",
        ),
        pytest.param(
            Answer(status=404, reason="Not Found", body=b""),
            (
                "this is not a hosted PyPI repository",
                "the server answered 404 Not Found",
                REPOSITORY,
            ),
            "the server answered 404 Not Found",
            True,
            id="group or proxy",
        ),
        pytest.param(
            Answer(status=405, reason="", body=b""),
            (
                "this is not a hosted PyPI repository",
                "the server answered 405 without a reason",
                REPOSITORY,
            ),
            "the server answered 405 without a reason",
            True,
            id="no reason",
        ),
        pytest.param(
            Answer(status=403, reason="Forbidden", body=b""),
            (
                "this user may not upload",
                "the server answered 403 to user bob: Forbidden",
                "ask the Nexus administrator for the privileges add, browse and read on this "
                "repository",
            ),
            "the server answered 403 Forbidden",
            True,
            id="no right",
        ),
        pytest.param(
            Answer(status=503, reason="Busy", headers={"Retry-After": "7200"}, body=b""),
            (
                "the server cannot do this now",
                "it answered 503 Busy",
                "ask its administrator what that means, if it lasts; then run this again: it is "
                "safe",
            ),
            "the server answered 503 Busy",
            False,
            id="busy: another attempt may help",
        ),
    ],
)
def test_post_is_sent_once_and_judged(
    server: Server,
    network: Network,
    tmp_path: Path,
    answer: Answer,
    answers: tuple[str, str, str],
    reason: str,
    final: bool,
) -> None:
    server.answers = [answer]
    url = f"{server.url}/repository/h/"
    tried = upload(write_wheel(tmp_path), url, network)
    assert tried.error is not None
    found = tried.error.answers()
    assert (found["what"], found["why"], found["next"]) == answers
    assert (found["where"], tried.reason, tried.final) == (url, reason, final)
    assert server.requests == ["POST /repository/h/"]
    assert server.authorizations == ["Basic Ym9iOmh1bnRlcjI="]


def test_server_that_is_not_there_may_come_back(network: Network, tmp_path: Path) -> None:
    tried = upload(write_wheel(tmp_path), "https://127.0.0.1:1/", network)
    assert (tried.reason, tried.final) == ("connection refused", False)


def test_untrusted_server_gets_no_byte(server: Server, tmp_path: Path) -> None:
    with open_network(environ={}, timeout=5) as strangers:
        tried = upload(write_wheel(tmp_path), server.url, strangers)
    assert tried.reason == "unable to get local issuer certificate"
    assert server.requests == []


def test_file_that_twine_refuses_is_not_sent(
    server: Server, network: Network, tmp_path: Path
) -> None:
    path = tmp_path / WHEEL
    path.write_bytes(b"no wheel")
    tried = upload(path, server.url, network)
    assert (tried.final, server.requests) == (True, [])
    assert tried.error is not None
    assert tried.error.answers()["what"] == f"{WHEEL} was not uploaded"


class Recorder(BaseHTTPRequestHandler):
    """Keeps the forms that are posted to it."""

    forms: ClassVar[list[Message]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n"
        self.forms.append(message_from_bytes(head.encode() + body, policy=HTTP))
        self.send_response(200)
        self.end_headers()


EVERYTHING = f"""\
{METADATA}Project-URL: Source, https://git.example.com/demo, really
Keywords: one,two
Classifier: Private :: Do Not Upload
Classifier: Programming Language :: Python :: 3
Requires-Dist: packaging>=24
Requires-Dist: pytest; extra == "test"
Provides-Extra: test
Dynamic: summary
Description-Content-Type: text/markdown

# Grüße

"Quoted", and a second paragraph.
"""


@pytest.mark.parametrize("metadata", [METADATA, EVERYTHING], ids=("little", "everything"))
def test_the_form_is_that_of_twine(network: Network, tmp_path: Path, metadata: str) -> None:
    path = write_wheel(tmp_path, metadata=metadata)
    package = PackageFile.from_filename(str(path), None)
    Recorder.forms.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/repository/h/"
        with contextlib.closing(Repository(url, "bob", "hunter2")) as repository:
            repository._upload(package)
        assert upload(path, url, network).error is None
        server.shutdown()
    theirs, ours = map(read_fields, Recorder.forms)
    # BLAKE2 is left out, as twine does where FIPS forbids it.
    assert ours == {name: reported for name, reported in theirs.items() if "blake2" not in name}
    assert ("summary" in ours, "sha256_digest" in ours) == (True, True)


def read_fields(form: Message) -> dict[str, list[tuple[str | None, bytes]]]:
    """The values of each field, with the file name that stands with them."""
    fields: dict[str, list[tuple[str | None, bytes]]] = {}
    for part in form.get_payload():
        assert isinstance(part, Message)
        name = part.get_param("name", header="Content-Disposition")
        value = part.get_payload(decode=True)
        assert isinstance(value, bytes)
        fields.setdefault(str(name), []).append((part.get_filename(), value))
    return fields


def other_wheel(dist: Dist) -> None:
    write_wheel(dist.path.parent, files={"demo.py": "ANSWER = 43\n"})


def longer_sdist(dist: Dist) -> None:
    with dist.path.open("ab") as file:
        file.write(b"\0")


def garbage(dist: Dist) -> None:
    dist.path.write_bytes(b"no archive")


def removed(dist: Dist) -> None:
    dist.path.unlink()


@pytest.mark.parametrize(
    ("write", "change"),
    [
        pytest.param(write_wheel, other_wheel, id="another wheel of the same name"),
        pytest.param(write_sdist, longer_sdist, id="a byte more"),
        pytest.param(write_wheel, garbage, id="garbage"),
        pytest.param(write_sdist, removed, id="nothing any more"),
    ],
)
def test_file_that_was_changed_after_it_was_read_is_not_sent(
    server: Server,
    network: Network,
    tmp_path: Path,
    write: Callable[[Path], Path],
    change: Callable[[Dist], None],
) -> None:
    dist = read_dist(write(tmp_path))

    def try_it() -> Attempt:
        return send(dist, f"{server.url}/", network)

    assert try_it().error is None
    change(dist)
    attempt = try_it()
    assert (attempt.reason, attempt.final) == (
        f"{dist.filename} was changed after it was checked",
        True,
    )
    assert str(attempt.error) == (
        "error E122: dist/ does not hold what was built\n"
        f"  where: {tmp_path}\n"
        f"  why:   {dist.filename} was changed after it was checked\n"
        "  next:  releasekit build, then run this again (in CI: pass dist/ and reports/ from one "
        "build job to this one)"
    )
    assert server.requests == ["POST /"]  # of the first try


@pytest.fixture
def large_wheel(tmp_path: Path) -> Path:
    """A wheel of 32 MiB, so that it is sent in many pieces."""
    path = write_wheel(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("demo.bin", random.Random(0).randbytes(LARGE))
    return path


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of what is hashed from now on, but for what the sandbox's threads hash."""
    pieces: list[int] = []
    us = threading.get_ident()

    def counting(make: Callable[..., Any]) -> Callable[..., Any]:
        class Counting:
            def __init__(self, *args: Any, **options: Any) -> None:
                self._hash = make(*args, **options)
                self.hexdigest = self._hash.hexdigest

            def update(self, data: bytes) -> None:
                pieces.extend([len(data)] if threading.get_ident() == us else [])
                self._hash.update(data)

        return Counting

    for name in ("sha256", "md5", "blake2b"):
        monkeypatch.setattr(hashlib, name, counting(getattr(hashlib, name)))
    return pieces


def test_large_file_is_hashed_once_while_it_is_sent_in_little_memory(
    large_wheel: Path, sandbox_upload: SandboxUpload, hashed: list[int]
) -> None:
    dist, reported = read_dist(large_wheel), [0]
    hashed.clear()
    tracemalloc.start()
    try:
        attempt = sandbox_upload(dist, lambda sent, size: reported.append(sent))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert attempt.error is None
    assert sum(hashed) == dist.size
    assert peak < 12 << 20
    assert all(0 < after - before <= 1 << 20 for before, after in itertools.pairwise(reported))


def test_large_file_is_not_taken_for_lost_while_the_server_stores_it(large_wheel: Path) -> None:
    with (
        run_sandbox(faults=Faults(upload_delay=3)) as sandbox,
        open_network(environ={}, ca_bundle=str(sandbox.ca_bundle), timeout=2) as network,
    ):
        user = Credentials(username=sandbox.username, password=sandbox.password, source="test")
        attempt = send(read_dist(large_wheel), sandbox.upload_url(), network, user=user)
    assert attempt.error is None


def test_file_that_changes_while_it_is_sent_is_not_sent_to_its_end(
    large_wheel: Path, sandbox_upload: SandboxUpload
) -> None:
    dist, reported = read_dist(large_wheel), []

    def change(sent: int, size: int) -> None:
        reported.append((sent, size))
        with large_wheel.open("r+b") as file:
            file.seek(LARGE)
            file.write(b"other")

    attempt = sandbox_upload(dist, change)
    assert (attempt.reason, attempt.final) == (f"{WHEEL} was changed after it was checked", True)
    sent, size = reported[-1]
    assert LARGE < sent < size


def test_credentials_are_sent_as_utf_8(server: Server, network: Network, tmp_path: Path) -> None:
    user = Credentials(username="bøb", password="pässwörd€", source="test")
    dist = read_dist(write_wheel(tmp_path))
    send(dist, server.url, network, user=user)
    sent = base64.b64encode("bøb:pässwörd€".encode()).decode()
    assert server.authorizations == [f"Basic {sent}"]


def test_interrupt_in_the_middle_stops_an_upload(
    server: Server, network: Network, tmp_path: Path
) -> None:
    def interrupt(sent: int, size: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upload(write_wheel(tmp_path), server.url, network, interrupt)
    assert server.authorizations == []
