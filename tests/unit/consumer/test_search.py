"""Searching the group, and what is installed in an environment."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from raising import raises_error
from releasekit.consumer.search import (
    Hit,
    Query,
    explain_nothing,
    find_names,
    parse_query,
    parse_versions,
    read_installed_versions,
    render_install_line,
    select_hits,
)
from releasekit.consumer.settings import Consumer
from releasekit.errors.usage import BAD_QUERY, NO_SUCH_ENVIRONMENT
from releasekit.nexus.documents import Component


@pytest.mark.parametrize(
    ("word", "name", "pattern", "version"),
    [
        ("oracledb", "oracledb", "*oracledb*", None),
        ("Acme_Core", "acme-core", "*acme-core*", None),
        ("ACME..core", "acme-core", "*acme-core*", None),
        ("acme-*", "acme-*", "acme-*", None),
        ("*.core", "*-core", "*-core", None),
        ("a?me", "a?me", "a?me", None),
        ("*", "*", "*", None),
        (" oracledb == 0.1.2 ", "oracledb", "*oracledb*", "0.1.2"),
        ("acme-*==1!2.0+local.1", "acme-*", "acme-*", "1!2.0+local.1"),
    ],
)
def test_query(word: str, name: str, pattern: str, version: str | None) -> None:
    query = parse_query(word)
    assert (query.name, query.pattern, query.version) == (name, pattern, version)


@pytest.mark.parametrize(
    "word", ["", "a b", "a/b", "-a", "a-", "a==", "a>=1", "==1", "{a}", "a\n"[:1] + "\nb"]
)
def test_what_is_no_name(word: str) -> None:
    with raises_error(BAD_QUERY) as caught:
        parse_query(word)
    assert str(caught.value) == (
        "error E218: this cannot be searched for\n"
        f"  where: {word!r}\n"
        "  why:   a name has letters, digits, - _ and . in it; * and ? stand for any of them\n"
        "  next:  releasekit search NAME (or a part of it, 'NAME-*', NAME==VERSION)"
    )


def component(name: str, version: str, repository: str = "pypi-hosted") -> Component:
    return Component(repository=repository, name=name, version=version)


FOUND = (
    component("acme-core", "1.9"),
    component("Acme.Core", "1.10"),
    component("acme-core", "2.0rc1"),
    component("acme-core", "9 9"),
    component("acme-core", "99.0", "pypi-proxy"),
    component("acme-tools", "3.0b1"),
    component("other", "1.0"),
)


def test_hits_are_projects_by_repository_with_versions_newest_first() -> None:
    assert select_hits(parse_query("acme"), FOUND, {"acme-core": "1.9"}) == (
        Hit(
            name="acme-core",
            repository="pypi-hosted",
            versions=("2.0rc1", "1.10", "1.9", "9 9"),
            installed="1.9",
        ),
        Hit(name="acme-core", repository="pypi-proxy", versions=("99.0",), installed="1.9"),
        Hit(name="acme-tools", repository="pypi-hosted", versions=("3.0b1",)),
    )


@pytest.mark.parametrize(
    ("versions", "chosen"),
    [
        pytest.param(("2.0rc1", "1.10", "1.9"), "1.10", id="the newest final one"),
        pytest.param(("2.0rc1", "2.0b1"), "2.0rc1", id="a candidate where there is no final one"),
        pytest.param(("9 9",), "9 9", id="what Nexus stores as a version"),
    ],
)
def test_version_of_a_hit_is_what_an_installer_takes(
    versions: tuple[str, ...], chosen: str
) -> None:
    assert Hit(name="a", repository="r", versions=versions).version == chosen


def test_the_name_itself_comes_first() -> None:
    found = (component("aaa-tools", "1"), component("tools", "1"), component("b-tools", "1"))
    hits = select_hits(parse_query("Tools"), found, {})
    assert [hit.name for hit in hits] == ["tools", "aaa-tools", "b-tools"]


def test_a_version_is_compared_as_versions_are() -> None:
    (hit,) = select_hits(parse_query("acme-core==1.10.0"), FOUND, {})
    assert hit.versions == ("1.10",)


def test_names_that_match_are_normalized_and_the_name_itself_first() -> None:
    names = ("b-Acme", "ACME", "acme_core", "other")
    assert find_names(parse_query("acme"), names) == ("acme", "acme-core", "b-acme")
    assert find_names(parse_query("acme*"), names) == ("acme", "acme-core")


def test_versions_of_a_page_are_those_of_its_dists() -> None:
    names = (
        "acme_core-1.0-py3-none-any.whl",
        "acme_core-1.0.tar.gz",
        "Acme.Core-1.1.zip",
        "acme_core-1.2-py3-none-any.whl.asc",
        "other-5.0.tar.gz",
        "acme_core-x.tar.gz",
    )
    assert sorted(parse_versions("acme-core", names)) == ["1.0", "1.1"]


@pytest.mark.parametrize(
    ("word", "names", "reason", "fix"),
    [
        pytest.param(
            "acme-core==7",
            ("acme-core",),
            "acme-core has other versions: 99.0, 2.0rc1, 1.10, 1.9, 9 9",
            "[[search acme-core]]",
            id="another version",
        ),
        pytest.param(
            "tools==7",
            ("acme-tools", "zzz"),
            "1 project matches *tools*, none has version 7",
            "[[search tools]]",
            id="another version of a similar name",
        ),
        pytest.param(
            "*x",
            ("acmex",),
            "1 project matches *x, none has a wheel or an sdist",
            "[[search '*x']]",
            id="odd files",
        ),
        pytest.param(
            "acmecroe",
            ("Acme_Core", "zzz"),
            "none of its 2 projects has a name like *acmecroe*",
            "did you mean acme-core? [[search acme-core]]",
            id="a slip",
        ),
        pytest.param(
            "zzz",
            ("acme-core",),
            "none of its 1 projects has a name like *zzz*",
            "try a part of the name: [[search 'PART*']]",
            id="nothing like it",
        ),
        pytest.param(
            "acmecroe",
            ("acme-core",) * 20_001,
            "none of its 20001 projects has a name like *acmecroe*",
            "try a part of the name: [[search 'PART*']]",
            id="too many names to compare",
        ),
    ],
)
def test_nothing_found_is_explained(
    word: str, names: tuple[str, ...], reason: str, fix: str
) -> None:
    assert explain_nothing(parse_query(word), FOUND, names) == (reason, fix)


CONSUMER = Consumer(index="g", index_url="https://nexus.example.com/g/simple/", ca_file=None)
HIT = Hit(name="oracledb", repository="pypi-hosted", versions=("0.1.2",))


@pytest.mark.parametrize(
    ("consumer", "options"),
    [
        pytest.param(CONSUMER, "", id="system store"),
        pytest.param(replace(CONSUMER, ca_file=Path("/c a")), " --cert '/c a'", id="private CA"),
        pytest.param(
            replace(CONSUMER, client_cert="/me"), " --client-cert /me", id="client certificate"
        ),
    ],
)
def test_the_line_that_installs(consumer: Consumer, options: str) -> None:
    assert render_install_line(HIT, consumer) == (
        f"pip install --index-url https://nexus.example.com/g/simple/{options} oracledb==0.1.2"
    )


def test_a_query_without_wildcards_is_a_name() -> None:
    assert not Query(text="a", name="a").has_wildcards
    assert Query(text="a*", name="a*").has_wildcards


def test_versions_that_a_python_can_import() -> None:
    found = read_installed_versions(Path(sys.executable), os.environ)
    assert found["packaging"] == version("packaging")


def test_a_directory_without_metadata_is_no_distribution(tmp_path: Path) -> None:
    (tmp_path / "broken-1.0.dist-info").mkdir()
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho {tmp_path}\n")
    python.chmod(0o755)
    assert read_installed_versions(python, os.environ) == {}


@pytest.mark.parametrize(
    ("content", "mode", "reason"),
    [
        pytest.param(None, 0, "there is no such file", id="nothing there"),
        pytest.param("#!/bin/sh\n", 0o644, "Permission denied", id="not executable"),
        pytest.param("#!/bin/sh\necho no >&2\nexit 3\n", 0o755, "no", id="it fails"),
    ],
)
def test_what_is_no_python(tmp_path: Path, content: str | None, mode: int, reason: str) -> None:
    python = tmp_path / "python"
    if content is not None:
        python.write_text(content)
        python.chmod(mode)
    with raises_error(NO_SUCH_ENVIRONMENT) as caught:
        read_installed_versions(python, os.environ)
    assert str(caught.value) == (
        "error E219: no Python there\n"
        f"  where: {python}\n"
        f"  why:   {reason}\n"
        "  next:  name an environment's directory or its Python: releasekit search WORD --python "
        ".venv"
    )
