"""What is made from the code: the README's tables and paragraphs, the schema of the findings.

`python tests/readme_tables.py` writes them anew.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import NoneType
from typing import get_args

from doors import INPUTS, JENKINS, STEP, read_inputs, read_parameters
from releasekit.checks.catalog import CHECKS
from releasekit.checks.explain import render_explanation
from releasekit.config.settings import Settings
from releasekit.config.severity import Severities
from releasekit.report.findings import render_findings_schema

UNSET = (None, (), Severities())
README = Path(__file__).parents[1] / "README.md"
SCHEMA = README.parent / "docs" / "findings.schema.json"
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


def render_parameters() -> str:
    """Return a row for each parameter of the Jenkins step."""
    rows = ["| parameter | default | meaning |", "|---|---|---|"]
    defaults = read_parameters()
    for given in (i for i in INPUTS if JENKINS in i.doors):
        default = defaults[given.parameter]
        shown = "" if default in ("''", "[:]") else f"`{default}`"
        rows.append(f"| `{given.parameter}` | {shown} | {given.meaning} |")
    return "\n".join(rows)


def render_inputs() -> str:
    """Return a row for each input of the GitLab component."""
    rows = ["| input | default | meaning |", "|---|---|---|"]
    for name, given in read_inputs().items():
        default = given["default"]
        shown = "" if default in ("", []) else f"`{json.dumps(default).strip(chr(34))}`"
        description = given["description"].replace("|", "\\|")
        rows.append(f"| `{name}` | {shown} | {description} |")
    return "\n".join(rows)


def render_jenkins_help() -> str:
    """Return the help that Jenkins shows beside the step's name; plain text suits any formatter."""
    defaults = read_parameters()
    lines = [
        "Releases a Python package to a private Nexus: each stage runs one session of releasekit.",
        "A tag is released; a branch or pull request rehearses in a sandbox, without credentials.",
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
    "keys": render_keys,
    "checks": render_checks,
    "jenkins": render_parameters,
    "gitlab": render_inputs,
}


def fill_tables(text: str) -> str:
    """Return the README with the table after each marker, and what explains the checks, anew."""
    for name, render in TABLES.items():
        marker = f"<!-- table: {name} -->\n"
        assert marker in text, name
        table = re.compile(re.escape(marker) + r"\n(?:\|.*\n)*\n*")
        text = table.sub(f"{marker}\n{render()}\n\n".replace("\\", r"\\"), text)
    assert EXPLAINED.search(text)
    paragraphs = "\n".join(map(render_explanation, CHECKS))
    return EXPLAINED.sub(f"\n{paragraphs}\n".replace("\\", r"\\"), text)


if __name__ == "__main__":
    README.write_text(fill_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
    SCHEMA.write_text(render_findings_schema(), encoding="utf-8")
    JENKINS_HELP.write_text(render_jenkins_help(), encoding="utf-8")
