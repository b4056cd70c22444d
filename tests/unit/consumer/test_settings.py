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
    find_lost_credentials,
    find_pip_notes,
    find_uv_notes,
    folder_place,
    pip_options,
    poetry_commands,
    render_exports,
    user_place,
    uv_index,
    virtualenv_place,
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


def test_uvs_index_is_the_default_one_and_has_the_repositorys_name() -> None:
    assert uv_index(PRIVATE) == {"name": "pypi-group", "url": URL, "default": "true"}


def test_only_differences_are_changes_with_the_old_value() -> None:
    wanted = {"a": "1", "b": "2", "c": "3"}
    assert find_changes(wanted, {"a": "1", "b": "https://me:se@cr/et@host/x", "z": "9"}) == (
        Change(key="b", old="https://****@host/x", new="2"),
        Change(key="c", old=None, new="3"),
    )


PLACES = {
    "an environment is a place that pip finds and uv does not": (
        virtualenv_place(Path("/venv")),
        ("/venv/pip.conf", "/venv/uv.toml", "/venv/releasekit-ca.pem"),
        ("UV_CONFIG_FILE=/venv/uv.toml",),
    ),
    "a directory is one that neither finds": (
        folder_place(Path("/ci")),
        ("/ci/pip.conf", "/ci/uv.toml", "/ci/releasekit-ca.pem"),
        ("PIP_CONFIG_FILE=/ci/pip.conf", "UV_CONFIG_FILE=/ci/uv.toml"),
    ),
    "the user's is one that both find": (
        user_place(Path("/h/.config")),
        ("/h/.config/pip/pip.conf", "/h/.config/uv/uv.toml", "/h/.config/pip/releasekit-ca.pem"),
        (),
    ),
    "pip has a directory of its own on macOS": (
        user_place(Path("/h/.config"), pip_folder=Path("/h/Library/pip")),
        ("/h/Library/pip/pip.conf", "/h/.config/uv/uv.toml", "/h/Library/pip/releasekit-ca.pem"),
        (),
    ),
}


@pytest.mark.parametrize(("place", "files", "exports"), PLACES.values(), ids=PLACES)
def test_place(place: Place, files: tuple[str, ...], exports: tuple[str, ...]) -> None:
    assert tuple(map(str, (place.pip_conf, place.uv_toml, place.ca_file))) == files
    assert tuple("=".join(pair) for pair in place.exports) == exports


USER = user_place(Path("/h"))
HOSTILE = {"REQUESTS_CA_BUNDLE": "/other.pem", "PIP_CERT": "", "SSL_CERT_FILE": "/other.pem"}


@pytest.mark.parametrize(
    ("consumer", "environ", "lines"),
    [
        pytest.param(PRIVATE, {}, ["export SSL_CERT_FILE='/e n/releasekit-ca.pem'"], id="uv"),
        pytest.param(
            PRIVATE,
            HOSTILE,
            [
                "export SSL_CERT_FILE='/e n/releasekit-ca.pem'",
                "export REQUESTS_CA_BUNDLE='/e n/releasekit-ca.pem'",
            ],
            id="a variable that beats cert is pointed at the file too",
        ),
        pytest.param(PUBLIC, HOSTILE, ["export UV_SYSTEM_CERTS=true"], id="system store"),
        pytest.param(
            replace(PUBLIC, index_url="http://127.0.0.1:1/simple/"), {}, [], id="plain http"
        ),
        pytest.param(
            MUTUAL,
            {},
            [
                "export SSL_CERT_FILE='/e n/releasekit-ca.pem'",
                "export SSL_CLIENT_CERT=/me.pem",
            ],
            id="client certificate",
        ),
    ],
)
def test_lines_for_a_shell(consumer: Consumer, environ: dict[str, str], lines: list[str]) -> None:
    assert list(render_exports(find_exports(consumer, USER, environ))) == lines


def test_lines_of_a_place_come_first() -> None:
    exports = find_exports(PUBLIC, folder_place(Path("/ci")), {})
    assert [name for name, _ in exports] == [
        "PIP_CONFIG_FILE",
        "UV_CONFIG_FILE",
        "UV_SYSTEM_CERTS",
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
    assert find_pip_notes(present, pip_options(PRIVATE)) == (
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
    assert find_uv_notes(options, {"corp": "https://u:p@corp.example.com/simple"}) == (
        "uv: index corp (https://****@corp.example.com/simple) stays: uv asks it before the group",
        "uv: allow-insecure-host = old.example.com stays, and switches the check of certificates "
        "off: remove it",
        "uv: pip.extra-index-url = https://c stays: a package there can shadow one of the group",
    )


def test_credentials_that_the_files_do_not_hold_any_more_are_noted() -> None:
    wanted = {"global.index-url": URL, "global.cert": "/ca.pem"}
    present = {"global.index-url": "https://me:secret@old.example.com", "global.cert": "/old.pem"}
    assert find_lost_credentials(find_changes(wanted, present)) == (
        "global.index-url held credentials: from now on pip and uv read them from ~/.netrc",
    )


def test_variables_that_beat_the_files_are_named_without_their_values() -> None:
    environ = {
        "PIP_INDEX_URL": "https://me:secret@x",
        "UV_DEFAULT_INDEX": "",
        "UV_INDEX": "https://me:secret@x",
        "PIP_CONFIG_FILE": "/x",
    }
    assert find_environ_notes(environ, {"PIP_CONFIG_FILE": "/ci/pip.conf"}) == (
        "PIP_INDEX_URL is set here, and beats these files: unset PIP_INDEX_URL",
        "UV_INDEX is set here: a package there can shadow one of the group",
    )
