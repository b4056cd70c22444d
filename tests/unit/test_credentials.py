from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import null
from keyring.credentials import Credential, SimpleCredential

from raising import raises_error
from releasekit.credentials import (
    PypircSection,
    find_credentials,
    read_admin_credentials,
    read_credentials,
    read_pypirc,
)
from releasekit.errors.access import MISSING_ADMIN_CREDENTIALS, MISSING_CREDENTIALS
from releasekit.errors.usage import UNKNOWN_PYPIRC_SECTION
from releasekit.model.credentials import NO_CREDENTIALS, Credentials

NEXUS = "https://nexus.example.com"
URL = f"{NEXUS}/repository/pypi-hosted/"
PYPIRC = f"""\
[distutils]
index-servers = mine whole bare odd leaky
[mine]
repository = {URL}
username = bob
password = hunter2
[whole]
repository = {URL}
ca_cert = ca.pem
client_cert = client.pem
[bare]
username = bob
[odd]
repository = ftp://bob:hunter2@nexus.example.com/
[leaky]
repository = https://bob:hunter2@nexus.example.com/repository/pypi-hosted/
"""


class Keyring(KeyringBackend):
    """A keyring with one entry."""

    def __init__(self) -> None:
        """Read no configuration."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        known = ((URL, "carol"), (NEXUS, "admin"))
        return "hunter2" if (service, username) in known else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def get_credential(self, service: str, username: str | None) -> Credential | None:
        return SimpleCredential("carol", "hunter2") if service == URL else None


@pytest.fixture(autouse=True)
def pypirc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home with a .pypirc, which is not that of the process; and no keyring."""
    monkeypatch.setenv("HOME", "/nowhere")
    path = tmp_path / ".pypirc"
    path.write_text(PYPIRC)
    before = keyring.get_keyring()
    keyring.set_keyring(null.Keyring())  # type: ignore[no-untyped-call]
    yield path
    keyring.set_keyring(before)


@pytest.fixture
def home(pypirc: Path) -> dict[str, str]:
    """The environment of the run."""
    return {"HOME": str(pypirc.parent)}


def read(environ: dict[str, str], section: str | None = None, **more: str) -> Credentials:
    return read_credentials(URL, section=section, environ={**environ, **more}, interactive=False)


def test_sections_are_read_from_the_home_of_the_run(home: dict[str, str]) -> None:
    assert read_pypirc("mine", home) == PypircSection(
        name="mine", path="~/.pypirc", url=URL, ca_cert=None, client_cert=None
    )
    assert read_pypirc("whole", home) == PypircSection(
        name="whole", path="~/.pypirc", url=URL, ca_cert="ca.pem", client_cert="client.pem"
    )


def unknown(name: str, reason: str) -> str:
    return (
        f"error E215: -r {name}: no such repository in .pypirc\n"
        "  where: ~/.pypirc\n"
        f"  why:   {reason}\n"
        f"  next:  add [{name}] with `repository = https://…` (of Nexus: https://…/repository/NAME/)\n"
        "         and its name to index-servers under [distutils]"
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("other", "Missing 'other' section from ~/.pypirc.", id="unknown"),
        pytest.param("bare", "the section has no repository", id="without an address"),
        pytest.param(
            "pypi",
            "that is twine's default, a public index; this kit publishes to private ones",
            id="twine's default",
        ),
        pytest.param("odd", "repository is no https:// address", id="another scheme"),
        pytest.param(
            "leaky",
            "repository holds credentials; write username = … and password = … instead",
            id="password in the address",
        ),
    ],
)
def test_section_of_no_use_is_refused_and_no_password_shown(
    home: dict[str, str], name: str, reason: str
) -> None:
    with raises_error(UNKNOWN_PYPIRC_SECTION) as caught:
        read_pypirc(name, home)
    assert str(caught.value) == unknown(name, reason)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(None, "no such file or directory", id="missing"),
        pytest.param(
            f"\ufeff{PYPIRC}",
            "it begins with a byte order mark: save it as UTF-8 without one (no BOM)",
            id="byte order mark",
        ),
        pytest.param("hunter2", "Malformed configuration in ~/.pypirc.", id="malformed"),
    ],
)
def test_file_of_no_use_is_refused_and_its_content_not_shown(
    pypirc: Path, home: dict[str, str], content: str | None, reason: str
) -> None:
    pypirc.unlink() if content is None else pypirc.write_text(content, encoding="utf-8")
    with raises_error(UNKNOWN_PYPIRC_SECTION) as caught:
        read_pypirc("mine", home)
    assert str(caught.value) == unknown("mine", reason)


def test_environment_gives_credentials_and_beats_the_section(home: dict[str, str]) -> None:
    expected = Credentials(
        username="ci", password="token", source="TWINE_USERNAME and TWINE_PASSWORD"
    )
    assert read({}, TWINE_USERNAME="ci", TWINE_PASSWORD="token") == expected
    assert read(home, "mine", TWINE_USERNAME="ci", TWINE_PASSWORD="token") == expected


@pytest.mark.parametrize("environ", [{}, {"TWINE_USERNAME": "", "TWINE_PASSWORD": ""}])
def test_section_gives_credentials(home: dict[str, str], environ: dict[str, str]) -> None:
    expected = Credentials(username="bob", password="hunter2", source=".pypirc section mine")
    assert read(home, "mine", **environ) == expected


@pytest.mark.parametrize("environ", [{}, {"TWINE_USERNAME": "carol"}])
def test_keyring_gives_credentials(environ: dict[str, str]) -> None:
    keyring.set_keyring(Keyring())
    assert read(environ) == Credentials(username="carol", password="hunter2", source="keyring")


@pytest.mark.parametrize(
    ("environ", "missing"),
    [({}, "user name"), ({"TWINE_USERNAME": "ci"}, "password")],
    ids=["none", "no password"],
)
def test_missing_credentials_are_named(environ: dict[str, str], missing: str) -> None:
    with raises_error(MISSING_CREDENTIALS) as caught:
        read(environ)
    assert str(caught.value) == (
        f"error E231: no {missing} for the repository\n"
        f"  where: {URL}\n"
        "  why:   not in TWINE_USERNAME and TWINE_PASSWORD, not in ~/.pypirc, not in the keyring\n"
        "  next:  set TWINE_USERNAME and TWINE_PASSWORD (in CI: masked, protected variables)"
    )


def test_a_ref_that_gitlab_does_not_protect_is_named_as_the_cause() -> None:
    with raises_error(MISSING_CREDENTIALS) as caught:
        read({}, CI_COMMIT_REF_PROTECTED="false", CI_COMMIT_REF_NAME="v1.2.3")
    assert caught.value.answers()["next"] == (
        "v1.2.3 is not protected, and its jobs get no protected variables: protect it in GitLab\n"
        "(Settings, Repository, Protected tags or branches), then run a new pipeline"
    )


def test_prompt_that_is_not_answered_is_a_missing_user_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Path("/dev/null").open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        with raises_error(MISSING_CREDENTIALS):
            read_credentials(URL, section=None, environ={}, interactive=True)


def test_credentials_of_the_administration_come_from_the_environment() -> None:
    environ = {"RELEASEKIT_ADMIN_PASSWORD": "token"}
    source = "RELEASEKIT_ADMIN_USERNAME and RELEASEKIT_ADMIN_PASSWORD"
    found = read_admin_credentials(NEXUS, environ=environ, interactive=False)
    assert found == Credentials(username="admin", password="token", source=source)
    named = {**environ, "RELEASEKIT_ADMIN_USERNAME": "root"}
    root = read_admin_credentials(NEXUS, environ=named, interactive=False)
    assert root.username == "root"


def test_credentials_of_the_administration_come_from_the_keyring() -> None:
    keyring.set_keyring(Keyring())
    found = read_admin_credentials(NEXUS, environ={}, interactive=False)
    assert found == Credentials(username="admin", password="hunter2", source="keyring")


def test_missing_credentials_of_the_administration() -> None:
    with raises_error(MISSING_ADMIN_CREDENTIALS) as caught:
        read_admin_credentials(NEXUS, environ={}, interactive=False)
    assert str(caught.value) == (
        "error E238: no password for the administration of Nexus\n"
        f"  where: {NEXUS}, user admin\n"
        "  why:   not in RELEASEKIT_ADMIN_PASSWORD, not in the keyring\n"
        "  next:  set RELEASEKIT_ADMIN_PASSWORD (and RELEASEKIT_ADMIN_USERNAME, if it is not "
        "admin),\n"
        f"         or keep it: keyring set {NEXUS} admin"
    )
    assert find_credentials(URL, section=None, environ={}) == NO_CREDENTIALS
