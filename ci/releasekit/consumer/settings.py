"""What pip, uv and poetry need to install from the group: settings, files, lines for a shell."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from releasekit.outcome import Clean, Line, Result
from releasekit.plural import plural
from releasekit.redact import MARK, hide_credentials, map_all_texts, map_texts


@dataclass(frozen=True, kw_only=True, slots=True)
class Consumer:
    """Where packages come from, and what proves that server."""

    index: str
    """The repository's name, which uv and poetry give the index."""
    index_url: str
    ca_file: Path | None
    """A PEM file with all that is trusted; None where the system's store is enough."""
    client_cert: str | None = None

    @property
    def files(self) -> dict[str, str]:
        """Return what proves the server, and the client, by the names that pip and poetry use."""
        files = {"cert": self.ca_file, "client-cert": self.client_cert}
        return {key: str(path) for key, path in files.items() if path}


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where settings of pip and uv live together."""

    name: str
    folder: Path
    """For pip.conf, and for the certificates."""
    uv_toml: Path
    exports: tuple[str, ...] = ()
    """Variables without which pip or uv would not find their files there."""

    @property
    def pip_conf(self) -> Path:
        """Return the path of pip's settings file."""
        return self.folder / "pip.conf"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A setting that a file is to get; credentials in an old value are not shown."""

    key: str
    old: str | None
    new: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FilePlan:
    """What is to become of one file; without changes it stays as it is."""

    path: Path
    changes: tuple[Change, ...]
    text: str = field(repr=False)
    backup: Path | None = None
    """Where the file as it was stays; None where no value of the user's is replaced."""


def find_changes(wanted: Mapping[str, str], present: Mapping[str, str]) -> tuple[Change, ...]:
    """Compare settings; what is not wanted is left alone."""
    shown = {key: hide_credentials(value, MARK) for key, value in present.items()}
    return tuple(
        Change(key=key, old=shown.get(key), new=value)
        for key, value in wanted.items()
        if present.get(key) != value
    )


def pip_options(consumer: Consumer) -> dict[str, str]:
    """Return the options of pip.conf, as `section.key`."""
    files = {f"global.{key}": path for key, path in consumer.files.items()}
    return {"global.index-url": consumer.index_url, **files}


def find_exports(consumer: Consumer, place: Place, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what a shell has to set: uv has no setting for a CA file (astral-sh/uv#6715)."""
    files = {"PIP_CONFIG_FILE": str(place.pip_conf), "UV_CONFIG_FILE": str(place.uv_toml)}
    exports = {name: files[name] for name in place.exports}
    if consumer.ca_file:
        # They beat `cert` of pip.conf (REQUESTS_CA_BUNDLE even `pip --cert`: psf/requests#3829).
        named = filter(environ.get, ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))
        exports |= dict.fromkeys(("SSL_CERT_FILE", *named), str(consumer.ca_file))
    elif consumer.index_url.startswith("https://"):
        exports["UV_SYSTEM_CERTS"] = "true"
    if consumer.client_cert:
        exports["SSL_CLIENT_CERT"] = consumer.client_cert
    return exports


def poetry_commands(consumer: Consumer) -> tuple[str, ...]:
    """Return what makes poetry install from the group: its settings lie in projects and its own.

    A primary source switches its implicit public index off (poetry 1.5 and newer).
    """
    name = consumer.index
    return (
        f"poetry source add --priority=primary {name} {consumer.index_url}",
        *(
            f"poetry config certificates.{name}.{key} {shlex.quote(path)}"
            for key, path in consumer.files.items()
        ),
    )


def find_notes(
    program: str, present: Mapping[str, str], wanted: Mapping[str, str]
) -> Iterable[str]:
    """Yield which options of a program's file stay and work against the settings."""
    for option, value in present.items():
        section, _, key = option.rpartition(".")
        shown = hide_credentials(" ".join(value.split()), MARK)
        stays = f"{program}: {option} = {shown} stays"
        if f"global.{key}" in wanted and section != "global":
            yield f"{stays}, and beats global.{key}"
        if key == "extra-index-url":
            yield f"{stays}: a package there can shadow one of the group"
        if key in ("trusted-host", "allow-insecure-host"):
            yield f"{stays}, and switches the check of certificates off: remove it"


def find_environ_notes(environ: Mapping[str, str], exports: Mapping[str, str]) -> Iterable[str]:
    """Yield which variables of this shell work against the files."""
    indexes = ("PIP_INDEX_URL", "PIP_CONFIG_FILE", "UV_DEFAULT_INDEX", "UV_INDEX_URL")
    for name in filter(environ.get, (*indexes, "UV_CONFIG_FILE")):
        if name not in exports:
            yield f"{name} is set here, and beats these files: unset {name}"
    for name in filter(environ.get, ("PIP_EXTRA_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL")):
        yield f"{name} is set here: a package there can shadow one of the group"


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingsPlanned(Result):
    """What is to become of the files of one place, and what no file can hold."""

    step: ClassVar[str] = "plan"
    place: str
    files: tuple[FilePlan, ...]
    exports: tuple[str, ...]
    """Lines for a shell."""
    poetry: tuple[str, ...]

    @property
    def changed(self) -> tuple[FilePlan, ...]:
        """Return the files that are to be written."""
        return tuple(file for file in self.files if file.changes)

    @property
    def count(self) -> int:
        """Return how many settings are to be written."""
        return sum(len(file.changes) for file in self.files)

    def describe(self) -> str:
        """Return how much there is to write."""
        if not self.changed:
            return f"nothing to change: pip and uv are set up ({self.place})"
        return f"{plural(self.count, 'setting')} to write ({self.place})"

    def details(self) -> Iterable[Line]:
        """Yield what is to be written, and lines for a shell and for poetry."""
        for file in self.changed:
            yield Line((("          ", ""), (str(file.path), "bold")))
            for change in file.changes:
                sign, old = ("+", "") if change.old is None else ("~", f"{change.old} -> ")
                line = f"{sign:<2}{change.key}: {old}{change.new}"
                yield Line((("            ", ""), (line, "green" if sign == "+" else "yellow")))
        yield from (labelled("shell", line) for line in self.exports)
        yield from (labelled("poetry", line) for line in self.poetry)

    def document(self) -> dict[str, Any]:
        """Return what is planned for the files of a place."""
        files = [
            {
                "path": str(file.path),
                "backup": str(file.backup) if file.backup else None,
                "changes": [{"key": c.key, "old": c.old, "new": c.new} for c in file.changes],
            }
            for file in self.files
        ]
        shell, poetry = list(self.exports), list(self.poetry)
        return {"settings": {"place": self.place, "files": files, "shell": shell, "poetry": poetry}}

    def redact(self, clean: Clean) -> Result:
        """Return it with clean texts."""
        files = tuple(
            replace(file, changes=map_all_texts(file.changes, clean, "old", "new"))
            for file in self.files
        )
        return replace(map_texts(self, clean, "exports", "poetry"), files=files)


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingsWritten(SettingsPlanned):
    """The settings of pip and uv are in their files."""

    step: ClassVar[str] = "write"

    def describe(self) -> str:
        """Return the files that were written, and where the old ones are."""
        if not self.changed:
            return "nothing was left to write"
        kept = [str(file.backup) for file in self.changed if file.backup]
        backups = f"; what was there is kept as {', '.join(kept)}" if kept else ""
        return f"{', '.join(file.path.name for file in self.changed)}{backups}"

    def details(self) -> Iterable[Line]:
        """Return nothing: the plan showed it."""
        return ()


def labelled(label: str, text: str) -> Line:
    """Return a line with a label, as those of steps have."""
    return Line(((f"{label:<9} ", "bold"), (text, "")))
