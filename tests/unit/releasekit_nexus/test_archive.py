"""Only the genuine archive is ever used, and nothing else is kept."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import certifi
import pytest

from raising import raises_error
from releasekit.errors.failed import NEXUS_NOT_STARTED
from releasekit_nexus.prepared import SHA256, SIZE, fetch_archive, find_address
from unit.releasekit_nexus.conftest import Answer, Mirror, give_bytes, give_file, give_no_end

FAILED = "Nexus could not be downloaded"
WRONG = "this is not the Nexus that is wanted"
NAME = "nexus-base-template-3.30.0-01.zip"


def ignore(_received: int, _total: int) -> None:
    pass


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    directory = tmp_path / "cache"
    directory.mkdir()
    return directory


@pytest.fixture
def fetch(cache: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Fetch with trust in the mirror, and with nothing of the machine's."""
    for name, value in (
        ("REQUESTS_CA_BUNDLE", str(mirror.ca_bundle)),
        ("NO_PROXY", "127.0.0.1"),
        ("NETRC", os.devnull),
    ):
        monkeypatch.setenv(name, value)

    def run(source: str, progress: Callable[[int, int], None] = ignore) -> Path:
        environ = {"RELEASEKIT_NEXUS_ZIP": source}
        return fetch_archive(cache, environ=environ, progress=progress)

    return run


def test_a_named_file_is_used_where_it_is(
    fetch: Callable[..., Path], archive: Path, cache: Path
) -> None:
    assert fetch(str(archive)) == archive
    assert list(cache.iterdir()) == []


def test_a_named_file_that_is_not_there_is_an_error(
    fetch: Callable[..., Path], tmp_path: Path
) -> None:
    with raises_error(NEXUS_NOT_STARTED) as caught:
        fetch(str(tmp_path / "nexus.zip"))
    assert str(caught.value) == (
        "error E342: RELEASEKIT_NEXUS_ZIP names no file\n"
        f"  where: {tmp_path}/nexus.zip\n"
        "  why:   there is no such file\n"
        "  next:  give it the path of the archive, or an address that begins with https://"
    )


@pytest.mark.parametrize(
    ("size", "why"), [(5, "its size is 5 bytes, that of"), (SIZE, "its SHA-256 is ")]
)
def test_a_named_file_with_other_bytes_is_refused_and_left_alone(
    fetch: Callable[..., Path], cache: Path, tmp_path: Path, size: int, why: str
) -> None:
    file = tmp_path / "nexus.zip"
    with file.open("wb") as opened:
        opened.truncate(size)
    with raises_error(NEXUS_NOT_STARTED, match=WRONG) as caught:
        fetch(str(file))
    answers = caught.value.answers()
    assert answers["where"] == str(file)
    assert answers["why"].startswith(why)
    assert answers["why"].endswith(str(SIZE) if size == 5 else SHA256)
    assert (file.stat().st_size, list(cache.iterdir())) == (size, [])


BEFORE = {
    "nothing": {},
    "what a killed process left": {f"{NAME}.part": b"half"},
    "a truncated archive": {NAME: b"half"},
}


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
def test_it_is_downloaded_once_with_progress(
    fetch: Callable[..., Path],
    cache: Path,
    archive: Path,
    mirror: Mirror,
    before: dict[str, bytes],
) -> None:
    for name, content in before.items():
        (cache / name).write_bytes(content)
    mirror.answer = give_file(archive)
    seen: list[tuple[int, int]] = []
    first = fetch(mirror.url, lambda *numbers: seen.append(numbers))
    second = fetch(mirror.url)
    assert (first, second) == (cache / NAME, cache / NAME)
    assert list(cache.iterdir()) == [cache / NAME]
    assert mirror.requests == [("/nexus.zip", None)]
    assert seen == sorted(seen)
    assert seen[-1] == (SIZE, SIZE)


DOWNLOADS = {
    "an error page": (
        lambda request: request.send_error(503, "Busy"),
        FAILED,
        "the server answered 503 Busy",
    ),
    "a login page": (give_bytes(b"<html>"), WRONG, "its size is 6 bytes"),
    "a broken connection": (give_bytes(b"PK", promised=SIZE), FAILED, "Connection broken"),
    "other bytes": (give_bytes(bytes(SIZE)), WRONG, "its SHA-256 is "),
    "no end": (give_no_end, WRONG, "its size is "),
}


@pytest.mark.parametrize(("answer", "problem", "why"), DOWNLOADS.values(), ids=DOWNLOADS)
def test_of_a_wrong_download_nothing_is_kept(
    fetch: Callable[..., Path],
    cache: Path,
    mirror: Mirror,
    answer: Answer,
    problem: str,
    why: str,
) -> None:
    mirror.answer = answer
    with raises_error(NEXUS_NOT_STARTED, match=problem) as caught:
        fetch(mirror.url)
    answers = caught.value.answers()
    assert (answers["where"], why in answers["why"]) == (mirror.url, True)
    assert list(cache.iterdir()) == []


def test_an_unknown_ca_is_an_error(
    fetch: Callable[..., Path], mirror: Mirror, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certifi.where())
    with raises_error(NEXUS_NOT_STARTED, match="CERTIFICATE_VERIFY"):
        fetch(mirror.url)
    assert list(cache.iterdir()) == []


def test_an_interrupt_leaves_nothing(
    fetch: Callable[..., Path], cache: Path, archive: Path, mirror: Mirror
) -> None:
    def interrupt(received: int, _total: int) -> None:
        if received > SIZE // 2:
            raise KeyboardInterrupt

    mirror.answer = give_file(archive)
    with pytest.raises(KeyboardInterrupt):
        fetch(mirror.url, interrupt)
    assert list(cache.iterdir()) == []


def test_a_login_in_the_address_is_sent_and_never_shown(
    fetch: Callable[..., Path], mirror: Mirror
) -> None:
    with raises_error(NEXUS_NOT_STARTED, match=FAILED) as caught:
        fetch(f"https://me:s3cret%21@{mirror.host}/nexus.zip")
    assert mirror.requests == [("/nexus.zip", "Basic bWU6czNjcmV0IQ==")]
    assert caught.value.answers()["where"] == mirror.url
    assert "s3cret" not in str(caught.value)


def test_the_client_library_names_the_address() -> None:
    address = find_address()
    assert address.startswith("https://")
    assert address.endswith(f"/org/sonatype/nexus/assemblies/nexus-base-template/3.30.0-01/{NAME}")


def test_without_the_client_library_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    monkeypatch.setitem(sys.modules, "maven_artifact.artifact", None)
    with raises_error(NEXUS_NOT_STARTED) as caught:
        fetch_archive(cache, environ={}, progress=ignore)
    assert str(caught.value) == (
        "error E342: the address of Nexus cannot be found\n"
        "  where: org.sonatype.nexus.assemblies:nexus-base-template:zip:3.30.0-01\n"
        "  why:   the library maven-artifact is not installed\n"
        "  next:  pip install 'releasekit[nexus]' "
        "(or set RELEASEKIT_NEXUS_ZIP to a file or address)"
    )
