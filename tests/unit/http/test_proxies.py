"""Proxies that fail: the error names the proxy, what it asks for, and no login."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import Any, cast

import pytest
import trustme
from urllib3.exceptions import NewConnectionError

from releasekit.errors import ReleasekitError
from releasekit.http.client import Client
from releasekit.http.failures import classify
from releasekit.network import open_network
from unit.conftest import Server, server_context
from unit.http.conftest import Answer, Serve
from unit.http.test_failures import OK, PAGE, fail, repeat, send, wait

TARGET = "https://nexus.example.com/page"
PLAIN = "http://nexus.example.com/page"
BASIC = "(percent-encode special characters), or go past the proxy: NO_PROXY=nexus.example.com"
BYPASS = "go past the proxy: NO_PROXY=nexus.example.com"
CHECK = "check HTTPS_PROXY (HTTP_PROXY, ALL_PROXY), or go past it: NO_PROXY=nexus.example.com"
NONE = b"Content-Length: 0\r\n\r\n"
TOO_SLOW = "no answer within the timeout, or too slow an answer"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("releasekit.http.client.PAUSES", (0, 0, 0))


def ask_through(
    proxy: str, url: str = TARGET, *, timeout: float = 30, ca: str | None = None
) -> ReleasekitError:
    with open_network(environ={"ALL_PROXY": proxy}, timeout=timeout, ca_bundle=ca) as network:
        return fail(lambda: network.client.get(url))


def head(line: str, *headers: str) -> Answer:
    return send("\r\n".join([f"HTTP/1.1 {line}", *headers, ""]).encode(), NONE)


LOGINS = {
    "Basic": (
        ['Proxy-Authenticate: Basic realm="corp"'],
        '(407 Login: Basic realm="corp")',
        BASIC,
    ),
    "one of several": (
        ["Proxy-Authenticate: Negotiate", 'proxy-authenticate: BASIC realm="corp"'],
        '(407 Login: Negotiate, BASIC realm="corp")',
        BASIC,
    ),
    "none that we speak": (
        ["Proxy-Authenticate: Negotiate", "Proxy-Authenticate: NTLM"],
        "(407 Login: Negotiate, NTLM); releasekit, pip and uv log in with Basic alone",
        f"run a relay on this machine that logs in there, and name it in HTTPS_PROXY, or {BYPASS}",
    ),
    "it does not say": ([], "(407 Login)", BASIC),
}


@pytest.mark.parametrize("url", [TARGET, PLAIN])
@pytest.mark.parametrize(("headers", "said", "fix"), LOGINS.values(), ids=LOGINS)
def test_what_a_proxy_asks_for_is_named(
    serve_raw: Serve, url: str, headers: list[str], said: str, fix: str
) -> None:
    proxy = serve_raw(head("407 Login", *headers))
    place = proxy.url.removesuffix("/page")
    error = ask_through(place, url)
    answers = error.answers()
    assert (error.status, answers["where"]) == (2, f"{place}, on the way to {url}")
    assert answers["why"] == f"it asks for a login {said}"
    assert answers["next"].endswith(fix)
    assert len(proxy.heads) == 1


def test_a_proxy_that_nobody_configured_and_that_asks_for_a_login_is_usage(
    serve_raw: Serve, client: Client
) -> None:
    server = serve_raw(head("407 Login", "Proxy-Authenticate: Basic"))
    error = fail(lambda: client.get(server.url))
    answers = error.answers()
    assert (error.status, answers["where"]) == (2, server.url)
    assert answers["why"] == "what answers is a proxy, and it asks for a login (407 Login: Basic)"


@pytest.mark.parametrize(
    ("line", "headers", "status", "said", "attempts"),
    [
        pytest.param("403 Forbidden", [], 2, "403 Forbidden", 1, id="it may not"),
        pytest.param("405 Method Not Allowed", [], 2, "405 Method Not Allowed", 1, id="no proxy"),
        pytest.param("429 Too Many", [], 3, "429 Too Many", 4, id="too many"),
        pytest.param("503 Busy", [], 3, "503 Busy", 4, id="the server is away"),
        pytest.param(
            "302 Found",
            ["Location: https://login.example.com/"],
            3,
            "302 Found, to https://login.example.com/",
            4,
            id="a login page before all else",
        ),
    ],
)
def test_a_proxy_that_does_not_connect_says_why(
    serve_raw: Serve, line: str, headers: list[str], status: int, said: str, attempts: int
) -> None:
    proxy = serve_raw(head(line, *headers))
    place = proxy.url.removesuffix("/page")
    error = ask_through(place)
    answers = error.answers()
    assert (error.status, answers["where"]) == (status, f"{place}, on the way to {TARGET}")
    assert answers["why"] == f"the proxy answered {said}"
    assert answers["next"].startswith(CHECK)
    assert len(proxy.heads) == attempts


CLOSED = "the connection was closed before an answer came"
ENDS = {
    "closed": (send(), CLOSED),
    "silent": (wait, TOO_SLOW),
    "first line drips": (repeat(b"HTTP/1.1", b"x", 0.1), TOO_SLOW),
    "headers drip": (repeat(OK + b"X: ", b"x", 0.1), TOO_SLOW),
    "refusal drips": (repeat(b"HTTP/1.1 407 Login\r\nX: ", b"x", 0.1), TOO_SLOW),
    "no HTTP": (send(b"SSH-2.0-x\r\n"), "what answers does not speak HTTP"),
    "headers without end": (
        repeat(OK, b"X: x\r\n" * 10_000),
        "its headers, or what frames its body, have no end",
    ),
}


@pytest.mark.parametrize(("answer", "why"), ENDS.values(), ids=ENDS)
def test_a_proxy_that_breaks_off_before_it_connects_is_named_and_not_the_server(
    serve_raw: Serve, answer: Answer, why: str
) -> None:
    proxy = serve_raw(answer)
    place = proxy.url.removesuffix("/page")
    error = ask_through(place, timeout=1 if why == TOO_SLOW else 30)
    answers = error.answers()
    assert (error.status, answers["where"]) == (3, f"{place}, on the way to {TARGET}")
    assert answers["what"].startswith("the proxy ")
    assert answers["why"] == why


def test_an_answer_through_a_proxy_names_both(serve_raw: Serve) -> None:
    proxy = serve_raw(wait)
    place = proxy.url.removesuffix("/page")
    error = ask_through(f"http://bob:hunter2@{place[7:]}", PLAIN, timeout=1)
    answers = error.answers()
    assert answers["where"] == f"{PLAIN}, through the proxy {place}"
    assert answers["what"] == "the server did not answer in time"


def test_a_tunnel_that_was_kept_and_closed_counts_as_no_attempt(serve_raw: Serve) -> None:
    def keep(connection: socket.socket) -> None:
        PAGE(connection)
        connection.recv(65536)

    proxy = serve_raw(keep)
    environ = {"ALL_PROXY": proxy.url.removesuffix("/page")}
    with open_network(environ=environ, timeout=30) as network:
        for _ in range(2):
            assert network.client.get(PLAIN, attempts=1).text == "hello"


# --- proxies with TLS ---------------------------------------------------------------------------


def test_the_certificate_of_a_proxy_is_not_taken_for_that_of_the_server(
    serve: Callable[[ssl.SSLContext | None], Server], authority: trustme.CA
) -> None:
    proxy = serve(server_context(authority, "127.0.0.1"))
    for url in (TARGET, PLAIN):
        error = ask_through(proxy.url, url)
        answers = error.answers()
        assert (error.status, answers["what"]) == (2, "the proxy cannot be used")
        assert answers["where"] == f"{proxy.url}, on the way to {url}"
        assert answers["why"] == (
            "its certificate is not trusted: unable to get local issuer certificate "
            "(ca-bundle, or RELEASEKIT_CA_BUNDLE, names a private CA)"
        )


def test_a_proxy_without_tls_whose_address_is_https_is_named(
    serve: Callable[[ssl.SSLContext | None], Server],
) -> None:
    place = serve(None).url.replace("http:", "https:")
    error = ask_through(place)
    answers = error.answers()
    assert (error.status, answers["where"]) == (2, f"{place}, on the way to {TARGET}")
    assert answers["why"] == (
        "what answers there speaks no TLS: perhaps its address begins with http://, not https://"
    )


# --- addresses ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "proxy",
    [
        "http://bob:hun/ter2@proxy.invalid:3128",
        "http://bob:hun#ter2@proxy.invalid:3128",
        "http://bob:hun?ter2@proxy.invalid:3128",
        "http://bob:hun@ter2@proxy.invalid:3128",
        "bob:hun/ter2@proxy.invalid:3128",
        "http://bob:hunter2@[::1",
        "http://bob:hunter2@proxy.invalid:99999",
        "http://bob:hunter2@proxy .invalid:3128",
        "http://bob:hunter2@",
        "http:/bob:hunter2@proxy.invalid",
        "socks5h://bob:hunter2@proxy.invalid:1080",
    ],
)
@pytest.mark.parametrize("url", [TARGET, PLAIN])
def test_no_spelling_of_a_proxy_shows_its_password(proxy: str, url: str) -> None:
    error = ask_through(proxy, url)
    assert "the proxy" in error.answers()["what"]
    for part in ("hun", "ter2", "bob"):
        assert part not in str(error)


# --- SOCKS --------------------------------------------------------------------------------------


class SOCKS5AuthError(OSError):
    """As PySocks 1.7.1 names it, which is not installed here."""


class SOCKS5Error(OSError):
    """The same."""


@pytest.mark.parametrize(
    ("error", "status", "what", "why"),
    [
        pytest.param(
            SOCKS5AuthError("SOCKS5 authentication failed"),
            2,
            "the proxy cannot be used",
            "it does not accept the login in its address (SOCKS5 authentication failed)",
            id="login",
        ),
        pytest.param(
            SOCKS5Error("0x02: Connection not allowed by ruleset"),
            2,
            "the proxy cannot be used",
            "the proxy answered 0x02: Connection not allowed by ruleset",
            id="rules",
        ),
        pytest.param(
            SOCKS5Error("0x05: Connection refused"),
            3,
            "the proxy does not connect to the server",
            "the proxy answered 0x05: Connection refused",
            id="the server is away",
        ),
    ],
)
def test_what_a_socks_proxy_answers_is_its_own(
    error: OSError, status: int, what: str, why: str
) -> None:
    proxy = "socks5h://bob:hunter2@127.0.0.1:1080"
    outer = NewConnectionError(cast("Any", None), "Failed to establish a new connection")
    outer.__cause__ = error
    found = classify(outer, TARGET, proxy, at_proxy=True)
    answers = found.answers()
    assert (found.status, answers["what"], answers["why"]) == (status, what, why)
    assert status == 3 or "HTTPS_PROXY" in answers["next"]
    assert "HTTPS_PROXY=http:" not in answers["next"]
    assert answers["where"] == f"socks5h://127.0.0.1:1080, on the way to {TARGET}"
