from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import null
from keyring.credentials import Credential, SimpleCredential

from raising import raises_error
from releasekit import credentials
from releasekit.credentials import (
    PypircSection,
    read_admin_credentials,
    read_credentials,
    read_pypirc,
    try_to_read,
)
from releasekit.errors.access import (
    KEYRING_SILENT,
    MISSING_ADMIN_CREDENTIALS,
    MISSING_CREDENTIALS,
    UNREADABLE_PYPIRC,
)
from releasekit.errors.usage import UNKNOWN_PYPIRC_SECTION
from releasekit.model.access import NO_CREDENTIALS, Credentials

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

    priority = -1  # chosen only where it is named: keyring looks for all subclasses

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


MARKED = "it begins with a byte order mark: save it as UTF-8 without one (no BOM)"
MALFORMED = "it is malformed: it has [sections], and in them lines of `name = value`"


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
        pytest.param("", "Missing '' section from ~/.pypirc.", id="a variable that is not set"),
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
        pytest.param(PYPIRC.encode("utf-8-sig"), MARKED, id="byte order mark"),
        pytest.param(PYPIRC.encode("utf-16"), MARKED, id="as PowerShell writes it"),
        pytest.param(PYPIRC.encode("utf-32"), MARKED, id="four bytes per character"),
        pytest.param(b"hunter2", MALFORMED, id="no section"),
        pytest.param(PYPIRC.encode() + b"hunter2\n", MALFORMED, id="no value"),
        pytest.param(PYPIRC.encode() * 2, MALFORMED, id="sections twice"),
        pytest.param(
            PYPIRC.replace("hunter2", "h\u00fcnter2").encode("latin-1"),
            "it is not encoded in UTF-8: save it as UTF-8",
            id="Latin-1",
        ),
    ],
)
def test_file_of_no_use_is_refused_and_its_content_not_shown(
    pypirc: Path, home: dict[str, str], content: bytes, reason: str
) -> None:
    pypirc.write_bytes(content)
    with raises_error(UNREADABLE_PYPIRC) as caught:
        read_pypirc("mine", home)
    assert str(caught.value) == (
        "error E256: .pypirc cannot be read\n"
        "  where: ~/.pypirc\n"
        f"  why:   {reason}\n"
        "  next:  correct that file; twine reads the same one, and fails at the same place"
    )


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
    assert try_to_read(lambda: read({})) == NO_CREDENTIALS


class Silent(Keyring):
    """A keyring whose dialog nobody sees."""

    def __init__(self) -> None:
        """Count who asks."""
        self.requests = 0
        self.end = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.requests += 1
        self.end.wait()
        return None

    def get_credential(self, service: str, username: str | None) -> Credential | None:
        self.get_password(service, username or "")
        return None


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Silent]:
    """A keyring that does not answer, and somebody who waits for it no longer than need be."""
    backend = Silent()
    keyring.set_keyring(backend)
    for name in ("WAITED", "PATIENCE", "PATIENCE_WITH_PEOPLE"):
        monkeypatch.setattr(credentials, name, 0.01)
    monkeypatch.setattr(credentials, "_lookups", [])
    yield backend
    backend.end.set()
    for thread in credentials._lookups:
        thread.join()


def test_keyring_that_does_not_answer_is_waited_for_once_and_named(silent: Silent) -> None:
    said: list[tuple[str, str]] = []

    def say(label: str, text: str) -> None:
        said.append((label, text))

    def ask() -> Credentials:
        return read_credentials(URL, section=None, environ={}, interactive=False, say=say)

    for _ in range(2):
        with raises_error(KEYRING_SILENT) as caught:
            ask()
    assert str(caught.value) == (
        "error E255: the keyring does not answer\n"
        f"  where: the keyring's entry for {URL}\n"
        "  why:   it was asked for the login, and said nothing for 0.01 s:\n"
        "         it may be locked, and show its dialog where nobody sees it\n"
        "  next:  unlock it, then run this again; or do without it: set TWINE_USERNAME and "
        "TWINE_PASSWORD\n"
        "         (PYTHON_KEYRING_BACKEND=keyring.backends.null.Keyring turns it off)"
    )
    waiting = f"waiting for the keyring to give the login for {URL} (at most 0.01 s)"
    assert said == [("note", f"{waiting}: it may ask to be unlocked")]
    assert try_to_read(ask, say) == NO_CREDENTIALS
    assert [label for label, _ in said] == ["note", "note"]
    assert silent.requests == 1


def test_who_sits_at_a_terminal_may_type_what_the_keyring_does_not_say(
    silent: Silent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", lambda _: "bob")
    monkeypatch.setattr("getpass.getpass", lambda _: "hunter2")
    said: list[tuple[str, str]] = []
    found = read_credentials(
        URL,
        section=None,
        environ={},
        interactive=True,
        say=lambda label, text: said.append((label, text)),
    )
    assert found == Credentials(username="bob", password="hunter2", source="what was typed")
    assert [text for label, text in said if label == "login"] == [URL, f"{URL}, user bob"]
    assert silent.requests == 1
