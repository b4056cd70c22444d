"""What a run promises beside its wording: status, JSON keys, reports, and what the index holds.

Sentences are replaced by the word "text", and what differs from run to run by a name in capitals.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

WORDING = frozenset(
    {
        *("what", "where", "why", "next", "fix", "ask", "title", "message", "text", "notes"),
        *("place", "path", "old", "new", "environment", "install"),
    }
)
"""Keys whose values a person reads, or that are paths of the machine."""
CHANGING = (
    (re.compile(r"\b[0-9a-f]{64}\b"), "SHA256"),
    (re.compile(r"\b[0-9a-f]{40}\b"), "COMMIT"),
    (re.compile(r"-[0-9a-f]{12}\.json"), "-DIGEST.json"),
    (re.compile(r"\.dev\d+\+g[0-9a-f]+"), ".devN+gCOMMIT"),
    (re.compile(r"https?://127\.0\.0\.1:\d+"), "URL"),
)
MEASURED = frozenset(
    {"seconds", "size", "line", "lines", "tools", "fingerprint", "requests", "python"}
)
"""Keys whose values depend on the machine or on the text of a message."""


READERS: Mapping[str, Callable[[str], Any]] = {
    ".json": lambda text: promise(json.loads(text)),
    ".sarif": lambda text: _describe_sarif(json.loads(text)),
    ".xml": lambda text: _describe_junit(text),
    ".env": lambda text: dict(line.split("=", 1) for line in text.splitlines()),
}


def describe_report(path: Path, name: str) -> Any:
    """Return the structure of a report, and the values that it promises."""
    read = READERS.get(path.suffix)
    return read(steady(path.read_text(encoding="utf-8"), name)) if read else "text"


def promise(value: Any, key: str = "") -> Any:
    """Return a JSON value without its wording."""
    if isinstance(value, Mapping):
        if key in MEASURED:
            return sorted(value)
        return {name: promise(item, name) for name, item in value.items()}
    if key in MEASURED:
        return type(value).__name__
    if key == "checks":  # those that found nothing are left out
        value = [check for check in value if check["result"] != "passed"]
    if isinstance(value, list):
        return [promise(item, key) for item in value]
    return "text" if key in WORDING and isinstance(value, str) else value


def steady(text: str, name: str) -> str:
    """Return a text with names in place of what differs from run to run."""
    for pattern, replacement in CHANGING:
        text = pattern.sub(replacement, text)
    return text.replace(name, "NAME").replace(name.replace("-", "_"), "NAME")


def _describe_junit(text: str) -> Any:
    """Return the verdicts on checks that found something, by their code."""
    suite = ET.fromstring(text)
    cases = {case.attrib["name"].split()[0]: [child.tag for child in case] for case in suite}
    return {
        "attributes": sorted(suite.attrib),
        "cases": {code: found for code, found in cases.items() if found},
    }


def _describe_sarif(document: Any) -> Any:
    """Return the findings, and what is told of a rule."""
    (run,) = document["runs"]
    driver = run["tool"]["driver"]
    driver["rules"] = sorted({key for rule in driver["rules"] for key in rule})
    driver.pop("version", None)
    return promise(document)
