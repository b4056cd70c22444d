"""Tiny dists: as values, and as real files made by hand. Standard library and the core only."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from releasekit.checks import model
from releasekit.checks.model import Check, DistFacts, Finding, Judge, Rule
from releasekit.model.dists import Dist, parse_filename, parse_metadata

WHEEL, SDIST = "demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"
METADATA = """\
Metadata-Version: 2.4
Name: demo
Version: 1.0
Project-URL: Homepage, https://demo.example.com
Summary: What a release needs
Author-email: Team Demo <demo@example.com>
License-Expression: LicenseRef-Proprietary
Requires-Python: >=3.10
"""
WHEEL_FILE = "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def make_dist(filename: str = WHEEL, content: bytes = b"wheel") -> Dist:
    """A dist as a value; there is no file behind it."""
    return Dist(
        path=Path("dist", filename),
        named=parse_filename(filename),
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        md5=hashlib.md5(content).hexdigest(),
    )


def make_facts(filename: str = WHEEL, metadata: str = METADATA, **changes: Any) -> DistFacts:
    """The facts of a faultless dist, or of one with the changes given."""
    parsed, problems = parse_metadata(metadata.encode())
    facts = {"metadata": parsed, "metadata_problems": problems, **changes}
    return DistFacts(dist=make_dist(filename), **facts)


def write_modules(folder: Path, **modules: str) -> None:
    """Write a wheel per module, of version 1.0, with that text in it."""
    for module, text in modules.items():
        metadata = METADATA.replace("Name: demo", f"Name: {module}")
        filename = f"{module}-1.0-py3-none-any.whl"
        write_wheel(folder, filename=filename, metadata=metadata, files={f"{module}.py": text})


def write_wheel(
    folder: Path,
    *,
    files: Mapping[str, str] | None = None,
    metadata: str = METADATA,
    record: str | None = None,
    filename: str = WHEEL,
    inside: str | None = None,
) -> Path:
    """Write a wheel with a correct RECORD, or with the one given.

    Its inside may be that of a wheel with another name.
    """
    name, version, *_, python, abi, platform = (inside or filename).removesuffix(".whl").split("-")
    info = f"{name}-{version}.dist-info"
    module = {"demo.py": "ANSWER = 42\n"} if files is None else files
    wheel = WHEEL_FILE.replace("py3-none-any", f"{python}-{abi}-{platform}")
    members = {**module, f"{info}/METADATA": metadata, f"{info}/WHEEL": wheel}
    lines = [_record_line(name, text.encode()) for name, text in members.items()]
    members[f"{info}/RECORD"] = "".join([*lines, f"{info}/RECORD,,\n"])
    if record is not None:
        members[f"{info}/RECORD"] = record
    path = folder / filename
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return path


def _record_line(name: str, content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(content)}\n"


def write_sdist(
    folder: Path, *, files: Mapping[str, str] | None = None, filename: str = SDIST
) -> Path:
    """Write an sdist with these files below its top directory."""
    top = filename.removesuffix(".tar.gz")
    path = folder / filename
    with tarfile.open(path, "w:gz") as archive:
        for name, text in (files or {"PKG-INFO": METADATA, "demo.py": ""}).items():
            entry = tarfile.TarInfo(f"{top}/{name}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return path


def judge_by_default(check: Check, _facts: DistFacts) -> Rule:
    return Rule(severity=check.severity)


def run_checks(
    checks: Sequence[Check], facts: Sequence[DistFacts], judge: Judge = judge_by_default
) -> tuple[Finding, ...]:
    """Run checks with the severities that they have of their own, or that `judge` gives them."""
    return model.run_checks(checks, facts, judge)
