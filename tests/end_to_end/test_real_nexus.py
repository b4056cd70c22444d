"""The release on a real Nexus over TLS: re-runs, conflicts, failures, what may fool it."""

from __future__ import annotations

import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from hashlib import md5
from typing import Any

import pytest
import requests

from contract.nexus_admin import NexusAdmin
from contract.upstream import Reply, run_upstream
from releasekit_nexus import Nexus
from support import Command, MakeProject, ProjectDir, Ran, outcome


class Hosted:
    """What one project has in the hosted repository, seen and changed by the administrator."""

    def __init__(self, admin: NexusAdmin, nexus: Nexus, project: str) -> None:
        self._admin = admin
        self._query = f"repository={nexus.hosted}"
        self._project = project

    def files(self) -> dict[str, str]:
        """File names and asset ids."""
        found: dict[str, str] = {}
        token: str | None = ""
        while token is not None:
            page: Any = self._admin.ask("GET", f"assets?{self._query}{token and '&'}{token}")
            for asset in page["items"]:
                folder, _, name = asset["path"].rpartition("/")
                if folder.startswith(f"packages/{self._project}/"):
                    found[name] = asset["id"]
            following = page["continuationToken"]
            token = f"continuationToken={following}" if following else None
        return found

    def delete(self, filename: str) -> None:
        self._admin.ask("DELETE", f"assets/{self.files()[filename]}")

    def downloaded(self) -> bool:
        """Somebody has downloaded one of the files, ever."""
        assets = [self._admin.ask("GET", f"assets/{one}") for one in self.files().values()]
        return any(asset["lastDownloaded"] for asset in assets)


@pytest.fixture(scope="module")
def admin(nexus: Nexus) -> Iterator[NexusAdmin]:
    with requests.Session() as session:
        yield NexusAdmin(nexus, session)


@pytest.fixture
def name() -> str:
    """A project name that is this test's alone: the server is shared."""
    return f"plain-{secrets.token_hex(4)}"


@pytest.fixture
def project(make_project: MakeProject, name: str) -> ProjectDir:
    made = make_project()
    text = (made.root / "pyproject.toml").read_text(encoding="utf-8")
    module = '\n[tool.flit.module]\nname = "plain"\n'
    made.write("pyproject.toml", text.replace('name = "plain"', f'name = "{name}"') + module)
    retag(made)
    return made


@pytest.fixture
def hosted(admin: NexusAdmin, nexus: Nexus, name: str) -> Hosted:
    return Hosted(admin, nexus, name)


@pytest.fixture
def wheel(name: str) -> str:
    return f"{name.replace('-', '_')}-1.2.3-py3-none-any.whl"


@pytest.fixture
def sdist(name: str) -> str:
    return f"{name.replace('-', '_')}-1.2.3.tar.gz"


def retag(project: ProjectDir) -> None:
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")


def error(ran: Ran) -> str:
    return ran.out[ran.out.index("error E") :]


def test_release_and_rerun(
    project: ProjectDir,
    nexus: Nexus,
    hosted: Hosted,
    releasekit: Command,
    name: str,
    wheel: str,
    sdist: str,
) -> None:
    first = releasekit("release", project=project, server=nexus)
    assert first.status == 0, first
    assert hosted.files().keys() == {wheel, sdist}
    assert (
        f"verify    {name}==1.2.3 installed by hash from {nexus.upload_url(nexus.group)}"
    ) in first.out
    again = releasekit("release", project=project, server=nexus)
    assert again.status == 0
    assert "plan      0 to upload, 2 already published" in again.out
    assert outcome(project)["uploaded"] == []


def test_rerun_uploads_what_is_missing(
    project: ProjectDir, nexus: Nexus, hosted: Hosted, releasekit: Command, sdist: str
) -> None:
    releasekit("release", project=project, server=nexus)
    hosted.delete(sdist)
    ran = releasekit("release", project=project, server=nexus)
    assert ran.status == 0, ran
    assert outcome(project)["uploaded"] == [sdist]


def test_a_plan_of_what_is_published_downloads_nothing(
    project: ProjectDir, nexus: Nexus, hosted: Hosted, releasekit: Command
) -> None:
    releasekit("check", project=project)
    releasekit("publish", project=project, server=nexus)
    ran = releasekit("plan", project=project, server=nexus)
    assert ran.status == 0, ran
    assert "plan      0 to upload, 2 already published" in ran.out
    assert not hosted.downloaded()


def test_other_bytes_are_refused_before_any_upload(
    project: ProjectDir, nexus: Nexus, hosted: Hosted, releasekit: Command, sdist: str
) -> None:
    releasekit("release", project=project, server=nexus)
    hosted.delete(sdist)
    project.write("plain.py", '"""Another thing under the same version."""\n')
    retag(project)
    ran = releasekit("release", project=project, server=nexus)
    assert ran.status == 1
    assert "plan      1 to upload, 0 already published, 1 in conflict" in ran.out
    assert sdist not in hosted.files()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_in_the_middle_the_next_run_converges(
    project: ProjectDir,
    nexus: Nexus,
    hosted: Hosted,
    releasekit: Command,
    number: signal.Signals,
    wheel: str,
    sdist: str,
) -> None:
    # Random bytes in the sdist alone: its upload takes long enough to be met in the middle.
    (project.root / "noise.bin").write_bytes(secrets.token_bytes(25_000_000))
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    project.write("pyproject.toml", text + '\n[tool.flit.sdist]\ninclude = ["noise.bin"]\n')
    retag(project)
    releasekit("check", project=project, server=nexus)
    with subprocess.Popen(
        (sys.executable, "-m", "releasekit", "publish"),
        cwd=project.root,
        env={**project.environ, **nexus.environ()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        while wheel not in hosted.files():
            assert process.poll() is None
        process.send_signal(number)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 130, out
    assert sdist not in hosted.files()
    ran = releasekit("release", project=project, server=nexus)
    assert ran.status == 0, ran
    assert outcome(project)["uploaded"] == [sdist]


def test_wrong_password(project: ProjectDir, nexus: Nexus, releasekit: Command, name: str) -> None:
    ran = releasekit("release", project=project, server=nexus, TWINE_PASSWORD="wrong-pass")
    assert ran.status == 2
    assert error(ran) == (
        "error E234: the user name or the password is wrong\n"
        f"  where: {nexus.simple_url(nexus.hosted)}{name}/\n"
        "  why:   the server answered 401 to user publisher, whose credentials came from "
        "TWINE_USERNAME and TWINE_PASSWORD\n"
        "  next:  check TWINE_USERNAME and TWINE_PASSWORD;\n"
        "         Nexus answers 401 to a disabled user as well\n"
    )


def test_a_user_who_may_only_read(
    project: ProjectDir, nexus: Nexus, admin: NexusAdmin, releasekit: Command
) -> None:
    view = "nx-repository-view-pypi"
    with admin.user([f"{view}-{nexus.hosted}-read", f"{view}-{nexus.group}-read"]) as reader:
        ran = releasekit(
            "release",
            project=project,
            server=nexus,
            TWINE_USERNAME=reader.username,
            TWINE_PASSWORD=reader.password,
        )
    assert ran.status == 2
    assert error(ran) == (
        "error E236: this user may not upload\n"
        f"  where: {nexus.upload_url()}\n"
        f"  why:   the server answered 403 to user {reader.username}: Forbidden\n"
        "  next:  ask the Nexus administrator for the privileges add, browse and read on this "
        "repository\n"
    )


def test_unknown_ca(project: ProjectDir, nexus: Nexus, releasekit: Command, name: str) -> None:
    ran = releasekit("release", project=project, server=nexus, RELEASEKIT_CA_BUNDLE="")
    assert ran.status == 2
    assert error(ran) == (
        "error E241: the server's certificate is not trusted\n"
        f"  where: {nexus.simple_url(nexus.hosted)}{name}/\n"
        "  why:   self-signed certificate in certificate chain\n"
        "  next:  set ca-bundle (or RELEASEKIT_CA_BUNDLE) to the PEM file of your company's CA\n"
    )


@pytest.mark.parametrize(
    ("repository", "answer"),
    [
        pytest.param("pypi-group", "404 Not Found", id="group"),
        pytest.param("nowhere", "404 Repository not found", id="unknown"),
    ],
)
def test_a_repository_that_takes_no_uploads(
    project: ProjectDir, nexus: Nexus, releasekit: Command, repository: str, answer: str
) -> None:
    variables = {"RELEASEKIT_HOSTED": repository, "RELEASEKIT_GROUP": ""}
    ran = releasekit("release", project=project, server=nexus, **variables)
    assert ran.status == 2
    assert f"  why:   the server answered {answer}\n" in error(ran)


def test_a_repository_that_lets_files_be_overwritten_is_noted_where_that_may_be_seen(
    project: ProjectDir,
    nexus: Nexus,
    admin: NexusAdmin,
    name: str,
    releasekit: Command,
) -> None:
    note = (
        "note      {} lets published files be overwritten: it cannot be excluded that another "
        "release does that to this one at the same instant; releasekit provision --apply sets its "
        "deployment policy to Disable redeploy\n"
    )
    assert releasekit("check", project=project, server=nexus).status == 0
    noted = []
    for repository, sees in ((name, False), (f"{name}-seen", True)):
        admin.create_hosted(repository, "allow", strict=True)
        view = f"nx-repository-view-pypi-{repository}"
        rights = [f"{view}-add", f"{view}-browse", f"{view}-read"]
        rights += [f"nx-repository-admin-pypi-{repository}-read"] if sees else []
        with admin.user(rights) as user:
            login = {"TWINE_USERNAME": user.username, "TWINE_PASSWORD": user.password}
            names = {"RELEASEKIT_HOSTED": repository, "RELEASEKIT_GROUP": ""}
            ran = releasekit("publish", project=project, server=nexus, **names, **login)
        assert ran.status == 0, ran
        noted.append(note.format(repository) in ran.out)
        admin.remove(repository)
    assert noted == [False, True]


def test_read_only_mode(
    project: ProjectDir, nexus: Nexus, admin: NexusAdmin, hosted: Hosted, releasekit: Command
) -> None:
    with admin.frozen():
        ran = releasekit("release", project=project, server=nexus)
    assert ran.status == 3
    assert "503 Nexus Repository Manager is in read-only mode" in error(ran)
    assert hosted.files() == {}


def test_dead_links_of_a_group_are_not_taken_for_served_files(
    project: ProjectDir,
    nexus: Nexus,
    hosted: Hosted,
    releasekit: Command,
    wheel: str,
    sdist: str,
) -> None:
    releasekit("release", project=project, server=nexus)
    # After the last file the group keeps the old page, with links that lead nowhere.
    for filename in (wheel, sdist):
        hosted.delete(filename)
    ran = releasekit("verify", project=project, server=nexus, RELEASEKIT_STALE_LIMIT="1")
    assert ran.status == 3
    assert error(ran).startswith("error E307: the index does not serve the release\n")
    assert f"{wheel} is not served" in error(ran)


def test_a_shadow_in_the_group_is_found_out_before_the_upload(
    project: ProjectDir,
    nexus: Nexus,
    admin: NexusAdmin,
    hosted: Hosted,
    releasekit: Command,
    name: str,
    wheel: str,
) -> None:
    shadow = b"PK\x03\x04 a public package of the same name"
    group = f"all-{name}"
    view = "nx-repository-view-pypi"
    rights = [f"{view}-{nexus.hosted}-add", f"{view}-{nexus.hosted}-read", f"{view}-{group}-read"]
    with run_upstream() as upstream:
        upstream.answers[f"/files/{wheel}"] = Reply(body=shadow)
        upstream.page(name, f'href="/files/{wheel}#md5={md5(shadow).hexdigest()}">{wheel}')
        admin.create_proxy(f"far-{name}", upstream.url, timeout=5, fresh=True)
        # The proxy stands before the hosted repository: its file wins.
        admin.create_group(group, (f"far-{name}", nexus.hosted))
        with admin.user(rights) as user:
            ran = releasekit(
                "release",
                project=project,
                server=nexus,
                RELEASEKIT_GROUP=group,
                TWINE_USERNAME=user.username,
                TWINE_PASSWORD=user.password,
            )
        admin.remove(group)
        admin.remove(f"far-{name}")
    assert ran.status == 1
    assert error(ran).startswith(
        "error E142: the index serves other bytes than were released\n"
        f"  where: {nexus.upload_url(group)}\n"
        f"  why:   {wheel}: published with md5 "
    )
    assert hosted.files() == {}
