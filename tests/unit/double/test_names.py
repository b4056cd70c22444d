"""Under which names uploads are stored and served."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from unit.double.conftest import Client

ZIP = b"PK\x03\x04 a wheel"
MD5 = hashlib.md5(ZIP).hexdigest()


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
        files={"content": ("rp-1.zip", ZIP), "gpg_signature": ("rp-1.zip.asc", b"signed\n")},
        auth=client.auth,
        timeout=10,
    )
    assert answer.ok
    assert client.page("pypi-hosted") == "rp-1.zip.asc rp-1.zip"
    signature = client.get("packages/rp/1/rp-1.zip.asc")
    assert (signature.headers["Content-Type"], signature.content) == ("text/plain", b"signed\n")
