"""What is in an archive, as digests: to compare it with another one of its name."""

from __future__ import annotations

import hashlib
from email.parser import Parser

from releasekit.inspect.archive import walk_members
from releasekit.model.difference import Contents
from releasekit.model.dists import Dist

WHEEL_LIMIT = 64 << 10
"""Bytes of a wheel's file WHEEL; real ones have some hundred."""


def read_contents(dist: Dist) -> Contents:
    """Read the digests of all members, and what made a wheel; raises one of DAMAGED."""
    members, generator = [], ""
    for member, blocks in walk_members(dist):
        digest, head = hashlib.sha256(f"{member.link}:".encode()), b""
        for block in blocks:
            digest.update(block)
            head = head or block[:WHEEL_LIMIT]
        members.append((member.name, digest.hexdigest()))
        if member.name.count("/") == 1 and member.name.endswith(".dist-info/WHEEL"):
            generator = Parser().parsestr(head.decode(errors="replace")).get("Generator", "")
    return Contents(members=tuple(members), generator=generator)
