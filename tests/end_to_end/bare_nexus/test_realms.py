"""The realms by which Nexus knows users: others than its own are left as they are.

Measured on 3.30: with its own realm off, nobody can log in, not even admin, and nothing can be
changed by REST any more. So that is fixed where an administrator of another realm (LDAP) runs
this, which the core's tests show; here, what everybody else is told.
"""

from __future__ import annotations

import pytest

from end_to_end.bare_nexus.server import Administrator, Bare
from raising import raises_error
from releasekit.errors.access import WRONG_API_CREDENTIALS

REALMS = "security/realms/active"
OWN, RIGHTS, FOREIGN = "NexusAuthenticatingRealm", "NexusAuthorizingRealm", "NpmToken"

CHOSEN = {
    "another order": [RIGHTS, OWN],
    "another realm before it": [FOREIGN, OWN, RIGHTS],
}


@pytest.mark.parametrize("active", CHOSEN.values(), ids=CHOSEN)
def test_other_realms_and_their_order_are_the_administrators_choice(
    administrator: Administrator, bare: Bare, active: list[str]
) -> None:
    bare.ask("PUT", REALMS, active)
    assert administrator.plan().changes == ()
    administrator.apply()
    assert bare.ask("GET", REALMS) == active
    bare.ask("PUT", REALMS, [OWN, RIGHTS])


def test_with_its_own_realm_off_nobody_gets_in_any_more(
    administrator: Administrator, bare: Bare
) -> None:
    """Comes last, see conftest.py: the server is of no use after it."""
    bare.ask("PUT", REALMS, [RIGHTS])
    with raises_error(WRONG_API_CREDENTIALS) as caught:
        administrator.plan()
    assert str(caught.value) == (
        "error E235: the user name or the password is wrong\n"
        f"  where: {bare.url}/service/rest/v1/status\n"
        "  why:   the server answered 401 to user admin, whose credentials came from "
        "RELEASEKIT_ADMIN_USERNAME and RELEASEKIT_ADMIN_PASSWORD\n"
        "  next:  check RELEASEKIT_ADMIN_USERNAME and RELEASEKIT_ADMIN_PASSWORD; Nexus answers 401 "
        "to a disabled user as well,\n"
        "         and to all of its own users while its Local Authenticating Realm is off"
    )
