"""The Markdown files of the repository: their links, headings and code blocks."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

REPOSITORY = Path(__file__).parents[1]
FENCE = re.compile(r"^(`{3,})(\w*)\n(.*?)^\1\n", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:href|src)=\"([^\"]+)\"")


def find_pages() -> list[Path]:
    """Return the Markdown files that git knows or may add, but for those of the sample projects."""
    names = subprocess.run(
        ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"),
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    pages = (REPOSITORY / name for name in names if name and not name.startswith("tests/projects/"))
    return [page for page in pages if page.is_file()]


def find_blocks(text: str, language: str) -> list[str]:
    """Return the code blocks in a language."""
    return [code for _, name, code in FENCE.findall(text) if name == language]


def find_anchors(text: str) -> set[str]:
    """Return the anchors of a page: GitLab's, from headings, and those that are written out."""
    anchors = set(re.findall(r"<a id=\"([^\"]+)\"", text))
    for title in re.findall(r"^#+ +(.*?) *$", FENCE.sub("", text), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()
        anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        twins = (f"{anchor}-{number}" for number in range(1, 1000))
        anchors.add(anchor if anchor not in anchors else next(t for t in twins if t not in anchors))
    return anchors


def find_dead_links(page: Path) -> Iterator[str]:
    """Yield the relative links of a page that lead to no file, or to no anchor in it."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    text = re.sub(r"`[^`\n]*`", "", text)
    for one, other in LINK.findall(text):
        link = one or other
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / unquote(name) if name else page
        if not _leads_to(target, anchor):
            yield link


def _leads_to(target: Path, anchor: str) -> bool:
    if not anchor:
        return target.exists()
    return target.is_file() and anchor in find_anchors(target.read_text(encoding="utf-8"))
