"""Fingerprints: what a finding has of its own, whatever the version and the line are."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from releasekit.checks.model import Finding

DOTTED = r"(?<![\w.])v?\d+(?:\.\d+)+(?:[._-]?(?:a|b|c|rc|post|dev)\.?\d+)*"
LOCAL = r"(?:\+[a-z0-9]+(?:\.(?!dist-info|data|tar|zip)[a-z0-9]+)*)?"
UNDOTTED = r"(?<=-)\d+(?=-|/|\.tar\.gz|\.zip|\.dist-info|\.data|$)"
VERSION = re.compile(rf"{DOTTED}{LOCAL}(?!\w)|{UNDOTTED}", re.IGNORECASE)
"""A version after PEP 440 with a dot in it, or without one in a dist's name (demo-7.tar.gz)."""


def find_fingerprints(findings: Sequence[Finding]) -> Iterator[tuple[Finding, str]]:
    """Yield every finding with a fingerprint that no other of them has.

    The next release's finding has the same, so that GitLab and SARIF readers can tell new from
    old. GitLab shows only one of two findings with one fingerprint, hence the count of those that
    differ in a version alone.
    """
    seen: Counter[str] = Counter()
    for finding in findings:
        words = (finding.code, finding.place.file, finding.message)
        facts = "\0".join(VERSION.sub("VERSION", word) for word in words)
        seen[facts] += 1
        counted = facts if seen[facts] == 1 else f"{facts}\0{seen[facts]}"
        yield finding, hashlib.sha256(counted.encode("utf-8", "surrogatepass")).hexdigest()
