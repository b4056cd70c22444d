"""The README says what is so."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from readme_tables import JENKINS_HELP, README, SCHEMA, fill_tables, render_jenkins_help
from releasekit.cli import make_parser
from releasekit.commands import COMMANDS
from releasekit.config.parse import parse_settings, read_table
from releasekit.errors import Status
from releasekit.report import FINDINGS_REPORTS
from releasekit.report.findings import render_findings_schema

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = README.parent
TEXT = README.read_text(encoding="utf-8")


def test_tables_are_those_of_the_code() -> None:
    assert fill_tables(TEXT) == TEXT, "python tests/readme_tables.py writes them anew"


def test_the_help_of_the_jenkins_step_is_that_of_the_doors() -> None:
    text = JENKINS_HELP.read_text(encoding="utf-8")
    assert text == render_jenkins_help(), "python tests/readme_tables.py writes it anew"


def test_schema_of_the_findings_is_that_of_the_code() -> None:
    schema = SCHEMA.read_text(encoding="utf-8")
    assert schema == render_findings_schema(), "python tests/readme_tables.py writes it anew"


def test_the_reports_of_findings_are_those_of_the_code() -> None:
    section = TEXT.partition("| file | for |")[2].partition("Beside them")[0]
    named = re.findall(r"^\| `([\w.-]+)` \|", section, flags=re.MULTILINE)
    assert named == [*FINDINGS_REPORTS, "summary.md"]


def test_the_first_two_blocks_are_the_two_commands_of_one_line() -> None:
    blocks = re.findall(r"```sh\n(.*?)```", TEXT, flags=re.DOTALL)[:2]
    assert blocks == [
        "python3 -m venv .venv && .venv/bin/pip install -q -e . && .venv/bin/nox -s release\n",
        "python3 -m venv .venv-test && .venv-test/bin/pip install -q -e '.[test]' && "
        ".venv-test/bin/nox\n",
    ]


@pytest.mark.parametrize(
    ("path", "block"),
    [
        pytest.param(path, block, id=path)
        for path, block in re.findall(r"<!-- example: (.*?) -->\n```\w+\n(.*?)```", TEXT, re.DOTALL)
    ],
)
def test_examples_are_files_that_tests_run(path: str, block: str) -> None:
    assert block in (ROOT / path).read_text(encoding="utf-8")


def test_every_toml_example_is_valid_configuration() -> None:
    blocks = re.findall(r"```toml\n(.*?)```", TEXT, flags=re.DOTALL)
    assert len(blocks) == 5
    for block in blocks:
        table = tomllib.loads(block)["tool"]["releasekit"]
        parse_settings([read_table("README", table)])


def test_sessions_are_those_of_the_code() -> None:
    section = TEXT.partition("## Sessions")[2].partition("## Options")[0]
    assert re.findall(r"^\| `([\w-]+)`", section, flags=re.MULTILINE) == [c.name for c in COMMANDS]


def test_options_are_those_of_the_code() -> None:
    section = TEXT.partition("## Options")[2].partition("## Configuration")[0]
    named = set(re.findall(r"`(-{1,2}\w[\w-]*)", section.replace("nox -s", "")))
    parser = make_parser()
    commands = next(a for a in parser._actions if a.dest == "command").choices
    assert isinstance(commands, dict)
    options = {
        # the short spelling where there is one
        min(action.option_strings, key=len)
        for command in commands.values()
        for action in command._actions
        if action.option_strings
    }
    assert named == options - {"-h"}


def test_exit_statuses_are_those_of_the_code() -> None:
    section = TEXT.partition("## Exit statuses")[2].partition("## What it stands on")[0]
    rows = re.findall(r"^\| (\d+) \| (\w+) \|", section, flags=re.MULTILINE)
    assert rows == [(str(int(status)), status.word) for status in Status]


def test_every_runtime_library_has_its_reason() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    section = TEXT.partition("## What it stands on")[2].partition("## Develop")[0]
    names = [re.match(r"[\w.-]+", need) for need in pyproject["project"]["dependencies"]]
    assert [m[0] for m in names if m and m[0] not in section] == []


def test_the_picture_is_there_and_fetches_nothing() -> None:
    picture = (ROOT / "docs" / "release.svg").read_text(encoding="utf-8")
    assert "done" in picture
    assert re.findall(r"https?://(?!www\.w3\.org|127\.0\.0\.1|www\.textualize\.io)", picture) == []


def test_ci_runs_the_readmes_test_command() -> None:
    assert "$(block 2)" in Path(ROOT, ".ci", "run").read_text(encoding="utf-8")
