"""Who may do what: anybody reads, the publisher uploads, and only the admin administers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from releasekit_nexus import Nexus
from samples import METADATA, write_wheel
from unit.releasekit_nexus.conftest import Ask

REST = "service/rest/v1"


def upload(ask: Ask, repository: str, wheel: Path, **options: Any) -> requests.Response:
    name, version, *_ = wheel.name.split("-")
    return ask(
        f"repository/{repository}/",
        method="POST",
        data={":action": "file_upload", "protocol_version": "1", "name": name, "version": version},
        files={"content": (wheel.name, wheel.read_bytes())},
        **options,
    )


def make_wheel(folder: Path, name: str) -> Path:
    metadata = METADATA.replace("demo", name)
    return write_wheel(folder, metadata=metadata, filename=f"{name}-1.0-py3-none-any.whl")


def test_anybody_may_read_and_the_well_known_password_is_gone(ask: Ask, nexus: Nexus) -> None:
    assert ask(f"repository/{nexus.group}/simple/", user="nobody").status_code == 200
    answer = requests.get(
        f"{nexus.url}/{REST}/status",
        auth=("admin", "admin123"),
        verify=str(nexus.ca_bundle),
        proxies={"https": ""},
        timeout=30,
    )
    assert answer.status_code == 401


def find_components(ask: Ask, repository: str) -> dict[str, str]:
    """List names and ids, page by page: the server is shared."""
    found: dict[str, str] = {}
    params = {"repository": repository}
    while True:
        page = ask(f"{REST}/components", params=params).json()
        found |= {item["name"]: item["id"] for item in page["items"]}
        if page["continuationToken"] is None:
            return found
        params["continuationToken"] = page["continuationToken"]


def test_the_publisher_uploads_once_to_hosted_and_again_to_snapshots(
    ask: Ask, nexus: Nexus, tmp_path: Path
) -> None:
    wheel = make_wheel(tmp_path, "rights")
    first, again = (upload(ask, nexus.hosted, wheel) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 400)
    assert again.reason == "Repository does not allow updating assets: pypi-hosted"
    assert nexus.snapshots is not None
    assert [upload(ask, nexus.snapshots, wheel).status_code for _ in range(2)] == [200, 200]
    assert ask(f"repository/{nexus.group}/simple/rights/").text.count("<a ") == 1
    assert "rights" in find_components(ask, nexus.hosted)


ROLE = {"id": "x", "name": "x", "description": "", "privileges": ["nx-all"], "roles": []}
FORBIDDEN: dict[str, tuple[str, str, dict[str, Any]]] = {
    "list users": ("GET", "security/users", {}),
    "make a role": ("POST", "security/roles", {"json": ROLE}),
    "read a repository's settings": ("GET", "repositories/pypi/hosted/pypi-hosted", {}),
    "change one": ("PUT", "repositories/pypi/group/pypi-group", {"json": "SETTINGS"}),
    "delete a repository": ("DELETE", "repositories/pypi-hosted", {}),
    "invalidate the group's cache": ("POST", "repositories/pypi-group/invalidate-cache", {}),
    "freeze": ("POST", "read-only/freeze", {}),
    "change the admin's password": (
        "PUT",
        "security/users/admin/change-password",
        {"data": "x" * 20, "headers": {"Content-Type": "text/plain"}},
    ),
}


@pytest.mark.parametrize(("method", "path", "content"), FORBIDDEN.values(), ids=FORBIDDEN)
def test_the_publisher_may_not(ask: Ask, method: str, path: str, content: dict[str, Any]) -> None:
    if content.get("json") == "SETTINGS":
        content = {"json": ask(f"{REST}/{path}", user="admin").json()}
    answer = ask(f"{REST}/{path}", method=method, **content)
    # See docs/nexus-behaviour.md#settings-of-a-repository.
    assert answer.status_code == (404 if path.endswith("hosted/pypi-hosted") else 403)


def test_the_publisher_may_not_delete_what_is_released(
    ask: Ask, nexus: Nexus, tmp_path: Path
) -> None:
    assert upload(ask, nexus.hosted, make_wheel(tmp_path, "kept")).ok
    kept = find_components(ask, nexus.hosted)["kept"]
    assert ask(f"{REST}/components/{kept}", method="DELETE").status_code == 403
    assert ask(f"repository/{nexus.hosted}/simple/kept/").ok
