"""Words that are not used in this repository, and what to write instead."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]

IN_TEXT: Mapping[str, str] = {
    "mend": "fix",
    "knock": "check access",
    "greet": "check access",
    "room": "temporary directory",
    "shelf": "repositories",
    "spare": "say what it is, as: clean environment",
    "things": "resources, files, settings: say which",
    "to be had": "available",
    "(s)": "spell the plural out: 1 error, 2 errors",
}
"""Not used in any text: code, comments, messages, documents."""

IN_NAMES: Mapping[str, str] = {
    "advice": "fix",
    "asked": "requested, checked: say what, as a noun",
    "due": "pending",
    "given": "say what, as a noun",
    "hear": "read",
    "thing": "resource",
    "told": "say what, as a noun",
    "way": "tool, method",
}
"""Not used as a part of a name in Python; in a sentence they are words like others."""

# "_" ends a word, so mend_file is one use; recommend is none.
FORMS = re.compile(
    rf"(?<![a-z])({'|'.join(sorted({*IN_TEXT} - {'(s)'}))})(?:s|ed|ing)?(?![a-z])"
    r"|(?<=[a-z])(\(s\))",
    re.IGNORECASE,
)
# What Jenkins says, and what marks temporary directories: a build's path can get into its files,
# so it stays the same in all versions.
FROZEN = re.compile(r"Unknown parameter\(s\) found|\broom-")
HYPOTHESIS = re.compile(r"^\s*@given\(|^from hypothesis import .*$", re.MULTILINE)


def find_words(files: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return each use of these words in files, by name: FILE:LINE, and the word."""
    return [
        (f"{file}:{line}", word)
        for file, text in files.items()
        for line, word in sorted({*_find_in_text(text), *_find_in_names(file, text)})
    ]


def _find_in_text(text: str) -> Iterator[tuple[int, str]]:
    text = FROZEN.sub("", text)
    for match in FORMS.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, (match[1] or match[2]).lower()


def _find_in_names(file: str, text: str) -> Iterator[tuple[int, str]]:
    if not file.endswith(".py"):
        return
    ours = HYPOTHESIS.sub(lambda match: match[0].replace("given", "hypothesis"), text)
    names = {(1, Path(file).stem)}
    for node in ast.walk(ast.parse(ours)):
        if not isinstance(node, ast.Constant):
            values = vars(node).values()
            names |= {
                (getattr(node, "lineno", 1), value) for value in values if isinstance(value, str)
            }
    for line, name in names:
        for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name):
            word = part.lower().removesuffix("s")
            if word in IN_NAMES:
                yield line, word


def read_files() -> dict[str, str]:
    """Return the texts that git knows or may add, but for the words and sample projects."""
    names = subprocess.run(
        ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    own = ("tests/words.py", "tests/test_words.py", "tests/projects/")
    paths = [name for name in names if name and not name.startswith(own)]
    return {
        name: (REPOSITORY / name).read_text(encoding="utf-8", errors="replace")
        for name in paths
        if (REPOSITORY / name).is_file()
    }
