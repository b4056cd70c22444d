from __future__ import annotations

import base64
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import trustme
import truststore

from certificates import DAY, NOW, make
from nexus_double import run_sandbox
from releasekit.errors import ReleasekitError
from releasekit.model.access import Credentials, is_loopback
from releasekit.network import open_network
from releasekit.threads import run_in_threads
from releasekit.tls.certificates import read_bundle
from releasekit.tls.trust import CA_VARIABLES, open_trust
from unit.conftest import Answer, Server, get, server_context

Serve = Callable[[ssl.SSLContext | None], Server]
PROXIES = [f"{word}_PROXY" for word in ("HTTP", "HTTPS", "ALL", "NO")]


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*PROXIES, *(name.lower() for name in PROXIES)):
        monkeypatch.delenv(name, raising=False)


def refuse(url: str, environ: dict[str, str] | None = None, ca: Path | None = None) -> str:
    with pytest.raises(ReleasekitError) as caught:
        get(url, environ, ca)
    return str(caught.value)


CA_FIX = "set ca-bundle (or RELEASEKIT_CA_BUNDLE) to the PEM file of your company's CA"


def untrusted(url: str, reason: str, fix: str = CA_FIX, *, code: str = "E241") -> str:
    return (
        f"error {code}: the server's certificate is not trusted\n"
        f"  where: {url}\n"
        f"  why:   {reason}\n"
        f"  next:  {fix}"
    )


def unreachable(url: str, reason: str) -> str:
    return (
        "error E301: the server cannot be reached\n"
        f"  where: {url}\n"
        f"  why:   {reason}\n"
        "  next:  check the address, the network and HTTPS_PROXY / NO_PROXY, then run this again: "
        "it is safe"
    )


# --- whom the kit trusts ------------------------------------------------------------------------

HOSTILE = {
    "missing file": None,
    "empty file": "",
    "no PEM file": "hello",
    "broken certificate": "-----BEGIN CERTIFICATE-----\nhello\n-----END CERTIFICATE-----\n",
    "another CA": trustme.CA().cert_pem.bytes().decode(),
}


@pytest.fixture(params=list(HOSTILE.values()), ids=list(HOSTILE))
def wrong_file(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """What a CA variable of the machine may name."""
    path = tmp_path / "wrong.pem"
    if request.param is not None:
        path.write_text(request.param)
    return str(path)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"])
def test_ca_bundle_is_trusted_whatever_the_environment_names(
    server: Server, ca_file: Path, wrong_file: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, wrong_file)
    assert get(server.url, {variable: wrong_file}, ca_file).text == "hello"


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"])
def test_unknown_ca_is_refused_at_once_whatever_the_environment_names(
    server: Server, wrong_file: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, wrong_file)
    said = refuse(server.url, {variable: wrong_file})
    assert said == untrusted(server.url, "unable to get local issuer certificate")
    assert server.connections == 1


@pytest.mark.parametrize("variable", CA_VARIABLES)
def test_ca_that_the_environment_names_is_trusted_too(
    server: Server, ca_file: Path, variable: str
) -> None:
    assert get(server.url, {variable: str(ca_file)}).text == "hello"


def test_ca_bundle_may_be_the_pem_text_itself(server: Server, ca_file: Path) -> None:
    assert get(server.url, ca=ca_file.read_text("utf-8")).text == "hello"


def test_ca_bundle_may_be_a_directory(server: Server, ca_file: Path) -> None:
    folder = ca_file.parent / "certs"
    (folder / "java").mkdir(parents=True)  # as in Debian's /etc/ssl/certs
    (folder / "README").write_text("hello")
    ca_file.rename(folder / "ca.pem")
    assert get(server.url, ca=folder).text == "hello"


def test_certificate_of_another_host_is_refused(
    authority: trustme.CA, ca_file: Path, serve: Serve
) -> None:
    server = serve(server_context(authority, "nexus.example.com"))
    reason = "IP address mismatch, certificate is not valid for '127.0.0.1'."
    fix = "use the host name in `url` that the certificate was issued for"
    assert refuse(server.url, ca=ca_file) == untrusted(server.url, reason, fix, code="E246")


def test_expired_certificate_is_refused(authority: trustme.CA, ca_file: Path, serve: Serve) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    authority.issue_cert("127.0.0.1", not_after=yesterday).configure_cert(context)
    server = serve(context)
    fix = "ask the administrator of that server to renew its certificate"
    assert refuse(server.url, ca=ca_file) == untrusted(
        server.url, "certificate has expired", fix, code="E245"
    )


# --- what children trust ------------------------------------------------------------------------


def test_children_get_one_file_with_all_that_is_trusted(
    server: Server, ca_file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    mine = {"PATH": "/bin", "SSL_CERT_FILE": str(other), "PIP_CERT": str(tmp_path / "missing")}
    code = f"import urllib.request as u; print(u.urlopen({server.url!r}).read().decode())"
    with open_network(environ=mine, ca_bundle=str(ca_file)) as network:
        (bundle,) = {network.environ[name] for name in CA_VARIABLES}
        text = Path(bundle).read_text()
        certificates = ssl.create_default_context(cafile=bundle).get_ca_certs()
        done = subprocess.run(
            (sys.executable, "-c", code), env=network.environ, capture_output=True, check=True
        )
    assert done.stdout == b"hello\n"
    assert text.endswith(f"{read_bundle(str(other))}\n{read_bundle(str(ca_file))}")
    assert len(certificates) > 3
    assert not Path(bundle).exists()


def test_directories_that_the_environment_names_are_trusted_and_replaced(
    server: Server, ca_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "certs").mkdir()
    ca_file.rename(tmp_path / "certs" / "ca.pem")
    mine = {"SSL_CERT_DIR": f"{tmp_path / 'nowhere'}:{tmp_path / 'certs'}"}
    assert get(server.url, mine).text == "hello"
    with open_network(environ=mine) as network:
        bundle = Path(network.environ["SSL_CERT_FILE"])
        assert network.environ["SSL_CERT_DIR"] == str(bundle.parent)
        assert read_bundle(str(tmp_path / "certs")) in bundle.read_text()


@pytest.mark.parametrize("broken", ["broken certificate", "no PEM file"])
def test_children_are_spared_a_broken_file_of_the_environment(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "wrong.pem"
    path.write_text(HOSTILE[broken] or "")
    with open_network(environ={"CURL_CA_BUNDLE": str(path)}) as network:
        assert "hello" not in Path(network.environ["SSL_CERT_FILE"]).read_text()


def test_what_else_the_user_exports_reaches_children_unchanged() -> None:
    mine = {"PIP_FIND_LINKS": "/opt/wheels", "SSL_CERT_X": "/etc/ssl/certs", "X": ""}
    with open_network(environ=mine) as network:
        assert {name: network.environ[name] for name in mine} == mine


def test_children_show_the_client_certificate_from_any_directory(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "client.pem"
    authority.issue_cert("bob@example.com").private_key_and_cert_chain_pem.write_to_path(str(path))
    monkeypatch.chdir(tmp_path)
    names = ("SSL_CLIENT_CERT", "PIP_CLIENT_CERT")
    for value in (str(path), "client.pem"):
        with open_network(environ={"SSL_CLIENT_CERT": "/x"}, client_cert=value) as network:
            assert [network.environ[name] for name in names] == [str(path), str(path)]
    with open_network(environ={"SSL_CLIENT_CERT": "/x"}) as network:
        assert [network.environ.get(name) for name in names] == ["/x", None]


# --- proxies ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_loopback_is_reached_past_a_proxy(server: Server, ca_file: Path, name: str) -> None:
    assert get(server.url, {name: "http://127.0.0.1:1"}, ca_file).text == "hello"


def test_proxy_of_the_environment_is_used_elsewhere(
    serve: Serve, authority: trustme.CA, ca_file: Path
) -> None:
    proxy = serve(None)
    proxy.inner = server_context(authority, "nexus.example.com")
    environ = {"HTTP_PROXY": proxy.url, "HTTPS_PROXY": proxy.url}
    environ["REQUESTS_CA_BUNDLE"] = "/nowhere/missing.pem"
    assert get("http://nexus.example.com/a", environ).text == "hello"
    assert get("https://nexus.example.com/b", environ, ca_file).text == "hello"
    assert proxy.requests == [
        "GET http://nexus.example.com/a",
        "CONNECT nexus.example.com:443",
        "GET /b",
    ]
    said = refuse("https://nexus.example.com/b", environ)
    place = f"https://nexus.example.com/b, through the proxy {proxy.url}"
    assert said == untrusted(place, "unable to get local issuer certificate")


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("https://127.0.0.1:8443/x", True),
        ("http://127.8.9.1/", True),
        ("http://[::1]:80/", True),
        ("https://localhost/", True),
        ("https://localhost.example.com/", False),
        ("https://10.0.0.1/", False),
        ("https://nexus.example.com/", False),
        ("", False),
    ],
)
def test_loopback(url: str, answer: bool) -> None:
    assert is_loopback(url) is answer


# --- failures -----------------------------------------------------------------------------------


def test_refused_connection_is_named(serve: Serve) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{free.getsockname()[1]}/"
        assert refuse(url) == unreachable(url, "connection refused")


def test_server_without_tls_is_named(serve: Serve) -> None:
    url = serve(None).url.replace("http:", "https:")
    assert refuse(url) == unreachable(url, "what answers there speaks no TLS")


def test_certificate_of_tomorrow_is_refused(ca_file: Path, serve: Serve, tmp_path: Path) -> None:
    made = make("here", ca=False, start=NOW + DAY, hosts=("127.0.0.1",))
    path = tmp_path / "server.pem"
    path.write_text(made.key_pem() + made.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server = serve(context)
    bundle = tmp_path / "own.pem"
    bundle.write_text(ca_file.read_text("utf-8") + made.pem)
    fix = "compare this machine's clock with the server's; or its certificate is too new"
    with pytest.raises(ReleasekitError) as caught:
        get(server.url, {"PIP_CERT": str(bundle)})
    assert str(caught.value) == untrusted(
        server.url, "certificate is not yet valid", fix, code="E244"
    )


def test_read_is_tried_four_times_and_no_server_makes_it_wait(
    server: Server, ca_file: Path
) -> None:
    hours = Answer(status=503, reason="Busy", headers={"Retry-After": "7200"})
    server.answers = [hours, hours, hours, Answer()]
    assert get(server.url, ca=ca_file).text == "hello"
    assert len(server.requests) == 4


def test_answers_other_than_a_busy_server_are_final(server: Server, ca_file: Path) -> None:
    server.answers = [Answer(status=404), Answer()]
    assert get(server.url, ca=ca_file).status == 404


@pytest.mark.parametrize(
    ("username", "password"),
    [
        pytest.param("bob", "hunter2", id="ASCII"),
        pytest.param("bob", "pässwörd", id="Latin-1 would have it"),
        pytest.param("bøb", "pässwörd€", id="Latin-1 would not"),
        pytest.param("bob", "a:b", id="colon"),
    ],
)
def test_credentials_are_sent_as_utf_8(
    server: Server, ca_file: Path, username: str, password: str
) -> None:
    user = Credentials(username=username, password=password, source="test")
    with open_network(environ={}, ca_bundle=str(ca_file), timeout=5) as network:
        network.client.get(server.url, credentials=user)
    (sent,) = server.authorizations
    assert sent == f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"


def test_a_connection_is_used_again_by_the_next_request() -> None:
    with (
        run_sandbox() as sandbox,
        open_network(environ={}, ca_bundle=str(sandbox.ca_bundle)) as network,
    ):
        for _ in range(3):
            assert network.client.get(sandbox.simple_url()).status == 200
        (pool,) = network.client.managers.values()
        (key,) = pool.pools.keys()
        host = pool.pools[key]
        assert (host.num_connections, host.num_requests) == (1, 3)
    assert not pool.pools


@pytest.mark.parametrize("variable", ["", "SSL_CERT_FILE"])
def test_the_system_is_trusted_also_where_openssl_finds_no_file(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if variable:
        monkeypatch.setenv(variable, "/nowhere/ca.pem")
    context = open_trust({}, None, None).context
    assert isinstance(context, truststore.SSLContext) or context.cert_store_stats()["x509_ca"] > 50


def test_hands_are_shaken_side_by_side(authority: trustme.CA, ca_file: Path) -> None:
    context = server_context(authority, "127.0.0.1")

    def get(url: str) -> int:
        return network.client.get(url).status

    def serve() -> None:
        accepted = [listener.accept()[0] for _ in range(2)]
        for connection in reversed(accepted):  # who comes last goes first
            with connection, context.wrap_socket(connection, server_side=True) as secure:
                secure.recv(1 << 16)
                secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        open_network(environ={}, ca_bundle=str(ca_file), timeout=5) as network,
    ):
        server = threading.Thread(target=serve, daemon=True)
        server.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        assert run_in_threads(get, [url, url]) == [200, 200]
        server.join()
