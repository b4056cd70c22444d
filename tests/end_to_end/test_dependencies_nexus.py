"""RK117 on a real Nexus: what its group lacks, of what a proxy brings it."""

from __future__ import annotations

import json
import secrets

import requests

from contract.nexus_admin import NexusAdmin
from contract.upstream import run_upstream
from releasekit_nexus import Nexus
from support import Command, ProjectDir


def test_what_the_group_of_a_nexus_lacks_is_told(
    project: ProjectDir, nexus: Nexus, releasekit: Command
) -> None:
    unique = secrets.token_hex(4)
    group, proxy = f"group-{unique}", f"proxy-{unique}"
    lines = f'dependencies = ["acme-core", "acme-mising-{unique}"]\n\n[project.urls]\n'
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    project.write("pyproject.toml", text.replace("[project.urls]\n", lines))
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    with run_upstream() as upstream, requests.Session() as session:
        admin = NexusAdmin(nexus, session)
        upstream.page("acme-core", 'href="/acme-core-1.0.tar.gz#md5=00">acme-core-1.0.tar.gz')
        admin.create_proxy(proxy, upstream.url, timeout=5, fresh=True)
        admin.create_group(group, (nexus.hosted, proxy))
        ran = releasekit(
            "release",
            "--dry-run",
            project=project,
            server=nexus,
            RELEASEKIT_GROUP=group,
            TWINE_USERNAME=nexus.admin_username,
            TWINE_PASSWORD=nexus.admin_password,
        )
        admin.remove(group)
        admin.remove(proxy)
    assert ran.status == 0, ran
    document = json.loads((project.root / "reports/findings.json").read_text(encoding="utf-8"))
    assert [(found["code"], found["message"]) for found in document["findings"]] == [
        (
            "RK117",
            f"{nexus.upload_url(group)} does not have the dependency acme-mising-{unique}",
        )
    ]
