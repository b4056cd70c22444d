"""What other programs get of an environment: no secret, by name and by value."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from releasekit.network import (
    LOOPBACK,
    child_environ,
    collect_secrets,
    contains_secret,
    foreign_environ,
    git_environ,
    installer_environ,
    open_network,
)

SECRET = "p/ss w+rd:é"
PROXY = "http://bob:proxy-login@proxy.example.com:3128"


def packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(SECRET, id="plain"),
        pytest.param(f"a {SECRET} b", id="a part"),
        pytest.param(quote(SECRET), id="percent-encoded"),
        pytest.param(quote(SECRET, safe=""), id="percent-encoded, the slash too"),
        pytest.param(quote(SECRET, safe="").lower(), id="percent-encoded, lower case"),
        pytest.param(quote_plus(SECRET), id="as in a form"),
        pytest.param(packed(SECRET), id="base64"),
        *(pytest.param(packed("u" * n + f":{SECRET}"), id=f"base64 after {n}") for n in range(6)),
        pytest.param(packed(f"bob:{SECRET}").rstrip("="), id="base64 without padding"),
        pytest.param(
            base64.urlsafe_b64encode(f"bob:{SECRET}".encode()).decode(), id="base64 for addresses"
        ),
        pytest.param(
            json.dumps({"auths": {"h.example.com": {"auth": packed(f"bob:{SECRET}")}}}),
            id="a login of docker",
        ),
        pytest.param(packed("x" * 50 + SECRET).replace("eHh4", "eHh4\n", 1), id="lines of base64"),
    ],
)
def test_secret_is_found_in_every_form(value: str) -> None:
    assert contains_secret(value, [SECRET])


@pytest.mark.parametrize("value", ["", "p/ss", "p/ss word:é", packed("p/ss word"), "w+rd:é"])
def test_other_values_are_no_secret(value: str) -> None:
    assert not contains_secret(value, [SECRET])


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        pytest.param({"TWINE_PASSWORD": "hunter2-hunter2"}, {"hunter2-hunter2"}, id="twine"),
        pytest.param({"RELEASEKIT_ADMIN_PASSWORD": "hunter2!"}, {"hunter2!"}, id="admin"),
        pytest.param({"RELEASEKIT_READER_PASSWORD": "hunter2!"}, {"hunter2!"}, id="reader"),
        pytest.param({"RELEASEKIT_PROXY_PASSWORD": "hunter2!"}, {"hunter2!"}, id="proxy"),
        pytest.param({"UV_INDEX_A_PASSWORD": "hunter2!"}, {"hunter2!"}, id="an index of uv"),
        pytest.param({"UV_PUBLISH_TOKEN": "hunter2!"}, {"hunter2!"}, id="a token of uv"),
        pytest.param(
            {"PIP_INDEX_URL": "https://bob:hunter%202@h.example.com/simple"},
            {"hunter%202", "hunter 2"},
            id="in an address",
        ),
        pytest.param(
            {"UV_INDEX": "a=https://token-token@h.example.com"}, {"token-token"}, id="a token"
        ),
        pytest.param({"TWINE_PASSWORD": "short"}, set(), id="too short to look for"),
        pytest.param({"TWINE_USERNAME": "publisher", "MY_TOKEN": "x" * 9}, set(), id="no secret"),
    ],
)
def test_secrets_of_a_run(environ: dict[str, str], found: set[str]) -> None:
    assert collect_secrets(environ) == found


ENVIRON = {
    "PATH": "/bin",
    "HOME": f"/home/{SECRET}",
    "NEXUS_PASSWORD": SECRET,
    "DOCKER_AUTH": packed(f"bob:{SECRET}"),
    "MY_URL": f"https://bob:{quote(SECRET, safe='')}@h.example.com/x",
    "CI_REPOSITORY_URL": "https://gitlab-ci-token:job-token@gitlab.example.com/a/b.git",
    "PIP_INDEX_URL": "https://bob:hunter2@h.example.com/simple",
    "UV_INDEX_A_PASSWORD": "hunter2",
    "UV_SOMETHING": f"x{SECRET}",
    "NETRC": "/secrets/netrc",
    "HTTPS_PROXY": PROXY,
    "https_proxy": f"http://bob:{quote(SECRET, safe='')}@proxy.example.com",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": f"url.https://bob:{quote(SECRET, safe='')}@h.example.com/.insteadOf",
    "GIT_CONFIG_VALUE_0": "https://h.example.com/",
    "CDN": "https://cdn.example.com:443/react@18/index.js",
    "EMAIL": "Bob <bob@example.com>",
}
FOR_ALL = {
    "PATH": "/bin",
    "HOME": f"/home/{SECRET}",
    "MY_URL": "https://h.example.com/x",
    "CI_REPOSITORY_URL": "https://gitlab.example.com/a/b.git",
    "PIP_INDEX_URL": "https://h.example.com/simple",
    "CDN": "https://cdn.example.com:443/react@18/index.js",
    "EMAIL": "Bob <bob@example.com>",
}
PROXIES = {
    "HTTPS_PROXY": "http://proxy.example.com:3128",
    "https_proxy": "http://proxy.example.com",
}
GIT = {name: value for name, value in ENVIRON.items() if name.startswith("GIT_")}
STRIPPED = {**GIT, "GIT_CONFIG_KEY_0": "url.https://h.example.com/.insteadOf"}


def test_code_of_others_gets_no_secret_and_no_login() -> None:
    assert foreign_environ(ENVIRON, [SECRET]) == {**FOR_ALL, **PROXIES, **STRIPPED}


def test_settings_of_git_go_together() -> None:
    environ = {**GIT, "GIT_CONFIG_VALUE_0": SECRET, "GIT_DIR": "x"}
    assert foreign_environ(environ, [SECRET]) == {"GIT_DIR": "x"}


def test_git_logs_in_to_the_proxy() -> None:
    assert git_environ(ENVIRON, [SECRET]) == {**FOR_ALL, **PROXIES, "HTTPS_PROXY": PROXY, **GIT}


def test_uv_gets_all_settings_of_pip_and_uv() -> None:
    theirs = ("PIP_INDEX_URL", "UV_INDEX_A_PASSWORD", "UV_SOMETHING", "NETRC", "HTTPS_PROXY")
    names = {"PATH", "HOME", "CI_REPOSITORY_URL", "CDN", "EMAIL", "https_proxy", *theirs}
    names |= {"GIT_CONFIG_COUNT", "GIT_CONFIG_VALUE_0"}
    kept = installer_environ(ENVIRON, [SECRET])
    assert kept == {name: ENVIRON[name] for name in names}


GIT_VARIABLES = (
    *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_DIR"),
    *("GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"),
    *("GIT_GRAFT_FILE", "GIT_SHALLOW_FILE", "GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE"),
)


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        pytest.param({}, LOOPBACK, id="none"),
        pytest.param({"NO_PROXY": ".a"}, f".a,{LOOPBACK}", id="upper case"),
        pytest.param({"no_proxy": ".a"}, f".a,{LOOPBACK}", id="lower case"),
        pytest.param({"NO_PROXY": ".a", "no_proxy": ".a"}, f".a,{LOOPBACK}", id="both, the same"),
        pytest.param({"NO_PROXY": ".a", "no_proxy": ".b"}, f".a,.b,{LOOPBACK}", id="both"),
    ],
)
def test_children_reach_loopback_without_a_proxy(mine: dict[str, str], theirs: str) -> None:
    with open_network(environ={"HTTPS_PROXY": "http://proxy", **mine}) as network:
        found = {name: network.environ[name] for name in ("HTTPS_PROXY", "NO_PROXY", "no_proxy")}
    assert found == {"HTTPS_PROXY": "http://proxy", "NO_PROXY": theirs, "no_proxy": theirs}


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        pytest.param("TWINE_USERNAME", False, id="twine's user"),
        pytest.param("TWINE_PASSWORD", False, id="twine's password"),
        pytest.param("TWINE_REPOSITORY_URL", False, id="all of twine's"),
        pytest.param("RELEASEKIT_ADMIN_PASSWORD", False, id="password of administration"),
        pytest.param("RELEASEKIT_CLIENT_CERT", False, id="all of the kit's"),
        *(pytest.param(name, False, id=name) for name in GIT_VARIABLES),
        *(
            pytest.param(n, False, id=n)
            for n in ("PYTHONPATH", "PYTHONINSPECT", "PYTHONWARNINGS", "PYTHONUTF8", "PYTHON3XYZ")
        ),
        *(pytest.param(n, True, id=n) for n in ("GIT_SSH_COMMAND", "GIT_CONFIG_COUNT")),
        *(pytest.param(n, True, id=n) for n in ("GIT_CONFIG_PARAMETERS", "GIT_ASKPASS")),
        *(pytest.param(n, True, id=n) for n in ("PYTHON_KEYRING_BACKEND", "PYTHON_CPU_COUNT")),
        *(pytest.param(n, True, id=n) for n in ("MY_PYTHONPATH", "PIP_INDEX_URL", "UV_INDEX")),
        *(pytest.param(n, True, id=n) for n in ("MY_TWINE_X", "HTTPS_PROXY", "HOME")),
    ],
)
def test_children_get_no_credentials_and_no_foreign_repository(
    name: str, kept: bool, tmp_path: Path
) -> None:
    ours = child_environ({"PATH": "/bin"}, tmp_path / "ca.pem")
    added = {name: "hunter2"} if kept else {}
    mine = {"PATH": "/bin", name: "hunter2"}
    assert child_environ(mine, tmp_path / "ca.pem") == {**ours, **added}
    with open_network(environ=mine) as network:
        assert network.environ.get(name) == added.get(name)


def test_git_has_no_variable_of_a_repository_that_is_not_known_here() -> None:
    listed = subprocess.run(
        ("git", "rev-parse", "--local-env-vars"), capture_output=True, check=True, text=True
    )
    local = {n for n in listed.stdout.split() if not n.startswith("GIT_CONFIG")}
    # Two of git's own, which nothing but git itself sets for a moment.
    assert local - set(GIT_VARIABLES) <= {"GIT_INTERNAL_SUPER_PREFIX", "GIT_REF_STORAGE_FORMAT"}
