"""Who may not administer, and passwords that nobody would see."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import subprocess
import sys
from dataclasses import replace

from end_to_end.bare_nexus.server import (
    PUBLISHER,
    Administrator,
    Bare,
)
from raising import raises_error
from releasekit.errors.access import (
    MISSING_PUBLISHER_PASSWORD,
    NOT_ALLOWED_BY_NEXUS,
    WRONG_API_CREDENTIALS,
)


def test_wrong_password(administrator: Administrator, bare: Bare) -> None:
    wrong = {**administrator.environ, "RELEASEKIT_ADMIN_PASSWORD": "wrong-pass"}
    with raises_error(WRONG_API_CREDENTIALS) as caught:
        replace(administrator, environ=wrong).plan()
    assert str(caught.value) == (
        "error E235: the user name or the password is wrong\n"
        f"  where: {bare.url}/service/rest/v1/status\n"
        "  why:   the server answered 401 to user admin, whose credentials came from "
        "RELEASEKIT_ADMIN_USERNAME and RELEASEKIT_ADMIN_PASSWORD\n"
        "  next:  check RELEASEKIT_ADMIN_USERNAME and RELEASEKIT_ADMIN_PASSWORD; Nexus answers 401 "
        "to a disabled user as well,\n"
        "         and to all of its own users while its Local Authenticating Realm is off"
    )


def test_a_user_who_may_not_administer(administrator: Administrator, bare: Bare) -> None:
    login = {"RELEASEKIT_ADMIN_USERNAME": PUBLISHER[0], "RELEASEKIT_ADMIN_PASSWORD": PUBLISHER[1]}
    with raises_error(NOT_ALLOWED_BY_NEXUS) as caught:
        replace(administrator, environ={**administrator.environ, **login}).plan()
    assert str(caught.value) == (
        "error E237: this user may not read the realms\n"
        f"  where: {bare.url}/service/rest/v1/security/realms/active\n"
        f"  why:   Nexus answered 403 to user {PUBLISHER[0]}\n"
        "  next:  use an administrator's RELEASEKIT_ADMIN_USERNAME and RELEASEKIT_ADMIN_PASSWORD,\n"
        "         or ask the Nexus administrator to run this"
    )


def test_no_password_is_made_up_where_nobody_looks(newcomer: Administrator, bare: Bare) -> None:
    blind = replace(newcomer, environ={**newcomer.environ, "RELEASEKIT_PUBLISHER_PASSWORD": ""})
    name = f"{newcomer.environ['RELEASEKIT_HOSTED']}-publisher"
    with raises_error(MISSING_PUBLISHER_PASSWORD) as caught:
        blind.apply()
    assert str(caught.value) == (
        f"error E239: no password for the new user {name}\n"
        f"  where: {bare.url}\n"
        "  why:   without a terminal nobody sees a generated one, or a log keeps it\n"
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
    (password,) = seen.apply().passwords.values()
    user = (f"{newcomer.environ['RELEASEKIT_HOSTED']}-publisher", password)
    assert bare.send("GET", "service/rest/v1/status", user=user).status_code == 200
    assert seen.plan().changes == ()


def test_a_terminal_shows_the_password_even_when_it_is_to_be_quiet(
    newcomer: Administrator, user_environ: dict[str, str], bare: Bare
) -> None:
    environ = {**user_environ, **newcomer.environ, "RELEASEKIT_PUBLISHER_PASSWORD": ""}
    ours, theirs = pty.openpty()
    command = (sys.executable, "-m", "releasekit", "provision", "--apply", "-q")
    with subprocess.Popen(command, cwd=newcomer.root, env=environ, stdout=theirs) as process:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # Linux: the other end is closed
            while block := os.read(ours, 4096):
                shown += block
    os.close(ours)
    assert process.returncode == 0
    name = f"{newcomer.environ['RELEASEKIT_HOSTED']}-publisher"
    text = re.sub(r"\x1b\[[\d;]*m", "", shown.decode()).replace("\r", "")
    found = re.fullmatch(rf"password  (\S+)  \(of {name}; shown this once, kept nowhere\)\n", text)
    assert found, text
    login = (name, found[1])
    assert bare.send("GET", "service/rest/v1/status", user=login).status_code == 200
