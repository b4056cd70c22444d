"""Steps, bodies of requests and texts of a plan."""

from __future__ import annotations

from typing import Any

import pytest

from releasekit.nexus import Action, Found, Kind, ServerPlan, want
from releasekit.nexus.bodies import render_creation, render_update
from releasekit.nexus.documents import ServerVersion, parse_document
from releasekit.nexus.notes import find_notes
from releasekit.nexus.order import DESCRIPTION, PENDING, Flush, order_steps
from releasekit.nexus.render import describe_change, describe_plan, render_plan
from releasekit.nexus.routing_patterns import block_patterns
from unit.nexus.conftest import (
    EMPTY_SERVER,
    URL,
    VERSION,
    Compare,
    alter,
    make_settings,
    remove,
    settle,
)

SETTLED = settle(make_settings())
ACME = block_patterns(["acme-*"])[0]


def show(plan: ServerPlan) -> list[str]:
    """Name the steps; the rule with what its description says."""
    shown = []
    for step in order_steps(plan):
        if isinstance(step, Flush):
            shown.append(f"renew {step.group}")
        elif step.resource.kind is Kind.RULE:
            state = {PENDING: "pending", DESCRIPTION: "final"}
            shown.append(f"rule {state[str(step.resource.fields.get('description'))]}")
        else:
            shown.append(str(step.resource))
        if not isinstance(step, Flush) and step.change:
            shown[-1] += " *"
    return shown


def test_rule_is_pending_until_the_group_has_new_pages(compare: Compare) -> None:
    assert show(compare(EMPTY_SERVER)) == [
        "hosted repository own *",
        "rule pending *",
        "proxy repository far *",
        "group repository all *",
        "renew all",
        "rule final",
        "role own-publisher *",
        "role all-reader *",
        "user own-publisher *",
    ]


@pytest.mark.parametrize(
    ("found", "steps"),
    [
        pytest.param(SETTLED, [], id="nothing to do"),
        pytest.param(
            alter(SETTLED, Kind.HOSTED, "own", online=False),
            ["hosted repository own *"],
            id="nothing about blocking",
        ),
        pytest.param(
            alter(SETTLED, Kind.PROXY, "far", routingRuleName=None),
            ["rule pending", "proxy repository far *", "renew all", "rule final"],
            id="the rule itself is as wanted",
        ),
        pytest.param(
            alter(SETTLED, Kind.RULE, "far-own-names", description=PENDING),
            ["rule pending *", "renew all", "rule final"],
            id="a run was killed before the pages were renewed",
        ),
        pytest.param(
            alter(SETTLED, Kind.GROUP, "all", group__memberNames=["far", "own"]),
            ["rule pending", "group repository all *", "renew all", "rule final"],
            id="other order of members",
        ),
    ],
)
def test_steps(compare: Compare, found: Found, steps: list[str]) -> None:
    assert show(compare(found)) == steps


def test_members_are_renewed_without_a_rule_too(compare: Compare) -> None:
    found = alter(SETTLED, Kind.GROUP, "all", group__memberNames=["far", "own"])
    assert show(compare(found, own_names=[])) == ["group repository all *", "renew all"]


def resource(kind: Kind, found: Found = EMPTY_SERVER) -> Any:
    return next(resource for resource in want(make_settings(), found) if resource.kind is kind)


def at(*numbers: int) -> ServerVersion:
    return ServerVersion(numbers=numbers, edition="COMMUNITY")


BODIES: dict[Kind, dict[str, Any]] = {
    Kind.HOSTED: {
        "name": "own",
        "online": True,
        "storage": {
            "blobStoreName": "default",
            "strictContentTypeValidation": True,
            "writePolicy": "allow_once",
        },
        "cleanup": {"policyNames": []},
    },
    Kind.RULE: {
        "name": "far-own-names",
        "description": DESCRIPTION,
        "mode": "BLOCK",
        "matchers": [ACME],
    },
    Kind.GROUP: {
        "name": "all",
        "online": True,
        "storage": {"blobStoreName": "default", "strictContentTypeValidation": True},
        "group": {"memberNames": ["own", "far"]},
    },
    Kind.USER: {
        "userId": "own-publisher",
        "firstName": "Publisher",
        "lastName": "own",
        "emailAddress": "publisher@example.com",
        "status": "active",
        "roles": ["own-publisher"],
    },
    Kind.ROLE: {
        "id": "own-publisher",
        "name": "own-publisher",
        "description": "releasekit: uploads to own",
        "privileges": [
            f"nx-repository-view-pypi-{right}"
            for right in ("all-browse", "all-read", "own-add", "own-browse", "own-read")
        ],
        "roles": [],
    },
}
PROXY = {
    "name": "far",
    "online": True,
    "storage": {"blobStoreName": "default", "strictContentTypeValidation": True},
    "proxy": {
        "remoteUrl": "https://index.example.com/",
        "contentMaxAge": 1440,
        "metadataMaxAge": 1440,
    },
    "negativeCache": {"enabled": True, "timeToLive": 1440},
    "httpClient": {"blocked": False, "autoBlock": True},
}


@pytest.mark.parametrize("kind", BODIES, ids=lambda kind: kind.value)
def test_body_that_creates(kind: Kind) -> None:
    assert render_creation(resource(kind), VERSION) == BODIES[kind]


@pytest.mark.parametrize(
    ("version", "field"),
    [
        (VERSION, "routingRule"),
        (at(3, 71, 0), "routingRule"),
        (at(3, 93, 2), "routingRule"),
        (at(3, 94, 0), "routingRuleName"),
        (at(3, 97, 0), "routingRuleName"),
        (at(3, 100, 0), "routingRuleName"),
        (at(4, 0, 0), "routingRuleName"),
    ],
    ids=str,
)
def test_the_rule_is_named_as_the_version_reads_it(version: ServerVersion, field: str) -> None:
    assert render_creation(resource(Kind.PROXY), version) == {**PROXY, field: "far-own-names"}


ANSWER = {
    **PROXY,
    "format": "pypi",
    "type": "proxy",
    "url": "https://nexus.example.com/repository/far",
    "online": False,
    "cleanup": None,
    "httpClient": {
        "blocked": False,
        "autoBlock": True,
        "connection": {"retries": 3, "timeout": None},
        "authentication": {"type": "username", "username": "mirror"},
    },
    "routingRuleName": None,
    "pypi": {"suffix": "/simple"},
}


def test_body_that_changes_has_all_that_was_there_and_the_password() -> None:
    found = parse_document(ANSWER)
    body = render_update(resource(Kind.PROXY), found, at(3, 97, 0), upstream_password="p")
    assert body == {
        **PROXY,
        "httpClient": {
            "blocked": False,
            "autoBlock": True,
            "connection": {"retries": 3},
            "authentication": {"type": "username", "username": "mirror", "password": "p"},
        },
        "routingRuleName": "far-own-names",
        "pypi": {"suffix": "/simple"},
    }


def test_password_of_the_remote_goes_only_where_somebody_logs_in() -> None:
    found = parse_document({**ANSWER, "httpClient": {"blocked": True, "autoBlock": True}})
    body = render_update(resource(Kind.PROXY), found, VERSION, upstream_password="p")
    assert body["httpClient"] == {"blocked": False, "autoBlock": True}


def test_plan_as_text(compare: Compare) -> None:
    found = remove(SETTLED, Kind.USER, "own-publisher")
    found = alter(found, Kind.HOSTED, "own", online=False, storage__writePolicy="ALLOW")
    found = alter(found, Kind.RULE, "far-own-names", matchers=["/a/"], mode="ALLOW")
    found = alter(found, Kind.GROUP, "all", group__memberNames=["far"])
    found = alter(found, Kind.PROXY, "far", routingRuleName=None, negativeCache__timeToLive=5)
    plan = compare(found)
    assert [f"{sign:<2}{line}" for sign, line in render_plan(plan)] == [
        "~ hosted repository own",
        "  online: false -> true",
        "  storage.writePolicy: ALLOW -> allow_once",
        "~ routing rule far-own-names",
        "  mode: ALLOW -> BLOCK",
        "  matchers:",
        "    - /a/",
        f"    + {ACME}",
        "~ proxy repository far",
        "  negativeCache.timeToLive: 5 -> 1440",
        "  routingRuleName: none -> far-own-names",
        "~ group repository all",
        "  group.memberNames: far -> own, far",
        "+ user own-publisher",
        "  status: active",
        "  roles:",
        "    + own-publisher",
        "  password: generated, shown once",
    ]
    assert describe_plan(plan) == (
        "1 to create, 4 to change, 2 as wanted on https://nexus.example.com, Nexus 3.30.0 (OSS)"
    )
    assert [describe_change(change) for change in plan.changes][-2:] == [
        "changed group repository all",
        "created user own-publisher",
    ]


def test_what_is_taken_away_is_named(compare: Compare) -> None:
    found = alter(SETTLED, Kind.HOSTED, "own", cleanup__policyNames=["old", "older"])
    found = alter(found, Kind.USER, "own-publisher", roles=["nx-admin", "own-publisher"])
    assert [line for _, line in render_plan(compare(found))] == [
        "hosted repository own",
        "cleanup.policyNames: old, older -> none",
        "user own-publisher",
        "roles:",
        "  - nx-admin",
    ]


def test_what_stands_in_the_way_says_why(compare: Compare) -> None:
    plan = compare(EMPTY_SERVER, proxy_remote=None)
    lines = [f"{sign:<2}{line}" for sign, line in render_plan(plan)]
    place = lines.index("! proxy repository far")
    assert lines[place + 1] == "  set proxy-remote: the address of the index that it fetches from"
    assert describe_plan(plan).startswith("6 to create, 1 in the way, 0 as wanted on ")


def test_settled_plan_in_one_line(compare: Compare) -> None:
    plan = compare(SETTLED)
    assert describe_plan(plan) == f"nothing to change, 7 as wanted on {URL}, Nexus 3.30.0 (OSS)"
    assert (list(render_plan(plan)), plan.having(Action.CHANGE)) == ([], ())


OPEN = "everybody may read without a password; `anonymous = false` would end that"


@pytest.mark.parametrize(
    ("found", "values", "notes"),
    [
        pytest.param(SETTLED, {}, (OPEN,), id="anonymous access is on"),
        pytest.param(SETTLED, {"anonymous": True}, (), id="as it is configured"),
        pytest.param(
            alter(SETTLED, Kind.ANONYMOUS, "", enabled=False), {}, (), id="anonymous access is off"
        ),
        pytest.param(
            SETTLED,
            {"anonymous": True, "own-names": []},
            ("own-names is not set: a public package may shadow one of yours",),
            id="no own names",
        ),
        pytest.param(
            SETTLED,
            {"anonymous": True, "group": None},
            ("no group is configured: group, proxy and routing rule are left alone",),
            id="no group",
        ),
        pytest.param(
            alter(SETTLED, Kind.USER, "admin", status="changepassword"),
            {"anonymous": True},
            (
                "admin has the password that Nexus generated at its first start: set "
                "RELEASEKIT_ADMIN_PASSWORD to a new one, and name the file of the first one "
                "with --first-password",
            ),
            id="the first password",
        ),
        pytest.param(
            alter(SETTLED, Kind.RULE, "far-own-names", matchers=[ACME, "/x/"]),
            {"anonymous": True},
            ("far-own-names blocks more than own-names, and goes on: /x/",),
            id="blocks more",
        ),
    ],
)
def test_notes(found: Found, values: dict[str, Any], notes: tuple[str, ...]) -> None:
    assert find_notes(make_settings(**values), found) == notes


def test_no_field_is_sent_that_only_answers_have() -> None:
    role = resource(Kind.ROLE)
    found = parse_document({**BODIES[Kind.ROLE], "source": "default", "readOnly": False})
    assert render_update(role, found, VERSION, upstream_password=None) == BODIES[Kind.ROLE]
