from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

from releasekit.build.backend import repack_sdist

EPOCH = 1_700_000_000


def write_archive(path: Path, *, owner: str, mtime: float, mode: int, order: int) -> Path:
    names = ["demo-1.0/b", "demo-1.0/a", f"demo-1.0/{'long/' * 30}ö"][::order]
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.mode = 1, mtime, mode
            entry.uname = entry.gname = owner
            entry.uid = len(owner)
            archive.addfile(entry, io.BytesIO(b"x"))
        link = tarfile.TarInfo("demo-1.0/link")
        link.type, link.linkname, link.mtime = tarfile.SYMTYPE, "a", mtime
        archive.addfile(link)
    return path


def test_repacked_sdist_follows_from_its_content_alone(tmp_path: Path) -> None:
    one = write_archive(tmp_path / "1", owner="alice", mtime=1.25, mode=0o664, order=1)
    two = write_archive(tmp_path / "2", owner="bob", mtime=9e9 + 0.5, mode=0o600, order=-1)
    for made in (one, two):
        repack_sdist(made, made.with_suffix(".tar.gz"), EPOCH)
    content = one.with_suffix(".tar.gz").read_bytes()
    assert content == two.with_suffix(".tar.gz").read_bytes()
    assert content[4:8] == EPOCH.to_bytes(4, "little")  # RFC 1952: MTIME
    assert b"alice" not in gzip.decompress(content)
    with tarfile.open(one.with_suffix(".tar.gz")) as archive:
        entries = archive.getmembers()
    assert [e.name for e in entries] == sorted(e.name for e in entries)
    assert {(e.mtime, e.uid, e.gid, e.uname, e.gname) for e in entries} == {(EPOCH, 0, 0, "", "")}
    assert {e.name: (e.linkname, oct(e.mode)) for e in entries}["demo-1.0/a"] == ("", "0o644")
    assert {e.name: e.linkname for e in entries}["demo-1.0/link"] == "a"
