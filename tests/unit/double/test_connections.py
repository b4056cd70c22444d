"""Uploads at the same time, cut, announced, and large."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from nexus_double import Sandbox
    from unit.double.conftest import Client

ZIP = b"PK\x03\x04 a wheel"
MD5 = hashlib.md5(ZIP).hexdigest()


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
            results.append((answer.status_code, answer.reason))

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
