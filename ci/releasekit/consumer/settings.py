"""What pip, uv and poetry need to install from the group: settings, files, lines for a shell."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from releasekit.outcome import Clean, Line, Result
from releasekit.plural import plural
from releasekit.redact import MARK, hide_credentials, map_all_texts, map_texts

CA_FILE = "releasekit-ca.pem"
PIP_CA_VARIABLES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""They beat `cert` of pip.conf (REQUESTS_CA_BUNDLE beats even `pip --cert`: psf/requests#3829)."""
INDEX_VARIABLES = (
    *("PIP_INDEX_URL", "PIP_CONFIG_FILE"),
    *("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_CONFIG_FILE"),
)
"""They beat the index of pip.conf and uv.toml."""
MORE_INDEX_VARIABLES = ("PIP_EXTRA_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL")
MORE_INDEXES = "extra-index-url"
UNCHECKED = ("trusted-host", "allow-insecure-host")


@dataclass(frozen=True, kw_only=True, slots=True)
class Consumer:
    """Where packages come from, and what proves that server."""

    index: str
    """The repository's name, which uv and poetry give the index."""
    index_url: str
    ca_file: Path | None
    """A PEM file with all that is trusted; None where the system's store is enough."""
    client_cert: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where settings of pip and uv live together."""

    name: str
    pip_conf: Path
    uv_toml: Path
    ca_file: Path
    exports: tuple[tuple[str, str], ...] = ()
    """Variables without which pip or uv would not find the files there."""


def virtualenv_place(folder: Path) -> Place:
    """Return an environment as a place: pip reads pip.conf in it, uv nothing without being told."""
    place = folder_place(folder)
    return replace(place, name=f"virtualenv {folder}", exports=place.exports[1:])


def folder_place(folder: Path) -> Place:
    """Return any directory as a place, which both must be told of."""
    pip_conf, uv_toml = folder / "pip.conf", folder / "uv.toml"
    return Place(
        name=f"directory {folder}",
        pip_conf=pip_conf,
        uv_toml=uv_toml,
        ca_file=folder / CA_FILE,
        exports=(("PIP_CONFIG_FILE", str(pip_conf)), ("UV_CONFIG_FILE", str(uv_toml))),
    )


def user_place(config: Path, *, pip_folder: Path | None = None) -> Place:
    """Return the user's own place; `config` is $XDG_CONFIG_HOME or ~/.config.

    On macOS pip prefers a directory of its own, where that exists.
    """
    folder = pip_folder or config / "pip"
    return Place(
        name="user",
        pip_conf=folder / "pip.conf",
        uv_toml=config / "uv" / "uv.toml",
        ca_file=folder / CA_FILE,
    )


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
    """The whole new text, with what else the file held."""

    backup: Path | None = None
    """Where the file as it was stays; None where no value of the user's is replaced."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingsPlan:
    """What is to become of the files of one place, and what no file can hold."""

    place: str
    files: tuple[FilePlan, ...]
    exports: tuple[str, ...]
    """Lines for a shell."""
    poetry: tuple[str, ...]
    """Commands for a project that poetry manages."""

    @property
    def changed(self) -> tuple[FilePlan, ...]:
        """Return the files that are to be written."""
        return tuple(file for file in self.files if file.changes)

    @property
    def count(self) -> int:
        """Return how many settings are to be written."""
        return sum(len(file.changes) for file in self.files)


def find_changes(wanted: Mapping[str, str], present: Mapping[str, str]) -> tuple[Change, ...]:
    """Compare settings; what is not wanted is left alone."""
    return tuple(
        Change(
            key=key, old=hide_credentials(present[key], MARK) if key in present else None, new=value
        )
        for key, value in wanted.items()
        if present.get(key) != value
    )


def pip_options(consumer: Consumer) -> dict[str, str]:
    """Return the options of pip.conf, as `section.key`."""
    options = {"global.index-url": consumer.index_url}
    if consumer.ca_file:
        options["global.cert"] = str(consumer.ca_file)
    if consumer.client_cert:
        options["global.client-cert"] = consumer.client_cert
    return options


def uv_index(consumer: Consumer) -> dict[str, str]:
    """Return the keys of the [[index]] table; `default` leaves the public index out."""
    return {"name": consumer.index, "url": consumer.index_url, "default": "true"}


def find_exports(
    consumer: Consumer, place: Place, environ: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """Return what a shell has to set: uv has no setting for a CA file (astral-sh/uv#6715)."""
    exports = dict(place.exports)
    if consumer.ca_file:
        named = [name for name in PIP_CA_VARIABLES if environ.get(name)]
        exports |= dict.fromkeys(("SSL_CERT_FILE", *named), str(consumer.ca_file))
    elif consumer.index_url.startswith("https://"):
        exports["UV_SYSTEM_CERTS"] = "true"
    if consumer.client_cert:
        exports["SSL_CLIENT_CERT"] = consumer.client_cert
    return tuple(exports.items())


def render_exports(exports: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """Return the lines that set variables in a shell."""
    return tuple(f"export {name}={shlex.quote(value)}" for name, value in exports)


def poetry_commands(consumer: Consumer) -> tuple[str, ...]:
    """Return what makes poetry install from the group: its settings lie in projects and its own.

    A primary source switches its implicit public index off (poetry 1.5 and newer).
    """
    name = consumer.index
    commands = [f"poetry source add --priority=primary {name} {consumer.index_url}"]
    if consumer.ca_file:
        path = shlex.quote(str(consumer.ca_file))
        commands.append(f"poetry config certificates.{name}.cert {path}")
    if consumer.client_cert:
        path = shlex.quote(consumer.client_cert)
        commands.append(f"poetry config certificates.{name}.client-cert {path}")
    return tuple(commands)


def find_pip_notes(present: Mapping[str, str], wanted: Mapping[str, str]) -> tuple[str, ...]:
    """Return what stays in pip.conf and works against the settings."""
    notes = []
    for option, value in present.items():
        section, _, key = option.rpartition(".")
        if f"global.{key}" in wanted and section != "global":
            notes.append(
                f"pip: {option} = {hide_credentials(value, MARK)} stays, and beats global.{key}"
            )
        notes += _find_dangers(f"pip: {option}", key, value)
    return tuple(notes)


def find_uv_notes(present: Mapping[str, str], others: Mapping[str, str]) -> tuple[str, ...]:
    """Return what stays in uv.toml and works against the settings; `others` are more indexes."""
    notes = [
        f"uv: index {name} ({hide_credentials(url, MARK)}) stays: uv asks it before the group"
        for name, url in others.items()
    ]
    for option, value in present.items():
        notes += _find_dangers(f"uv: {option}", option.rpartition(".")[2], value)
    return tuple(notes)


def _find_dangers(option: str, key: str, value: str) -> list[str]:
    shown = hide_credentials(" ".join(value.split()), MARK)
    if key == MORE_INDEXES:
        return [f"{option} = {shown} stays: a package there can shadow one of the group"]
    if key in UNCHECKED:
        return [f"{option} = {shown} stays, and switches the check of certificates off: remove it"]
    return []


def find_lost_credentials(changes: tuple[Change, ...]) -> tuple[str, ...]:
    """Return which old values held credentials, that the new ones do not hold."""
    return tuple(
        f"{change.key} held credentials: from now on pip and uv read them from ~/.netrc"
        for change in changes
        if change.old and MARK in change.old
    )


def find_environ_notes(environ: Mapping[str, str], exports: Mapping[str, str]) -> tuple[str, ...]:
    """Return which variables of this shell work against the files."""
    beating = [name for name in INDEX_VARIABLES if environ.get(name) and name not in exports]
    adding = [name for name in MORE_INDEX_VARIABLES if environ.get(name)]
    return (
        *(f"{name} is set here, and beats these files: unset {name}" for name in beating),
        *(f"{name} is set here: a package there can shadow one of the group" for name in adding),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingsPlanned(Result):
    """It is known what the settings of pip and uv need."""

    step: ClassVar[str] = "plan"
    plan: SettingsPlan

    def describe(self) -> str:
        """Return how much there is to write."""
        if not self.plan.changed:
            return f"nothing to change: pip and uv are set up ({self.plan.place})"
        return f"{plural(self.plan.count, 'setting')} to write ({self.plan.place})"

    def details(self) -> Iterable[Line]:
        """Return what is to be written, and lines for a shell and for poetry."""
        for file in self.plan.changed:
            yield Line((("          ", ""), (str(file.path), "bold")))
            for change in file.changes:
                sign, old = ("+", "") if change.old is None else ("~", f"{change.old} -> ")
                line = f"{sign:<2}{change.key}: {old}{change.new}"
                yield Line((("            ", ""), (line, "green" if sign == "+" else "yellow")))
        for label, lines in (("shell", self.plan.exports), ("poetry", self.plan.poetry)):
            yield from (labelled(label, line) for line in lines)

    def document(self) -> dict[str, Any]:
        """Return what is planned for the files of a place."""
        document = {
            "place": self.plan.place,
            "files": [
                {
                    "path": str(file.path),
                    "backup": str(file.backup) if file.backup else None,
                    "changes": [{"key": c.key, "old": c.old, "new": c.new} for c in file.changes],
                }
                for file in self.plan.files
            ],
            "shell": list(self.plan.exports),
            "poetry": list(self.plan.poetry),
        }
        return {"settings": document}

    def redact(self, clean: Clean) -> Result:
        """Return it with clean texts."""
        files = tuple(
            replace(file, changes=map_all_texts(file.changes, clean, "old", "new"))
            for file in self.plan.files
        )
        plan = replace(map_texts(self.plan, clean, "exports", "poetry"), files=files)
        return replace(self, plan=plan)


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingsWritten(SettingsPlanned):
    """The settings of pip and uv are in their files."""

    step: ClassVar[str] = "write"

    def describe(self) -> str:
        """Return the files that were written, and where the old ones are."""
        if not self.plan.changed:
            return "nothing was left to write"
        kept = [str(file.backup) for file in self.plan.changed if file.backup]
        backups = f"; what was there is kept as {', '.join(kept)}" if kept else ""
        return f"{', '.join(file.path.name for file in self.plan.changed)}{backups}"

    def details(self) -> Iterable[Line]:
        """Return nothing: the plan showed it."""
        return ()


def labelled(label: str, text: str) -> Line:
    """Return a line with a label, as those of steps have."""
    return Line(((f"{label:<9} ", "bold"), (text, "")))
