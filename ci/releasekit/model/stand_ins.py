"""What git has in place of a file, where a filter of it did not run."""

import re

# Bytes: "Pointer files must be less than 1024 bytes" (git-lfs, spec.md).
POINTER_LIMIT = 1024


def find_pointed(content: bytes) -> str | None:
    """Return the SHA-256 that a pointer of Git LFS names; None for other content."""
    # hawser was the name of Git LFS before.
    pointer = (
        rb"version https://(?:git-lfs|hawser)\.github\.com/spec/v1\r?\n(?:[a-z0-9.-]+ .*\n)*?"
        rb"oid sha256:([0-9a-f]{64})\r?\nsize \d+\r?\n(?:[a-z0-9.-]+ .*\n)*"
    )
    match = re.fullmatch(pointer, content) if len(content) < POINTER_LIMIT else None
    return match[1].decode() if match else None


def find_stand_in(content: bytes) -> str:
    """Return "pointer" or "encrypted" for the beginning of a file, "" for the file itself."""
    if content.startswith(b"\0GITCRYPT\0"):  # git-crypt (its commands.cpp)
        return "encrypted"
    return "pointer" if find_pointed(content) else ""
