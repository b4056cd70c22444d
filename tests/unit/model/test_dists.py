from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tarfile
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.tags import Tag
from packaging.version import Version

from releasekit.archives import read_dist, read_metadata
from releasekit.model.dists import (
    Dist,
    DistKind,
    DistName,
    NotADistError,
    parse_filename,
    parse_metadata,
)
from samples import METADATA, SDIST, WHEEL, write_sdist, write_wheel


@pytest.mark.parametrize(
    ("filename", "kind", "name", "version", "tags"),
    [
        pytest.param(SDIST, DistKind.SDIST, "demo", "1.0", [], id="sdist"),
        pytest.param("My_Demo-1.0.zip", DistKind.SDIST, "my-demo", "1.0", [], id="zipped sdist"),
        pytest.param(
            "my_demo-1.0rc1-1-py2.py3-none-any.whl",
            DistKind.WHEEL,
            "my-demo",
            "1.0rc1",
            [Tag("py2", "none", "any"), Tag("py3", "none", "any")],
            id="wheel with a build number",
        ),
    ],
)
def test_file_name_says_what_a_dist_is(
    filename: str, kind: DistKind, name: str, version: str, tags: list[Tag]
) -> None:
    found = parse_filename(filename)
    assert (found.kind, found.name) == (kind, name)
    assert (found.version, found.tags) == (Version(version), frozenset(tags))


@pytest.mark.parametrize(
    "filename",
    [
        *("demo-1.0.egg", "demo-1.0.tar.bz2", "demo.tar.gz", "demo-x.tar.gz", "demo-1.0.whl", ""),
        pytest.param(f"demo-1.{'9' * 5000}.tar.gz", id="sdist with 5,000 digits"),
        pytest.param(f"demo-1.{'9' * 5000}-py3-none-any.whl", id="wheel with 5,000 digits"),
    ],
)
def test_other_file_names_are_no_dists(filename: str) -> None:
    with pytest.raises(NotADistError):
        parse_filename(filename)


@pytest.mark.parametrize("form", ["{}", "{}.whl", "{}.tar.gz", "{}-1.0.tar.gz"])
@given(text=st.text(max_size=30))
def test_any_text_is_a_dist_name_or_none(form: str, text: str) -> None:
    with contextlib.suppress(NotADistError):
        assert isinstance(parse_filename(form.format(text)), DistName)


def test_dist_is_read_with_its_size_and_digests(tmp_path: Path) -> None:
    path = tmp_path / SDIST
    content = bytes(range(256)) * 5000  # more than one block
    path.write_bytes(content)
    dist = read_dist(path)
    assert dist == Dist(
        path=path,
        named=parse_filename(SDIST),
        size=1_280_000,
        sha256=hashlib.sha256(content).hexdigest(),
        md5=hashlib.md5(content).hexdigest(),
    )
    assert dist.filename == SDIST


def test_dist_is_hashed_again_only_where_somebody_wrote_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_wheel(tmp_path)
    dist, written = read_dist(path), path.stat()
    with monkeypatch.context() as patch:
        patch.setattr(hashlib, "sha256", None)
        assert read_dist(path) == dist
    time.sleep(0.05)  # the clock of the file system ticks every few milliseconds
    with path.open("r+b") as file:
        file.write(b"other")
    os.utime(path, ns=(written.st_atime_ns, written.st_mtime_ns))
    again = read_dist(path)
    assert again.size == dist.size
    assert again.sha256 == hashlib.sha256(path.read_bytes()).hexdigest() != dist.sha256


def test_stranger_in_dist_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(NotADistError):
        read_dist(tmp_path / "notes.txt")


def test_metadata_of_a_wheel_is_that_of_its_dist_info(tmp_path: Path) -> None:
    vendored = {"demo/vendor/other-2.dist-info/METADATA": "Name: other\n", "METADATA": "Name: no\n"}
    dist = read_dist(write_wheel(tmp_path, files=vendored))
    assert read_metadata(dist) == METADATA.encode()


def test_metadata_of_an_sdist_is_that_of_its_top_directory(tmp_path: Path) -> None:
    files = {"src/demo.egg-info/PKG-INFO": "Name: other\n", "PKG-INFO": METADATA}
    assert read_metadata(read_dist(write_sdist(tmp_path, files=files))) == METADATA.encode()


def test_metadata_of_a_zipped_sdist_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "demo-1.0.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("demo-1.0/src/PKG-INFO", "Name: other\n")
        archive.writestr("demo-1.0/PKG-INFO", METADATA)
    assert read_metadata(read_dist(path)) == METADATA.encode()


def test_dist_without_metadata_has_none(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "demo-1.0.zip", "w") as archive:
        archive.writestr("demo-1.0/setup.py", "")
    with zipfile.ZipFile(tmp_path / WHEEL, "w") as archive:
        archive.writestr("demo.py", "")
    with tarfile.open(tmp_path / SDIST, "w:gz") as archive_:
        folder = tarfile.TarInfo("demo-1.0/PKG-INFO")
        folder.type = tarfile.DIRTYPE
        archive_.addfile(folder)
    for filename in ("demo-1.0.zip", WHEEL, SDIST):
        assert read_metadata(read_dist(tmp_path / filename)) is None


@pytest.mark.parametrize("filename", [WHEEL, SDIST, "demo-1.0.zip"])
def test_what_is_no_archive_has_no_metadata(tmp_path: Path, filename: str) -> None:
    (tmp_path / filename).write_bytes(b"no archive")
    assert read_metadata(read_dist(tmp_path / filename)) is None


@pytest.mark.parametrize("filename", [WHEEL, SDIST])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damaged_archive_never_raises(tmp_path: Path, filename: str, data: st.DataObject) -> None:
    whole = (write_wheel if filename == WHEEL else write_sdist)(tmp_path)
    content = bytearray(whole.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[at] ^= data.draw(st.integers(1, 255))
    else:
        del content[at:]
    whole.write_bytes(content)
    assert isinstance(read_metadata(read_dist(whole)), (bytes, type(None)))


def test_encrypted_wheel_has_no_metadata(tmp_path: Path) -> None:
    path = write_wheel(tmp_path, files={})
    content = bytearray(path.read_bytes())
    content[6] |= 1  # the local header's flag: encrypted
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the central directory's
    path.write_bytes(content)
    assert read_metadata(read_dist(path)) is None


def test_metadata_is_read_to_a_limit_only(tmp_path: Path) -> None:
    path = tmp_path / SDIST
    with tarfile.open(path, "w:gz") as archive:
        entry = tarfile.TarInfo("demo-1.0/PKG-INFO")
        entry.size = 11 << 20
        archive.addfile(entry, io.BytesIO(bytes(entry.size)))
    assert len(read_metadata(read_dist(path)) or b"") == 10 << 20


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        pytest.param(METADATA, (), id="faultless"),
        pytest.param(
            "",
            (
                "'name' is a required field",
                "'version' is a required field",
                "None is not a valid metadata version",
            ),
            id="empty",
        ),
        pytest.param(
            "Metadata-Version: 2.1\nName: demo\nVersion: 1\nLicense-File: LICENSE\n",
            (),
            id="License-File before 2.4, as setuptools writes it",
        ),
        pytest.param(
            "Metadata-Version: 9.9\nName: demo\nVersion: 1\n",
            ("'9.9' is not a valid metadata version",),
            id="version of the future",
        ),
        pytest.param(
            f"{METADATA}Requires-Dist: ???\nSummary: a\nSummary: b\nFoo: x\n",
            (
                "'???' is invalid for 'requires-dist'",
                "unknown or malformed field foo",
                "unknown or malformed field summary",
            ),
            id="all problems at once",
        ),
    ],
)
def test_problems_of_metadata_are_found(text: str, problems: tuple[str, ...]) -> None:
    assert parse_metadata(text.encode())[1] == problems


def test_metadata_is_parsed_into_its_fields() -> None:
    assert parse_metadata(METADATA.encode()) == (
        {
            "metadata_version": "2.4",
            "name": "demo",
            "version": "1.0",
            "project_urls": {"Homepage": "https://demo.example.com"},
            "summary": "What a release needs",
            "author_email": "Team Demo <demo@example.com>",
            "license_expression": "LicenseRef-Proprietary",
            "requires_python": ">=3.10",
        },
        (),
    )


@given(st.binary(max_size=200))
def test_any_bytes_are_metadata_with_or_without_problems(text: bytes) -> None:
    _, problems = parse_metadata(METADATA.encode() + text)
    assert list(problems) == sorted(problems)
