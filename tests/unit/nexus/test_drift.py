"""What is there compared with what is wanted, and the order in which it is changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from releasekit.nexus.desired_state import block_patterns, find_notes, order_members, want
from releasekit.nexus.documents import Document, Repository, ServerVersion, parse_document
from releasekit.nexus.drift import (
    DESCRIPTION,
    PENDING,
    Action,
    Found,
    Kind,
    ServerPlan,
    order_steps,
)
from releasekit.nexus.rest import render_body
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

ACME, BILLING = block_patterns(["acme-*"])[0], block_patterns(["billing"])[0]
SETTLED = settle(make_settings())


def differences(plan: ServerPlan) -> dict[str, tuple[Any, Any]]:
    return {
        f"{change.resource}: {difference.path}": (difference.old, difference.new)
        for change in plan.changes
        for difference in change.differences
    }


def names(plan: ServerPlan, action: Action) -> list[str]:
    return [str(change.resource) for change in plan.having(action)]


def test_empty_server_gets_everything_in_the_order_in_which_it_is_made(compare: Compare) -> None:
    plan = compare(EMPTY_SERVER, snapshots="dev", anonymous=False)
    assert [(change.action.value, str(change.resource)) for change in plan.changes] == [
        ("change", "anonymous access"),
        ("create", "hosted repository own"),
        ("create", "hosted repository dev"),
        ("create", "routing rule far-own-names"),
        ("create", "proxy repository far"),
        ("create", "group repository all"),
        ("create", "role own-publisher"),
        ("create", "role all-reader"),
        ("create", "user own-publisher"),
    ]
    assert (plan.url, plan.settled) == (URL, 0)


def test_everything_that_is_wanted(compare: Compare) -> None:
    found = differences(compare(EMPTY_SERVER, snapshots="dev"))
    view = "nx-repository-view-pypi"
    assert {path: new for path, (old, new) in found.items() if old is None} == {
        "hosted repository own: online": True,
        "hosted repository own: storage.strictContentTypeValidation": True,
        "hosted repository own: storage.writePolicy": "allow_once",
        "hosted repository own: cleanup.policyNames": (),
        "hosted repository dev: online": True,
        "hosted repository dev: storage.strictContentTypeValidation": True,
        "hosted repository dev: storage.writePolicy": "allow",
        "routing rule far-own-names: description": DESCRIPTION,
        "routing rule far-own-names: mode": "BLOCK",
        "routing rule far-own-names: matchers": (ACME,),
        "proxy repository far: proxy.remoteUrl": "https://index.example.com/",
        "proxy repository far: online": True,
        "proxy repository far: storage.strictContentTypeValidation": True,
        "proxy repository far: proxy.contentMaxAge": 1440,
        "proxy repository far: proxy.metadataMaxAge": 1440,
        "proxy repository far: negativeCache.enabled": True,
        "proxy repository far: negativeCache.timeToLive": 1440,
        "proxy repository far: httpClient.blocked": False,
        "proxy repository far: httpClient.autoBlock": True,
        "proxy repository far: routingRuleName": "far-own-names",
        "group repository all: online": True,
        "group repository all: group.memberNames": ("own", "far"),
        "role own-publisher: privileges": (
            f"{view}-all-browse",
            f"{view}-all-read",
            f"{view}-dev-add",
            f"{view}-dev-browse",
            f"{view}-dev-read",
            f"{view}-own-add",
            f"{view}-own-browse",
            f"{view}-own-read",
        ),
        "role own-publisher: roles": (),
        "role all-reader: privileges": (
            f"{view}-all-browse",
            f"{view}-all-read",
            f"{view}-dev-browse",
            f"{view}-dev-read",
            f"{view}-own-browse",
            f"{view}-own-read",
        ),
        "role all-reader: roles": (),
        "user own-publisher: status": "active",
        "user own-publisher: roles": ("own-publisher",),
        "user own-publisher: password": "generated, shown once",
    }


def test_without_a_group_neither_proxy_nor_rule_are_looked_after(compare: Compare) -> None:
    plan = compare(EMPTY_SERVER, group=None)
    assert names(plan, Action.CREATE) == [
        "hosted repository own",
        "role own-publisher",
        "role own-reader",
        "user own-publisher",
    ]


def test_settled_server_needs_nothing(compare: Compare) -> None:
    plan = compare(SETTLED)
    assert (plan.changes, plan.settled) == ((), 7)


DRIFT: dict[str, tuple[Kind, str, dict[str, Any], Any]] = {
    "hosted offline": (Kind.HOSTED, "own", {"online": False}, True),
    "hosted allows overwriting": (
        Kind.HOSTED,
        "own",
        {"storage__writePolicy": "ALLOW"},
        "allow_once",
    ),
    "hosted takes any content": (
        Kind.HOSTED,
        "own",
        {"storage__strictContentTypeValidation": False},
        True,
    ),
    "releases are cleaned up": (Kind.HOSTED, "own", {"cleanup__policyNames": ["old"]}, ()),
    "blob store that does not exist": (
        Kind.HOSTED,
        "own",
        {"storage__blobStoreName": "gone"},
        "default",
    ),
    "rule allows": (Kind.RULE, "far-own-names", {"mode": "ALLOW"}, "BLOCK"),
    "rule blocks less": (Kind.RULE, "far-own-names", {"matchers": []}, (ACME,)),
    "rule being applied": (
        Kind.RULE,
        "far-own-names",
        {"description": PENDING},
        DESCRIPTION,
    ),
    "other remote": (
        Kind.PROXY,
        "far",
        {"proxy__remoteUrl": "https://other.example.com/"},
        "https://index.example.com/",
    ),
    "files checked never": (Kind.PROXY, "far", {"proxy__contentMaxAge": -1}, 1440),
    "index pages checked never": (Kind.PROXY, "far", {"proxy__metadataMaxAge": -1}, 1440),
    "no negative cache": (Kind.PROXY, "far", {"negativeCache__enabled": False}, True),
    "proxy blocked by hand": (Kind.PROXY, "far", {"httpClient__blocked": True}, False),
    "no auto-block": (Kind.PROXY, "far", {"httpClient__autoBlock": False}, True),
    "rule taken off": (Kind.PROXY, "far", {"routingRuleName": None}, "far-own-names"),
    "proxy before hosted": (
        Kind.GROUP,
        "all",
        {"group__memberNames": ["far", "own"]},
        ("own", "far"),
    ),
    "publisher disabled": (Kind.USER, "own-publisher", {"status": "disabled"}, "active"),
    "publisher may do all": (
        Kind.USER,
        "own-publisher",
        {"roles": ["own-publisher", "nx-admin"]},
        ("own-publisher",),
    ),
    "role in a role": (Kind.ROLE, "own-publisher", {"roles": ["nx-admin"]}, ()),
}


@pytest.mark.parametrize(("kind", "name", "fields", "new"), DRIFT.values(), ids=DRIFT)
def test_drift_is_one_difference(
    compare: Compare, kind: Kind, name: str, fields: dict[str, Any], new: Any
) -> None:
    plan = compare(alter(SETTLED, kind, name, **fields))
    ((path, old),) = fields.items()
    (change,) = plan.changes
    (difference,) = change.differences
    assert (change.action, change.resource.kind, change.resource.name) == (
        Action.CHANGE,
        kind,
        name,
    )
    expected = tuple(old) if isinstance(old, list) else old
    assert (difference.path, difference.old, difference.new) == (
        path.replace("__", "."),
        expected,
        new,
    )


@pytest.mark.parametrize(
    ("kind", "name", "fields"),
    [
        pytest.param(Kind.HOSTED, "own", {"storage__writePolicy": "ALLOW_ONCE"}, id="capitals"),
        pytest.param(Kind.HOSTED, "own", {"cleanup": None}, id="no cleanup at all"),
        pytest.param(Kind.HOSTED, "own", {"component__proprietaryComponents": True}, id="not ours"),
        pytest.param(Kind.PROXY, "far", {"proxy__remoteUrl": "https://index.example.com"}, id="/"),
        pytest.param(
            Kind.GROUP,
            "all",
            {"group__memberNames": ["x", "own", "y", "far", "z"]},
            id="more members",
        ),
        pytest.param(Kind.RULE, "far-own-names", {"matchers": [BILLING, ACME]}, id="blocks more"),
        pytest.param(Kind.USER, "own-publisher", {"emailAddress": "team@example.com"}, id="e-mail"),
    ],
)
def test_what_is_no_drift(compare: Compare, kind: Kind, name: str, fields: dict[str, Any]) -> None:
    assert compare(alter(SETTLED, kind, name, **fields)).changes == ()


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (kind, name)
        for kind, name in SETTLED.documents
        if (kind, name) not in ((Kind.REALMS, ""), (Kind.ANONYMOUS, ""), (Kind.USER, "admin"))
    ],
)
def test_what_was_deleted_is_created_again(compare: Compare, kind: Kind, name: str) -> None:
    (change,) = compare(remove(SETTLED, kind, name)).changes
    assert (change.action, change.resource.kind, change.resource.name) == (
        Action.CREATE,
        kind,
        name,
    )


def test_a_rule_that_blocks_more_goes_on_and_gets_what_it_lacks(compare: Compare) -> None:
    found = alter(SETTLED, Kind.RULE, "far-own-names", matchers=["/other/.*"])
    assert differences(compare(found)) == {
        "routing rule far-own-names: matchers": (("/other/.*",), (ACME, "/other/.*")),
    }


def test_patterns_of_a_rule_that_allows_are_not_blocked(compare: Compare) -> None:
    found = alter(SETTLED, Kind.RULE, "far-own-names", mode="ALLOW", matchers=["/simple/.*"])
    assert differences(compare(found)) == {
        "routing rule far-own-names: mode": ("ALLOW", "BLOCK"),
        "routing rule far-own-names: matchers": (("/simple/.*",), (ACME,)),
    }


def test_a_rule_stays_where_no_names_are_configured(compare: Compare) -> None:
    assert compare(SETTLED, own_names=[]).changes == ()


def with_rule(mode: str, *matchers: str) -> Found:
    """A server whose proxy has somebody's own rule."""
    found = alter(SETTLED, Kind.PROXY, "far", routingRuleName="theirs")
    rule: Document = {"name": "theirs", "mode": mode, "matchers": matchers}
    others = remove(found, Kind.RULE, "far-own-names").documents
    return replace(found, documents={**others, (Kind.RULE, "theirs"): rule})


def test_another_rule_that_blocks_the_own_names_will_do(compare: Compare) -> None:
    assert compare(with_rule("BLOCK", "/simple/bad/", ACME)).changes == ()


@pytest.mark.parametrize(
    "found", [with_rule("BLOCK", "/simple/bad/"), with_rule("ALLOW", ACME)], ids=["less", "allows"]
)
def test_another_rule_is_not_replaced(compare: Compare, found: Found) -> None:
    (change,) = compare(found).having(Action.BLOCKED)
    assert str(change.resource) == "proxy repository far"
    assert change.why == (
        "it has the routing rule theirs, and a proxy has one rule only;\n"
        f"take that one off it, or make it a BLOCK rule with these matchers too:\n{ACME}"
    )


NAMESAKES = {
    "another kind": (
        Repository(name="own", format="pypi", type="proxy", remote=None),
        "pypi proxy repository own",
    ),
    "another format": (
        Repository(name="own", format="maven2", type="hosted", remote=None),
        "maven2 hosted repository own",
    ),
    "another case": (
        Repository(name="Own", format="pypi", type="hosted", remote=None),
        "pypi hosted repository Own",
    ),
}


@pytest.mark.parametrize(("repository", "shown"), NAMESAKES.values(), ids=NAMESAKES)
def test_a_repository_under_the_name_blocks_the_plan(
    compare: Compare, repository: Repository, shown: str
) -> None:
    plan = compare(replace(EMPTY_SERVER, repositories=(repository,)))
    (change,) = plan.having(Action.BLOCKED)
    assert (str(change.resource), change.why) == (
        "hosted repository own",
        f"the {shown} has that name: choose another one",
    )


def test_a_proxy_without_remote_cannot_be_created(compare: Compare) -> None:
    (change,) = compare(EMPTY_SERVER, proxy_remote=None).having(Action.BLOCKED)
    assert change.why == "set proxy-remote: the address of the index that it fetches from"
    assert compare(SETTLED, proxy_remote=None).changes == ()


def test_a_proxy_that_logs_in_needs_its_password_for_every_change(compare: Compare) -> None:
    login = alter(SETTLED, Kind.PROXY, "far", httpClient__authentication__username="mirror")
    assert compare(login).changes == ()
    found = alter(login, Kind.PROXY, "far", online=False)
    (change,) = compare(found).changes
    assert (change.action, change.why) == (
        Action.BLOCKED,
        "it logs in to its remote as mirror, and Nexus does not tell the password:\n"
        "set RELEASEKIT_PROXY_PASSWORD to it, and run this again",
    )
    with_password = replace(found, has_upstream_password=True)
    assert names(compare(with_password), Action.CHANGE) == ["proxy repository far"]


def test_a_publisher_of_another_source_blocks_the_plan(compare: Compare) -> None:
    (change,) = compare(alter(SETTLED, Kind.USER, "own-publisher", source="LDAP")).changes
    assert (change.action, change.why) == (
        Action.BLOCKED,
        "a user of the source LDAP has that name",
    )


def test_the_administrator_is_not_made_a_publisher(compare: Compare) -> None:
    (change,) = compare(replace(SETTLED, admin="own-publisher")).changes
    assert (change.action, change.why) == (
        Action.BLOCKED,
        "this administration is done as that user",
    )


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, {}),
        ({"has_publisher_password": True, "publisher_can_log_in": True}, {}),
        (
            {"has_publisher_password": True},
            {
                "user own-publisher: password": (
                    "another one",
                    "from RELEASEKIT_PUBLISHER_PASSWORD",
                )
            },
        ),
        (
            {"admin_changes": True},
            {"user admin: password": ("the first one", "from RELEASEKIT_ADMIN_PASSWORD")},
        ),
    ],
    ids=["none given", "fits", "differs", "the first one of the administrator"],
)
def test_passwords(compare: Compare, known: Any, expected: Any) -> None:
    plan = compare(replace(SETTLED, **known))
    assert differences(plan) == expected
    assert plan.settled == 7 - ("user own-publisher: password" in expected)


def test_realm_of_local_users_is_added_to_others(compare: Compare) -> None:
    found = alter(SETTLED, Kind.REALMS, "", active=["LdapRealm"])
    assert differences(compare(found)) == {
        "realms: active": (("LdapRealm",), ("LdapRealm", "NexusAuthenticatingRealm")),
    }


def test_the_only_blob_store_is_taken_where_there_is_no_default(compare: Compare) -> None:
    plan = compare(replace(EMPTY_SERVER, blob_stores=("s3",)))
    (hosted,) = (c.resource for c in plan.changes if c.resource.kind is Kind.HOSTED)
    assert hosted.initial.get("storage.blobStoreName") == "s3"


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ((), ("own", "far")),
        (("own", "far"), ("own", "far")),
        (("far", "own"), ("own", "far")),
        (("far",), ("own", "far")),
        (("own",), ("own", "far")),
        (("x", "far", "y", "own", "z"), ("x", "own", "far", "y", "z")),
        (("x", "own", "y"), ("x", "own", "y", "far")),
        (("x", "far"), ("own", "x", "far")),
    ],
)
def test_hosted_comes_before_proxy_and_other_members_stay(
    members: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert order_members(members, hosted="own", proxy="far") == expected


SETTLED = settle(make_settings())
ACME = block_patterns(["acme-*"])[0]


def show(plan: ServerPlan) -> list[str]:
    """Name the steps; the rule with what its description says."""
    shown = []
    for step in order_steps(plan):
        if isinstance(step, str):
            shown.append(f"renew {step}")
        elif step.resource.kind is Kind.RULE:
            state = {PENDING: "pending", DESCRIPTION: "final"}
            shown.append(f"rule {state[str(step.resource.fields.get('description'))]}")
        else:
            shown.append(str(step.resource))
        if not isinstance(step, str) and step.differences:
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
    assert render_body(resource(kind), None, VERSION) == BODIES[kind]


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
    assert render_body(resource(Kind.PROXY), None, version) == {**PROXY, field: "far-own-names"}


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
    body = render_body(resource(Kind.PROXY), found, at(3, 97, 0), upstream_password="p")
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
    body = render_body(resource(Kind.PROXY), found, VERSION, upstream_password="p")
    assert body["httpClient"] == {"blocked": False, "autoBlock": True}


def test_plan_as_text(compare: Compare) -> None:
    found = remove(SETTLED, Kind.USER, "own-publisher")
    found = alter(found, Kind.HOSTED, "own", online=False, storage__writePolicy="ALLOW")
    found = alter(found, Kind.RULE, "far-own-names", matchers=["/a/"], mode="ALLOW")
    found = alter(found, Kind.GROUP, "all", group__memberNames=["far"])
    found = alter(found, Kind.PROXY, "far", routingRuleName=None, negativeCache__timeToLive=5)
    plan = compare(found)
    assert [f"{sign:<2}{line}" for sign, line in plan.render()] == [
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
    assert plan.describe() == (
        "1 to create, 4 to change, 2 as wanted on https://nexus.example.com, Nexus 3.30.0 (OSS)"
    )
    assert [change.describe() for change in plan.changes][-2:] == [
        "changed group repository all",
        "created user own-publisher",
    ]


def test_what_is_taken_away_is_named(compare: Compare) -> None:
    found = alter(SETTLED, Kind.HOSTED, "own", cleanup__policyNames=["old", "older"])
    found = alter(found, Kind.USER, "own-publisher", roles=["nx-admin", "own-publisher"])
    assert [line for _, line in compare(found).render()] == [
        "hosted repository own",
        "cleanup.policyNames: old, older -> none",
        "user own-publisher",
        "roles:",
        "  - nx-admin",
    ]


def test_what_is_blocked_says_why(compare: Compare) -> None:
    plan = compare(EMPTY_SERVER, proxy_remote=None)
    lines = [f"{sign:<2}{line}" for sign, line in plan.render()]
    place = lines.index("! proxy repository far")
    assert lines[place + 1] == "  set proxy-remote: the address of the index that it fetches from"
    assert plan.describe().startswith("6 to create, 1 in the way, 0 as wanted on ")


def test_settled_plan_in_one_line(compare: Compare) -> None:
    plan = compare(SETTLED)
    assert plan.describe() == f"nothing to change, 7 as wanted on {URL}, Nexus 3.30.0 (OSS)"
    assert (list(plan.render()), plan.having(Action.CHANGE)) == ([], ())


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
    assert tuple(find_notes(make_settings(**values), found)) == notes


def test_no_field_is_sent_that_only_answers_have() -> None:
    role = resource(Kind.ROLE)
    found = parse_document({**BODIES[Kind.ROLE], "source": "default", "readOnly": False})
    assert render_body(role, found, VERSION, upstream_password=None) == BODIES[Kind.ROLE]
