"""The publisher may release, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from end_to_end.bare_nexus.server import (
    PUBLISHER,
    REST,
    Bare,
    SetUp,
)
from samples import write_wheel
from support import Command, ProjectDir, public_index


def test_a_project_is_released_into_it_by_the_publisher(
    set_up: SetUp, configured: dict[str, str], releasekit: Command, project: ProjectDir, bare: Bare
) -> None:
    login = {"TWINE_USERNAME": PUBLISHER[0], "TWINE_PASSWORD": PUBLISHER[1]}
    for summary in ("2 to upload, 0 already published", "0 to upload, 2 already published"):
        ran = releasekit("release", project=project, **configured, **login)
        assert ran.status == 0, ran
        assert f"plan      {summary}" in ran.out
    group = f"{bare.url}/repository/pypi-group/"
    assert f"verify    plain==1.2.3 installed by hash from {group}" in ran.out


OWN = ("team", "the-password-of-a-team")
SELECTOR = 'format == "pypi" and (path == "/" or path =~ "^/?(simple|packages)/plain(/.*)?$")'
"""twine's form goes to "/", so this lets every project be uploaded, and one be read."""


def add_user(bare: Bare, login: tuple[str, str], role: str) -> None:
    """Add a user with one role."""
    name, password = login
    user = {"userId": name, "password": password, "firstName": "A", "lastName": name}
    more = {"emailAddress": f"{name}@example.com", "status": "active", "roles": [role]}
    bare.ask("POST", "security/users", {**user, **more})


@pytest.fixture(scope="module")
def team(set_up: SetUp, bare: Bare) -> dict[str, str]:
    """A user whose content selector covers one project of the hosted repository."""
    bare.ask(
        "POST",
        "security/content-selectors",
        {"name": "plain-only", "description": "", "expression": SELECTOR},
    )
    bare.ask(
        "POST",
        "security/privileges/repository-content-selector",
        {
            "name": "plain-only",
            "description": "",
            "actions": ["ADD", "READ", "BROWSE"],
            "format": "pypi",
            "repository": "pypi-hosted",
            "contentSelector": "plain-only",
        },
    )
    role = {"id": "team", "name": "team", "description": "", "roles": []}
    group = [f"nx-repository-view-pypi-pypi-group-{right}" for right in ("browse", "read")]
    bare.ask("POST", "security/roles", {**role, "privileges": ["plain-only", *group]})
    add_user(bare, OWN, "team")
    return {"TWINE_USERNAME": OWN[0], "TWINE_PASSWORD": OWN[1]}


def test_a_project_is_released_by_a_team_that_sees_no_other_project(
    team: dict[str, str],
    configured: dict[str, str],
    releasekit: Command,
    project: ProjectDir,
    bare: Bare,
) -> None:
    root = bare.send("GET", "repository/pypi-hosted/simple/", user=OWN)
    assert root.status_code == 403
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    project.write("pyproject.toml", text.replace('"1.2.3"', '"1.2.4"'))
    project.commit_all()
    project.git("tag", "v1.2.4")
    for summary in ("2 to upload, 0 already published", "0 to upload, 2 already published"):
        ran = releasekit("release", project=project, **configured, **team)
        assert ran.status == 0, ran
        assert f"plan      {summary}" in ran.out


def test_the_doctor_takes_a_team_that_sees_no_other_project_for_a_publisher(
    team: dict[str, str],
    configured: dict[str, str],
    releasekit: Command,
    project: ProjectDir,
) -> None:
    login = {**configured, **team, **public_index(), "RELEASEKIT_ADMIN_PASSWORD": ""}
    ran = releasekit("doctor", project=project, **login)
    assert "  ok       RK506 hosted      pypi-hosted " in ran.out, ran
    assert "  failed   " not in ran.out, ran


WHEEL = ("demo-1.0-py3-none-any.whl", b"PK\x03\x04 nothing")
FORM = {":action": "file_upload", "name": "demo", "version": "1.0"}
MAY_NOT: dict[str, tuple[str, str, dict[str, Any], int]] = {
    "create a repository": (
        "POST",
        f"{REST}/repositories/pypi/group",
        {
            "json": {
                "name": "mine",
                "online": True,
                "storage": {"blobStoreName": "default", "strictContentTypeValidation": True},
                "group": {"memberNames": ["pypi-hosted"]},
            }
        },
        403,
    ),
    "delete a repository": ("DELETE", f"{REST}/repositories/pypi-snapshots", {}, 403),
    "see settings": ("GET", f"{REST}/repositories/pypi/hosted/pypi-hosted", {}, 404),
    "see routing rules": ("GET", f"{REST}/routing-rules", {}, 403),
    "see users": ("GET", f"{REST}/security/users", {}, 403),
    "see roles": ("GET", f"{REST}/security/roles", {}, 403),
    "see who may read": ("GET", f"{REST}/security/anonymous", {}, 403),
    "see blob stores": ("GET", f"{REST}/blobstores", {}, 403),
    "see status checks": ("GET", f"{REST}/status/check", {}, 403),
    "see tasks": ("GET", f"{REST}/tasks", {}, 403),
    "change a password": (
        "PUT",
        f"{REST}/security/users/admin/change-password",
        {"data": "x", "headers": {"Content-Type": "text/plain"}},
        403,
    ),
    "freeze the server": ("POST", f"{REST}/read-only/freeze", {}, 403),
    "renew a cache": ("POST", f"{REST}/repositories/pypi-group/invalidate-cache", {}, 403),
    "read the proxy itself": ("GET", "repository/pypi-proxy/simple/", {}, 403),
    "read another hosted repository": ("GET", "repository/other/simple/", {}, 403),
    "upload to another hosted repository": (
        "POST",
        "repository/other/",
        {"data": FORM, "files": {"content": WHEEL}},
        403,
    ),
    "upload to the group": (
        "POST",
        "repository/pypi-group/",
        {"data": FORM, "files": {"content": WHEEL}},
        404,
    ),
}


@pytest.fixture(scope="module")
def other(set_up: SetUp, bare: Bare) -> None:
    """Another team's repository, and nobody may read without a password."""
    bare.ask(
        "POST",
        "repositories/pypi/hosted",
        {
            "name": "other",
            "online": True,
            "storage": {
                "blobStoreName": "default",
                "strictContentTypeValidation": True,
                "writePolicy": "allow",
            },
        },
    )


@pytest.mark.parametrize(("method", "path", "content", "status"), MAY_NOT.values(), ids=MAY_NOT)
def test_the_publisher_may_not(
    other: None, bare: Bare, method: str, path: str, content: dict[str, Any], status: int
) -> None:
    answer = bare.send(method, path, user=PUBLISHER, **content)
    assert answer.status_code == status
    # The administrator may: it is the rights that are missing, not the thing.
    if method == "GET":
        assert bare.send(method, path).status_code in (200, 404)


def test_the_publisher_may_not_delete_what_is_released(set_up: SetUp, bare: Bare) -> None:
    files = bare.send("GET", f"{REST}/assets?repository=pypi-hosted", user=PUBLISHER).json()
    for asset in files["items"]:
        path = f"{REST}/assets/{asset['id']}"
        assert bare.send("DELETE", path, user=PUBLISHER).status_code == 403
    assert files["items"]


def test_the_publisher_may_not_upload_by_the_rest_api(
    set_up: SetUp, bare: Bare, tmp_path: Path
) -> None:
    wheel = write_wheel(tmp_path)
    path = f"{REST}/components?repository=pypi-hosted"
    content = {"pypi.asset": (wheel.name, wheel.read_bytes())}
    answer = bare.send("POST", path, user=PUBLISHER, files=content)
    assert answer.status_code == 400
    assert "Not authorized for requested path" in answer.text


@pytest.fixture
def reader(set_up: SetUp, bare: Bare) -> Iterator[tuple[str, str]]:
    """A colleague, or the jobs that do not publish: a user with the role of readers."""
    name, password = "colleague", "the-password-of-a-colleague"
    add_user(bare, (name, password), "pypi-group-reader")
    yield name, password
    bare.ask("DELETE", f"security/users/{name}")


@pytest.mark.parametrize(
    ("version", "source"), [("1.2.4.dev1", "snapshots"), ("1.2.5", "group")], ids=str
)
def test_who_has_the_role_of_readers_checks_and_verifies_what_the_publisher_publishes(
    version: str,
    source: str,
    reader: tuple[str, str],
    configured: dict[str, str],
    releasekit: Command,
    project: ProjectDir,
    bare: Bare,
) -> None:
    if source == "group":
        text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
        project.write("pyproject.toml", text.replace('"1.2.3"', f'"{version}"'))
        project.commit_all()
        project.git("tag", f"v{version}")
    else:
        project.write("NEWS", "a commit without a tag\n")
        project.commit_all()
    publisher = {"TWINE_USERNAME": PUBLISHER[0], "TWINE_PASSWORD": PUBLISHER[1]}
    login = {"RELEASEKIT_READER_USERNAME": reader[0], "RELEASEKIT_READER_PASSWORD": reader[1]}
    for step, own in (
        *(("build", {}), ("check", login)),
        *(("publish", {**login, **publisher}), ("verify", login)),
    ):
        ran = releasekit(step, project=project, **configured, **own)
        assert ran.status == 0, ran
    repository = f"{bare.url}/repository/pypi-{source}/"
    assert f"verify    plain=={version} installed by hash from {repository}" in ran.out


def test_who_has_the_role_of_readers_installs_and_does_nothing_else(
    other: None, reader: tuple[str, str], bare: Bare
) -> None:
    answers = {
        path: bare.send("GET", path, user=reader).status_code
        for path in (
            "repository/pypi-group/simple/",
            "repository/pypi-snapshots/simple/",
            "repository/pypi-hosted/simple/",
            "repository/pypi-proxy/simple/",
            "repository/other/simple/",
            f"{REST}/security/users",
        )
    }
    assert [path for path, status in answers.items() if status == 200] == list(answers)[:3]
    assert set(list(answers.values())[3:]) == {403}
    sent = bare.send(
        "POST", "repository/pypi-hosted/", user=reader, data=FORM, files={"content": WHEEL}
    )
    assert sent.status_code == 403
