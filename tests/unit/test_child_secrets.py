"""What other programs get of an environment: no secret, by name and by value."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest

from releasekit.child_secrets import (
    collect_secrets,
    contains_secret,
    foreign_environ,
    git_environ,
    installer_environ,
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


def test_uv_is_told_all_that_pip_and_uv_are_told() -> None:
    told = ("PIP_INDEX_URL", "UV_INDEX_A_PASSWORD", "UV_SOMETHING", "NETRC", "HTTPS_PROXY")
    names = {"PATH", "HOME", "CI_REPOSITORY_URL", "CDN", "EMAIL", "https_proxy", *told}
    names |= {"GIT_CONFIG_COUNT", "GIT_CONFIG_VALUE_0"}
    kept = installer_environ(ENVIRON, [SECRET])
    assert kept == {name: ENVIRON[name] for name in names}
