"""What is generated from the code: tables and paragraphs of the documents.

`python tests/docs_tables.py` writes them.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import NoneType
from typing import get_args

from doors import INPUTS, JENKINS, STEP, read_inputs, read_parameters
from releasekit.checks.catalog import CHECKS
from releasekit.config.settings import Settings
from releasekit.config.severity import Severities
from releasekit.doctor.model import QUESTIONS
from releasekit.explain import ENTRIES, explain_check, name_fields

UNSET = (None, (), Severities())
DOCS = Path(__file__).parents[1] / "docs"
CHECKS_PAGE = DOCS / "checks.md"
EXPLAINED = re.compile(
    r"(?<=<!-- explained checks -->\n).*(?=<!-- end of explained checks -->)", re.DOTALL
)


def render_keys() -> str:
    """Return a row for each key of the configuration."""
    rows = ["| key | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default in UNSET else f"`{field.default}`"
        kind = field.annotation
        optional = NoneType in get_args(kind) or field.default in UNSET
        assert optional or default, name
        rows.append(f"| `{field.alias}` | {default} | {field.description} |")
    return "\n".join(rows)


def render_checks() -> str:
    """Return a row for each check."""
    rows = ["| code | finding | severity | why it matters |", "|---|---|---|---|"]
    for check in CHECKS:
        severity = f"{check.severity.value}, fixed" if check.fixed else check.severity.value
        rows.append(f"| {check.code} | {check.title} | {severity} | {check.why} |")
    return "\n".join(rows)


def render_errors() -> str:
    """Return a row for each error."""
    rows = ["| code | error | status | when it happens |", "|---|---|---|---|"]
    for entry in ENTRIES:
        status = f"{int(entry.status)}, {entry.status.word}"
        rows.append(
            f"| {entry.code} | {name_fields(entry.title)} | {status} | {entry.explanation} |"
        )
    return "\n".join(rows)


def render_questions() -> str:
    """Return a row for each question of the doctor."""
    rows = ["| code | row | question |", "|---|---|---|"]
    rows += (f"| {q.code} | {q.title} | {q.asks} |" for q in QUESTIONS)
    return "\n".join(rows)


def render_parameters() -> str:
    """Return a row for each parameter of the Jenkins step."""
    rows = ["| parameter | default | meaning |", "|---|---|---|"]
    defaults = read_parameters()
    for item in (i for i in INPUTS if JENKINS in i.doors):
        default = defaults[item.parameter]
        shown = "" if default in ("''", "[:]") else f"`{default}`"
        rows.append(f"| `{item.parameter}` | {shown} | {item.meaning} |")
    return "\n".join(rows)


def render_inputs() -> str:
    """Return a row for each input of the GitLab component."""
    rows = ["| input | default | meaning |", "|---|---|---|"]
    for name, fields in read_inputs().items():
        default = fields["default"]
        text = default if isinstance(default, str) else json.dumps(default)
        shown = "" if default in ("", []) else f"`{text}`".replace("|", "\\|")
        description = fields["description"].replace("|", "\\|")
        rows.append(f"| `{name}` | {shown} | {description} |")
    return "\n".join(rows)


def render_jenkins_help() -> str:
    """Return the help that Jenkins shows beside the step's name; plain text suits any formatter."""
    defaults = read_parameters()
    lines = [
        "Releases a Python package to a private Nexus: each stage runs one session of releasekit.",
        "A tag is released; a branch or pull request rehearses, without upload credentials.",
        "",
        "    releasePython credentials: 'nexus-publisher', caBundle: 'company-ca'",
        "",
        *(
            f"{i.parameter} ({defaults[i.parameter]}): {i.meaning}"
            for i in INPUTS
            if JENKINS in i.doors
        ),
    ]
    return "\n".join(lines) + "\n"


JENKINS_HELP = STEP.with_suffix(".txt")
TABLES = {
    DOCS / "settings.md": ("keys", render_keys),
    CHECKS_PAGE: ("checks", render_checks),
    DOCS / "errors.md": ("errors", render_errors),
    DOCS / "nexus.md": ("doctor", render_questions),
    DOCS / "jenkins.md": ("jenkins", render_parameters),
    DOCS / "gitlab.md": ("gitlab", render_inputs),
}


def fill_table(page: Path) -> str:
    """Return a page with the table after its marker, and what explains the checks, as of now."""
    name, render = TABLES[page]
    text = page.read_text(encoding="utf-8")
    marker = f"<!-- table: {name} -->\n"
    assert marker in text, name
    table = re.compile(re.escape(marker) + r"\n(?:\|.*\n)*\n*")
    # The newline after the table: a page may end with it.
    text = table.sub(lambda _: f"{marker}\n{render()}\n\n", text).rstrip("\n") + "\n"
    if page == CHECKS_PAGE:
        assert EXPLAINED.search(text)
        paragraphs = "\n".join(map(explain_check, CHECKS))
        text = EXPLAINED.sub(lambda _: f"\n{paragraphs}\n", text)
    return text


if __name__ == "__main__":
    for page in TABLES:
        page.write_text(fill_table(page), encoding="utf-8")
    JENKINS_HELP.write_text(render_jenkins_help(), encoding="utf-8")
