"""What `ca-bundle` may be, and the exact error for whatever it may not be."""

from __future__ import annotations

import re
import ssl
import subprocess
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from certificates import DAY, NOW, make, server_context
from raising import raises_error
from releasekit.errors import ReleasekitError
from releasekit.errors.access import BAD_CERTIFICATE_FILE, UNTRUSTED_CERTIFICATE
from releasekit.tls.certificates import Certificate, parse_certificate, read_bundle, read_ca_bundle
from releasekit.tls.trust import open_trust
from unit.conftest import Server, get

Serve = Callable[[ssl.SSLContext | None], Server]
SEED = Path(__file__).parent / "seed-ca.pem"

ROOT = make("Company Root")
BETWEEN = make("Company Issuing CA", ROOT)
LEAF = make("nexus.example.com", ROOT, ca=False)
OLD = make("Old Root", start=NOW - 30 * DAY, end=NOW - DAY)
YOUNG = make("Young Root", start=NOW + DAY, end=NOW + 30 * DAY)
ALONE = make("alone", ca=False, hosts=("127.0.0.1",))
VERSION_1 = make("Version 1 Root", ca=None)
DAMAGED = ROOT.pem.replace(ROOT.pem[200:230], "")

PEM_FIX = (
    "give ca-bundle a PEM file (-----BEGIN CERTIFICATE-----);\n"
    "`openssl x509 -in FILE -noout -text` shows what a file holds"
)
COPY_FIX = "copy it again, whole: from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----"
RENEW_FIX = "ask who issued it for the renewed one, and put that in its place"
CONVERT_FIX = "openssl x509 -inform der -in FILE -out FILE.pem, and give ca-bundle that file"

BAD = {
    "missing": (None, "No such file or directory", PEM_FIX),
    "empty": (
        "\n",
        "the file is empty",
        "export or copy the certificate again; ca-bundle takes PEM",
    ),
    "no PEM": ("hello", "no PEM certificate in it", PEM_FIX),
    "private key": (
        ROOT.pem + ROOT.key_pem(),
        "a private key is in it, and a CA bundle goes to everybody",
        "take the key out of it; if the file was committed or sent, have the key replaced",
    ),
    "truncated": (ROOT.pem[:300], "certificate 1 in it is cut off or damaged", COPY_FIX),
    "second truncated": (
        BETWEEN.pem + ROOT.pem[:300],
        "certificate 2 in it is cut off or damaged",
        COPY_FIX,
    ),
    "first truncated": (
        ROOT.pem[:300] + "\n" + BETWEEN.pem,
        "certificate 1 in it is cut off or damaged",
        COPY_FIX,
    ),
    "damaged": (DAMAGED, "certificate 1 in it is cut off or damaged", COPY_FIX),
    "not base64": (
        "-----BEGIN CERTIFICATE-----\nhellö\n-----END CERTIFICATE-----\n",
        "certificate 1 in it is cut off or damaged",
        COPY_FIX,
    ),
    "DER": (ROOT.der, "the certificate is in DER form, not PEM", CONVERT_FIX),
    "PKCS #7": (
        pkcs7.serialize_certificates([ROOT.certificate], Encoding.PEM),
        "it is PKCS #7 (a .p7b file), not single certificates",
        "openssl pkcs7 -print_certs -in FILE -out FILE.pem, and give ca-bundle that file",
    ),
    "OpenSSL's own form": (
        ROOT.pem.replace(" CERTIFICATE", " TRUSTED CERTIFICATE"),
        "it is in OpenSSL's own TRUSTED CERTIFICATE form, which other programs cannot read",
        "openssl x509 -in FILE -out FILE.pem, and give ca-bundle that file",
    ),
    "expired": (OLD.pem, f"CN=Old Root expired on {NOW - DAY:%Y-%m-%d}", RENEW_FIX),
    "not a CA": (
        LEAF.pem,
        "CN=nexus.example.com is no CA: it is the certificate of a server or a person",
        "give the certificate of the CA that issued it: CN=Company Root",
    ),
    "nothing of use in it": (
        OLD.pem + LEAF.pem,
        f"CN=Old Root expired on {NOW - DAY:%Y-%m-%d}\n"
        "CN=nexus.example.com is no CA: it is the certificate of a server or a person",
        RENEW_FIX,
    ),
}


def refuse(value: str) -> dict[str, str]:
    with raises_error(BAD_CERTIFICATE_FILE) as caught:
        open_trust({}, value, None)
    return caught.value.answers()


def answers(where: str, why: str, fix: str) -> dict[str, str]:
    return {"what": "ca-bundle cannot be used", "where": where, "why": why, "next": fix}


@pytest.mark.parametrize(("content", "why", "fix"), BAD.values(), ids=BAD)
def test_file_that_cannot_be_used_is_refused_exactly(
    tmp_path: Path, content: str | bytes | None, why: str, fix: str
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    assert refuse(str(path)) == answers(str(path), why, fix)


def test_certificate_that_is_not_valid_yet_is_refused_with_both_times(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text(YOUNG.pem)
    said = refuse(str(path))
    why = said.pop("why")
    start = f"{NOW + DAY:%Y-%m-%d %H:%M}"
    clock = why.rpartition(" says ")[2]
    assert why == (
        f"CN=Young Root is valid from {start} UTC on, and this machine's clock says {clock}"
    )
    read = datetime.strptime(clock, "%Y-%m-%d %H:%M").replace(tzinfo=timezone.utc)
    assert abs((read - datetime.now(timezone.utc)).total_seconds()) < 120
    assert said["next"] == "set this machine's clock, or wait until the certificate is valid"


def test_many_useless_certificates_are_not_all_listed(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("".join(make(f"Old {n}", end=NOW - DAY).pem for n in range(5)))
    first, second, third, more = refuse(str(path))["why"].splitlines()
    assert [line.split()[0:2] for line in (first, second, third)] == [
        ["CN=Old", str(n)] for n in range(3)
    ]
    assert more == "and 2 more like these"


@pytest.mark.parametrize(
    ("text", "why", "fix"),
    [
        pytest.param(ROOT.key_pem(), *BAD["private key"][1:], id="private key"),
        pytest.param(ROOT.pem[:300], *BAD["truncated"][1:], id="truncated"),
        pytest.param(OLD.pem, *BAD["expired"][1:], id="expired"),
    ],
)
def test_text_that_cannot_be_used_is_refused_and_never_shown(text: str, why: str, fix: str) -> None:
    assert refuse(text) == answers("(the PEM text itself)", why, fix)


@pytest.mark.parametrize("state", ["private key", "truncated", "DER", "PKCS #7"])
def test_directory_with_a_bad_file_names_the_file(tmp_path: Path, state: str) -> None:
    content, why, fix = BAD[state]
    (tmp_path / "a.pem").write_text(ROOT.pem)
    bad = tmp_path / "b.crt"
    bad.write_bytes(content.encode() if isinstance(content, str) else content or b"")
    assert refuse(str(tmp_path)) == answers(str(bad), why, fix)


@pytest.mark.parametrize("files", [{}, {"README": "hello", "empty.pem": ""}], ids=["empty", "none"])
def test_directory_without_a_certificate_is_refused(tmp_path: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert refuse(str(tmp_path)) == answers(str(tmp_path), "no PEM certificate in it", PEM_FIX)


def test_certificates_of_no_use_are_left_out_beside_good_ones(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text(f"# Größte Wurzel\n{OLD.pem}{ROOT.pem}{LEAF.pem}{ROOT.pem}{VERSION_1.pem}")
    pem, useless = read_ca_bundle(str(path))
    assert pem == f"{ROOT.pem}{VERSION_1.pem}".strip()
    assert useless == (BAD["expired"][1], BAD["not a CA"][1])


def test_what_the_environment_names_is_read_leniently(tmp_path: Path) -> None:
    path = tmp_path / "mixed.pem"
    path.write_text(f"{ROOT.key_pem()}# Wurzel\n{ROOT.pem}\n{OLD.pem}{ROOT.pem[:300]}")
    assert read_bundle(str(path)) == f"{ROOT.pem}{OLD.pem}".strip()
    assert read_bundle(str(tmp_path / "missing.pem")) == ""


def test_system_directory_of_certificates_is_accepted() -> None:
    folder = ssl.get_default_verify_paths().openssl_capath
    pem, _ = read_ca_bundle(folder)
    found = pem.count("BEGIN CERTIFICATE")
    listed = re.findall("BEGIN CERTIFICATE", read_bundle(folder))
    assert 3 < found <= len(listed)


def test_intermediate_ca_alone_is_trusted(serve: Serve, tmp_path: Path) -> None:
    made = make("here", BETWEEN, ca=False, hosts=("127.0.0.1",))
    server = serve(server_context(tmp_path, made))
    assert get(server.url, ca=BETWEEN.pem).text == "hello"
    with raises_error(UNTRUSTED_CERTIFICATE):
        get(server.url, ca=VERSION_1.pem)


def test_certificate_that_vouches_for_its_own_server_is_trusted_there_alone(
    serve: Serve, tmp_path: Path
) -> None:
    server = serve(server_context(tmp_path, ALONE))
    assert get(server.url, ca=ALONE.pem).text == "hello"
    issued = make("other", ALONE, ca=False, hosts=("127.0.0.1",))
    forged = serve(server_context(tmp_path, issued, ALONE))
    with pytest.raises(ReleasekitError):
        get(forged.url, ca=ALONE.pem)


# --- the wiki page that this kit grew from ------------------------------------------------------


def test_certificate_of_the_wiki_page_has_the_fingerprints_that_the_page_prints() -> None:
    text = SEED.read_text(encoding="ascii")
    printed = dict(re.findall(r"# (.+): (.+)", text))
    der = ssl.PEM_cert_to_DER_cert(text[text.index("-----BEGIN") :].strip())
    certificate = parse_certificate(der)
    assert certificate == Certificate(
        subject=certificate.subject,
        issuer=certificate.subject,
        not_before=datetime(2018, 6, 4, 7, 35, 34, tzinfo=timezone.utc),
        not_after=datetime(2028, 6, 5, 7, 35, 34, tzinfo=timezone.utc),
        sha256=printed["SHA256 Fingerprint"],
        is_ca=True,
    )
    assert certificate.name == printed["Subject"] == printed["Issuer"]


def test_certificate_of_the_wiki_page_is_what_openssl_says_it_is() -> None:
    said = subprocess.run(
        ("openssl", "x509", "-in", SEED, "-noout", "-subject", "-nameopt", "RFC2253"),
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    text = SEED.read_text(encoding="ascii")
    der = ssl.PEM_cert_to_DER_cert(text[text.index("-----BEGIN") :].strip())
    theirs = said.strip().removeprefix("subject=").replace("emailAddress", "1.2.840.113549.1.9.1")
    assert parse_certificate(der).subject == theirs


def test_the_wiki_pages_ca_bundle_is_accepted_with_its_comments() -> None:
    pem, _ = read_ca_bundle(str(SEED))
    assert pem.count("BEGIN CERTIFICATE") == 1
