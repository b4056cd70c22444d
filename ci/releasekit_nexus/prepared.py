"""What the cache holds: the archive, the application, and a data directory after a first start."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from .application import unpack
from .archive import SHA256, SIZE, VERSION, Progress, fetch_archive
from .cache import provide
from .java import find_java
from .launch import Runtime, launch
from .settings import render_properties

if TYPE_CHECKING:
    import requests

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

    Raises what `find_java` and `fetch_archive` raise.
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

    return provide(cache / f"template-{_find_key()}", make, notify) / "data"


def copy_data(source: Path, target: Path) -> None:
    """Copy a data directory of a Nexus that is stopped."""

    def find_left_out(directory: str, names: list[str]) -> list[str]:
        return [name for name in names if name in LEFT_OUT] if Path(directory) == source else []

    shutil.copytree(source, target, ignore=find_left_out)


def _find_key() -> str:
    """Give a key of everything that a template depends on."""
    parts = (SHA256, render_properties(port=0, tls=False), *LEFT_OUT)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
