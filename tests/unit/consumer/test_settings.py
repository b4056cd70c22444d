from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from releasekit.consumer.settings import (
    Change,
    Consumer,
    Place,
    find_changes,
    find_environ_notes,
    find_exports,
    find_notes,
    pip_options,
    poetry_commands,
)

URL = "https://nexus.example.com/repository/pypi-group/simple/"
CA = Path("/e n/releasekit-ca.pem")
PUBLIC = Consumer(index="pypi-group", index_url=URL, ca_file=None)
PRIVATE = replace(PUBLIC, ca_file=CA)
MUTUAL = replace(PRIVATE, client_cert="/me.pem")


@pytest.mark.parametrize(
    ("consumer", "options"),
    [
        pytest.param(PUBLIC, {"global.index-url": URL}, id="system store"),
        pytest.param(PRIVATE, {"global.index-url": URL, "global.cert": str(CA)}, id="private CA"),
        pytest.param(
            MUTUAL,
            {
                "global.index-url": URL,
                "global.cert": str(CA),
                "global.client-cert": "/me.pem",
            },
            id="client certificate",
        ),
    ],
)
def test_options_of_pip(consumer: Consumer, options: dict[str, str]) -> None:
    assert pip_options(consumer) == options


def test_only_differences_are_changes_with_the_old_value() -> None:
    wanted = {"a": "1", "b": "2", "c": "3"}
    assert find_changes(wanted, {"a": "1", "b": "https://me:se@cr/et@host/x", "z": "9"}) == (
        Change(key="b", old="https://****@host/x", new="2"),
        Change(key="c", old=None, new="3"),
    )


USER = Place(name="user", folder=Path("/h/pip"), uv_toml=Path("/h/uv/uv.toml"))
HOSTILE = {"REQUESTS_CA_BUNDLE": "/other.pem", "PIP_CERT": "", "SSL_CERT_FILE": "/other.pem"}


@pytest.mark.parametrize(
    ("consumer", "environ", "exports"),
    [
        pytest.param(PRIVATE, {}, {"SSL_CERT_FILE": str(CA)}, id="uv"),
        pytest.param(
            PRIVATE,
            HOSTILE,
            {"SSL_CERT_FILE": str(CA), "REQUESTS_CA_BUNDLE": str(CA)},
            id="a variable that beats cert is pointed at the file too",
        ),
        pytest.param(PUBLIC, HOSTILE, {"UV_SYSTEM_CERTS": "true"}, id="system store"),
        pytest.param(
            replace(PUBLIC, index_url="http://127.0.0.1:1/simple/"), {}, {}, id="plain http"
        ),
        pytest.param(
            MUTUAL,
            {},
            {"SSL_CERT_FILE": str(CA), "SSL_CLIENT_CERT": "/me.pem"},
            id="client certificate",
        ),
    ],
)
def test_variables_for_a_shell(
    consumer: Consumer, environ: dict[str, str], exports: dict[str, str]
) -> None:
    assert find_exports(consumer, USER, environ) == exports


def test_variables_of_a_place_come_first() -> None:
    place = replace(USER, exports=("PIP_CONFIG_FILE", "UV_CONFIG_FILE"))
    assert list(find_exports(PUBLIC, place, {}).items()) == [
        ("PIP_CONFIG_FILE", "/h/pip/pip.conf"),
        ("UV_CONFIG_FILE", "/h/uv/uv.toml"),
        ("UV_SYSTEM_CERTS", "true"),
    ]


def test_commands_of_poetry() -> None:
    assert poetry_commands(MUTUAL) == (
        f"poetry source add --priority=primary pypi-group {URL}",
        "poetry config certificates.pypi-group.cert '/e n/releasekit-ca.pem'",
        "poetry config certificates.pypi-group.client-cert /me.pem",
    )
    assert poetry_commands(PUBLIC) == poetry_commands(MUTUAL)[:1]


def test_what_stays_in_pip_conf_and_works_against_it_is_named() -> None:
    present = {
        "install.index-url": "https://me:secret@old.example.com/simple",
        "install.no-deps": "1",
        "global.extra-index-url": "\nhttps://a.example.com\nhttps://b.example.com",
        "global.trusted-host": "old.example.com",
    }
    assert tuple(find_notes("pip", present, pip_options(PRIVATE))) == (
        "pip: install.index-url = https://****@old.example.com/simple stays, and beats "
        "global.index-url",
        "pip: global.extra-index-url = https://a.example.com https://b.example.com stays: a "
        "package there can shadow one of the group",
        "pip: global.trusted-host = old.example.com stays, and switches the check of "
        "certificates off: remove it",
    )


def test_what_stays_in_uv_toml_and_works_against_it_is_named() -> None:
    options = {
        "allow-insecure-host": "old.example.com",
        "pip.extra-index-url": "https://c",
        "a": "",
    }
    assert tuple(find_notes("uv", options, {})) == (
        "uv: allow-insecure-host = old.example.com stays, and switches the check of certificates "
        "off: remove it",
        "uv: pip.extra-index-url = https://c stays: a package there can shadow one of the group",
    )


def test_variables_that_beat_the_files_are_named_without_their_values() -> None:
    environ = {
        "PIP_INDEX_URL": "https://me:secret@x",
        "UV_DEFAULT_INDEX": "",
        "UV_INDEX": "https://me:secret@x",
        "PIP_CONFIG_FILE": "/x",
    }
    assert tuple(find_environ_notes(environ, {"PIP_CONFIG_FILE": "/ci/pip.conf"})) == (
        "PIP_INDEX_URL is set here, and beats these files: unset PIP_INDEX_URL",
        "UV_INDEX is set here: a package there can shadow one of the group",
    )
