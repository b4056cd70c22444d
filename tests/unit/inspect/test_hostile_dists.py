"""Dists made to harm who reads them end in a finding, in bounded memory and time."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from releasekit.archives import read_dist
from releasekit.checks.catalog import CHECKS
from releasekit.checks.model import Severity
from releasekit.inspect.archive import DIRECTORY_LIMIT
from releasekit.inspect.gather import gather_facts
from samples import METADATA, SDIST, WHEEL, run_checks, write_sdist, write_wheel

ZEROS = b"\0" * (1 << 20)


def zip_bomb(folder: Path) -> Path:
    with (
        zipfile.ZipFile(folder / WHEEL, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("demo.bin", "w", force_zip64=True) as member,
    ):
        for _ in range(300):
            member.write(ZEROS)
    return folder / WHEEL


def tar_bomb(folder: Path) -> Path:
    entry = tarfile.TarInfo("demo-1.0/demo.bin")
    entry.size = 400 << 20
    with gzip.open(folder / SDIST, "wb", compresslevel=1) as stream:
        stream.write(entry.tobuf())
        for _ in range(400):
            stream.write(ZEROS)
    return folder / SDIST


def sparse_bomb(folder: Path) -> Path:
    entry = tarfile.TarInfo("demo-1.0/demo.bin")
    entry.pax_headers = {"GNU.sparse.size": str(1 << 60), "GNU.sparse.map": ""}
    with tarfile.open(folder / SDIST, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(entry)
    return folder / SDIST


def huge_header(folder: Path) -> Path:
    entry = tarfile.TarInfo("demo-1.0/header")
    entry.type, entry.size = tarfile.XHDTYPE, 64 << 20
    with gzip.open(folder / SDIST, "wb", compresslevel=1) as stream:
        stream.write(entry.tobuf() + ZEROS)
    return folder / SDIST


def huge_directory(folder: Path) -> Path:
    path = write_wheel(folder)
    data = bytearray(path.read_bytes())
    end = data.rfind(b"PK\5\6")
    data[end + 12 : end + 16] = (DIRECTORY_LIMIT + 1).to_bytes(4, "little")
    path.write_bytes(data)
    return path


def huge_record(folder: Path) -> Path:
    return write_wheel(folder, record="a,,\n" * 10_000)


def linked(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        write_sdist(folder)
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, target
        pkg_info = tarfile.TarInfo("demo-1.0/PKG-INFO")
        pkg_info.size = len(METADATA)
        with tarfile.open(folder / SDIST, "w:gz") as archive:
            archive.addfile(pkg_info, io.BytesIO(METADATA.encode()))
            archive.addfile(entry)
        return folder / SDIST

    return write


def named(name: str) -> Callable[[Path], Path]:
    return lambda folder: write_wheel(folder, files={"demo.py": "1\n", name: "2\n"})


def cut(name: str) -> Callable[[Path], Path]:
    """Write a wheel with a name that zipfile would cut when it writes."""

    def write(folder: Path) -> Path:
        longer = name.replace("\0", "~")
        path = write_wheel(folder, files={longer: "[console_scripts]\na = b:c\n"}, record="")
        path.write_bytes(path.read_bytes().replace(longer.encode(), name.encode()))
        return path

    return write


def damaged(method: int) -> Callable[[Path], Path]:
    """Write a wheel whose largest member is compressed in a manner of zip, and damaged."""

    def write(folder: Path) -> Path:
        path = write_wheel(folder)
        with zipfile.ZipFile(path, "w", method) as archive:
            archive.writestr("demo.bin", bytes(range(256)) * 40)
            start = archive.infolist()[0].header_offset
        data = bytearray(path.read_bytes())
        at = start + 30 + len("demo.bin") + 12
        data[at : at + 40] = bytes(255 - byte for byte in data[at : at + 40])
        path.write_bytes(data)
        return path

    return write


def cut_sdist(folder: Path) -> Path:
    """Write an sdist that lacks its last bytes: tarfile and installers stop before them."""
    path = write_sdist(folder)
    path.write_bytes(path.read_bytes()[:-6])
    return path


def with_digits(folder: Path) -> Path:
    return write_wheel(folder, metadata=METADATA.replace("Version: 1.0", f"Version: {DIGITS}"))


DIGITS = f"1.{'9' * 5000}"
UNREAD = "the archive cannot be read to its end: "


@pytest.mark.parametrize(
    ("write", "code", "message"),
    [
        pytest.param(zip_bomb, "RK404", f"{UNREAD}it unpacks to {300 << 20} bytes", id="zip bomb"),
        pytest.param(tar_bomb, "RK404", f"{UNREAD}it unpacks to {400 << 20} bytes", id="tar bomb"),
        pytest.param(sparse_bomb, "RK404", UNREAD, id="sparse bomb"),
        pytest.param(
            huge_header, "RK404", f"{UNREAD}a header of it has {64 << 20} bytes", id="header"
        ),
        pytest.param(
            huge_directory,
            "RK404",
            f"{UNREAD}its central directory has {DIRECTORY_LIMIT + 1} bytes",
            id="central directory",
        ),
        pytest.param(damaged(zipfile.ZIP_DEFLATED), "RK404", UNREAD, id="damaged deflate"),
        pytest.param(damaged(zipfile.ZIP_BZIP2), "RK404", UNREAD, id="damaged bzip2"),
        pytest.param(damaged(zipfile.ZIP_LZMA), "RK404", UNREAD, id="damaged LZMA"),
        pytest.param(cut_sdist, "RK404", UNREAD, id="cut sdist"),
        pytest.param(with_digits, "RK103", "invalid metadata: ", id="5,000 digits"),
        pytest.param(huge_record, "RK301", "RECORD is untrue: it has 40000 bytes", id="RECORD"),
        pytest.param(
            named("/etc/demo"),
            "RK402",
            "the member '/etc/demo' has an absolute path",
            id="absolute",
        ),
        pytest.param(
            named("../demo/"), "RK402", "the member '../demo/' leads out", id="directory of a wheel"
        ),
        pytest.param(
            linked("demo-1.0/../../a", "", tarfile.DIRTYPE),
            "RK402",
            "the member 'demo-1.0/../../a' leads out",
            id="directory of an sdist",
        ),
        pytest.param(
            cut("demo-1.0\0.dist-info/entry_points.txt"),
            "RK402",
            "the member 'demo-1.0\\x00.dist-info/entry_points.txt' has a character",
            id="name with a null byte",
        ),
        pytest.param(
            cut("demo/\0__init__.py"),
            "RK402",
            "the member 'demo/\\x00__init__.py' has a character",
            id="file that zipfile takes for a directory",
        ),
        pytest.param(named("a\\b"), "RK402", "the member 'a\\\\b' has a character", id="backslash"),
        pytest.param(named("C:demo"), "RK402", "the member 'C:demo' has an absolute", id="drive"),
        pytest.param(
            linked("demo-1.0/a", "../../etc"),
            "RK402",
            "the member 'demo-1.0/a' is a link",
            id="link",
        ),
        pytest.param(
            linked("demo-1.0/a", "/etc"), "RK402", "the member 'demo-1.0/a' is a link", id="root"
        ),
        pytest.param(
            linked("demo-1.0/a", "../etc", tarfile.LNKTYPE),
            "RK402",
            "the member 'demo-1.0/a' is a link",
            id="hard link",
        ),
        pytest.param(
            linked("demo-1.0/a", "", tarfile.FIFOTYPE),
            "RK402",
            "the member 'demo-1.0/a' is neither",
            id="pipe",
        ),
    ],
)
def test_hostile_dist_is_refused(
    write: Callable[[Path], Path], code: str, message: str, tmp_path: Path
) -> None:
    findings = run_checks(CHECKS, gather_facts([read_dist(write(tmp_path))]))
    found = [f for f in findings if f.code == code and f.severity is Severity.ERROR]
    assert [finding.message.startswith(message) for finding in found] == [True], findings


def test_links_inside_of_an_sdist_are_let_pass(tmp_path: Path) -> None:
    path = linked("demo-1.0/a", "PKG-INFO")(tmp_path)
    assert run_checks(CHECKS, gather_facts([read_dist(path)])) == ()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-7", "cp037", "utf-8-sig"])
def test_metadata_in_another_encoding_is_a_finding(encoding: str, tmp_path: Path) -> None:
    raw = f"{METADATA}Author: Größe\n".encode(encoding)
    with zipfile.ZipFile(tmp_path / WHEEL, "w") as archive:
        archive.writestr("demo-1.0.dist-info/METADATA", raw)
    findings = run_checks(CHECKS, gather_facts([read_dist(tmp_path / WHEEL)]))
    assert "RK301" in {finding.code for finding in findings}
    if encoding != "utf-7":  # which is ASCII but for the letter
        assert "RK103" in {finding.code for finding in findings}


def test_metadata_with_very_many_fields_is_not_parsed(tmp_path: Path) -> None:
    many = METADATA + "".join(f"X{number}: a\n" for number in range(100_000))
    findings = run_checks(CHECKS, gather_facts([read_dist(write_wheel(tmp_path, metadata=many))]))
    assert "invalid metadata: more than 1000 different fields" in {f.message for f in findings}
