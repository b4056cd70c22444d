"""Who may not administer, and passwords that nobody would see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from end_to_end.bare_nexus.server import (
    PUBLISHER,
    Administrator,
    Bare,
    made_password,
)
from releasekit.core.errors import (
    MissingPublisherPassword,
    NotAllowedByNexus,
    WrongCredentials,
)


def test_wrong_password(administrator: Administrator, bare: Bare) -> None:
    wrong = {**administrator.environ, "RELEASEKIT_ADMIN_PASSWORD": "wrong-pass"}
    with pytest.raises(WrongCredentials) as caught:
        replace(administrator, environ=wrong).plan()
    assert str(caught.value) == (
        "error: the user name or the password is wrong\n"
        f"  where: {bare.url}/service/rest/v1/status\n"
        "  why:   the server answered 401 to user admin, whose credentials came from "
        "RELEASEKIT_ADMIN_USERNAME and RELEASEKIT_ADMIN_PASSWORD\n"
        "  next:  check RELEASEKIT_ADMIN_USERNAME and RELEASEKIT_ADMIN_PASSWORD; Nexus answers 401 "
        "to a disabled user as well"
    )


def test_a_user_who_may_not_administer(administrator: Administrator, bare: Bare) -> None:
    login = {"RELEASEKIT_ADMIN_USERNAME": PUBLISHER[0], "RELEASEKIT_ADMIN_PASSWORD": PUBLISHER[1]}
    with pytest.raises(NotAllowedByNexus) as caught:
        replace(administrator, environ={**administrator.environ, **login}).plan()
    assert str(caught.value) == (
        "error: this user may not read the realms\n"
        f"  where: {bare.url}/service/rest/v1/security/realms/active\n"
        f"  why:   Nexus answered 403 to user {PUBLISHER[0]}\n"
        "  next:  use an administrator's RELEASEKIT_ADMIN_USERNAME and RELEASEKIT_ADMIN_PASSWORD,\n"
        "         or ask the Nexus administrator to run this"
    )


def test_no_password_is_made_up_where_nobody_looks(newcomer: Administrator, bare: Bare) -> None:
    blind = replace(newcomer, environ={**newcomer.environ, "RELEASEKIT_PUBLISHER_PASSWORD": ""})
    name = f"{newcomer.environ['RELEASEKIT_HOSTED']}-publisher"
    with pytest.raises(MissingPublisherPassword) as caught:
        blind.apply()
    assert str(caught.value) == (
        f"error: no password for the new user {name}\n"
        f"  where: {bare.url}\n"
        "  why:   without a terminal nobody sees one that is made up, or a log keeps it\n"
        "  next:  set RELEASEKIT_PUBLISHER_PASSWORD (in CI: masked, protected), or run this on a "
        "terminal"
    )
    assert len(blind.plan().changes) == 7


def test_a_password_that_is_made_up_is_shown_once(newcomer: Administrator, bare: Bare) -> None:
    seen = replace(
        newcomer,
        environ={**newcomer.environ, "RELEASEKIT_PUBLISHER_PASSWORD": ""},
        attended=True,
    )
    password = made_password(seen.apply())
    user = (f"{newcomer.environ['RELEASEKIT_HOSTED']}-publisher", password)
    assert bare.send("GET", "service/rest/v1/status", user=user).status_code == 200
    assert seen.plan().changes == ()
