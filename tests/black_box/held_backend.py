"""A build backend of the standard library alone, which waits in a hook where a test holds it."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import re
import subprocess
import tarfile
import zipfile
from pathlib import Path

FILES = ("pyproject.toml", "README.md", "held_backend.py", "noxfile.py", ".gitignore")
WHEEL = "Wheel-Version: 1.0\nGenerator: held 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"

METADATA = """\
Metadata-Version: 2.1
Name: {name}
Version: 1.0
Summary: A project
Author-email: Author <author@example.com>
License: MIT
Home-page: https://project.example.com
Requires-Python: >=3.10
Description-Content-Type: text/markdown

"""


def wait_if_held(hook: str) -> None:
    """Say who waits, with a process of its own beside it, and wait until the test lets it on."""
    fifo = Path(os.environ.get("HELD", "/nowhere"), hook)
    if fifo.is_fifo():
        subprocess.Popen(("sleep", "600"))
        part = fifo.with_suffix(".part")
        part.write_text(str(os.getpid()))
        part.rename(fifo.with_suffix(".pid"))
        fifo.read_text()


def read_project() -> tuple[str, bytes]:
    text = Path("pyproject.toml").read_text()
    name = re.findall('name = "(.+)"', text)[0]
    return name, METADATA.format(name=name).encode() + Path("README.md").read_bytes()


def get_requires_for_build_sdist(config_settings: object = None) -> list[str]:
    wait_if_held("get_requires")
    return []


def build_sdist(sdist_directory: str, config_settings: object = None) -> str:
    wait_if_held("build_sdist")
    name, metadata = read_project()
    with tarfile.open(f"{sdist_directory}/{name}-1.0.tar.gz", "w:gz") as archive:
        for file in (*FILES, f"{name}.py"):
            archive.add(file, f"{name}-1.0/{file}")
        entry = tarfile.TarInfo(f"{name}-1.0/PKG-INFO")
        entry.size = len(metadata)
        archive.addfile(entry, io.BytesIO(metadata))
    return f"{name}-1.0.tar.gz"


def build_wheel(
    wheel_directory: str, config_settings: object = None, metadata_directory: str | None = None
) -> str:
    wait_if_held("build_wheel")
    name, metadata = read_project()
    info = f"{name}-1.0.dist-info"
    files = {f"{name}.py": Path(f"{name}.py").read_bytes(), f"{info}/METADATA": metadata}
    files[f"{info}/WHEEL"] = WHEEL.encode()
    record = f"{info}/RECORD,,\n"
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
        record += f"{path},sha256={digest.decode()},{len(content)}\n"
    with zipfile.ZipFile(f"{wheel_directory}/{name}-1.0-py3-none-any.whl", "w") as archive:
        for path, content in {**files, f"{info}/RECORD": record.encode()}.items():
            archive.writestr(zipfile.ZipInfo(path), content)
    return f"{name}-1.0-py3-none-any.whl"
