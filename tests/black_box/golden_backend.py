"""A build backend that needs nothing: the tests copy it into their project as backend.py."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import zipfile
from pathlib import Path


def _read_metadata() -> tuple[str, str, str]:
    fields = dict(
        line.split(" = ", 1)
        for line in Path("pyproject.toml").read_text().splitlines()
        if " = " in line
    )
    name, version = fields["name"].strip('"'), fields["version"].strip('"')
    homepage = "Project-URL: Homepage, https://plain.example.com\n" if "urls" in fields else ""
    metadata = (
        f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\nSummary: Built in no time\n"
        "Author: Team Example\nLicense-Expression: LicenseRef-Proprietary\n"
        f"Requires-Python: >=3.10\n{homepage}Description-Content-Type: text/markdown\n\n"
        + Path("README.md").read_text()
    )
    return name.replace("-", "_"), version, metadata


def build_sdist(sdist_directory: str, config_settings: object = None) -> str:
    name, version, metadata = _read_metadata()
    path = Path(sdist_directory, f"{name}-{version}.tar.gz")
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for file in sorted(Path().glob("*")):
            if file.is_file():
                archive.add(file, f"{name}-{version}/{file.name}")
        entry = tarfile.TarInfo(f"{name}-{version}/PKG-INFO")
        entry.size = len(metadata.encode())
        archive.addfile(entry, io.BytesIO(metadata.encode()))
    return path.name


def build_wheel(
    wheel_directory: str, config_settings: object = None, metadata_directory: str | None = None
) -> str:
    name, version, metadata = _read_metadata()
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": Path("module.py").read_text(),
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = []
    for path, text in files.items():
        digest = (
            base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        )
        lines.append(f"{path},sha256={digest},{len(text.encode())}\n")
    files[f"{info}/RECORD"] = "".join([*lines, f"{info}/RECORD,,\n"])
    wheel = Path(wheel_directory, f"{name}-{version}-py3-none-any.whl")
    with zipfile.ZipFile(wheel, "w") as archive:
        for file, text in files.items():
            archive.writestr(zipfile.ZipInfo(file, (2020, 1, 1, 0, 0, 0)), text)
    return wheel.name
