"""Whom the kit trusts, and the client's own certificate."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

import releasekit
from certificates import DAY, NOW, make
from raising import raises_error
from releasekit.errors import ReleasekitError
from releasekit.errors.access import BAD_CERTIFICATE_FILE
from releasekit.tls.trust import open_trust
from unit.conftest import Server, get, server_context

SWITCHES = (
    *(
        "CERT_NONE",
        "check_hostname = False",
        "verify=False",
        "unverified_context",
        "http.sslVerify",
    ),
    *("--trusted-host", "allow-insecure-host", "disable_warnings"),
)


def test_no_check_is_switched_off_where_anything_is_sent() -> None:
    root = Path(next(iter(releasekit.__path__)))
    texts = {
        str(path.relative_to(root)): path.read_text(encoding="utf-8") for path in root.rglob("*.py")
    }
    found = {
        (name, switch) for name, text in texts.items() for switch in SWITCHES if switch in text
    }
    # The doctor looks at a chain that nobody trusts; that it sends nothing, its own tests show.
    # The consumer's settings are searched for the option, and its user is warned. Where the user's
    # own uv.toml has it, it holds for the uv that the kit starts.
    assert found == {
        ("doctor/connection.py", "CERT_NONE"),
        ("doctor/connection.py", "check_hostname = False"),
        ("consumer/settings.py", "allow-insecure-host"),
        ("uv/build_settings.py", "allow-insecure-host"),
    }
    assert {name for name, text in texts.items() if "certifi.where()" in text} == {"tls/trust.py"}


Serve = Callable[[ssl.SSLContext | None], Server]

BOB = make("bob", ca=False)
OLD = make("old bob", ca=False, end=NOW - DAY)
YOUNG = make("young bob", ca=False, start=NOW + DAY)
PEM_FIX = (
    "give client-cert a PEM file (-----BEGIN CERTIFICATE-----);\n"
    "`openssl x509 -in FILE -noout -text` shows what a file holds"
)
PLAIN_KEY = "openssl pkey -in FILE -out KEY.pem; chmod 600 KEY.pem; put the certificate beside it"
ENCRYPTED = "its private key is encrypted, and nobody is asked for the password"
COPY = "copy both again, whole: from -----BEGIN …----- to -----END …-----"

BAD = {
    "missing": (None, "No such file or directory", PEM_FIX),
    "empty": (
        "",
        "the file is empty",
        "export or copy the certificate again; client-cert takes PEM",
    ),
    "no PEM": ("hello", "no PEM certificate in it", PEM_FIX),
    "DER": (BOB.der, "no PEM certificate in it", PEM_FIX),
    "a key alone": (BOB.key_pem(), "no PEM certificate in it", PEM_FIX),
    "no key": (
        BOB.pem,
        "there is a certificate in it, but no private key",
        "put both into one file: cat CERTIFICATE.pem KEY.pem > client.pem; chmod 600 client.pem",
    ),
    "encrypted key": (BOB.pem + BOB.key_pem(b"hunter2"), ENCRYPTED, PLAIN_KEY),
    "key encrypted the old way": (
        BOB.pem + BOB.key_pem(b"hunter2", old=True),
        ENCRYPTED,
        PLAIN_KEY,
    ),
    "another's key": (
        BOB.pem + OLD.key_pem(),
        "the private key in it is not that of CN=bob, the first certificate in it",
        "put the certificate of that key first, then those of the CAs between, if any",
    ),
    "expired": (
        OLD.pem + OLD.key_pem(),
        f"CN=old bob expired on {NOW - DAY:%Y-%m-%d}",
        "ask who issued it for the renewed one, and put that in its place",
    ),
    "damaged key": (
        BOB.pem + "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n",
        "the certificate or the key in it is cut off or damaged",
        COPY,
    ),
}


@pytest.mark.parametrize(("content", "why", "fix"), BAD.values(), ids=BAD)
def test_file_that_cannot_be_used_is_refused_exactly(
    tmp_path: Path, content: str | bytes | None, why: str, fix: str
) -> None:
    path = tmp_path / "client.pem"
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    assert refuse(str(path)) == {
        "what": "client-cert cannot be used",
        "where": str(path),
        "why": why,
        "next": fix,
    }


def refuse(path: str) -> dict[str, str]:
    with raises_error(BAD_CERTIFICATE_FILE) as caught:
        open_trust({}, None, path)
    return caught.value.answers()


def test_certificate_that_is_not_valid_yet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "client.pem"
    path.write_text(YOUNG.pem + YOUNG.key_pem())
    assert refuse(str(path))["why"].startswith(
        f"CN=young bob is valid from {NOW + DAY:%Y-%m-%d %H:%M} UTC on, "
    )


def test_damaged_certificate_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "client.pem"
    path.write_text(BOB.pem.replace(BOB.pem[100:120], "") + BOB.key_pem())
    said = refuse(str(path))
    assert said["why"] == "the certificate or the key in it is cut off or damaged"
    assert said["next"] == COPY


def test_text_instead_of_a_file_is_refused_and_never_shown() -> None:
    text = BOB.pem + BOB.key_pem()
    assert refuse(text) == {
        "what": "client-cert cannot be used",
        "where": "(the PEM text itself)",
        "why": "give the path of a file",
        "next": "write the text to a file that you alone can read, and give client-cert its path",
    }


# --- a server that asks for one -----------------------------------------------------------------


@pytest.fixture(params=["TLSv1_2", "TLSv1_3"])
def strict(request: pytest.FixtureRequest, authority: trustme.CA, serve: Serve) -> Server:
    """A server that lets nobody in without a certificate of the company's CA."""
    context = server_context(authority, "127.0.0.1")
    version = ssl.TLSVersion[request.param]
    context.minimum_version = context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    return serve(context)


def test_client_certificate_is_shown(
    strict: Server, authority: trustme.CA, ca_file: Path, tmp_path: Path
) -> None:
    path = tmp_path / "client.pem"
    authority.issue_cert("bob@example.com").private_key_and_cert_chain_pem.write_to_path(str(path))
    assert get(strict.url, ca=ca_file, client_cert=str(path)).text == "hello"


def test_server_that_asks_for_a_certificate_says_so(
    strict: Server, ca_file: Path, request: pytest.FixtureRequest
) -> None:
    # TLS 1.2 has no alert of its own for it (RFC 8446, section 6.2).
    older = "it ended the handshake, as servers do that ask for a client certificate"
    is_older = "TLSv1_2" in request.node.name
    with pytest.raises(ReleasekitError) as caught:
        get(strict.url, ca=ca_file)
    assert caught.value.answers() == {
        "what": "the server does not accept this client",
        "where": strict.url,
        "why": older if is_older else "it asks for a client certificate",
        "next": "set client-cert (or RELEASEKIT_CLIENT_CERT) to a PEM file of the certificate "
        "and key",
    }


def test_certificate_of_another_ca_is_refused_by_the_server(
    strict: Server, ca_file: Path, tmp_path: Path
) -> None:
    path = tmp_path / "client.pem"
    path.write_text(BOB.pem + BOB.key_pem())
    with pytest.raises(ReleasekitError) as caught:
        get(strict.url, ca=ca_file, client_cert=str(path))
    assert caught.value.answers() == {
        "what": "the server does not accept this client",
        "where": strict.url,
        "why": "it does not know the CA that issued the client certificate",
        "next": "use a client certificate of the CA that this server asks for",
    }
