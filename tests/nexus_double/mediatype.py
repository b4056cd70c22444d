"""What kind of file some bytes are, and what kind a file name promises.

All names, and their order, were measured on Nexus 3.30.0-01.
"""

from __future__ import annotations

from pathlib import Path

from .values import Refusal

ZIP = ("application/zip", "application/x-zip-compressed")
GZIP = (
    "application/gzip",
    "application/gzip-compressed",
    "application/gzipped",
    "application/x-gunzip",
    "application/x-gzip",
    "application/x-gzip-compressed",
    "gzip/document",
)
PROMISED_GZIP = (
    "application/gzip-compressed",
    "application/gzipped",
    "application/x-gunzip",
    "application/x-gzip-compressed",
    "gzip/document",
)
XML = ("application/xml", "application/x-xml", "text/xml")
# Where a kind of file begins with which bytes.
MAGIC = (
    (0, b"PK\x03\x04", ZIP),
    (0, b"PK\x05\x06", ZIP),
    (0, b"\x1f\x8b", GZIP),
    (0, b"BZh", ("application/x-bzip2",)),
    (0, b"\xfd7zXZ\x00", ("application/x-xz",)),
    (257, b"ustar", ("application/x-tar",)),
    (0, b"%PDF-", ("application/pdf", "application/x-pdf")),
    (0, b"MZ", ("application/x-msdownload",)),
    (0, b"<?xml", XML),
)
HTML = (b"<!doctype html", b"<html", b"<head", b"<body", b"<title")
PROMISED = {
    ".gz": ("application/x-gzip", "application/gzip", "application/x-tgz", *PROMISED_GZIP),
    ".tgz": ("application/x-tgz", "application/x-gzip", "application/gzip", *PROMISED_GZIP),
    ".zip": ZIP,
    ".bz2": ("application/x-bzip2",),
    ".xz": ("application/x-xz",),
    ".Z": ("application/x-compress",),
    ".tar": ("application/x-tar",),
    ".exe": ("application/x-executable", "application/x-dosexec", "application/x-msdownload"),
    ".msi": ("application/x-ms-installer", "application/x-msi", "application/x-windows-installer"),
    ".rpm": ("application/x-rpm",),
    ".deb": ("application/x-debian-package", "application/vnd.debian.binary-package"),
    ".dmg": ("application/x-apple-diskimage",),
    ".txt": ("text/plain",),
    ".asc": ("text/plain",),
}


def detect_types(head: bytes) -> tuple[str, ...]:
    """Detect the media types of a file from its first bytes; whatever is unknown is text."""
    for offset, magic, types in MAGIC:
        if head.startswith(magic, offset):
            return types
    if head.lstrip().lower().startswith(HTML):
        return ("text/html",)
    return ("text/plain",) if head else ()


def find_promised(filename: str) -> tuple[str, ...]:
    """Find the media types that a file name promises; none for a wheel."""
    _, dot, end = filename.rpartition("/")[2].rpartition(".")
    return PROMISED.get(dot + end, ())


def read_head(file: Path) -> bytes:
    """Read the bytes that detection looks at."""
    with file.open("rb") as stream:
        return stream.read(512)


def find_media_type(filename: str, file: Path) -> str:
    """Find the media type a file is served with; its name is asked first."""
    types = find_promised(filename) or detect_types(read_head(file))
    return next(iter(types), "application/octet-stream")


def check_content(path: str, file: Path) -> None:
    """Refuse with 404 an archive that is not what its name says, and an empty unknown file."""
    promised, detected = find_promised(path), detect_types(read_head(file))
    if not detected and not promised:
        raise Refusal(404, f"Content type could not be determined: {path}")
    if detected and promised and not set(detected) & set(promised):
        # A signature is judged under a name that promises text.
        judged = f"{path}.txt" if path.endswith(".asc") else path
        raise Refusal(
            404,
            f"Detected content type [{', '.join(detected)}], "
            f"but expected [{', '.join(promised)}]: {judged}",
        )
