"""The doctor's rows of the way to a server, and of states that no real Nexus here can be in.

All others are shown failing on the real Nexus, in tests/end_to_end/test_doctor_nexus.py.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from certificates import DAY, NOW, Made, make, server_context
from in_process import Recorder, open_command
from nexus_double import Faults, run_sandbox
from releasekit.commands.doctor import diagnose as examine
from releasekit.commands.doctor import refuse_failed
from releasekit.doctor.model import Diagnosis, Row
from releasekit.errors import ReleasekitError, Status
from unit.commands.newer_nexus import NewerNexus, run_newer_nexus
from unit.conftest import Answer as Reply
from unit.conftest import Server, run_server

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def newer() -> Iterator[NewerNexus]:
    with run_newer_nexus() as running:
        running.resources["system/eula"]["accepted"] = True
        yield running


@pytest.fixture
def serve() -> Iterator[Callable[[ssl.SSLContext | None], Server]]:
    with ExitStack() as stack:
        yield lambda context: stack.enter_context(run_server(context))


Serve = Callable[[ssl.SSLContext | None], Server]


def diagnose(root: Path, url: str, **variables: str) -> dict[str, Row]:
    """Run the doctor; return its rows by their titles."""
    environ = {
        "RELEASEKIT_URL": url,
        "RELEASEKIT_TIMEOUT": "5",
        "TWINE_USERNAME": "publisher",
        "TWINE_PASSWORD": "hunter2",
        "RELEASEKIT_ADMIN_PASSWORD": "hunter3",
        **variables,
    }
    with open_command("doctor", root=root, environ=environ, recorder=Recorder()) as ctx:
        diagnosis = examine(ctx)
    return {row.question.title: row for row in diagnosis.rows} | {"": verdict(diagnosis)}


def verdict(diagnosis: Diagnosis) -> Row:
    """Hold the status of the run in a row without a title."""
    first = diagnosis.rows[0]
    try:
        refuse_failed(diagnosis)
    except ReleasekitError as error:
        return first.question.ok(error.status.word)
    return first.question.ok(Status.DONE.word)


def judged(row: Row) -> tuple[str, str, str]:
    return row.state.value, row.text, row.what_to_do


# --- address ------------------------------------------------------------------------------------


@pytest.fixture
def closed() -> int:
    """A port of loopback on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


def test_nobody_listens(tmp_path: Path, closed: int) -> None:
    rows = diagnose(tmp_path, f"https://127.0.0.1:{closed}")
    assert judged(rows["address"]) == (
        "failed",
        f"127.0.0.1:{closed}: connection refused",
        "fix: see that Nexus runs there, and that url has the right port",
    )
    assert judged(rows["TLS"]) == ("unknown", "not asked", "fix: fix address first, above")
    assert rows[""].text == "failed"  # a server may come back: a re-run is safe


def test_a_name_that_nobody_has(tmp_path: Path) -> None:
    assert judged(diagnose(tmp_path, "https://nexus.invalid")["address"]) == (
        "failed",
        "nexus.invalid:443: the name nexus.invalid cannot be resolved",
        "fix: check url for a typo; a name of the company's network may need its VPN or "
        "HTTPS_PROXY",
    )


def test_a_firewall_that_says_nothing(tmp_path: Path) -> None:
    with ExitStack() as stack:
        # A queue of connections that is full: what comes now gets no answer.
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        place = listening.getsockname()
        stack.enter_context(socket.create_connection(place))
        row = diagnose(tmp_path, f"https://127.0.0.1:{place[1]}", RELEASEKIT_TIMEOUT="1")["address"]
    assert judged(row) == (
        "failed",
        f"127.0.0.1:{place[1]}: no connection within 1 s (time is up)",
        f"fix: have the firewall let this machine reach 127.0.0.1:{place[1]}, or name the proxy in "
        "HTTPS_PROXY",
    )


def test_a_proxy_that_is_away(tmp_path: Path, closed: int) -> None:
    proxy = f"http://bob:hunter2@127.0.0.1:{closed}"
    rows = diagnose(tmp_path, "https://nexus.example.com", HTTPS_PROXY=proxy)
    assert judged(rows["address"]) == (
        "failed",
        f"nexus.example.com:443 through the proxy http://127.0.0.1:{closed}: connection refused",
        "fix: see that the proxy runs, or go past it: NO_PROXY=nexus.example.com",
    )


# --- TLS ----------------------------------------------------------------------------------------

HERE = ("127.0.0.1",)
ROOT = make("Company Root")
GOOD = make("here", ROOT, ca=False, hosts=HERE)
ALONE = make("alone", ca=False, hosts=HERE)
OLD = make("old", ROOT, ca=False, hosts=HERE, end=NOW - DAY)
YOUNG = make("young", ROOT, ca=False, hosts=HERE, start=NOW + DAY)
OTHER = make("other", ROOT, ca=False, hosts=("127.0.0.2",))
ENDING = make("ending", ROOT, ca=False, hosts=HERE, end=NOW + 3 * DAY + timedelta(hours=1))
SET = 'set ca-bundle = "FILE.pem" in [tool.releasekit] (or RELEASEKIT_CA_BUNDLE)'

UNTRUSTED: dict[str, tuple[tuple[Made, ...], str, str, str]] = {
    "unknown root": (
        (GOOD, ROOT),
        "",
        "self-signed certificate in certificate chain",
        "get the certificate of CN=Company Root from who runs that CA, compare its SHA-256 with "
        f"the last one above, and {SET}",
    ),
    "issuer that is not sent": (
        (GOOD,),
        "",
        "unable to get local issuer certificate",
        "save the certificate of CN=Company Root, which the server does not send, as PEM and "
        f"{SET}",
    ),
    "certificate that vouches for itself": (
        (ALONE,),
        "",
        "self-signed certificate",
        "get the certificate of CN=alone from who runs that CA, compare its SHA-256 with the last "
        f"one above, and {SET}",
    ),
    "expired": (
        (OLD, ROOT),
        ROOT.pem,
        "certificate has expired",
        "ask the administrator of that server to renew its certificate",
    ),
    "of tomorrow": (
        (YOUNG, ROOT),
        ROOT.pem,
        "certificate is not yet valid",
        "compare this machine's clock with the server's; or its certificate is too new",
    ),
    "of another host": (
        (OTHER, ROOT),
        ROOT.pem,
        "IP address mismatch, certificate is not valid for '127.0.0.1'.",
        "use the host name in `url` that the certificate was issued for",
    ),
}


def line(made: Made) -> str:
    """Write a certificate as the doctor shows it, from what made it."""
    it = made.certificate
    subject, issuer = it.subject.rfc4514_string(), it.issuer.rfc4514_string()
    end = it.not_valid_after_utc
    return f"{subject}; issued by {issuer}; until {end:%Y-%m-%d}; SHA-256 {made.fingerprint}"


@pytest.mark.parametrize(("chain", "trusted", "text", "fix"), UNTRUSTED.values(), ids=UNTRUSTED)
def test_a_certificate_that_proves_nothing(
    tmp_path: Path, serve: Serve, chain: tuple[Made, ...], trusted: str, text: str, fix: str
) -> None:
    server = serve(server_context(tmp_path, *chain))
    rows = diagnose(tmp_path, server.url, RELEASEKIT_CA_BUNDLE=trusted)
    assert judged(rows["TLS"]) == ("failed", text, f"fix: {fix}")
    assert rows["TLS"].lines == tuple(map(line, chain))
    assert judged(rows["server"]) == ("unknown", "not asked", "fix: fix TLS first, above")
    assert rows[""].text == "refused"
    assert server.requests == []  # nothing was sent to whom nobody trusts


def test_a_certificate_that_ends_soon(tmp_path: Path, serve: Serve) -> None:
    server = serve(server_context(tmp_path, ENDING, ROOT))
    row = diagnose(tmp_path, server.url, RELEASEKIT_CA_BUNDLE=ROOT.pem)["TLS"]
    assert judged(row) == (
        "warning",
        f"CN=ending expires in 3 days, on {NOW + 3 * DAY + timedelta(hours=1):%Y-%m-%d}",
        "fix: ask the administrator of that server to renew it",
    )
    assert row.lines == (line(ENDING), line(ROOT))


@pytest.mark.parametrize("named", ["RELEASEKIT_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "text"])
def test_the_bundle_that_is_trusted_is_named(tmp_path: Path, serve: Serve, named: str) -> None:
    server = serve(server_context(tmp_path, GOOD, ROOT))
    bundle = tmp_path / "ca.pem"
    bundle.write_text(ROOT.pem)
    variables = {"RELEASEKIT_CA_BUNDLE": ROOT.pem} if named == "text" else {named: str(bundle)}
    by = {"RELEASEKIT_CA_BUNDLE": f"ca-bundle {bundle}", "text": "ca-bundle (its PEM text)"}
    row = diagnose(tmp_path, server.url, **variables)["TLS"]
    end = GOOD.certificate.not_valid_after_utc
    assert judged(row) == (
        "ok",
        f"CN=here, trusted by {by.get(named, named)} (TLSv1.3), until {end:%Y-%m-%d}",
        "",
    )


def test_what_answers_speaks_no_tls(tmp_path: Path, serve: Serve) -> None:
    server = serve(None)
    rows = diagnose(tmp_path, server.url.replace("http:", "https:"))
    assert judged(rows["TLS"])[:2] == ("failed", "what answers there speaks no TLS")


def test_a_server_that_wants_a_client_certificate(tmp_path: Path, serve: Serve) -> None:
    context = server_context(tmp_path, GOOD, ROOT)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=ROOT.pem)
    server = serve(context)
    rows = diagnose(tmp_path, server.url, RELEASEKIT_CA_BUNDLE=ROOT.pem)
    # TLS 1.3 tells it when the first request is sent (RFC 8446, section 4.4.2.4).
    assert judged(rows["server"]) == (
        "failed",
        "it asks for a client certificate",
        "fix: set client-cert (or RELEASEKIT_CLIENT_CERT) to a PEM file of the certificate and key",
    )
    client = tmp_path / "client.pem"
    bob = make("bob", ROOT, ca=False)
    client.write_text(bob.pem + bob.key_pem())
    shown = {"RELEASEKIT_CA_BUNDLE": ROOT.pem, "RELEASEKIT_CLIENT_CERT": str(client)}
    assert "what answers is no Nexus" in diagnose(tmp_path, server.url, **shown)["server"].text


# --- the server ---------------------------------------------------------------------------------


def test_a_login_page_in_front_of_it(tmp_path: Path) -> None:
    with run_sandbox(faults=Faults(login_page=True)) as sandbox:
        environ = {"RELEASEKIT_CA_BUNDLE": str(sandbox.ca_bundle)}
        rows = diagnose(tmp_path, sandbox.url, **environ)
    assert judged(rows["server"]) == (
        "failed",
        "what answers is no Nexus: it calls itself nothing and answered 200 OK",
        "fix: check url: the address of Nexus itself, with its context path if it has one; a login "
        "page, or a front server that hides the `Server:` header, answers like this",
    )
    assert rows[""].text == "refused"


NOT_TRIED = {
    "upload": "an upload without a file, which Nexus logs as an error",
    "admin": "a login as admin with the well-known password",
    "anonymous": "an upload without a file, which Nexus logs as an error",
}


def test_what_a_server_logs_as_an_error_is_tried_with_probe_alone(tmp_path: Path) -> None:
    with run_sandbox() as sandbox:
        environ = {**sandbox.environ(), "RELEASEKIT_ADMIN_PASSWORD": ""}
        rows = diagnose(tmp_path, sandbox.url, **environ)
        requests = sandbox.state.requests_log
    assert {request.method for request in requests} == {"GET"}
    for title, test in NOT_TRIED.items():
        assert judged(rows[title]) == (
            "unknown",
            f"not asked: the test is {test}",
            "fix: [[doctor --probe]]   (ask the server's administrator first)",
        )


def test_proxy_that_does_not_exist_says_nothing_of_names(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "demo"\nversion = "1.0"\n')
    with run_sandbox() as sandbox:
        environ = {**sandbox.environ(), "RELEASEKIT_ADMIN_PASSWORD": ""}
        rows = diagnose(tmp_path, sandbox.url, **{**environ, "RELEASEKIT_PROXY": "nowhere"})
    assert judged(rows["name"]) == (
        "unknown",
        "nowhere answered 404 Repository not found for pip too, which every public index has",
        "fix: fix proxy first, above",
    )


def test_hosted_repository_that_does_not_exist_has_no_free_version(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "demo"\nversion = "1.0"\n')
    with run_sandbox() as sandbox:
        environ = {**sandbox.environ(), "RELEASEKIT_ADMIN_PASSWORD": ""}
        rows = diagnose(tmp_path, sandbox.url, **{**environ, "RELEASEKIT_HOSTED": "nowhere"})
    assert judged(rows["version"]) == (
        "unknown",
        "nowhere does not say whether it has 1.0 (404 Repository not found)",
        "fix: fix hosted first, above",
    )


def test_link_in_dist_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "dist").symlink_to(tmp_path / "elsewhere")
    with run_sandbox() as sandbox:
        environ = {**sandbox.environ(), "RELEASEKIT_ADMIN_PASSWORD": ""}
        row = diagnose(tmp_path, sandbox.url, **environ)["name"]
    assert judged(row)[0] == "failed"
    assert "follows no links" in row.text


def test_a_nexus_that_is_older_than_what_was_tried(tmp_path: Path, newer: NewerNexus) -> None:
    newer.named = "Nexus/3.29.2-02 (OSS)"
    assert judged(diagnose(tmp_path, newer.url)["server"]) == (
        "warning",
        "Nexus 3.29.2 (OSS) is older than 3.30, the oldest that was tried",
        "fix: ask its administrator for an upgrade, and try a release with --dry-run first",
    )


def test_a_nexus_that_does_not_serve_yet(tmp_path: Path, newer: NewerNexus) -> None:
    newer.status = 503
    assert judged(diagnose(tmp_path, newer.url)["writable"]) == (
        "failed",
        "it does not serve yet: its status is 503 Service Unavailable",
        "fix: wait until it has started, then run this again; its administrator sees its log",
    )


def test_a_license_agreement_that_nobody_accepted(tmp_path: Path, newer: NewerNexus) -> None:
    newer.resources["system/eula"]["accepted"] = False
    rows = diagnose(tmp_path, newer.url)
    assert judged(rows["server"]) == ("ok", "Nexus 3.96.1 (COMMUNITY)", "")
    assert judged(rows["writable"]) == (
        "failed",
        "it serves nothing before its End User License Agreement is accepted",
        "fix: its administrator signs in once with a browser, and accepts it; or by command: "
        "[[provision --apply --accept-eula]]",
    )


SKEWS = {
    "ahead": (timedelta(hours=2, minutes=3, seconds=30), "2 h 3 min ahead of"),
    "behind": (-timedelta(days=1, hours=1, minutes=30), "1 d 1 h behind"),
}


@pytest.mark.parametrize(("skew", "said"), SKEWS.values(), ids=SKEWS)
def test_clocks_that_differ(tmp_path: Path, newer: NewerNexus, skew: timedelta, said: str) -> None:
    newer.skew = skew
    assert judged(diagnose(tmp_path, newer.url)["clock"]) == (
        "warning",
        f"the server's is {said} this machine's",
        "fix: set the one that is wrong, by NTP: certificates, tokens and logs go by it",
    )


def test_plain_http_across_a_network(tmp_path: Path, newer: NewerNexus) -> None:
    # Through the proxy another host answers here.
    rows = diagnose(tmp_path, "http://nexus.example.com", HTTP_PROXY=newer.url)
    assert judged(rows["encryption"]) == (
        "failed",
        "http://nexus.example.com is plain http: the password travels in clear",
        "fix: have Nexus, or a front server, speak TLS, and write https:// into url",
    )
    assert judged(rows["TLS"]) == (
        "unknown",
        "there is no certificate: the address is http",
        "fix: see encryption, below",
    )
    assert rows["address"].text == f"nexus.example.com:80 through the proxy {newer.url} takes " + (
        "connections"
    )
    assert rows[""].text == "refused"


# --- proxies, and servers that go away ----------------------------------------------------------


FAR = "https://nexus.example.com"


def test_a_proxy_that_asks_for_a_login_is_named(tmp_path: Path, serve: Serve) -> None:
    proxy = serve(None)
    proxy.answers = [Reply(status=407, reason="Login", headers={"Proxy-Authenticate": "NTLM"})]
    rows = diagnose(tmp_path, FAR, HTTPS_PROXY=proxy.url)
    assert judged(rows["TLS"]) == (
        "failed",
        f"{proxy.url}, on the way to {FAR}: it asks for a login (407 Login: NTLM); "
        "releasekit, pip and uv log in with Basic alone",
        "fix: run a relay on this machine that logs in there, and name it in HTTPS_PROXY, or go "
        "past the proxy: NO_PROXY=nexus.example.com",
    )
    assert rows[""].text == "refused"


def test_a_proxy_whose_server_is_away_is_a_failure_that_passes(
    tmp_path: Path, serve: Serve
) -> None:
    proxy = serve(None)
    proxy.answers = [Reply(status=503, reason="Away")]
    rows = diagnose(tmp_path, FAR, HTTPS_PROXY=proxy.url)
    assert judged(rows["TLS"])[:2] == (
        "failed",
        f"{proxy.url}, on the way to {FAR}: the proxy answered 503 Away",
    )
    assert rows[""].text == "failed"


def test_a_server_that_goes_away_in_the_middle_is_a_failure_that_passes(
    tmp_path: Path, serve: Serve
) -> None:
    server = serve(None)
    server.answers = [Reply(cut=True)]
    rows = diagnose(tmp_path, server.url)
    assert judged(rows["server"])[:2] == (
        "failed",
        "the connection was closed in the middle of the answer",
    )
    assert rows[""].text == "failed"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param(
            Reply(status=502, reason="Bad Gateway", body=b"<h1>502 Bad Gateway</h1><hr>nginx"),
            "it answered 502 Bad Gateway: nginx",
            id="front server",
        ),
        pytest.param(
            Reply(status=429, reason="Slow down", body=b""),
            "it answered 429 Slow down, and does not say for how long",
            id="limit of requests",
        ),
    ],
)
def test_a_front_server_whose_nexus_is_away_is_a_failure_that_passes(
    tmp_path: Path, serve: Serve, answer: Reply, why: str
) -> None:
    server = serve(None)
    server.answers = [answer]
    rows = diagnose(tmp_path, server.url)
    assert judged(rows["server"])[:2] == ("failed", why)
    assert rows[""].text == "failed"
