"""The license agreement of the Community Edition: it is accepted by a human's word alone.

The real Nexus of these tests, 3.30, has none. What is sent is judged by Sonatype's own models in
tests/test_newer_models.py; the server here does what its API describes, and what was seen of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from end_to_end.bare_nexus.server import Administrator
from raising import raises_error
from releasekit.cli import main
from releasekit.errors.refused import SERVER_BLOCKED
from unit.commands.newer_nexus import DISCLAIMER, NewerNexus, run_newer_nexus

FIRST, SECOND = DISCLAIMER.splitlines()
"""The lines of what Nexus says that accepting means."""


@pytest.fixture
def newer() -> Iterator[NewerNexus]:
    with run_newer_nexus() as running:
        yield running


def environ(newer: NewerNexus) -> dict[str, str]:
    return {
        "RELEASEKIT_URL": newer.url,
        "RELEASEKIT_GROUP": "pypi-group",
        "RELEASEKIT_PROXY_REMOTE": "https://index.example.com/",
        "RELEASEKIT_OWN_NAMES": "acme-*",
        "RELEASEKIT_ADMIN_PASSWORD": "the-password-of-admin",
        "RELEASEKIT_PUBLISHER_PASSWORD": "the-password-of-the-publisher",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }


def test_without_a_word_the_plan_says_what_to_type_and_nothing_is_changed(
    newer: NewerNexus, tmp_path: Path
) -> None:
    with raises_error(SERVER_BLOCKED) as caught:
        Administrator(root=tmp_path, environ=environ(newer)).apply()
    assert str(caught.value) == (
        "error E152: 1 resource on Nexus cannot be changed by releasekit\n"
        f"  where: {newer.url}\n"
        "  why:   license agreement: it is not accepted, and Nexus serves no package before. It "
        "says:\n"
        f"         {FIRST}\n"
        f"         {SECOND}\n"
        "         whoever may agree for your company adds --apply --accept-eula\n"
        "         nothing was changed\n"
        "  next:  settle what the lines with ! say, then run this again"
    )
    assert newer.changes == []


def test_by_the_word_of_an_administrator_it_is_accepted_first_and_once(
    newer: NewerNexus,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in environ(newer).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    assert main(["provision", "--accept-eula"]) == 1
    assert (
        "          ~ license agreement\n            accepted: false -> true\n"
    ) in capsys.readouterr().out
    assert newer.changes == []
    assert main(["provision", "--accept-eula", "--apply"]) == 0
    assert "apply     changed license agreement\n" in capsys.readouterr().out
    assert newer.changes[0] == "POST system/eula"
    assert newer.resources["system/eula"] == {"accepted": True, "disclaimer": DISCLAIMER}
    # A second run plans nothing, and needs no word any more.
    assert main(["provision"]) == 0
    assert "plan      nothing to change, 8 as wanted on" in capsys.readouterr().out


@pytest.mark.parametrize("named", ["Nexus/3.96.1-02 (PRO)", "Nexus/3.96.1-02 (OSS)"])
def test_other_editions_get_no_request_about_one(
    newer: NewerNexus, tmp_path: Path, named: str
) -> None:
    newer.named = named
    recorder = Administrator(root=tmp_path, environ=environ(newer)).apply()
    assert len([text for text in recorder.changes if text.startswith("created")]) == 7
    assert not [request for request in newer.requests if "eula" in request]
