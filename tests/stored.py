"""Packages in the hosted repository of the real Nexus for as long as a test needs them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from contract.nexus_admin import NexusAdmin
from releasekit_nexus import Nexus
from samples import METADATA, write_wheel


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """A project that nobody else has."""

    name: str
    module: str
    """What it imports as; its only content is VERSION."""


@contextmanager
def store(nexus: Nexus, admin: NexusAdmin, folder: Path, *versions: str) -> Iterator[Stored]:
    """Upload a wheel of each version, wait until the search shows them, and remove them after."""
    module = f"kit{secrets.token_hex(4)}_core"
    stored = Stored(name=module.replace("_", "-"), module=module)
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(nexus.ca_bundle)
        session.auth = (nexus.username, nexus.password)
        for version in versions:
            _upload(session, nexus.upload_url(), _write(folder, module, version))
    try:
        _wait_for(admin, stored.name, len(versions))
        yield stored
    finally:
        for component in _search(admin, stored.name):
            admin.ask("DELETE", f"components/{component['id']}")
        admin.invalidate(nexus.group)


def _write(folder: Path, module: str, version: str) -> Path:
    metadata = METADATA.replace("demo\n", f"{module}\n", 1).replace("1.0", version)
    return write_wheel(
        folder,
        files={f"{module}.py": f'VERSION = "{version}"\n'},
        metadata=metadata,
        filename=f"{module}-{version}-py3-none-any.whl",
    )


def _upload(session: requests.Session, url: str, path: Path) -> None:
    name, version, *_ = path.name.split("-")
    fields = {":action": "file_upload", "name": name, "version": version}
    files = {"content": (path.name, path.read_bytes())}
    answer = session.post(url, data=fields, files=files, timeout=60)
    assert answer.ok, answer.text


def _search(admin: NexusAdmin, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    token: str | None = ""
    while token is not None:
        page = admin.ask("GET", f"search?name={name}&{token}")
        found += page["items"]
        following = page["continuationToken"]
        token = f"continuationToken={following}" if following else None
    return found


def _wait_for(admin: NexusAdmin, name: str, count: int) -> None:
    deadline = time.monotonic() + 30
    while len(_search(admin, name)) < count:
        assert time.monotonic() < deadline
        time.sleep(0.1)
