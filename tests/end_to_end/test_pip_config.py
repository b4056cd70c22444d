"""What pip-config shows: no server is asked, so none runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support import Command, ProjectDir, Ran

URL = "https://nexus.example.com"
INDEX = f"{URL}/repository/pypi-hosted/simple/"
NO_VARIABLES = dict.fromkeys(("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), "")


@pytest.fixture
def where(tmp_path: Path, user_environ: dict[str, str]) -> ProjectDir:
    (tmp_path / "ci").mkdir()
    (tmp_path / "ci" / "pip.conf").write_text(
        "[global]\nindex-url = https://me:s@old.example.com\n"
    )
    return ProjectDir(root=tmp_path, environ=user_environ)


def run(releasekit: Command, where: ProjectDir, *options: str) -> Ran:
    return releasekit(
        "pip-config", "--to", "ci", *options, project=where, RELEASEKIT_URL=URL, **NO_VARIABLES
    )


def plan(root: Path) -> str:
    return (
        "note      global.index-url held credentials: from now on pip and uv read them from "
        "~/.netrc\n"
        f"plan      4 settings to write (directory {root}/ci)\n"
        f"          {root}/ci/pip.conf\n"
        f"            ~ global.index-url: https://****@old.example.com -> {INDEX}\n"
        f"          {root}/ci/uv.toml\n"
        "            + index.name: pypi-hosted\n"
        f"            + index.url: {INDEX}\n"
        "            + index.default: true\n"
    )


def lines(root: Path) -> str:
    return (
        f"shell     export PIP_CONFIG_FILE={root}/ci/pip.conf\n"
        f"shell     export UV_CONFIG_FILE={root}/ci/uv.toml\n"
        "shell     export UV_SYSTEM_CERTS=true\n"
        f"poetry    poetry source add --priority=primary pypi-hosted {INDEX}\n"
    )


def without_times(text: str) -> str:
    return re.sub(r" in \d+\.\d s$|  \d+\.\d s$", "", text, flags=re.MULTILINE)


def test_without_apply_the_plan_is_shown_and_the_status_is_1(
    releasekit: Command, where: ProjectDir
) -> None:
    ran = run(releasekit, where)
    assert (ran.status, without_times(ran.out)) == (
        1,
        plan(where.root)
        + lines(where.root)
        + "error E153: pip and uv are not set up for the group\n"
        f"  where: directory {where.root}/ci\n"
        "  why:   4 settings differ: see the plan above; nothing was written\n"
        "  next:  releasekit pip-config --apply --to ci writes them\n",
    )


def test_apply_writes_it_and_a_second_look_finds_nothing(
    releasekit: Command, where: ProjectDir
) -> None:
    ran = run(releasekit, where, "--apply")
    assert (ran.status, without_times(ran.out)) == (
        0,
        plan(where.root)
        + lines(where.root)
        + f"write     pip.conf, uv.toml; what was there is kept as {where.root}/ci/pip.conf.bak\n"
        "done      pip-config\n",
    )
    again = run(releasekit, where)
    assert (again.status, without_times(again.out)) == (
        0,
        f"plan      nothing to change: pip and uv are set up (directory {where.root}/ci)\n"
        + lines(where.root)
        + "done      pip-config\n",
    )


def test_a_broken_file_stops_it_with_a_whole_message(
    releasekit: Command, where: ProjectDir
) -> None:
    (where.root / "ci" / "uv.toml").write_text("index = \n")
    ran = run(releasekit, where, "--apply")
    assert (ran.status, ran.out) == (
        2,
        "error E216: a settings file cannot be read\n"
        f"  where: {where.root}/ci/uv.toml\n"
        "  why:   Unexpected character: '\\n' at line 1 col 8\n"
        "  next:  correct that file, or move it away; nothing was changed\n",
    )
    assert sorted(path.name for path in (where.root / "ci").iterdir()) == ["pip.conf", "uv.toml"]
