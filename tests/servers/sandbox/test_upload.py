from __future__ import annotations

import gzip
import hashlib
import threading
from typing import TYPE_CHECKING, Any

import pytest
import requests

from releasekit.servers.sandbox import Sandbox, run_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.sandbox.conftest import Client

ZIP = b"PK\x03\x04 a wheel"
MD5 = hashlib.md5(ZIP).hexdigest()
GZIP_TYPES = (
    "application/x-gzip, application/gzip, application/x-tgz, application/gzip-compressed, "
    "application/gzipped, application/x-gunzip, application/x-gzip-compressed, gzip/document"
)
ZIP_TYPES = "application/zip, application/x-zip-compressed"
NO_SLASH = "Repository path must have another '/' after initial '/'"
DETECTED = "Detected content type"


def outcome(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.reason


ACCEPTED = {
    "usual": {},
    "empty name": {"name": ""},
    "empty version": {"version": ""},
    "empty file name": {"filename": ""},
    "right md5": {"md5_digest": MD5},
    "right md5 in upper case": {"md5_digest": MD5.upper()},
    "wrong sha256": {"sha256_digest": "0" * 64},
    "wrong blake2": {"blake2_256_digest": "0" * 64},
    "no metadata version": {"drop": ("metadata_version",)},
    "unknown metadata version": {"metadata_version": "9.9"},
    "file of another project": {"filename": "other-7-py3-none-any.whl"},
    "text as wheel": {"content": b"just text"},
    "HTML as wheel": {"content": b"<html></html>"},
    "txt": {"filename": "a.txt", "content": b"text"},
    "no extension": {"filename": "a"},
    "egg": {"filename": "a.egg"},
    "zip": {"filename": "a.zip"},
    "bad tar.bz2": {"filename": "a.tar.bz2", "content": b"text"},
    "truncated tar.gz": {"filename": "a.tar.gz", "content": gzip.compress(b"x" * 99)[:9]},
    "long description": {"description": "x" * (2 << 20)},
    "two slashes": {"path": "/"},
}


@pytest.mark.parametrize("case", ACCEPTED.values(), ids=ACCEPTED)
def test_upload_is_accepted_with_an_empty_200(client: Client, case: dict[str, Any]) -> None:
    answer = client.upload(**case)
    assert outcome(answer) == (200, "OK")
    assert answer.headers["Content-Length"] == "0"
    assert "Content-Type" not in answer.headers
    assert len(client.sandbox.state.find_files("pypi-hosted")) == 1


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "no action": ({"drop": (":action",)}, 500, "Server Error"),
    "other action": ({":action": "submit"}, 500, "Server Error"),
    "no name": ({"drop": ("name",)}, 500, "Server Error"),
    "no version": ({"drop": ("version",)}, 500, "Server Error"),
    "no content": ({"drop": ("content",)}, 500, "Server Error"),
    "content without a file name": ({"filename": None}, 500, "Server Error"),
    "wrong md5": (
        {"md5_digest": "abc"},
        400,
        f"Digests do not match, found: {MD5}, expected: abc",
    ),
    "empty md5": (
        {"md5_digest": ""},
        400,
        f"Digests do not match, found: {MD5}, expected:",
    ),
    "empty file": (
        {"content": b""},
        404,
        "Content type could not be determined: packages/rp/1/rp-1-py3-none-any.whl",
    ),
    "HTML as tar.gz": (
        {"filename": "rp-1.tar.gz", "content": b"<html><body>no</body></html>"},
        404,
        f"{DETECTED} [text/html], but expected [{GZIP_TYPES}]: packages/rp/1/rp-1.tar.gz",
    ),
    "text as zip": (
        {"filename": "rp-1.zip", "content": b"text"},
        404,
        f"{DETECTED} [text/plain], but expected [{ZIP_TYPES}]: packages/rp/1/rp-1.zip",
    ),
    "zip as tar.gz": (
        {"filename": "rp-1.tar.gz"},
        404,
        f"{DETECTED} [{ZIP_TYPES}], but expected [{GZIP_TYPES}]: packages/rp/1/rp-1.tar.gz",
    ),
    "no trailing slash": ({"repository": "pypi-hosted?"}, 400, NO_SLASH),
    "unknown repository": ({"repository": "nope"}, 404, "Repository not found"),
    "another case of the name": ({"repository": "PyPI-Hosted"}, 404, "Repository not found"),
    "group": ({"repository": "pypi-group"}, 404, "Not Found"),
    "proxy": ({"repository": "pypi-proxy"}, 404, "Not Found"),
    "simple": ({"path": "simple/"}, 404, "Not Found"),
    "legacy": ({"path": "legacy/"}, 404, "Not Found"),
    "wrong password": ({"auth": ("sandbox", "wrong")}, 401, "Unauthorized"),
    "unknown user": ({"auth": ("nobody", "wrong")}, 401, "Unauthorized"),
    "no credentials": ({"auth": ("", "")}, 401, "Unauthorized"),
}


@pytest.mark.parametrize(("case", "status", "reason"), REFUSED.values(), ids=REFUSED)
def test_upload_is_refused(client: Client, case: dict[str, Any], status: int, reason: str) -> None:
    assert outcome(client.upload(**case)) == (status, reason)
    assert client.sandbox.state.find_files("pypi-hosted") == ()


BODIES = {
    "urlencoded": ("application/x-www-form-urlencoded", b"name=a&version=1"),
    "JSON": ("application/json", b"{}"),
    "empty": ("multipart/form-data; boundary=b", b""),
    "bad multipart": ("multipart/form-data; boundary=b", b"--c\r\nnonsense"),
    "no boundary": ("multipart/form-data", b"--c\r\nnonsense"),
    "no content type": ("", b"x"),
}


@pytest.mark.parametrize(("media_type", "body"), BODIES.values(), ids=BODIES)
def test_what_is_no_form_is_a_server_error(client: Client, media_type: str, body: bytes) -> None:
    headers = {"Content-Type": media_type, **client.basic()}
    answer = client.raw("POST", "/repository/pypi-hosted/", headers=headers, body=body)
    assert (answer.status, answer.reason) == (500, "Server Error")
    assert client.sandbox.state.requests_log[-1].error is None


@pytest.mark.parametrize("content", [ZIP, ZIP + b"2"], ids=["same bytes", "other bytes"])
def test_allow_once_refuses_a_file_that_exists(client: Client, content: bytes) -> None:
    client.upload()
    text = "Repository does not allow updating assets: pypi-hosted"
    assert outcome(client.upload(content=content)) == (400, text)
    assert client.get("packages/rp/1/rp-1-py3-none-any.whl").content == ZIP


def test_md5_is_compared_before_existence(client: Client) -> None:
    client.upload()
    text = f"Digests do not match, found: {MD5}, expected: 0"
    assert outcome(client.upload(md5_digest="0")) == (400, text)


def test_snapshots_take_other_bytes_and_list_them(client: Client) -> None:
    client.upload(repository="pypi-snapshots")
    other = ZIP + b"2"
    answer = client.upload(repository="pypi-snapshots", content=other)
    assert outcome(answer) == (200, "OK")
    page = client.get("simple/rp/", "pypi-snapshots").text
    assert f"#md5={hashlib.md5(other).hexdigest()}" in page


def test_deny_names_another_reason_once_the_page_was_read(
    open_client: Callable[[Sandbox], Client],
) -> None:
    with run_sandbox(write_policy="deny") as sandbox:
        client = open_client(sandbox)
        sandbox.state.store(
            "pypi-hosted", project="rp", version="0", filename="rp-0.zip", content=ZIP
        )
        read_only = (400, "Repository is read only: pypi-hosted")
        assert outcome(client.upload()) == read_only
        assert outcome(client.get("simple/")) == read_only
        client.get("simple/rp/")
        text = "Repository does not allow deleting assets: pypi-hosted"
        assert outcome(client.upload()) == (400, text)


NAMES = {
    "underscore": ("My_Pkg", "my-pkg"),
    "dot": ("my.pkg", "my-pkg"),
    "runs": ("MY--_PKG", "my-pkg"),
}


@pytest.mark.parametrize(("sent", "stored"), NAMES.values(), ids=NAMES)
def test_project_is_stored_under_its_normalized_name(
    client: Client, sent: str, stored: str
) -> None:
    client.upload("My_Pkg-1.zip", name=sent)
    assert [file.path for file in client.sandbox.state.find_files("pypi-hosted")] == [
        f"packages/{stored}/1/My_Pkg-1.zip"
    ]


@pytest.mark.parametrize(
    "version", ["1.0+local.1", "1!2.0", "1.0-1", "1.0.0RC1", "01.0", "9 9", "9/9"]
)
def test_version_is_stored_as_sent_and_served(client: Client, version: str) -> None:
    client.upload("rp.zip", version=version)
    assert f"../../packages/rp/{version}/rp.zip#md5=" in client.get("simple/rp/").text
    assert client.get(f"packages/rp/{version}/rp.zip").content == ZIP


@pytest.mark.parametrize("plus", ["+", "%2B", "%2b"])
def test_plus_works_raw_and_encoded(client: Client, plus: str) -> None:
    client.upload("rp.zip", version="1+a")
    assert client.raw("GET", f"/repository/pypi-hosted/packages/rp/1{plus}a/rp.zip").body == ZIP


def test_hostile_file_names_stay_in_memory(client: Client) -> None:
    name = "../../../../evil.whl"
    assert client.upload(name).ok
    page = client.get("simple/rp/").text
    assert f'"../../packages/rp/1/{name}#md5={MD5}"' in page
    directory = client.sandbox.ca_bundle.parent
    assert sorted(file.name for file in directory.rglob("*")) == ["1", "blobs", "ca.pem"]


def test_signature_is_stored_beside_its_file(client: Client) -> None:
    answer = client.session.post(
        client.sandbox.upload_url(),
        data={":action": "file_upload", "name": "rp", "version": "1"},
        files={"content": ("rp-1.zip", ZIP), "gpg_signature": ("x.asc", b"signed\n")},
        auth=client.auth,
        timeout=10,
    )
    assert answer.ok
    assert client.page("pypi-hosted") == "rp-1.zip.asc rp-1.zip"
    signature = client.get("packages/rp/1/rp-1.zip.asc")
    assert (signature.headers["Content-Type"], signature.content) == ("text/plain", b"signed\n")


@pytest.mark.parametrize("count", [2, 4, 8])
def test_of_simultaneous_uploads_exactly_one_wins(sandbox: Sandbox, count: int) -> None:
    start = threading.Barrier(count)
    results: list[tuple[int, str]] = []

    def send() -> None:
        with requests.Session() as session:
            session.trust_env = False
            start.wait()
            answer = session.post(
                sandbox.upload_url(),
                data={":action": "file_upload", "name": "rp", "version": "1"},
                files={"content": ("rp-1.zip", ZIP)},
                auth=(sandbox.username, sandbox.password),
                verify=str(sandbox.ca_bundle),
                timeout=10,
            )
            results.append(outcome(answer))

    threads = [threading.Thread(target=send) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = (400, "Repository does not allow updating assets: pypi-hosted")
    assert sorted(results) == [(200, "OK"), *[refused] * (count - 1)]


def test_connection_cut_by_the_client_stores_nothing(client: Client) -> None:
    connection = client.connect()
    connection.putrequest("POST", "/repository/pypi-hosted/")
    for name, value in client.basic().items():
        connection.putheader(name, value)
    connection.putheader("Content-Type", "multipart/form-data; boundary=b")
    connection.putheader("Content-Length", "100000")
    connection.endheaders()
    connection.send(b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nrp\r\n')
    connection.close()
    for _ in range(200):
        if client.sandbox.state.requests_log:
            break
        threading.Event().wait(0.01)
    assert [entry.status for entry in client.sandbox.state.requests_log] == [None]
    assert client.page("pypi-hosted") == "404"


@pytest.mark.parametrize(
    ("password", "first"),
    [("", b"HTTP/1.1 100 Continue"), ("wrong", b"HTTP/1.1 401 Unauthorized")],
    ids=["right", "wrong"],
)
def test_expect_is_answered_before_the_body(client: Client, password: str, first: bytes) -> None:
    connection = client.connect()
    connection.putrequest("POST", "/repository/pypi-hosted/")
    headers = client.basic(f"sandbox:{password}" if password else None)
    for name, value in {**headers, "Expect": "100-continue", "Content-Length": "9"}.items():
        connection.putheader(name, value)
    connection.putheader("Content-Type", "multipart/form-data; boundary=b")
    connection.endheaders()
    line = connection.sock.recv(4096).splitlines()[0].strip()
    connection.close()
    assert line == first


def test_large_upload_comes_back_whole(client: Client) -> None:
    content = b"PK\x03\x04" + bytes(range(256)) * (12 << 10)
    assert client.upload(content=content).ok
    (file,) = client.sandbox.state.find_files("pypi-hosted")
    assert file.blob.sha256 == hashlib.sha256(content).hexdigest()
    assert client.get("packages/rp/1/rp-1-py3-none-any.whl", "pypi-group").content == content
