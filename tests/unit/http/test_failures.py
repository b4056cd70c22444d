"""Each way in which an exchange fails has a name, and the error names the server or the proxy."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from releasekit.errors import ReleasekitError
from releasekit.http.client import ATTEMPTS, Client
from releasekit.model.access import Credentials
from releasekit.network import open_network
from unit.http.conftest import Answer, Serve

OK = b"HTTP/1.1 200 OK\r\n"
LIMIT = 1 << 20


def send(*parts: bytes) -> Answer:
    return lambda connection: connection.sendall(b"".join(parts))


def repeat(head: bytes, part: bytes, pause: float = 0) -> Answer:
    """Send a part again and again until the client has enough."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(part)
            time.sleep(pause)

    return answer


def wait(connection: socket.socket) -> None:
    connection.recv(1)


def redirect(location: str) -> Answer:
    return send(f"HTTP/1.1 308 Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())


BOMB = gzip.compress(bytes(64 << 20))
CANNOT_BE_READ = "the server's answer cannot be read"
CANNOT_BE_REACHED = "the server cannot be reached"
NOT_IN_TIME = "the server did not answer in time"
TOO_SLOW = "no answer within the timeout, or too slow an answer"
TOO_LARGE = "the server's answer is too large"
LONG_HEADERS = "its headers are too long, or too many"
NO_END = "its headers, or what frames its body, have no end"
FAULTS = {
    "closed": (send(), CANNOT_BE_REACHED, "the connection was closed before an answer came", 4),
    "silent": (wait, NOT_IN_TIME, TOO_SLOW, 4),
    "first line drips": (repeat(OK[:3], b"x", 0.1), NOT_IN_TIME, TOO_SLOW, 4),
    "headers drip": (repeat(OK + b"X: ", b"x", 0.1), NOT_IN_TIME, TOO_SLOW, 4),
    "body drips": (
        repeat(OK + b"Content-Length: 9999\r\n\r\n", b"x", 0.1),
        NOT_IN_TIME,
        TOO_SLOW,
        4,
    ),
    "cut": (
        send(OK, b"Content-Length: 9999\r\n\r\nhello"),
        "the server's answer broke off",
        "the connection was closed in the middle of the answer",
        4,
    ),
    **{
        f"headers cut: {head!r}": (
            send(head),
            "the server's answer broke off",
            "the connection was closed in the middle of the answer",
            4,
        )
        for head in (OK, OK + b"Content-Le", OK + b"Content-Length: 5\r\n")
    },
    "chunk cut": (
        send(OK, b"Transfer-Encoding: chunked\r\n\r\nff\r\nhello"),
        "the server's answer broke off",
        "the connection was closed in the middle of the answer",
        4,
    ),
    "cut between two chunks": (
        send(OK, b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
        "the server's answer broke off",
        "the connection was closed in the middle of the answer",
        4,
    ),
    "headers without end": (repeat(OK, b"X: " + b"x" * 60_000), CANNOT_BE_READ, LONG_HEADERS, 4),
    "answers before the answer": (
        repeat(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
        TOO_LARGE,
        NO_END,
        1,
    ),
    "chunk's length without end": (
        repeat(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1" * 65536),
        CANNOT_BE_READ,
        "what frames its body cannot be read",
        4,
    ),
    "trailers without end": (
        repeat(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: x\r\n" * 10_000),
        TOO_LARGE,
        NO_END,
        1,
    ),
    "endless": (repeat(OK + b"\r\n", b"x" * 65536), TOO_LARGE, "it has more than 1 MiB", 1),
    "endless in chunks": (
        repeat(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 65536 + b"\r\n"),
        TOO_LARGE,
        "it has more than 1 MiB",
        1,
    ),
    "gzip bomb": (
        send(OK, b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB), BOMB),
        TOO_LARGE,
        "it has more than 1 MiB",
        1,
    ),
    "no gzip": (
        send(OK, b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"),
        CANNOT_BE_READ,
        "its content is not encoded as its headers say",
        4,
    ),
    "two lengths": (
        send(OK, b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
        CANNOT_BE_READ,
        "it names several lengths",
        1,
    ),
    "many headers": (
        send(OK, b"X: x\r\n" * 1000, b"\r\n"),
        CANNOT_BE_READ,
        "its headers are too long, or too many",
        4,
    ),
    "long header": (
        send(OK, b"X: ", b"x" * 70_000, b"\r\n\r\n"),
        CANNOT_BE_READ,
        "its headers are too long, or too many",
        4,
    ),
    "no HTTP": (send(b"SSH-2.0-x\r\n"), CANNOT_BE_READ, "what answers does not speak HTTP", 4),
    "redirect loop": (
        redirect("/page"),
        "the server redirects without end",
        "after 1 redirect, Location is URL",
        1,
    ),
    "redirect to nowhere": (
        redirect("ftp://bob:hunter2@ftp.example.com/?token=1"),
        "the server redirects to nowhere",
        "its Location is ftp://ftp.example.com/",
        1,
    ),
    "redirect to no address": (
        redirect("http://["),
        "the server redirects to nowhere",
        "its Location is no address",
        1,
    ),
    "redirect to no port": (
        redirect("http://example.com:99999/"),
        "the server redirects to nowhere",
        "its Location is no address",
        1,
    ),
}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("releasekit.http.client.PAUSES", (0, 0, 0))


def fail(read: Callable[[], object]) -> ReleasekitError:
    with pytest.raises(ReleasekitError) as caught:
        read()
    return caught.value


@pytest.mark.parametrize(("answer", "what", "why", "attempts"), FAULTS.values(), ids=FAULTS)
def test_failure_has_its_name_and_ends(
    serve_raw: Serve,
    client: Client,
    hasty_client: Client,
    answer: Answer,
    what: str,
    why: str,
    attempts: int,
) -> None:
    server = serve_raw(answer)
    chosen = hasty_client if why == TOO_SLOW else client
    error = fail(lambda: chosen.get(server.url, limit=LIMIT))
    answers = error.answers()
    assert (answers["what"], answers["where"]) == (what, server.url)
    assert answers["why"] == why.replace("URL", server.url)
    assert (error.status, len(server.heads)) == (3, attempts)


@pytest.mark.parametrize(
    "url", ["https://nexus.example.com:banana/x", "https://nexus.example.com:99999/x", "https:///x"]
)
def test_a_link_that_is_no_address_is_named(client: Client, url: str) -> None:
    error = fail(lambda: client.get(url))
    assert (error.status, error.answers()["what"]) == (3, "this is no address")
    assert error.answers()["where"] == url


def test_a_kept_connection_that_was_closed_counts_as_no_attempt(
    serve_raw: Serve, client: Client
) -> None:
    broken = OK + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"

    def keep(connection: socket.socket) -> None:
        connection.sendall(broken)
        connection.recv(65536)  # closed when the next request has come: it is not answered

    server = serve_raw(keep)
    error = fail(lambda: client.get(server.url))
    assert error.answers()["why"] == "its content is not encoded as its headers say"
    assert len(server.heads) == ATTEMPTS


def test_a_kept_connection_that_was_closed_is_no_failure(serve_raw: Serve, client: Client) -> None:
    def keep(connection: socket.socket) -> None:
        PAGE(connection)
        connection.recv(65536)

    server = serve_raw(keep)
    for _ in range(3):
        assert client.get(server.url, attempts=1).text == "hello"
    assert (client.sent, client.failed) == (3, 0)


def test_a_change_over_a_kept_connection_is_not_repeated(serve_raw: Serve, client: Client) -> None:
    received = []

    def keep(connection: socket.socket) -> None:
        PAGE(connection)
        received.append(connection.recv(65536))

    server = serve_raw(keep)
    client.get(server.url)
    assert fail(lambda: client.send("POST", server.url, body=b"x")).status == 3
    assert (len(received), len(server.heads)) == (1, 1)


def test_a_body_that_was_cut_is_read_again(serve_raw: Serve, client: Client) -> None:
    cut, whole = b"Content-Length: 9999\r\n\r\n", b"Content-Length: 5\r\n\r\nhello"
    server = serve_raw(send(OK, cut), send(OK, whole))
    assert client.get(server.url).text == "hello"


def test_a_download_that_was_cut_is_written_again(
    serve_raw: Serve, client: Client, tmp_path: Path
) -> None:
    cut, whole = b"Content-Length: 9999\r\n\r\n" + b"x" * 100, b"Content-Length: 5\r\n\r\nhello"
    server = serve_raw(send(OK, cut), send(OK, whole))
    found = client.download(server.url, path=tmp_path / "file")
    assert (tmp_path / "file").read_text() == "hello"
    assert found.sha256.startswith("2cf24dba5fb0a30e")


def test_a_download_larger_than_its_known_size_is_left(
    serve_raw: Serve, client: Client, tmp_path: Path
) -> None:
    server = serve_raw(repeat(OK + b"\r\n", b"x" * 65536))
    assert client.download(server.url, path=tmp_path / "file", limit=5).sha256 == ""
    assert len(server.heads) == 1


def test_a_download_is_taken_as_it_is(serve_raw: Serve, client: Client) -> None:
    content = gzip.compress(b"hello")  # of a server that calls a .tar.gz so
    head = b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(content)
    server = serve_raw(send(OK, head, content))
    plain = serve_raw(send(OK, b"Content-Length: %d\r\n\r\n" % len(content), content))
    assert client.download(server.url).sha256 == client.download(plain.url).sha256


def test_a_slow_but_steady_answer_is_read_to_its_end(
    serve_raw: Serve, hasty_client: Client
) -> None:
    part = b"x" * 20_000

    def answer(connection: socket.socket) -> None:
        connection.sendall(OK + b"Content-Length: %d\r\n\r\n" % (len(part) * 8))
        for _ in range(8):  # 80 kB/s for two seconds; the timeout is one
            time.sleep(0.25)
            connection.sendall(part)

    assert len(hasty_client.get(serve_raw(answer).url).body) == len(part) * 8


def test_an_error_is_shown_however_its_body_ends(
    serve_raw: Serve, client: Client, hasty_client: Client
) -> None:
    head = b"HTTP/1.1 404 Not Found\r\nContent-Length: 9999\r\n\r\nno such thing"
    assert client.get(serve_raw(send(head)).url).text == "no such thing"
    assert hasty_client.get(serve_raw(repeat(head, b".", 0.1)).url).text.startswith(
        "no such thing."
    )


def test_a_change_is_sent_once_and_follows_no_redirect(serve_raw: Serve, client: Client) -> None:
    lost, moved = serve_raw(send()), serve_raw(redirect("https://nexus.example.com/x?token=1"))
    assert fail(lambda: client.send("POST", lost.url, body=b"x")).status == 3
    answer = client.send("POST", moved.url, body=b"x")
    assert (answer.status, answer.location) == (308, "https://nexus.example.com/x")
    assert (len(lost.heads), len(moved.heads)) == (1, 1)


def test_an_upload_that_nobody_reads_ends(serve_raw: Serve, hasty_client: Client) -> None:
    stopped = threading.Event()
    server = serve_raw(lambda connection: stopped.wait(30) and None)

    def form() -> Iterable[bytes]:
        while True:
            yield b"x" * 65536

    headers = {"Content-Length": str(1 << 40)}
    error = fail(lambda: hasty_client.send("POST", server.url, headers=headers, body=form()))
    stopped.set()
    assert error.answers()["why"] == TOO_SLOW


BUSY = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n"
MANY = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n"
PAGE = send(OK, b"Content-Length: 5\r\n\r\nhello")


@pytest.mark.parametrize(
    ("first", "status", "requests"),
    [
        pytest.param(send(BUSY, b"\r\n"), 200, 2, id="busy"),
        pytest.param(send(BUSY, b"Retry-After: 7200\r\n\r\n"), 200, 2, id="busy for hours"),
        pytest.param(send(BUSY, b"Retry-After: banana\r\n\r\n"), 200, 2, id="busy, unreadable"),
        pytest.param(send(MANY, b"Retry-After: 0\r\n\r\n"), 200, 2, id="too many, for a moment"),
        pytest.param(send(MANY, b"Retry-After: 7200\r\n\r\n"), 429, 1, id="too many, for hours"),
        pytest.param(send(MANY, b"Retry-After: ", b"9" * 5000, b"\r\n\r\n"), 429, 1, id="digits"),
        pytest.param(send(MANY, b"\r\n"), 429, 1, id="too many"),
    ],
)
def test_a_busy_server_gets_a_second_request_if_that_is_soon(
    serve_raw: Serve, client: Client, first: Answer, status: int, requests: int
) -> None:
    server = serve_raw(first, PAGE)
    assert client.get(server.url).status == status
    assert len(server.heads) == requests


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_reads_follow_every_redirect_without_their_credentials(
    serve_raw: Serve, client: Client, status: int
) -> None:
    target = serve_raw(PAGE)
    head = f"HTTP/1.1 {status} Moved\r\nLocation: {target.url}\r\nContent-Length: 0\r\n\r\n"
    server = serve_raw(send(head.encode()))
    user = Credentials(username="bob", password="hunter2", source="test")
    answer = client.get(server.url, credentials=user)
    assert (answer.text, answer.url) == ("hello", target.url)
    assert "Authorization: Basic" in server.heads[0]
    assert "Authorization" not in target.heads[0]


def test_doctor_asks_once(serve_raw: Serve, client: Client) -> None:
    server = serve_raw(send())
    fail(lambda: client.get(server.url, attempts=1))
    assert len(server.heads) == 1 < ATTEMPTS


# --- proxies ------------------------------------------------------------------------------------


TARGET = "https://nexus.example.com/page"
LOGIN_FIX = (
    "write the login into the variable: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT\n"
    "(percent-encode special characters), or go past the proxy: NO_PROXY=nexus.example.com"
)
CHECK = "check HTTPS_PROXY (HTTP_PROXY, ALL_PROXY), or go past it: NO_PROXY=nexus.example.com"


def ask_through(proxy: str, url: str = TARGET) -> ReleasekitError:
    with open_network(environ={"ALL_PROXY": proxy}, timeout=30) as network:
        return fail(lambda: network.client.get(url))


def test_proxy_that_refuses_is_named_without_its_login() -> None:
    error = ask_through("http://bob:hunter2@127.0.0.1:1")
    assert str(error) == (
        "error E351: the proxy cannot be reached\n"
        f"  where: http://127.0.0.1:1, on the way to {TARGET}\n"
        "  why:   connection refused\n"
        f"  next:  {CHECK}; then run this again: it is safe"
    )


def test_proxy_whose_name_is_unknown_is_named() -> None:
    error = ask_through("proxy.invalid:3128")
    answers = error.answers()
    assert (error.status, answers["what"]) == (3, "the proxy cannot be reached")
    assert answers["where"] == f"http://proxy.invalid:3128, on the way to {TARGET}"
    assert answers["why"] == "the name proxy.invalid cannot be resolved"


@pytest.mark.parametrize("url", [TARGET, TARGET.replace("https", "http")])
def test_proxy_that_asks_for_a_login_is_usage(serve_raw: Serve, url: str) -> None:
    head = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    proxy = serve_raw(send(head))
    place = proxy.url.removesuffix("/page")
    error = ask_through(place.replace("//", "//bob:hunter2%40@"), url)
    answers = error.answers()
    assert (error.status, answers["what"]) == (2, "the proxy cannot be used")
    assert answers["where"] == f"{place}, on the way to {url}"
    assert answers["why"] == (
        "it does not accept the login in its address (407 Proxy Authentication Required)"
    )
    assert answers["next"] == LOGIN_FIX
    assert "Proxy-Authorization: Basic Ym9iOmh1bnRlcjJA" in proxy.heads[0]


def test_proxy_that_does_not_connect_is_named(serve_raw: Serve) -> None:
    proxy = serve_raw(send(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"))
    error = ask_through(proxy.url.removesuffix("/page"))
    answers = error.answers()
    assert (error.status, answers["what"]) == (3, "the proxy does not connect to the server")
    assert answers["why"] == "the proxy answered 502 Bad Gateway"


@pytest.mark.parametrize(
    ("proxy", "why"),
    [
        ("http://proxy.example.com:banana", "this is no address of a proxy (http://HOST:PORT)"),
        ("http://", "this is no address of a proxy (http://HOST:PORT)"),
        ("ftp://proxy.example.com", "this is no address of a proxy (http://HOST:PORT)"),
        ("socks5h://127.0.0.1:1080", "it is a SOCKS proxy, and PySocks is not installed"),
    ],
)
def test_proxy_that_cannot_be_used_is_usage(proxy: str, why: str) -> None:
    error = ask_through(proxy)
    answers = error.answers()
    assert (error.status, answers["what"], answers["why"]) == (2, "the proxy cannot be used", why)
