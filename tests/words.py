"""Words that are not used in this repository, what to write instead, and who still uses them.

`python tests/words.py` writes how often each word is left into words_left.json; the numbers may
only fall. When they are all zero, the file goes.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import tokenize
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
LEFT = Path(__file__).with_name("words_left.json")

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
    "asked": "requested, checked: say what, as a noun",
    "due": "pending",
    "given": "say what, as a noun",
    "hear": "read",
    "thing": "resource",
    "told": "say what, as a noun",
    "way": "tool, method",
}
"""Not used as a part of a name in Python; in a sentence they are words like others."""

LIBRARIES = re.compile(r"^\s*@given\(|^from hypothesis import .*$", re.MULTILINE)
"""Where a name is not ours."""


def count_words(files: Mapping[str, str]) -> dict[str, Counter[str]]:
    """Return for each word how often each of these files, by name, uses it."""
    counts: dict[str, Counter[str]] = {word: Counter() for word in (*IN_TEXT, *IN_NAMES)}
    for file, text in files.items():
        for word in IN_TEXT:
            counts[word][file] = len(_make_pattern(word).findall(text))
        if file.endswith(".py"):
            for part in _find_parts_of_names(text):
                word = part.removesuffix("s")
                if word in IN_NAMES:
                    counts[word][file] += 1
    return {word: +found for word, found in counts.items()}


def _make_pattern(word: str) -> re.Pattern[str]:
    """Match a word and its forms; "_" ends a word, so mend_file is one use, recommend is none."""
    if word == "(s)":
        return re.compile(r"(?<=[a-z])\(s\)")
    return re.compile(rf"(?<![a-z]){word}(?:s|ed|ing)?(?![a-z])", re.IGNORECASE)


def _find_parts_of_names(text: str) -> Iterable[str]:
    text = LIBRARIES.sub(lambda match: match[0].replace("given", "hypothesis"), text)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME:
            yield from map(str.lower, re.findall(r"[A-Z]?[a-z]+|[A-Z]+", token.string))


def read_files() -> dict[str, str]:
    """Return the texts that git knows or may add, but for the list itself and sample projects."""
    names = subprocess.run(
        ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    own = ("tests/words.py", "tests/words_left.json", "tests/test_words.py", "tests/projects/")
    paths = [name for name in names if name and not name.startswith(own)]
    texts = {name: (REPOSITORY / name) for name in paths if (REPOSITORY / name).is_file()}
    return {
        name: path.read_text(encoding="utf-8", errors="replace") for name, path in texts.items()
    }


if __name__ == "__main__":
    totals = {word: sum(found.values()) for word, found in count_words(read_files()).items()}
    LEFT.write_text(f"{json.dumps(totals, indent=2)}\n", encoding="utf-8")
