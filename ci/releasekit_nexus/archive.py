"""The archive of Nexus: downloaded once, known by its SHA-256, unpacked for every instance."""

from __future__ import annotations

import hashlib
import importlib
import shutil
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from releasekit.errors import ReleasekitError
from releasekit.errors.failed import NEXUS_NOT_STARTED

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
    """Return the genuine archive: the file that RELEASEKIT_NEXUS_ZIP names, or the cached one.

    Where the cache has none, or a damaged one, it is downloaded. For one process at a time.
    Raises NEXUS_NOT_STARTED.
    """
    given = environ.get(VARIABLE, "")
    if given and "://" not in given:
        path = Path(given).expanduser()
        if not path.is_file():
            raise ReleasekitError(
                NEXUS_NOT_STARTED,
                problem=f"{VARIABLE} names no file",
                place=str(path),
                reason="there is no such file",
                fix="give it the path of the archive, or an address that begins with https://",
            )
        if fault := _find_fault(path):
            raise _wrong_archive(str(path), fault)
        return path
    target = cache / f"nexus-base-template-{VERSION}.zip"
    if not target.is_file() or _find_fault(target):
        _download(given or find_address(), target, session, progress)
    return target


def find_address() -> str:
    """Ask the client library for the address; this repository holds none.

    Raises NEXUS_NOT_STARTED.
    """
    try:
        artifact = importlib.import_module("maven_artifact.artifact").Artifact
        resolver = importlib.import_module("maven_artifact.resolver").Resolver
    except ImportError as error:
        raise ReleasekitError(
            NEXUS_NOT_STARTED,
            problem="the address of Nexus cannot be found",
            place=COORDINATES,
            reason="the library maven-artifact is not installed",
            fix=f"pip install 'releasekit[nexus]' (or set {VARIABLE} to a file or address)",
        ) from error
    return str(resolver.default().uri_for_artifact(artifact.parse(COORDINATES)))


def _download(
    address: str, target: Path, session: requests.Session | None, progress: Progress
) -> None:
    import requests
    from requests.utils import get_auth_from_url

    # The login is taken out of the address, so that no message can hold it.
    parts, login = urlsplit(address), get_auth_from_url(address)
    place = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    part = target.with_name(f"{target.name}.part")
    try:
        with (session or requests).get(
            place,
            stream=True,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            auth=login if any(login) else None,
        ) as answer:
            if not answer.ok:
                reason = f"the server answered {answer.status_code} {answer.reason}"
                raise _download_failed(place, reason)
            _save(answer, part, progress)
        if fault := _find_fault(part):
            raise _wrong_archive(place, fault)
        part.rename(target)
    except requests.RequestException as error:
        raise _download_failed(place, str(error)) from error
    finally:
        part.unlink(missing_ok=True)


def _download_failed(place: str, reason: str) -> ReleasekitError:
    return ReleasekitError(
        NEXUS_NOT_STARTED,
        problem="Nexus could not be downloaded",
        place=place,
        reason=reason,
        fix="check the network and HTTPS_PROXY, then run this again;\n"
        f"or download it elsewhere and set {VARIABLE} to the file",
    )


def _wrong_archive(place: str, reason: str) -> ReleasekitError:
    return ReleasekitError(
        NEXUS_NOT_STARTED,
        problem="this is not the Nexus that is wanted",
        place=place,
        reason=reason,
        fix="get the file again; a mirror or a proxy may have answered with a page of its own",
    )


def _save(answer: requests.Response, path: Path, progress: Progress) -> None:
    """Write a body to a file; one that is too long is cut, and refused for its size."""
    received = 0
    with path.open("wb") as file:
        for chunk in answer.iter_content(CHUNK):
            received += file.write(chunk)
            progress(received, SIZE)
            if received > SIZE:
                break


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


NAME = f"nexus-base-template-{VERSION}"
SHARED = ("lib", "public", "system")
OWN = ("bin", "deploy", "etc")


def unpack(archive: Path, directory: Path) -> None:
    """Unpack the archive; its data directory is left out, for every instance gets one."""
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(
            directory, members=[name for name in opened.namelist() if name.startswith(NAME)]
        )
    # zipfile drops the modes; only the start script needs one.
    (directory / NAME / "bin" / "nexus").chmod(0o755)


def make_instance(unpacked: Path, directory: Path) -> None:
    """Make the application directory of one instance.

    Karaf writes into etc/; two instances that share it hang for ever
    (docs/nexus-behaviour.md#one-application-directory-per-instance). Symbolic links serve for the
    rest, also where cache and instance are on different file systems.
    """
    directory.mkdir()
    for name in SHARED:
        (directory / name).symlink_to(unpacked / NAME / name, target_is_directory=True)
    for name in OWN:
        shutil.copytree(unpacked / NAME / name, directory / name)
