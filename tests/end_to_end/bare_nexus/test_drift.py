"""What was changed by hand is shown and fixed; what is not ours is left alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from end_to_end.bare_nexus.server import (
    GROUP,
    HOSTED,
    PROXY,
    PUBLISHER,
    REST,
    ROLE,
    RULE,
    Administrator,
    Bare,
    differences,
    edit,
    edit_user,
    take_the_rule_off,
)
from raising import raises_error
from releasekit.errors.refused import SERVER_BLOCKED

DRIFT: dict[str, tuple[Callable[[Bare], None], list[str]]] = {
    "overwriting allowed": (
        lambda bare: edit(bare, HOSTED, storage__writePolicy="ALLOW"),
        ["hosted repository pypi-hosted: storage.writePolicy"],
    ),
    "any content": (
        lambda bare: edit(bare, HOSTED, storage__strictContentTypeValidation=False),
        ["hosted repository pypi-hosted: storage.strictContentTypeValidation"],
    ),
    "offline": (
        lambda bare: edit(bare, HOSTED, online=False),
        ["hosted repository pypi-hosted: online"],
    ),
    "releases cleaned up": (
        lambda bare: edit(bare, HOSTED, cleanup={"policyNames": ["old"]}),
        ["hosted repository pypi-hosted: cleanup.policyNames"],
    ),
    "blob store that is not there": (
        lambda bare: edit(bare, HOSTED, storage__blobStoreName="gone"),
        ["hosted repository pypi-hosted: storage.blobStoreName"],
    ),
    "snapshots only once": (
        lambda bare: edit(
            bare, "repositories/pypi/hosted/pypi-snapshots", storage__writePolicy="allow_once"
        ),
        ["hosted repository pypi-snapshots: storage.writePolicy"],
    ),
    "other remote": (
        lambda bare: edit(bare, PROXY, proxy__remoteUrl="http://127.0.0.1:9/"),
        ["proxy repository pypi-proxy: proxy.remoteUrl"],
    ),
    "other ages": (
        lambda bare: edit(
            bare,
            PROXY,
            proxy__contentMaxAge=-1,
            proxy__metadataMaxAge=0,
            negativeCache__timeToLive=5,
        ),
        [
            "proxy repository pypi-proxy: proxy.contentMaxAge",
            "proxy repository pypi-proxy: proxy.metadataMaxAge",
            "proxy repository pypi-proxy: negativeCache.timeToLive",
        ],
    ),
    "proxy blocked": (
        lambda bare: edit(
            bare,
            PROXY,
            httpClient__blocked=True,
            httpClient__autoBlock=False,
            negativeCache__enabled=False,
        ),
        [
            "proxy repository pypi-proxy: negativeCache.enabled",
            "proxy repository pypi-proxy: httpClient.blocked",
            "proxy repository pypi-proxy: httpClient.autoBlock",
        ],
    ),
    "rule taken off": (take_the_rule_off, ["proxy repository pypi-proxy: routingRuleName"]),
    "rule blocks less": (
        lambda bare: edit(bare, RULE, matchers=bare.ask("GET", RULE)["matchers"][:1]),
        ["routing rule pypi-proxy-own-names: matchers"],
    ),
    "rule allows": (
        lambda bare: edit(bare, RULE, mode="ALLOW"),
        ["routing rule pypi-proxy-own-names: mode"],
    ),
    "proxy before hosted": (
        lambda bare: edit(bare, GROUP, group__memberNames=["pypi-proxy", "pypi-hosted"]),
        ["group repository pypi-group: group.memberNames"],
    ),
    "hosted no member": (
        lambda bare: edit(bare, GROUP, group__memberNames=["pypi-proxy"]),
        ["group repository pypi-group: group.memberNames"],
    ),
    "nobody may read without a password": (
        lambda bare: edit(bare, "security/anonymous", enabled=False),
        ["anonymous access: enabled"],
    ),
    "role may do more": (
        lambda bare: edit(bare, ROLE, privileges=["nx-all"], roles=["nx-admin"]),
        [f"role {PUBLISHER[0]}: privileges", f"role {PUBLISHER[0]}: roles"],
    ),
    "user disabled": (
        lambda bare: edit_user(bare, status="disabled"),
        # Nexus answers 401 to a disabled user, whatever the password.
        [f"user {PUBLISHER[0]}: status", f"user {PUBLISHER[0]}: password"],
    ),
    "user may do more": (
        lambda bare: edit_user(bare, roles=["nx-admin"]),
        [f"user {PUBLISHER[0]}: roles"],
    ),
    "another password": (
        lambda bare: bare.send(
            "PUT",
            f"{REST}/security/users/{PUBLISHER[0]}/change-password",
            data="something else",
            headers={"Content-Type": "text/plain"},
        ).raise_for_status(),
        [f"user {PUBLISHER[0]}: password"],
    ),
}


@pytest.mark.parametrize(("spoil", "paths"), DRIFT.values(), ids=DRIFT)
def test_drift_is_shown_and_fixed(
    administrator: Administrator, bare: Bare, spoil: Callable[[Bare], None], paths: list[str]
) -> None:
    spoil(bare)
    assert list(differences(administrator.plan())) == paths
    administrator.apply()
    assert administrator.plan().changes == ()


LOST = {
    "role and user": [ROLE, f"security/users/{PUBLISHER[0]}"],
    "group": ["repositories/pypi-group"],
    "proxy and rule": ["repositories/pypi-proxy", RULE],
}


@pytest.mark.parametrize("paths", LOST.values(), ids=LOST)
def test_what_was_deleted_is_made_again(
    administrator: Administrator, bare: Bare, paths: list[str]
) -> None:
    for path in paths:
        bare.ask("DELETE", path)
    assert "create" in {change.action.value for change in administrator.plan().changes}
    administrator.apply()
    assert administrator.plan().changes == ()
    login = bare.send("GET", "repository/pypi-group/simple/", user=PUBLISHER)
    assert login.status_code == 200


def test_a_rule_of_somebody_else_is_not_replaced(administrator: Administrator, bare: Bare) -> None:
    theirs = {"name": "theirs", "description": "", "mode": "BLOCK", "matchers": ["/simple/bad/"]}
    bare.ask("POST", "routing-rules", theirs)
    take_the_rule_off(bare)
    bare.ask("PUT", PROXY, {**bare.ask("GET", PROXY), "routingRule": "theirs"})
    ours = bare.ask("GET", RULE)["matchers"]
    with raises_error(SERVER_BLOCKED) as caught:
        administrator.apply()
    assert str(caught.value) == (
        "error E152: 1 resource on Nexus cannot be changed by releasekit\n"
        f"  where: {bare.url}\n"
        "  why:   proxy repository pypi-proxy: it has the routing rule theirs, and a proxy has one "
        "rule only;\n"
        "         take that one off it, or make it a BLOCK rule with these matchers too:\n"
        f"         {ours[0]}\n"
        f"         {ours[1]}\n"
        "         nothing was changed\n"
        "  next:  settle what the lines with ! say, then run this again"
    )
    assert bare.ask("GET", PROXY)["routingRuleName"] == "theirs"
    bare.ask("PUT", "routing-rules/theirs", {**theirs, "matchers": ["/simple/bad/", *ours]})
    assert administrator.plan().changes == ()
    bare.ask("PUT", PROXY, {**bare.ask("GET", PROXY), "routingRule": None})
    bare.ask("DELETE", "routing-rules/theirs")
    administrator.apply()


def test_a_proxy_that_logs_in_is_changed_with_its_password_only(
    administrator: Administrator, bare: Bare
) -> None:
    login = {"type": "username", "username": "mirror", "password": "of the mirror"}
    edit(bare, PROXY, httpClient__authentication=login, online=False)
    with raises_error(SERVER_BLOCKED, match="it logs in to its remote as mirror"):
        administrator.apply()
    environ = {**administrator.environ, "RELEASEKIT_PROXY_PASSWORD": "of the mirror"}
    replace(administrator, environ=environ).apply()
    found = bare.ask("GET", PROXY)
    assert (found["online"], found["httpClient"]["authentication"]["username"]) == (True, "mirror")
    edit(bare, PROXY, httpClient__authentication=None)


def test_what_the_configuration_does_not_mention_stays(
    administrator: Administrator, bare: Bare
) -> None:
    connection = {"retries": 2, "timeout": 30, "userAgentSuffix": "x", "useTrustStore": False}
    edit(bare, PROXY, online=False, httpClient__connection=connection)
    edit_user(bare, status="disabled", emailAddress="team@example.com")
    administrator.apply()
    found = bare.ask("GET", PROXY)["httpClient"]["connection"]
    assert {key: found[key] for key in connection} == connection
    (user,) = bare.ask("GET", f"security/users?userId={PUBLISHER[0]}")
    assert user["emailAddress"] == "team@example.com"
