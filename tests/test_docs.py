"""README and docs/ say what is so."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from docs_tables import (
    DOCS,
    JENKINS_HELP,
    TABLES,
    fill_table,
    render_jenkins_help,
)
from markdown_pages import find_anchors, find_blocks, find_dead_links, find_pages
from releasekit.cli import make_parser
from releasekit.commands import COMMANDS
from releasekit.config.settings import Settings
from releasekit.config.sources import parse_settings, read_table
from releasekit.errors import Status
from releasekit.report import FINDINGS_REPORTS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = DOCS.parent
PAGES = {str(page.relative_to(ROOT)): page.read_text(encoding="utf-8") for page in find_pages()}
README = PAGES["README.md"]
WRITTEN = "python tests/docs_tables.py writes it"


def find_table(text: str, start: str, end: str) -> str:
    """Return what stands between two texts, which are there."""
    assert start in text
    assert end in text
    return text.partition(start)[2].partition(end)[0]


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in TABLES])
def test_tables_are_those_of_the_code(page: Path) -> None:
    assert fill_table(page) == page.read_text(encoding="utf-8"), WRITTEN


def test_the_help_of_the_jenkins_step_is_that_of_the_doors() -> None:
    assert JENKINS_HELP.read_text(encoding="utf-8") == render_jenkins_help(), WRITTEN


def test_the_reports_of_findings_are_those_of_the_code() -> None:
    section = find_table(PAGES["docs/reports.md"], "| file | for |", "Beside them")
    named = re.findall(r"^\| `([\w.-]+)` \|", section, flags=re.MULTILINE)
    assert named == [*FINDINGS_REPORTS, "summary.md"]


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 400


@pytest.mark.parametrize("name", PAGES)
def test_no_link_between_files_is_dead(name: str) -> None:
    assert list(find_dead_links(ROOT / name)) == []


def test_dead_links_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A `b`: c\n\n## A b c\n[x](#a-b-c) [x](#a-b-c-1) [x](#a-b-c-2) [x](gone.md) `[x](code)`\n"
        "[x](page.md#a-b-c) [x](page.md#gone) ![x](gone.svg) [x](https://gone.example.com)\n"
        "```sh\n# no heading\n[x](block.md)\n```\n[x](#no-heading)\n",
        encoding="utf-8",
    )
    assert list(find_dead_links(page)) == [
        *("#a-b-c-2", "gone.md", "page.md#gone", "gone.svg", "#no-heading")
    ]


def test_comments_point_to_headings_that_exist() -> None:
    found = {
        (str(path.relative_to(ROOT)), *match.groups())
        for folder in ("ci", "tests")
        for path in (ROOT / folder).rglob("*.py")
        for match in re.finditer(r"\b(docs/[\w-]+\.md)(?:#([\w-]+))?", path.read_text("utf-8"))
    }
    assert any(anchor for *_, anchor in found)
    dead = {
        (path, page, anchor)
        for path, page, anchor in found
        if page not in PAGES or (anchor and anchor not in find_anchors(PAGES[page]))
    }
    assert dead == set()


def test_every_package_has_its_paragraph() -> None:
    package = ROOT / "ci" / "releasekit"
    named = re.findall(r"^### ([a-z]\w*)$", PAGES["docs/architecture.md"], re.MULTILINE)
    assert sorted(named) == sorted(path.parent.name for path in package.glob("*/__init__.py"))


def test_contributors_find_every_session() -> None:
    code = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    sessions = re.findall(r"^@nox\.session.*\ndef (\w+)", code, re.MULTILINE)
    assert sessions
    text = PAGES["CONTRIBUTING.md"]
    assert [name for name in sessions if f"| `{name}` |" not in text] == []


def test_contributors_find_the_files_that_are_named() -> None:
    named = re.findall(r"`((?:ci|tests|docs)/[\w./-]+)`", PAGES["CONTRIBUTING.md"])
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_readme_leads_to_every_page() -> None:
    pages = [name for name in PAGES if name.startswith("docs/")]
    assert [name for name in pages if f"]({name}" not in README] == []


def test_the_first_two_blocks_are_the_commands_that_release_and_test_the_kit() -> None:
    assert find_blocks(README, "sh")[:2] == [
        "python3 -m venv .venv && .venv/bin/pip install -q -e . && .venv/bin/nox -s release\n",
        "python3 -m venv .venv-test && .venv-test/bin/pip install -q -r requirements-dev.lock && "
        ".venv-test/bin/pip install -q --no-deps --no-build-isolation -e . && "
        ".venv-test/bin/nox\n",
    ]


@pytest.mark.parametrize(
    ("path", "block"),
    [
        pytest.param(path, block, id=path)
        for text in PAGES.values()
        for path, block in re.findall(r"<!-- example: (.*?) -->\n```\w+\n(.*?)```", text, re.DOTALL)
    ],
)
def test_examples_are_files_that_tests_run(path: str, block: str) -> None:
    assert block in (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(block, id=f"{name}-{number}")
        for name, text in PAGES.items()
        for number, block in enumerate(find_blocks(text, "toml"))
    ],
)
def test_every_toml_example_is_valid_configuration(block: str) -> None:
    parse_settings([read_table("an example", tomllib.loads(block)["tool"]["releasekit"])])


def test_commands_are_those_of_the_code() -> None:
    section = find_table(README, "## Commands", "## Exit statuses")
    assert re.findall(r"^\| `([\w-]+)`", section, flags=re.MULTILINE) == [c.name for c in COMMANDS]


def test_the_five_settings_are_settings() -> None:
    section = find_table(README, "## The five settings", "## Commands")
    named = re.findall(r"^\| `([\w-]+)`", section, flags=re.MULTILINE)
    assert named == ["url", "hosted", "group", "ca-bundle", "tag"]
    assert set(named) <= {field.alias for field in Settings.model_fields.values()}


def test_options_are_those_of_the_code() -> None:
    section = find_table(PAGES["docs/commands.md"], "## Options", "## Several projects")
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
    section = find_table(README, "## Exit statuses", "## What it promises")
    rows = re.findall(r"^\| (\d+) \| (\w+) \|", section, flags=re.MULTILINE)
    assert rows == [(str(int(status)), status.word) for status in Status]


def test_every_runtime_library_has_its_reason() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    section = PAGES["docs/architecture.md"].partition("## Libraries")[2]
    names = [re.match(r"[\w.-]+", need) for need in pyproject["project"]["dependencies"]]
    assert [m[0] for m in names if m and m[0] not in section] == []


def test_the_picture_is_there_and_fetches_nothing() -> None:
    picture = (ROOT / "docs" / "release.svg").read_text(encoding="utf-8")
    assert "done" in picture
    assert re.findall(r"https?://(?!www\.w3\.org|127\.0\.0\.1|www\.textualize\.io)", picture) == []


def test_ci_runs_the_readmes_test_command() -> None:
    assert "$(block 2)" in Path(ROOT, ".ci", "run").read_text(encoding="utf-8")
