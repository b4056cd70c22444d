"""A release whose wheels are at hand: what uploading and proving alone takes."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.measure import run_command
from bench.subjects import Checkout
from releasekit.archives import read_dist, read_metadata
from samples import METADATA, WHEEL_FILE

KIT = (sys.executable, "-m", "releasekit")
RECORD = Path("reports", "release.json")
PIECE = random.Random(0).randbytes(1 << 20)
"""A mebibyte that nothing compresses."""


def build_version(checkout: Checkout, version: str, environ: Mapping[str, str]) -> None:
    """Begin a version, and build its sdist and wheel."""
    checkout.begin_version(version)
    run_command((*KIT, "build", "-q"), checkout.root, environ)


def prove(checkout: Checkout, environ: Mapping[str, str]) -> None:
    """Prove what is in `dist/`, as publishing asks for."""
    run_command((*KIT, "check", "-q"), checkout.root, environ)


def add_wheel(checkout: Checkout, version: str, tag: str, mebibytes: int = 0) -> Path:
    """Write a wheel with this tag and so much in it into `dist/`, as another build job would.

    It has the metadata of the wheel that was built, where there is one.
    """
    stem = f"{checkout.project.replace('-', '_')}-{version}"
    path, info = checkout.root / "dist" / f"{stem}-{tag}.whl", f"{stem}.dist-info"
    metadata = METADATA.replace(": demo\n", f": {checkout.project}\n").replace("1.0", version, 1)
    for built in path.parent.glob("*-py3-none-any.whl"):
        metadata = (read_metadata(read_dist(built)) or b"").decode()
    texts = {f"{info}/METADATA": metadata, f"{info}/WHEEL": WHEEL_FILE.replace("py3-none-any", tag)}
    lines = []
    with zipfile.ZipFile(path, "w") as archive:
        for name, pieces in (
            (f"{checkout.project.replace('-', '_')}.bin", [PIECE] * mebibytes),
            *((name, [text.encode()]) for name, text in texts.items()),
        ):
            digest = hashlib.sha256()
            with archive.open(name, "w", force_zip64=True) as member:
                for piece in pieces:
                    member.write(piece)
                    digest.update(piece)
            said = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
            lines.append(f"{name},sha256={said},{sum(map(len, pieces))}\n")
        archive.writestr(f"{info}/RECORD", "".join([*lines, f"{info}/RECORD,,\n"]))
    return path


def record_wheels(checkout: Checkout, wheels: Sequence[Path]) -> None:
    """Add wheels to the record of the build."""
    path = checkout.root / RECORD
    document = json.loads(path.read_text(encoding="utf-8"))
    for dist in map(read_dist, wheels):
        file = {"filename": dist.filename, "size": dist.size, "sha256": dist.sha256}
        document["files"].append(file)
        document["builds"][0]["files"].append(dist.filename)
    path.write_text(json.dumps(document), encoding="utf-8")


def read_seconds(checkout: Checkout) -> Mapping[str, float]:
    """Return what the steps of the last command took, as it reported itself."""
    text = (checkout.root / "reports" / "outcome.json").read_text(encoding="utf-8")
    seconds: Mapping[str, float] = json.loads(text)["seconds"]
    return seconds
