"""A bare Nexus becomes a working one by one command."""

from __future__ import annotations

import json
import re

from end_to_end.bare_nexus.server import (
    ADMIN_PASSWORD,
    PUBLISHER_PASSWORD,
    Bare,
    SetUp,
)
from support import Command, ProjectDir


def without_seconds(text: str) -> str:
    return re.sub(r"(  | in )\d+\.\d s$", "", text, flags=re.MULTILINE)


def test_plan_of_a_bare_server_changes_nothing(set_up: SetUp, bare: Bare) -> None:
    lines = without_seconds(set_up.plan.out).splitlines()
    assert set_up.plan.status == 1, set_up.plan
    assert lines[0] == (
        f"plan      8 to create, 1 to change, 1 as wanted on {bare.url}, Nexus 3.30.0 (OSS)"
    )
    assert [line for line in lines if line[10:12] in ("+ ", "~ ", "! ")] == [
        "          ~ user admin",
        "          + hosted repository pypi-hosted",
        "          + hosted repository pypi-snapshots",
        "          + routing rule pypi-proxy-own-names",
        "          + proxy repository pypi-proxy",
        "          + group repository pypi-group",
        "          + role pypi-hosted-publisher",
        "          + role pypi-group-reader",
        "          + user pypi-hosted-publisher",
    ]
    assert lines[-4:] == [
        "error E151: Nexus differs from the configuration",
        f"  where: {bare.url}",
        "  why:   8 to create, 1 to change: see the plan above; nothing was changed",
        f"  next:  releasekit provision --apply --first-password {bare.first} carries the plan out",
    ]


def test_apply_makes_a_bare_server_a_working_one(set_up: SetUp, bare: Bare) -> None:
    # The plan before it changed nothing: the first password was valid still.
    assert set_up.apply.status == 0, set_up.apply
    lines = without_seconds(set_up.apply.out).splitlines()
    assert lines[lines.index("apply     changed user admin") :] == [
        "apply     changed user admin",
        "apply     created hosted repository pypi-hosted",
        "apply     created hosted repository pypi-snapshots",
        "apply     created routing rule pypi-proxy-own-names",
        "apply     created proxy repository pypi-proxy",
        "apply     created group repository pypi-group",
        "apply     renewed the pages of pypi-group",
        "apply     created role pypi-hosted-publisher",
        "apply     created role pypi-group-reader",
        "apply     created user pypi-hosted-publisher",
        f"apply     nothing is left to do, 9 as wanted on {bare.url}",
        "done      provision",
    ]


def test_the_same_command_again_finds_nothing_to_do(set_up: SetUp, bare: Bare) -> None:
    assert set_up.again.status == 0, set_up.again
    assert without_seconds(set_up.again.out).splitlines() == [
        f"note      {bare.first} is not there: Nexus removes it with the first password",
        f"plan      nothing to change, 9 as wanted on {bare.url}, Nexus 3.30.0 (OSS)",
        "done      provision",
    ]


def test_no_password_is_shown(set_up: SetUp) -> None:
    shown = "".join(ran.out + ran.err for ran in (set_up.plan, set_up.apply, set_up.again))
    assert ADMIN_PASSWORD not in shown
    assert PUBLISHER_PASSWORD not in shown
    assert not re.search("[0-9a-f]{8}-[0-9a-f]{4}-", shown)


def test_the_first_password_is_of_no_use_any_more(set_up: SetUp, bare: Bare) -> None:
    assert not bare.first.exists()
    (user,) = bare.ask("GET", "security/users?userId=admin")
    assert user["status"] == "active"
    assert bare.send("GET", "service/rest/v1/status", user=("admin", "admin123")).status_code == 401


def test_plan_as_json(
    set_up: SetUp, configured: dict[str, str], releasekit: Command, project: ProjectDir, bare: Bare
) -> None:
    ran = releasekit(
        "provision", "--json", project=project, **{**configured, "RELEASEKIT_PROXY_MAX_AGE": "5"}
    )
    assert ran.status == 1, ran
    document = json.loads(ran.out)
    assert (document["status"], document["exit_status"]) == ("refused", 1)
    assert document["server"] == {
        "url": bare.url,
        "version": "3.30.0 (OSS)",
        "as_wanted": 8,
        "changes": [
            {
                "kind": "proxy repository",
                "name": "pypi-proxy",
                "action": "change",
                "why": "",
                "fields": [
                    {"path": path, "old": 1440, "new": 5}
                    for path in (
                        "proxy.contentMaxAge",
                        "proxy.metadataMaxAge",
                        "negativeCache.timeToLive",
                    )
                ],
            }
        ],
    }
    assert not (project.root / "reports").exists()
