"""The archive of Nexus: found by its coordinates, downloaded once, and known by its SHA-256."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from .errors import ArchiveMissing, DownloadFailed, ResolverMissing, WrongArchive

if TYPE_CHECKING:
    import requests

VERSION = "3.30.0-01"
COORDINATES = f"org.sonatype.nexus.assemblies:nexus-base-template:zip:{VERSION}"
SIZE = 127_258_679
SHA256 = "9458436daaa222f27e8163ae1bc752af1911136de9aa33e6324567a9b6e9253c"

VARIABLE = "RELEASEKIT_NEXUS_ZIP"
CHUNK = 1 << 20
CONNECT_SECONDS, READ_SECONDS = 15.0, 60.0

Progress = Callable[[int, int], None]
"""Called with the bytes that have come and the bytes there are."""


def fetch_archive(
    cache: Path,
    *,
    environ: Mapping[str, str],
    session: requests.Session | None,
    progress: Progress,
) -> Path:
    """Give the genuine archive: the file that RELEASEKIT_NEXUS_ZIP names, or the cached one.

    Where the cache has none, or a damaged one, it is downloaded. For one process at a time.
    Raises ArchiveMissing, WrongArchive, DownloadFailed, ResolverMissing.
    """
    given = environ.get(VARIABLE, "")
    if given and "://" not in given:
        return _check_files(Path(given).expanduser())
    target = cache / f"nexus-base-template-{VERSION}.zip"
    if not target.is_file() or _find_fault(target):
        _download(given or find_address(), target, session, progress)
    return target


def _check_files(path: Path) -> Path:
    if not path.is_file():
        raise ArchiveMissing(where=str(path), why="there is no such file")
    if fault := _find_fault(path):
        raise WrongArchive(where=str(path), why=fault)
    return path


def find_address() -> str:
    """Ask the client library for the address; this repository holds none."""
    try:
        artifact = importlib.import_module("maven_artifact.artifact").Artifact
        resolver = importlib.import_module("maven_artifact.resolver").Resolver
    except ImportError as error:
        raise ResolverMissing(where=COORDINATES) from error
    return str(resolver.default().uri_for_artifact(artifact.parse(COORDINATES)))


def _download(
    address: str, target: Path, session: requests.Session | None, progress: Progress
) -> None:
    part = target.with_name(f"{target.name}.part")
    try:
        _stream(address, part, session, progress)
        if fault := _find_fault(part):
            raise WrongArchive(where=_hide_login(address), why=fault)
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)


def _stream(address: str, part: Path, session: requests.Session | None, progress: Progress) -> None:
    import requests

    where, received = _hide_login(address), 0
    timeout = (CONNECT_SECONDS, READ_SECONDS)
    try:
        with (
            (session or requests).get(
                where, stream=True, timeout=timeout, auth=_find_login(address)
            ) as answer,
            part.open("wb") as file,
        ):
            if not answer.ok:
                why = f"the server answered {answer.status_code} {answer.reason}"
                raise DownloadFailed(where=where, why=why)
            for chunk in answer.iter_content(CHUNK):
                file.write(chunk)
                received += len(chunk)
                progress(received, SIZE)
                if received > SIZE:
                    break
    except requests.RequestException as error:
        raise DownloadFailed(where=where, why=str(error)) from error


def _hide_login(address: str) -> str:
    """Take the user name and the password out of an address, so that no message can hold them."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _find_login(address: str) -> tuple[str, str] | None:
    parts = urlsplit(address)
    if parts.username is None:
        return None
    return unquote(parts.username), unquote(parts.password or "")


def _find_fault(path: Path) -> str:
    """Say what is wrong with an archive; nothing where it is genuine."""
    if (size := path.stat().st_size) != SIZE:
        return f"its size is {size} bytes, that of Nexus {VERSION} is {SIZE}"
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    if digest.hexdigest() == SHA256:
        return ""
    return f"its SHA-256 is {digest.hexdigest()}, that of Nexus {VERSION} is {SHA256}"
