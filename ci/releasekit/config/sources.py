"""The settings of a project: its files, then the environment, as one value or all problems."""

import codecs
import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from pydantic import ValidationError

from releasekit.config.settings import KEYS, Settings
from releasekit.config.severity import find_wrong_rules, merge_severities, suggest
from releasekit.errors import InvalidConfiguration, setup, usage
from releasekit.plural import plural
from releasekit.toml import tomllib

PREFIX = "RELEASEKIT_"
# What has the prefix and is no key: secrets, what a CI template says, the archive of `nexus`.
NOT_KEYS = tuple(
    f"{PREFIX}{name}"
    for name in (
        *("TEMPLATE", "PROOF_SHA256", "NEXUS_ZIP", "PUBLISHER_PASSWORD", "PROXY_PASSWORD"),
        *("READER_USERNAME", "READER_PASSWORD", "ADMIN_USERNAME", "ADMIN_PASSWORD"),
    )
)
# How editors and PowerShell of Windows begin a file, and Python's names of these encodings.
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A place that keys come from, weakest first: a file's table, the environment, options."""

    name: str
    values: Mapping[str, Any]
    spelled: Mapping[str, str]
    """How that place spells each key."""


def read_table(name: str, table: Mapping[str, Any]) -> Source:
    """Return the keys of a TOML table."""
    return Source(name=name, values=table, spelled={key: f"{name} {key}" for key in table})


def read_environment(environ: Mapping[str, str]) -> Source:
    """Return the keys that the environment sets; RELEASEKIT_TAG names a tag and is no key."""
    names = {
        name.removeprefix(PREFIX).lower().replace("_", "-"): name
        for name, value in environ.items()
        if value and name.startswith(PREFIX) and name not in NOT_KEYS
    }
    # RELEASEKIT_RELEASE_... is what release.env tells later jobs, and no setting of theirs.
    keys = [key for key in names if key != "tag" and not names[key].startswith(f"{PREFIX}RELEASE_")]
    return Source(
        name="environment",
        values={key: environ[names[key]] for key in keys},
        spelled={key: names[key] for key in keys},
    )


def parse_settings(sources: Iterable[Source]) -> Settings:
    """Merge the sources, a later one beats an earlier one.

    Raises InvalidConfiguration with every problem of every source.
    """
    values: dict[str, Any] = {}
    spelled: dict[str, str] = {}
    names: list[str] = []
    problems: list[str] = []
    for source in sources:
        names.append(source.name)
        spelled |= source.spelled
        own = source.values.get("severity")
        problems += find_wrong_rules(own, spelled.get("severity", ""))
        severities = merge_severities(values.get("severity"), own)
        values |= source.values
        if severities is not None:
            values["severity"] = severities
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        problems += _render_problems(error, spelled)
        settings = Settings()
    if problems:
        raise _refusal(", ".join(names), *problems)
    return settings


def _render_problems(error: ValidationError, spelled: Mapping[str, str]) -> list[str]:
    problems = []
    for problem in error.errors(include_url=False, include_input=False):
        key, *rest = [str(part) for part in problem["loc"]] or ["names"]
        path = ".".join([spelled.get(key, key), *(p for p in rest if not p.startswith("function"))])
        message = problem["msg"].removeprefix("Value error, ")
        message = f"{message[0].lower()}{message[1:]}"
        if problem["type"] == "extra_forbidden":
            message = f"there is no such key{'' if rest else suggest(key, KEYS)}"
        problems.append(f"{path}: {message}")
    return problems


def _refusal(source: str, *problems: str) -> InvalidConfiguration:
    return InvalidConfiguration(
        usage.INVALID_CONFIGURATION,
        source=source,
        places=plural(len(problems), "place"),
        problems="\n".join(problems),
    )


def read_settings(root: Path, environ: Mapping[str, str]) -> Settings:
    """Read the settings of the project and the environment; raises InvalidConfiguration.

    Those of the project are in `releasekit.toml` where it exists, else in `[tool.releasekit]`.
    """
    tool = (_read_toml(root / "pyproject.toml") or {}).get("tool", {})
    table = tool.get("releasekit", {}) if isinstance(tool, Mapping) else tool
    name = f"{root / 'pyproject.toml'} [tool.releasekit]"
    if (own := _read_toml(root / "releasekit.toml")) is not None:
        table, name = own, str(root / "releasekit.toml")
    if not isinstance(table, Mapping):
        raise _refusal(name, "this is not a table")
    settings = parse_settings([read_table(name, table), read_environment(environ)])
    constraints = settings.build_constraints
    if constraints and not (root / constraints).is_file():
        raise _refusal(name, f"build-constraints: there is no file {root / constraints}")
    return settings


def read_name(root: Path) -> str | None:
    """Return the normalized name that a project states for all to read; None if it does not."""
    name = _find(_read_pyproject(root), "project", "name")
    return canonicalize_name(name) if isinstance(name, str) else None


def read_needs(root: Path) -> frozenset[str]:
    """Return the normalized names of the requirements that pyproject.toml states, extras included.

    What a backend computes is not known before the build.
    """
    pyproject = _read_pyproject(root)
    extras = _find(pyproject, "project", "optional-dependencies")
    lists = [
        _find(pyproject, "build-system", "requires"),
        _find(pyproject, "project", "dependencies"),
        *(extras.values() if isinstance(extras, dict) else ()),
    ]
    poetry = _find(pyproject, "tool", "poetry", "dependencies")
    names = set(poetry) if isinstance(poetry, dict) else set()
    for text in (text for found in lists if isinstance(found, list) for text in found):
        with contextlib.suppress(InvalidRequirement, TypeError):
            names.add(Requirement(text).name)
    return frozenset(map(canonicalize_name, names))


def _find(table: object, *path: str) -> object:
    for key in path:
        table = table.get(key) if isinstance(table, Mapping) else None
    return table


def _read_pyproject(root: Path) -> Mapping[str, Any]:
    with contextlib.suppress(InvalidConfiguration, OSError):  # raised again with the settings
        return _read_toml(root / "pyproject.toml") or {}
    return {}


def _read_toml(path: Path) -> Mapping[str, Any] | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            raise InvalidConfiguration(
                setup.BYTE_ORDER_MARK, path=str(path), name=path.name, encoding=encoding
            )
    try:
        return tomllib.loads(content.decode("utf-8").replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _refusal(str(path), str(error)) from error
