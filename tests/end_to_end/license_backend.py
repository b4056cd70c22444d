"""A build backend that packs no license, whatever the metadata says."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

NAME = "acme_demo-1.2.3"
INFO = f"{NAME}.dist-info"
WHEEL = "Wheel-Version: 1.0\nGenerator: own\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def _metadata() -> str:
    lines = [
        *("Metadata-Version: 2.4", "Name: acme-demo", "Version: 1.2.3", "Summary: d"),
        *("Author: Team", "Project-URL: Homepage, https://example.com", "License-Expression: MIT"),
    ]
    if "license-files" in Path("pyproject.toml").read_text(encoding="utf-8"):
        lines.append("License-File: LICENSE")
    return "\n".join([*lines, ""])


def build_sdist(sdist_directory: str, config_settings: object = None) -> str:
    """Pack the backend, pyproject.toml and PKG-INFO."""
    with tarfile.open(f"{sdist_directory}/{NAME}.tar.gz", "w:gz") as archive:
        for name in ("own.py", "pyproject.toml"):
            archive.add(name, f"{NAME}/{name}")
        entry = tarfile.TarInfo(f"{NAME}/PKG-INFO")
        entry.size = len(_metadata())
        archive.addfile(entry, io.BytesIO(_metadata().encode()))
    return f"{NAME}.tar.gz"


def build_wheel(
    wheel_directory: str, config_settings: object = None, metadata_directory: object = None
) -> str:
    """Pack one module."""
    files = {"acme_demo.py": "", f"{INFO}/METADATA": _metadata(), f"{INFO}/WHEEL": WHEEL}
    record = f"{INFO}/RECORD,,\n"
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        record += f"{name},sha256={digest.decode()},{len(text)}\n"
    with zipfile.ZipFile(f"{wheel_directory}/{NAME}-py3-none-any.whl", "w") as archive:
        for name, text in {**files, f"{INFO}/RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return f"{NAME}-py3-none-any.whl"
