from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from raising import raises_error
from releasekit.checks.catalog import CHECKS
from releasekit.checks.model import Severity
from releasekit.config.settings import KEYS, Settings
from releasekit.config.sources import (
    Source,
    parse_settings,
    read_environment,
    read_settings,
    read_table,
)
from releasekit.errors import ReleasekitError
from releasekit.errors.setup import BYTE_ORDER_MARK
from releasekit.errors.usage import INVALID_CONFIGURATION

DEFAULTS: dict[str, Any] = {
    "url": None,
    "hosted": "pypi-hosted",
    "group": None,
    "proxy": "pypi-proxy",
    "proxy-remote": None,
    "snapshots": None,
    "proxy-max-age": 1440,
    "own-names": (),
    "anonymous": None,
    "ca-bundle": None,
    "client-cert": None,
    "tag": None,
    "wheels": (),
    "pythons": (),
    "smoke": (),
    "smoke-timeout": 60,
    "severity": {"level": None, "projects": {}},
    "required-urls": (),
    "size-limit": 100,
    "build-constraints": None,
    "repair-wheel-command": None,
    "timeout": 60,
    "stale-limit": 30,
    "cache-dir": None,
}
EXAMPLES: dict[str, Any] = {
    "url": "https://nexus.example.com/nexus",
    "hosted": "oracle-dba",
    "group": "pypi-dba-group",
    "proxy": "pypi.proxy_1",
    "proxy-remote": "https://index.example.com/",
    "snapshots": "oracle-dba-snapshots",
    "proxy-max-age": 60,
    "own-names": ("acme-*", "Secret.Lib"),
    "anonymous": False,
    "ca-bundle": "certs/corporate-ca.pem",
    "client-cert": "client.pem",
    "tag": "pkg-a/v{version}",
    "wheels": ("cp311-*-manylinux*_x86_64", "cp311-cp311-win_amd64"),
    "pythons": ("3.10", "3.13"),
    "smoke": ("demo --version",),
    "smoke-timeout": 20.5,
    "severity": {
        "level": None,
        "projects": {},
        "RK101": {"severity": "warning", "reason": None},
        "RK201": {"severity": "off", "reason": None},
    },
    "required-urls": ("Source", "Release notes"),
    "size-limit": 250,
    "build-constraints": "constraints.txt",
    "repair-wheel-command": "auditwheel repair -w {dest_dir} {wheel}",
    "timeout": 1.5,
    "stale-limit": 86400,
    "cache-dir": ".cache",
}


def table(**values: Any) -> Source:
    return read_table("T", {key.replace("_", "-"): value for key, value in values.items()})


def dump(settings: Settings) -> dict[str, Any]:
    return settings.model_dump(by_alias=True)


def refuse(*sources: Source) -> ReleasekitError:
    with raises_error(INVALID_CONFIGURATION) as caught:
        parse_settings(sources)
    return caught.value


def test_nothing_configured_gives_the_defaults() -> None:
    assert dump(parse_settings([])) == DEFAULTS
    assert tuple(DEFAULTS) == KEYS


def test_every_key_can_stand_in_a_table() -> None:
    assert dump(parse_settings([read_table("T", EXAMPLES)])) == EXAMPLES


def test_every_key_can_stand_in_the_environment() -> None:
    environ = {
        f"RELEASEKIT_{key.upper().replace('-', '_')}": ", ".join(value)
        if isinstance(value, tuple)
        else str(value)
        for key, value in {**EXAMPLES, "severity": "RK101=warning, RK201 = off,"}.items()
        if key != "tag"
    }
    found = parse_settings([read_environment({**environ, "PATH": "/bin", "HOSTED": "no"})])
    assert dump(found) == {**EXAMPLES, "tag": None}


def test_environment_is_spelled_as_the_user_wrote_it() -> None:
    assert read_environment({"RELEASEKIT_CA_BUNDLE": "ca.pem"}) == Source(
        name="environment",
        values={"ca-bundle": "ca.pem"},
        spelled={"ca-bundle": "RELEASEKIT_CA_BUNDLE"},
    )


PATTERN_RULE = (
    'a tag pattern holds {version} exactly once, as in "v{version}"; '
    '"rel_{version:_}" is for tags like rel_1_2_3 (also - -- __ , /)'
)


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({"RELEASEKIT_URL": ""}, id="empty: a CI variable that is not set"),
        pytest.param({"RELEASEKIT_TAG": "v1.0"}, id="the tag to release is no pattern"),
        pytest.param(
            {"RELEASEKIT_ADMIN_USERNAME": "admin", "RELEASEKIT_READER_PASSWORD": "hunter2"},
            id="secrets of administration are no keys",
        ),
    ],
)
def test_environment_without_keys_changes_nothing(environ: dict[str, str]) -> None:
    assert read_environment(environ) == Source(name="environment", values={}, spelled={})


keyed = st.dictionaries(st.sampled_from(KEYS), st.none()).map(
    lambda keys: {key: EXAMPLES[key] for key in keys}
)


@given(weak=keyed, strong=keyed)
def test_later_source_beats_the_earlier_one_key_by_key(
    weak: dict[str, Any], strong: dict[str, Any]
) -> None:
    weak = {key: DEFAULTS[key] for key in weak}
    settings = parse_settings([read_table("weak", weak), read_table("strong", strong)])
    assert dump(settings) == {**DEFAULTS, **weak, **strong}


@pytest.mark.parametrize(
    ("key", "value", "read"),
    [
        pytest.param("url", "sandbox", None, id="the sandbox, where a table names a Nexus"),
        pytest.param("url", "http://h.example.com:8081/", "http://h.example.com:8081", id="slash"),
        pytest.param("url", "https://[::1]:8443", "https://[::1]:8443", id="IPv6"),
        pytest.param("url", "https://nexus_1", "https://nexus_1", id="name of a container"),
        pytest.param("url", "https://größe.example", "https://größe.example", id="IDN"),
        pytest.param("timeout", "90", 90, id="number from the environment"),
    ],
)
def test_value_is_read(key: str, value: object, read: object) -> None:
    assert dump(parse_settings([read_table("T", {key: value})]))[key] == read


PORT = "T url: the port is no number from 1 to 65535"
SPACE = "T url: an address has no space and no line break in it"
REPOSITORY = "string should match pattern '^[a-zA-Z0-9-][a-zA-Z0-9_.-]*$'"


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        pytest.param(
            "url", "nexus", "T url: this is not an http:// or https:// address", id="no scheme"
        ),
        pytest.param(
            "url", "ftp://h/", "T url: this is not an http:// or https:// address", id="ftp"
        ),
        pytest.param(
            "url", "https://", "T url: this is not an http:// or https:// address", id="no host"
        ),
        pytest.param(
            "url",
            "https://[::1",
            "T url: this is not an http:// or https:// address",
            id="half an address",
        ),
        pytest.param("url", "https://h:0", PORT, id="port 0"),
        pytest.param("url", "https://h:99999", PORT, id="port too high"),
        pytest.param("url", "https://h:http", PORT, id="word as port"),
        pytest.param("url", "https://bob:hun/ter2@h", PORT, id="password with a slash"),
        pytest.param("url", "https://a..b/x", "T url: a..b is no host name", id="two dots"),
        pytest.param("url", "https://.", "T url: . is no host name", id="a dot"),
        pytest.param("url", "https://*.b:8443", "T url: *.b is no host name", id="wildcard"),
        pytest.param("url", "https://%20/", "T url: %20 is no host name", id="escaped space"),
        pytest.param("url", "https://a b/", SPACE, id="space in the host"),
        pytest.param("url", "https://a/b c", SPACE, id="space in the path"),
        pytest.param("url", "https://a\n", SPACE, id="line break of a secret's file"),
        pytest.param(
            "url",
            "https://h.example.com/?x=1",
            "T url: the address of Nexus has neither ? nor # in it",
            id="query",
        ),
        pytest.param(
            "url",
            "https://h.example.com/#browse",
            "T url: the address of Nexus has neither ? nor # in it",
            id="address of the browser",
        ),
        pytest.param(
            "url",
            "https://bob:hunter2@h.example.com",
            "T url: credentials do not belong here; use TWINE_USERNAME and TWINE_PASSWORD",
            id="credentials",
        ),
        pytest.param(
            "url",
            "https://h.example.com/repository/pypi/",
            "T url: give the address of Nexus itself, without /repository/NAME/",
            id="repository",
        ),
        pytest.param(
            "url",
            "https://h.example.com/nexus/repository",
            "T url: give the address of Nexus itself, without /repository/NAME/",
            id="repository without a name",
        ),
        pytest.param("url", 3, "T url: input should be a valid string", id="number"),
        pytest.param(
            "proxy-remote",
            "wheels",
            "T proxy-remote: this is not an http:// or https:// address",
            id="directory that a proxy serves",
        ),
        pytest.param("hosted", "a/b", f"T hosted: {REPOSITORY}", id="path as repository"),
        pytest.param("group", "", f"T group: {REPOSITORY}", id="no repository"),
        pytest.param("timeout", 0, "T timeout: input should be greater than 0", id="no time"),
        pytest.param(
            "timeout",
            "soon",
            "T timeout: input should be a valid number, unable to parse string as a number",
            id="no number",
        ),
        pytest.param(
            "stale-limit",
            86401,
            "T stale-limit: input should be less than or equal to 86400",
            id="more than a day",
        ),
        pytest.param(
            "tag",
            "v1.0",
            f"T tag: {PATTERN_RULE}",
            id="tag instead of a pattern",
        ),
        pytest.param(
            "tag",
            "{version}-{version}",
            f"T tag: {PATTERN_RULE}",
            id="two versions",
        ),
        pytest.param("tag", "{version}-{version:_}", f"T tag: {PATTERN_RULE}", id="spelled twice"),
        pytest.param("tag", "v{version:x}", f"T tag: {PATTERN_RULE}", id="a letter as separator"),
        pytest.param("tag", "v{version:}", f"T tag: {PATTERN_RULE}", id="no separator"),
        pytest.param(
            "severity",
            {"RK101": "fatal"},
            "T severity.RK101.severity: input should be 'error', 'warning', 'note' or 'off'",
            id="unknown severity",
        ),
        pytest.param(
            "severity",
            {"rk101": "off"},
            "T severity: there is no check rk101; did you mean RK101?",
            id="unknown check",
        ),
        pytest.param(
            "wheels",
            ["demo-1.0-py3-none-any.whl"],
            "T wheels.0: demo-1.0-py3-none-any.whl is no wheel tag like "
            '"cp311-*-manylinux*_x86_64"',
            id="file name as a wheel",
        ),
        pytest.param(
            "severity",
            ["RK101"],
            'T severity: give "strict", or a severity for the code of a check',
            id="list",
        ),
        pytest.param(
            "hostd", "x", "T hostd: there is no such key; did you mean hosted?", id="misspelt"
        ),
        pytest.param(
            "ca_bundle",
            "x",
            "T ca_bundle: there is no such key; did you mean ca-bundle?",
            id="underscore",
        ),
        pytest.param("zzz", "x", "T zzz: there is no such key", id="nothing like it"),
    ],
)
def test_wrong_value_is_refused_with_its_path(key: str, value: object, problem: str) -> None:
    error = refuse(read_table("T", {key: value}))
    assert error.fields == {"source": "T", "places": "1 place", "problems": problem}


FIXED = ("RK102", "RK103", "RK301", "RK402", "RK404")


def test_guarantees_rest_on_these_checks() -> None:
    assert tuple(check.code for check in CHECKS if check.fixed) == FIXED
    assert {check.severity for check in CHECKS if check.fixed} == {Severity.ERROR}


@pytest.mark.parametrize("severity", ["warning", "note", "off"])
@pytest.mark.parametrize("code", FIXED)
def test_check_that_a_guarantee_rests_on_stays_an_error(code: str, severity: str) -> None:
    problem = f"{code} stays an error: a guarantee rests on it"
    error = refuse(table(severity={code: severity, "RK101": "note"}))
    assert (error.fields["places"], error.fields["problems"]) == (
        "1 place",
        f"T severity: {problem}",
    )
    error = refuse(read_environment({"RELEASEKIT_SEVERITY": f"RK101=note, {code}={severity}"}))
    assert (error.fields["places"], error.fields["problems"]) == (
        "1 place",
        f"RELEASEKIT_SEVERITY: {problem}",
    )


@pytest.mark.parametrize(
    "names",
    [
        pytest.param({"hosted": "a", "group": "a"}, id="group"),
        pytest.param({"hosted": "a", "proxy": "A"}, id="proxy, in another case"),
        pytest.param({"hosted": "a", "snapshots": "a"}, id="snapshots"),
        pytest.param({"group": "a", "proxy": "a"}, id="group and proxy"),
        pytest.param({"group": "Releases", "snapshots": "releases"}, id="group and snapshots"),
        pytest.param({"hosted": "PyPI-Proxy"}, id="a name that is a default"),
    ],
)
def test_one_repository_has_one_part(names: dict[str, str]) -> None:
    error = refuse(table(**names))
    assert (
        error.fields["problems"]
        == "names: hosted, proxy, group and snapshots are different repositories"
    )


def test_all_problems_of_all_sources_come_at_once() -> None:
    environ = {"RELEASEKIT_HOSTED": "a b", "RELEASEKIT_URI": "x", "RELEASEKIT_SEVERITY": "all=off"}
    error = refuse(table(timeout=-1), read_environment(environ))
    assert str(error) == (
        "error E201: the configuration is wrong in 4 places\n"
        "  where: T, environment\n"
        "  why:   RELEASEKIT_SEVERITY: there is no check all\n"
        f"         RELEASEKIT_HOSTED: {REPOSITORY}\n"
        "         T timeout: input should be greater than 0\n"
        "         RELEASEKIT_URI: there is no such key; did you mean url?\n"
        "  next:  correct these lines; docs/settings.md of releasekit says what each key may hold"
    )


@given(st.text(min_size=1))
@example("\uff03")
def test_value_never_shows_in_a_refusal(secret: str) -> None:
    for start in ("", "https://bob:", "https://bob@h:", "https://h/?"):
        error = refuse(table(url=f"{start}hunter2{secret}", timeout=f"hunter2{secret}"))
        assert "hunter2" not in str(error)


def test_own_file_beats_pyproject_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.releasekit]\ngroup = "a"\nhosted = "a"\n')
    (tmp_path / "releasekit.toml").write_text('hosted = "b"\n')
    settings = read_settings(tmp_path, {})
    assert (settings.group, settings.hosted) == (None, "b")


@pytest.mark.parametrize(
    ("name", "text"),
    [("pyproject.toml [tool.releasekit]", "[tool.releasekit]\n"), ("releasekit.toml", "")],
)
def test_a_file_is_named_with_its_keys(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name.partition(" ")[0]).write_text(f"{text}proxies = 1\n")
    with raises_error(INVALID_CONFIGURATION) as caught:
        read_settings(tmp_path, {})
    answers = caught.value.answers()
    assert answers["where"] == f"{tmp_path}/{name}, environment"
    assert answers["why"].startswith(f"{tmp_path}/{name} proxies: there is no such key")


@pytest.mark.parametrize("pyproject", [None, "", "[tool]\n", "[tool.ruff]\n"])
def test_project_without_a_table_has_no_keys(tmp_path: Path, pyproject: str | None) -> None:
    if pyproject is not None:
        (tmp_path / "pyproject.toml").write_text(pyproject)
    assert read_settings(tmp_path, {}) == Settings()


@pytest.mark.parametrize(
    "pyproject", ["[tool]\nreleasekit = true\n", "[[tool.releasekit]]\n", 'tool = "x"\n']
)
def test_table_that_is_none_is_refused(tmp_path: Path, pyproject: str) -> None:
    (tmp_path / "pyproject.toml").write_text(pyproject)
    with raises_error(INVALID_CONFIGURATION) as caught:
        read_settings(tmp_path, {})
    answers = caught.value.answers()
    assert answers["where"] == f"{tmp_path}/pyproject.toml [tool.releasekit]"
    assert answers["why"] == "this is not a table"


@pytest.mark.parametrize(
    ("tag", "patterns"),
    [
        pytest.param(None, ("v{version}", "{version}"), id="absent: with or without the v"),
        pytest.param("r{version}", ("r{version}",), id="the project's own"),
    ],
)
def test_tag_patterns(tag: str | None, patterns: tuple[str, ...]) -> None:
    assert parse_settings([table(tag=tag)]).tag_patterns == patterns


@pytest.mark.parametrize("name", ["pyproject.toml", "releasekit.toml"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_byte_order_mark_is_named_and_the_fix_removes_it(
    tmp_path: Path, name: str, encoding: str
) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.releasekit]\nhosted = "größe"\n', "utf-8")
    text = '[tool.releasekit]\r\nhosted = "mine"\r\n' if name[0] == "p" else 'hosted = "mine"\r\n'
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    (tmp_path / name).write_bytes((mark + text).encode(encoding))
    with raises_error(BYTE_ORDER_MARK) as caught:
        read_settings(tmp_path, {})
    answers = caught.value.answers()
    assert answers["what"] == f"{name} begins with a byte order mark"
    command = answers["next"].partition("or: ")[2].replace("python -c", f"{sys.executable} -c")
    subprocess.run(command, shell=True, check=True, cwd=tmp_path)
    assert (tmp_path / name).read_bytes() == text.encode()
    assert read_settings(tmp_path, {}).hosted == "mine"
