"""A build backend of the standard library alone; the tests copy it into their projects.

It needs no index, and the same tree always gives the same bytes.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import re
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

METADATA = """\
Metadata-Version: 2.4
Name: {name}
Version: {version}
Summary: A package for tests
Author: Team Example
License-Expression: LicenseRef-Proprietary
Requires-Python: >=3.10
Project-URL: Homepage, https://plain.example.com
{requires}Description-Content-Type: text/markdown

{description}"""
WHEEL = "Wheel-Version: 1.0\nGenerator: plain 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"

Settings = Mapping[str, object] | None


def _read_project() -> tuple[str, str, bytes]:
    text = Path("pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r'^name = "(.+)"\nversion = "(.+)"\ndependencies = \[(.*)\]$', text, re.M)
    assert found
    name, version, dependencies = found.groups()
    requires = "".join(f"Requires-Dist: {r}\n" for r in re.findall('"(.+?)"', dependencies))
    description = Path("README.md").read_text(encoding="utf-8")
    metadata = METADATA.format(
        name=name, version=version, requires=requires, description=description
    )
    return name.replace("-", "_"), version, metadata.encode()


def build_sdist(folder: str, settings: Settings = None) -> str:
    name, version, metadata = _read_project()
    files = {path.name: path.read_bytes() for path in Path().iterdir() if path.is_file()}
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for file, data in sorted({**files, "PKG-INFO": metadata}.items()):
            entry = tarfile.TarInfo(f"{name}-{version}/{file}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    path = Path(folder, f"{name}-{version}.tar.gz")
    path.write_bytes(gzip.compress(content.getvalue(), mtime=0))
    return path.name


def build_wheel(folder: str, settings: Settings = None, metadata_folder: str | None = None) -> str:
    name, version, metadata = _read_project()
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": Path(f"{name}.py").read_bytes(),
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": WHEEL.encode(),
    }
    record = f"{info}/RECORD,,\n"
    for file, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record += f"{file},sha256={digest},{len(data)}\n"
    path = Path(folder, f"{name}-{version}-py3-none-any.whl")
    with zipfile.ZipFile(path, "w") as archive:
        for file, data in {**files, f"{info}/RECORD": record.encode()}.items():
            archive.writestr(zipfile.ZipInfo(file, (2020, 1, 1, 0, 0, 0)), data)
    return path.name
