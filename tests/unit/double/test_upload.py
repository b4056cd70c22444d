"""What an upload is answered with."""

from __future__ import annotations

import gzip
import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from nexus_double import Sandbox, run_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from unit.double.conftest import Client

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
        sandbox.state.find_hosted("pypi-hosted").policy = "allow"
        client.get("simple/rp/")
        sandbox.state.find_hosted("pypi-hosted").policy = "deny"
        text = "Repository does not allow deleting assets: pypi-hosted"
        assert outcome(client.upload()) == (400, text)
