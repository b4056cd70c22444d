from __future__ import annotations

import pytest

from raising import raises_error
from releasekit.config.settings import Settings, Target, hosted_url, make_target
from releasekit.errors.access import HALF_SET_READER
from releasekit.index.layouts import simple_url
from releasekit.model.access import (
    NO_CREDENTIALS,
    READER_ENVIRONMENT,
    Credentials,
    find_environ_reader,
)

BOB = Credentials(username="bob", password="hunter2", source="TWINE_USERNAME")
READER = Credentials(username="reader", password="secret", source=READER_ENVIRONMENT)
ROOT = "https://nexus.example.com/repository"


def configure(**values: object) -> Settings:
    return Settings.model_validate({"url": "https://nexus.example.com", **values})


def target(hosted: str, group: str, snapshots: str | None = None) -> Target:
    return Target(
        upload_url=hosted,
        install_url=group,
        snapshots_url=snapshots,
        credentials=BOB,
        reader=BOB,
        sandbox=False,
    )


def nexus_target(settings: Settings, credentials: Credentials, reader: Credentials) -> Target:
    return make_target(hosted_url(settings), settings, credentials, reader)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(
            configure(),
            target(f"{ROOT}/pypi-hosted/", f"{ROOT}/pypi-hosted/"),
            id="without a group the hosted repository is installed from",
        ),
        pytest.param(
            configure(hosted="h", group="g", snapshots="s"),
            target(f"{ROOT}/h/", f"{ROOT}/g/", f"{ROOT}/s/"),
            id="all repositories",
        ),
    ],
)
def test_target_of_a_nexus(settings: Settings, expected: Target) -> None:
    assert nexus_target(settings, BOB, BOB) == expected


@pytest.mark.parametrize(
    ("url", "settings", "expected"),
    [
        pytest.param(
            f"{ROOT}/mine",
            configure(url="https://other.example.com", hosted="no", group="g", snapshots="s"),
            target(f"{ROOT}/mine/", f"{ROOT}/g/", f"{ROOT}/s/"),
            id="the section beats url and hosted",
        ),
        pytest.param(
            "https://pypi.example.com/upload/",
            configure(group="g", snapshots="s"),
            target("https://pypi.example.com/upload/", "https://pypi.example.com/upload/"),
            id="what is no Nexus has no groups",
        ),
    ],
)
def test_target_of_a_pypirc_section(url: str, settings: Settings, expected: Target) -> None:
    assert make_target(url, settings, BOB, BOB) == expected


def test_reader_reads_and_does_not_upload() -> None:
    found = nexus_target(configure(), BOB, READER)
    assert (found.credentials, found.reader) == (BOB, READER)
    assert nexus_target(configure(), BOB, NO_CREDENTIALS).reader == NO_CREDENTIALS


@pytest.mark.parametrize(
    ("username", "password", "expected"),
    [
        pytest.param("reader", "secret", READER, id="both"),
        pytest.param("", "", None, id="empty"),
        pytest.param(None, None, None, id="neither"),
    ],
)
def test_reader_of_the_environment(
    username: str | None, password: str | None, expected: Credentials | None
) -> None:
    stated = {"RELEASEKIT_READER_USERNAME": username, "RELEASEKIT_READER_PASSWORD": password}
    environ = {name: value for name, value in stated.items() if value is not None}
    assert find_environ_reader(environ) == expected


@pytest.mark.parametrize(
    ("stated", "missing"),
    [
        ("RELEASEKIT_READER_USERNAME", "RELEASEKIT_READER_PASSWORD"),
        ("RELEASEKIT_READER_PASSWORD", "RELEASEKIT_READER_USERNAME"),
    ],
)
def test_half_of_a_reader_is_refused(stated: str, missing: str) -> None:
    with raises_error(HALF_SET_READER) as caught:
        find_environ_reader({stated: "hunter2", missing: ""})
    assert str(caught.value) == (
        f"error E232: {missing} is not set\n"
        "  where: the environment\n"
        f"  why:   {stated} is set, and reading needs both\n"
        f"  next:  set {missing} as well, or neither: `unset {stated}`"
    )


@pytest.mark.parametrize("url", [f"{ROOT}/g", f"{ROOT}/g/"])
def test_simple_index_of_a_repository(url: str) -> None:
    assert simple_url(url) == f"{ROOT}/g/simple/"


def test_password_shows_in_no_representation() -> None:
    assert repr(BOB) == "Credentials(username='bob', source='TWINE_USERNAME')"
    assert "hunter2" not in repr(nexus_target(configure(), BOB, BOB))


def test_the_repository_of_an_upload_is_read_as_the_publisher_before_netrc() -> None:
    publisher = Credentials(username="publisher", password="secret-1", source="test")
    of_netrc = Credentials(username="team", password="secret-2", source="netrc (~/.netrc)")
    stated = Credentials(username="reader", password="secret-3", source=READER_ENVIRONMENT)
    settings = Settings(url="https://nexus.example.com", group="pypi-group")
    for reader, hosted in ((of_netrc, publisher), (stated, stated)):
        target = nexus_target(settings, publisher, reader)
        assert target.find_reader(target.upload_url) is hosted
        assert target.find_reader(target.install_url) is reader
    only_reads = nexus_target(settings, NO_CREDENTIALS, of_netrc)
    assert only_reads.find_reader(only_reads.upload_url) is of_netrc
