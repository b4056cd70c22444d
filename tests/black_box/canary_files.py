"""Dists and a project whose code writes all that it can see of the environment to files."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CANARY = """\
import glob, json, os, pathlib, time
folder = os.environ.get("CANARY_DIR")
seen = {{"own": dict(os.environ), "all": []}}
for name in glob.glob("/proc/[0-9]*/environ") if folder else ():
    try:
        seen["all"].append(pathlib.Path(name).read_bytes().decode("latin-1"))
    except OSError:
        pass
if folder:
    name = "{name}-%d-%d.json" % (os.getpid(), time.time_ns())
    pathlib.Path(folder, name).write_text(json.dumps(seen))
"""
"""What writes all that it sees; outside of a test, nothing."""
METADATA = """\
Metadata-Version: 2.4
Name: {name}
Version: 1.0
Summary: What a release needs
Author-email: Team Demo <demo@example.com>
License-Expression: LicenseRef-Proprietary
Requires-Python: >=3.10
Project-URL: Homepage, https://demo.example.com
"""
WHEEL = "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: {pure}\nTag: {tag}\n"
IN_TREE = 'requires = {requires}\nbuild-backend = "canary_backend"\nbackend-path = ["."]\n'

# A backend that needs nothing but what the canary has it need.
BACKEND = """\
{canary}
import base64, hashlib, tarfile, zipfile
NAME, TAG, MEMBERS = {name!r}, {tag!r}, {members!r}
STEM = NAME.replace("-", "_") + "-1.0"
ROOT = os.getcwd()

def read(path):
    with open(path, "rb") as file:
        return file.read()

def build_sdist(folder, config_settings=None):
    filename = STEM + ".tar.gz"
    with tarfile.open(os.path.join(folder, filename), "w:gz") as archive:
        for name in MEMBERS:
            archive.add(name, STEM + "/" + name)
    return filename

def build_wheel(folder, config_settings=None, metadata_directory=None):
    info, filename = STEM + ".dist-info", STEM + "-" + TAG + ".whl"
    pure = "true" if TAG.endswith("any") else "false"
    wheel = "Wheel-Version: 1.0\\nGenerator: hand\\nRoot-Is-Purelib: " + pure + "\\nTag: " + TAG
    module = NAME.replace("-", "_") + ".py"
    files = {{module: read(module), info + "/METADATA": read("PKG-INFO"),
             info + "/WHEEL": wheel.encode() + b"\\n"}}
    lines = []
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append("%s,sha256=%s,%d\\n" % (name, digest, len(content)))
    files[info + "/RECORD"] = ("".join(lines) + info + "/RECORD,,\\n").encode()
    with zipfile.ZipFile(os.path.join(folder, filename), "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return filename
"""
REPAIR = """\
{canary}
import shutil, sys
shutil.copy(sys.argv[1], sys.argv[2])
"""


@dataclass(frozen=True)
class Seen:
    """What a canary saw: its own environment, and those of all processes."""

    name: str
    own: dict[str, str]
    all: tuple[str, ...]


def read_seen(folder: Path) -> list[Seen]:
    """Read what the canaries wrote, in the order in which they did."""
    found = []
    for path in sorted(folder.glob("*.json"), key=lambda path: path.stem.rpartition("-")[2]):
        document = json.loads(path.read_text())
        name = path.stem.rsplit("-", 2)[0]
        found.append(Seen(name, document["own"], tuple(document["all"])))
    return found


def canary(name: str) -> str:
    """Return a line of Python, as a .pth file takes it, that writes what it sees under a name."""
    return f"import os; exec({CANARY.format(name=name)!r}, {{}})"


def make_wheel(folder: Path, name: str) -> Path:
    """Make a wheel whose .pth file is a canary: it runs whenever a Python starts beside it."""
    stem = name.replace("-", "_")
    info = f"{stem}-1.0.dist-info"
    files = {
        f"{stem}.py": "",
        f"{stem}.pth": canary(name) + "\n",
        f"{info}/METADATA": METADATA.format(name=name),
        f"{info}/WHEEL": WHEEL.format(pure="true", tag="py3-none-any"),
    }
    lines = [
        f"{path},sha256={_digest(text.encode())},{len(text.encode())}\n"
        for path, text in files.items()
    ]
    files[f"{info}/RECORD"] = "".join(lines) + f"{info}/RECORD,,\n"
    path = folder / f"{stem}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in files.items():
            archive.writestr(zipfile.ZipInfo(member), text)
    return path


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def make_sdist(folder: Path, name: str) -> Path:
    """Make an sdist whose build backend is a canary, and needs nothing from any index."""
    stem = name.replace("-", "_") + "-1.0"
    path = folder / f"{stem}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for member, text in project_files(name, requires=()).items():
            entry = tarfile.TarInfo(f"{stem}/{member}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return path


def project_files(
    name: str,
    *,
    requires: tuple[str, ...],
    tag: str = "py3-none-any",
    more: str = "",
    needs: str = "",
) -> dict[str, str]:
    """Return the files of a project with a backend of its own."""
    table = IN_TREE.format(requires=json.dumps(requires))
    files = {
        "pyproject.toml": f"[build-system]\n{table}\n{more}",
        "PKG-INFO": METADATA.format(name=name) + needs,
        f"{name.replace('-', '_')}.py": "",
    }
    members = [*files, "canary_backend.py"]
    files["canary_backend.py"] = BACKEND.format(
        canary=canary(f"{name}-backend"), name=name, tag=tag, members=members
    )
    return files


def make_project(
    root: Path,
    environ: Mapping[str, str],
    requires: tuple[str, ...],
    *,
    name: str = "canary-project",
) -> None:
    """Make a git repository of a project that needs `requires` to build, with the tag v1.0.

    A module beside it has the name of one that every Python tool imports.
    """
    more = (
        '[tool.releasekit]\nrepair-wheel-command = "python canary_repair.py {wheel} {dest_dir}"\n'
    )
    files = project_files(
        name,
        requires=requires,
        tag="py3-none-linux_x86_64",
        more=more,
        needs="Requires-Dist: canary-dependency\n",
    )
    files["packaging.py"] = canary("packaging") + "\n"
    files["canary_repair.py"] = REPAIR.format(canary=canary("repair"))
    root.mkdir()
    for path, text in files.items():
        (root / path).write_text(text)
    for command in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-qm", "x")):
        subprocess.run(("git", *command), cwd=root, env=environ, check=True)
    subprocess.run(("git", "tag", "v1.0"), cwd=root, env=environ, check=True)
