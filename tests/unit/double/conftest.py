"""A running sandbox, a client that trusts only its CA, and tiny real wheels."""

from __future__ import annotations

import base64
import hashlib
import http.client
import io
import re
import ssl
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from nexus_double import Sandbox, run_sandbox

FORM = {":action": "file_upload", "protocol_version": "1", "name": "rp", "version": "1"}
WHEEL = "rp-1-py3-none-any.whl"
ZIP = b"PK\x03\x04 a wheel"


@dataclass(frozen=True, kw_only=True)
class Raw:
    """An answer as it came over the wire."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes


class Client:
    """Requests to one sandbox, unmoved by the machine's environment."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.auth = (sandbox.username, sandbox.password)
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(sandbox.ca_bundle)

    def get(self, path: str, repository: str | None = None, **options: Any) -> requests.Response:
        address = f"{self.sandbox.url}/repository/{repository or self.sandbox.hosted}/{path}"
        return self.session.request(options.pop("method", "GET"), address, timeout=10, **options)

    def page(self, repository: str, project: str = "rp") -> str:
        """Give the links of a project page, or the status of the refusal."""
        answer = self.get(f"simple/{project}/", repository)
        names = re.findall(">([^<]+)</a>", answer.text)
        return " ".join(names) if answer.ok else str(answer.status_code)

    def upload(
        self,
        filename: str | None = WHEEL,
        content: bytes = ZIP,
        *,
        repository: str | None = None,
        path: str = "",
        auth: tuple[str, str] | None = None,
        drop: tuple[str, ...] = (),
        **fields: str,
    ) -> requests.Response:
        """Post an upload; fields stand beside those of a usual form."""
        form = {key: value for key, value in {**FORM, **fields}.items() if key not in drop}
        address = f"{self.sandbox.url}/repository/{repository or self.sandbox.hosted}/{path}"
        return self.session.post(
            address,
            data=form,
            files={"content": (filename, content)} if "content" not in drop else {"x": b""},
            auth=auth or self.auth,
            timeout=10,
        )

    def raw(
        self,
        method: str,
        target: str,
        *,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> Raw:
        """Send a request exactly as it is written here."""
        connection = self.connect()
        try:
            connection.request(method, target, headers=headers or {}, body=body)
            answer = connection.getresponse()
            return Raw(
                status=answer.status,
                reason=answer.reason,
                headers=dict(answer.getheaders()),
                body=answer.read(),
            )
        finally:
            connection.close()

    def connect(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=str(self.sandbox.ca_bundle))
        host = self.sandbox.url.removeprefix("https://")
        return http.client.HTTPSConnection(host, context=context, timeout=10)

    def basic(self, text: str | None = None) -> dict[str, str]:
        """Give the header for these credentials; the right ones by default."""
        encoded = base64.b64encode((text or ":".join(self.auth)).encode()).decode()
        return {"Authorization": f"Basic {encoded}"}


@pytest.fixture
def open_client() -> Iterator[Callable[[Sandbox], Client]]:
    clients: list[Client] = []

    def open_one(sandbox: Sandbox) -> Client:
        clients.append(Client(sandbox))
        return clients[-1]

    yield open_one
    for client in clients:
        client.session.close()


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """An empty directory for the proxy."""
    directory = tmp_path / "remote"
    directory.mkdir()
    return directory


@pytest.fixture
def sandbox(remote: Path) -> Iterator[Sandbox]:
    with run_sandbox(snapshots="pypi-snapshots", remote=remote) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox, open_client: Callable[[Sandbox], Client]) -> Client:
    return open_client(sandbox)


@pytest.fixture
def make_wheel() -> Callable[..., bytes]:
    """Make the bytes of a wheel that pip and uv install."""

    def make(name: str, version: str, requires_python: str = "") -> bytes:
        info = f"{name}-{version}.dist-info"
        requires = f"Requires-Python: {requires_python}\n" if requires_python else ""
        files = {
            f"{name}.py": f"VERSION = {version!r}\n",
            f"{info}/METADATA": (
                f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}"
            ),
            f"{info}/WHEEL": (
                "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            ),
        }
        record = "".join(_record_line(path, text.encode()) for path, text in files.items())
        files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            for path, text in files.items():
                archive.writestr(zipfile.ZipInfo(path), text)
        return target.getvalue()

    return make


def _record_line(path: str, content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(content)}\n"
