"""Labels of project URLs (packaging user guide, "Well-known project URLs in metadata", PEP 753)."""

from __future__ import annotations

import string
from collections.abc import Iterator

from packaging.metadata import RawMetadata

ALIASES = {
    "source": ("repository", "sourcecode", "github"),
    "documentation": ("docs",),
    "changelog": ("changes", "whatsnew", "history", "releasenotes"),
    "issues": ("bugs", "issue", "tracker", "issuetracker", "bugtracker"),
    "funding": ("sponsor", "donate", "donation"),
}
KNOWN_AS = {alias: label for label, aliases in ALIASES.items() for alias in aliases}
REMOVED = str.maketrans("", "", string.punctuation + string.whitespace)


def normalize_label(label: str) -> str:
    """Return a label as it is compared: without punctuation, in lower case, not by an alias."""
    plain = label.translate(REMOVED).lower()
    return KNOWN_AS.get(plain, plain)


def find_labels(metadata: RawMetadata) -> Iterator[str]:
    """Yield the normalized labels of all URLs, the two old fields among them."""
    if metadata.get("home_page"):
        yield "homepage"
    if metadata.get("download_url"):
        yield "download"
    for label in metadata.get("project_urls", {}):
        yield normalize_label(label)
