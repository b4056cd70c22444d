"""An apply that ends in the middle is finished by the next one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from end_to_end.bare_nexus.server import (
    Administrator,
    Bare,
    Interruption,
    edit,
)
from raising import raises_error
from releasekit.errors.failed import NOT_AS_WRITTEN, SERVER_UNSETTLED


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6, 7])
def test_an_apply_that_is_interrupted_is_finished_by_the_next(
    newcomer: Administrator, number: int
) -> None:
    with pytest.raises(KeyboardInterrupt):
        newcomer.apply(Interruption(number))
    assert newcomer.plan().changes
    newcomer.apply()
    assert newcomer.plan().changes == ()


def test_an_apply_that_is_killed_is_finished_by_the_next(
    newcomer: Administrator, user_environ: dict[str, str]
) -> None:
    with subprocess.Popen(
        (sys.executable, "-u", "-m", "releasekit", "provision", "--apply"),
        cwd=newcomer.root,
        env={**user_environ, **newcomer.environ},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("apply     created routing rule"):
                process.kill()
    assert process.returncode == -9
    left = newcomer.plan()
    assert 0 < len(left.changes) < 7
    newcomer.apply()
    assert newcomer.plan().changes == ()


def test_somebody_else_changes_the_same_at_the_same_time(
    newcomer: Administrator, bare: Bare
) -> None:
    name = newcomer.environ["RELEASEKIT_HOSTED"]

    def spoil(text: str) -> None:
        if text.startswith("created user"):
            edit(bare, f"repositories/pypi/hosted/{name}", online=False)

    with raises_error(SERVER_UNSETTLED) as caught:
        newcomer.apply(spoil)
    assert str(caught.value) == (
        "error E333: Nexus differs again from what was just set\n"
        f"  where: {bare.url}\n"
        f"  why:   ~ hosted repository {name}\n"
        "           online: false -> true\n"
        "         somebody, or another program, changes the same resources\n"
        "  next:  see who does, then run this again: what is already done is kept"
    )


def test_a_change_that_nexus_accepts_and_does_not_make_is_reported(
    newcomer: Administrator, bare: Bare
) -> None:
    name = newcomer.environ["RELEASEKIT_PROXY"]

    def remove_the_rule(text: str) -> None:
        if text.startswith("created routing rule"):
            bare.ask("DELETE", f"routing-rules/{name}-own-names")

    with raises_error(NOT_AS_WRITTEN) as caught:
        newcomer.apply(remove_the_rule)  # the proxy is created with a rule that is not there: 201
    assert str(caught.value) == (
        f"error E332: Nexus accepted the change of the proxy repository {name} and did something "
        "else\n"
        f"  where: {bare.url}\n"
        f"  why:   it has -> it was told: routingRuleName: none -> {name}-own-names\n"
        "  next:  set this in Nexus by hand, then run this again; somebody else may have changed "
        "it too"
    )
    newcomer.apply()
    assert newcomer.plan().changes == ()
