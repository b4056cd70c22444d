"""The wiki page that the kit grew from, as the commands in docs/nexus.md, which run here."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from uv import find_uv_bin

from contract.nexus_admin import NexusAdmin
from contract.upstream import Upstream, run_upstream
from releasekit_nexus import Nexus
from support import MakeProject, ProjectDir, public_index

WIKI = Path(__file__).parents[1] / "wiki.sh"
HOSTED, PROXY, GROUP = "oracle-dba", "oracle-dba-proxy", "pypi-dba-group"
MADE = (
    ("repositories", "name", (GROUP, PROXY, HOSTED)),
    ("security/users", "userId", (f"{HOSTED}-publisher",)),
    ("security/roles", "id", (f"{HOSTED}-publisher", f"{GROUP}-reader")),
    ("routing-rules", "name", (f"{PROXY}-own-names",)),
)
BEATING = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "PIP_FIND_LINKS")


@pytest.fixture
def admin(nexus: Nexus) -> Iterator[NexusAdmin]:
    """Removes what the page creates: other tests share the server."""
    with requests.Session() as session:
        admin = NexusAdmin(nexus, session)
        yield admin
        for path, key, names in MADE:
            there = {item[key] for item in admin.ask("GET", path)}
            for name in names:
                if name in there:
                    admin.ask("DELETE", f"{path}/{name}")


@pytest.fixture
def colleague(tmp_path: Path, user_environ: dict[str, str], nexus: Nexus) -> dict[str, str]:
    """The environment of somebody in a fresh virtual environment, who exported no CA."""
    venv = tmp_path / "ora"
    subprocess.run((find_uv_bin(), "venv", "-q", "--seed", "-p", sys.executable, venv), check=True)
    kit = Path(sys.executable).parent  # where nox and the kit are
    return {
        **{name: value for name, value in user_environ.items() if name not in BEATING},
        "HOME": str(tmp_path),
        "PATH": f"{venv}/bin:{kit}:{user_environ['PATH']}",
        "VIRTUAL_ENV": str(venv),
        "RELEASEKIT_URL": nexus.url,
        "RELEASEKIT_ADMIN_PASSWORD": nexus.admin_password,
        "RELEASEKIT_PUBLISHER_PASSWORD": secrets.token_urlsafe(16),
    }


@pytest.fixture
def public() -> Iterator[Upstream]:
    """A public index on which somebody else has taken the name."""
    with run_upstream() as upstream:
        upstream.page("oracledb", 'href="/files/oracledb-99.0.tar.gz">oracledb-99.0.tar.gz')
        yield upstream


def test_the_commands_of_the_readme_do_what_the_page_did(
    make_project: MakeProject,
    nexus: Nexus,
    admin: NexusAdmin,
    colleague: dict[str, str],
    public: Upstream,
) -> None:
    project: ProjectDir = make_project("oracledb", tag=None)
    assert nexus.ca_bundle is not None
    (project.root / "certs").mkdir()
    (project.root / "certs" / "corporate-ca.pem").write_bytes(nexus.ca_bundle.read_bytes())
    ran = subprocess.run(
        ("sh", "-eu", str(WIKI)),
        cwd=project.root,
        env={**colleague, **public_index(), "RELEASEKIT_PROXY_REMOTE": public.url},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    code = "import oracledb; print(oracledb.__doc__, end='')"
    printed = subprocess.run(("python", "-c", code), env=colleague, capture_output=True, check=True)
    assert printed.stdout == b"Work with Oracle, at version 0.1.2."
    kinds = {item["name"]: item["type"] for item in admin.ask("GET", "repositories")}
    made = {HOSTED: "hosted", PROXY: "proxy", GROUP: "group"}
    assert {name: kinds.get(name) for name in made} == made
    for secret in (nexus.admin_password, colleague["RELEASEKIT_PUBLISHER_PASSWORD"]):
        assert secret not in ran.stdout
