"""The settings of a project: its files, then the environment, as one value or all problems."""

from __future__ import annotations

import codecs
import contextlib
import difflib
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from pydantic import ValidationError

from releasekit.checks.model import Severity
from releasekit.config.settings import KEYS, Settings
from releasekit.config.severity import find_rules, merge_severities
from releasekit.errors import InvalidConfiguration
from releasekit.errors.setup import BYTE_ORDER_MARK
from releasekit.errors.usage import INVALID_CONFIGURATION
from releasekit.plural import plural

ENVIRONMENT_PREFIX = "RELEASEKIT_"
NOT_KEYS = (
    "RELEASEKIT_TEMPLATE",
    "RELEASEKIT_PROOF_SHA256",
    "RELEASEKIT_READER_USERNAME",
    "RELEASEKIT_READER_PASSWORD",
    "RELEASEKIT_ADMIN_USERNAME",
    "RELEASEKIT_ADMIN_PASSWORD",
    "RELEASEKIT_NEXUS_ZIP",
    "RELEASEKIT_PUBLISHER_PASSWORD",
    "RELEASEKIT_PROXY_PASSWORD",
)
"""What has the prefix and is no key: secrets, what a CI template says, the archive of `nexus`."""
OF_A_RELEASE = "RELEASEKIT_RELEASE_"
"""Begins what release.env tells later jobs; it is no setting of theirs."""

BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""How editors and PowerShell of Windows begin a file, and Python's names of these encodings."""


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
        name.removeprefix(ENVIRONMENT_PREFIX).lower().replace("_", "-"): name
        for name, value in environ.items()
        if name.startswith(ENVIRONMENT_PREFIX)
        and not name.startswith(OF_A_RELEASE)
        and name not in NOT_KEYS
        and value
    }
    names.pop("tag", None)
    values = {key: environ[name] for key, name in names.items()}
    return Source(name="environment", values=values, spelled=names)


def parse_settings(sources: Iterable[Source]) -> Settings:
    """Merge the sources, a later one beats an earlier one.

    Raises InvalidConfiguration with every problem of every source.
    """
    values: dict[str, Any] = {}
    spelled: dict[str, str] = {}
    names: list[str] = []
    problems: list[str] = []
    for source in sources:
        problems += _find_wrong_rules(source)
        severities = merge_severities(values.get("severity"), source.values.get("severity"))
        values |= source.values
        if severities is not None:
            values["severity"] = severities
        spelled |= source.spelled
        names.append(source.name)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        problems += _render_problems(error, spelled)
        settings = Settings()
    if problems:
        raise InvalidConfiguration(
            INVALID_CONFIGURATION,
            source=", ".join(names),
            places=plural(len(problems), "place"),
            problems="\n".join(problems),
        )
    return settings


def _find_wrong_rules(source: Source) -> Iterator[str]:
    """Find what a source says of checks that there are not, or that no configuration may touch."""
    rules = tuple(find_rules(source.values.get("severity")))
    if not rules:
        return
    from releasekit.checks.catalog import CHECKS, CODES

    checks = {check.code: check for check in CHECKS}
    for table, code, rule in rules:
        where = f"{source.spelled['severity']}{table}"
        severity, reason = (
            (rule.get("severity"), rule.get("reason"))
            if isinstance(rule, Mapping)
            else (None, None)
        )
        check = checks.get(code)
        if check is None:
            yield f"{where}: there is no check {code}{_suggest(code, CODES)}"
        elif check.fixed and severity != check.severity.value:
            yield f"{where}: {code} stays an error: a guarantee rests on it"
        elif check.severity is Severity.ERROR and severity == "off" and not reason:
            yield (
                f"{where}: {code} is an error: to waive it, give the reason, as in "
                f'{code} = {{ severity = "off", reason = "…" }} '
                f'(RELEASEKIT_SEVERITY="{code}=off: …")'
            )


def _render_problems(error: ValidationError, spelled: Mapping[str, str]) -> list[str]:
    problems = []
    for problem in error.errors(include_url=False, include_input=False):
        key, *rest = [str(part) for part in problem["loc"]] or ["names"]
        path = ".".join([spelled.get(key, key), *(p for p in rest if not p.startswith("function"))])
        if problem["type"] == "extra_forbidden":
            problems.append(f"{path}: there is no such key{'' if rest else _suggest(key, KEYS)}")
        else:
            message = problem["msg"].removeprefix("Value error, ")
            problems.append(f"{path}: {message[0].lower()}{message[1:]}")
    return problems


def _suggest(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


def find_table(root: Path, pyproject: Mapping[str, Any], own: Mapping[str, Any] | None) -> Source:
    """Return the project's table: `releasekit.toml` where it exists, else `[tool.releasekit]`."""
    if own is not None:
        return read_table(str(root / "releasekit.toml"), own)
    name = f"{root / 'pyproject.toml'} [tool.releasekit]"
    table: object = pyproject
    for key in ("tool", "releasekit"):
        table = table.get(key, {}) if isinstance(table, Mapping) else table
    if not isinstance(table, Mapping):
        raise InvalidConfiguration(
            INVALID_CONFIGURATION, source=name, places="1 place", problems="this is not a table"
        )
    return read_table(name, table)


if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def read_settings(root: Path, environ: Mapping[str, str]) -> Settings:
    """Read the settings of the project and the environment; raises InvalidConfiguration."""
    pyproject = _read_toml(root / "pyproject.toml") or {}
    own = _read_toml(root / "releasekit.toml")
    table = find_table(root, pyproject, own)
    settings = parse_settings([table, read_environment(environ)])
    constraints = settings.build_constraints
    if constraints and not (root / constraints).is_file():
        problem = f"build-constraints: there is no file {root / constraints}"
        raise InvalidConfiguration(
            INVALID_CONFIGURATION, source=table.name, places="1 place", problems=problem
        )
    return settings


def read_name(root: Path) -> str | None:
    """Return the normalized name that a project states for all to read; None if it does not."""
    try:
        table = (_read_toml(root / "pyproject.toml") or {}).get("project")
    except (InvalidConfiguration, OSError):
        return None  # told when the project's turn comes
    name = table.get("name") if isinstance(table, dict) else None
    return canonicalize_name(name) if isinstance(name, str) else None


def read_needs(root: Path) -> frozenset[str]:
    """Return the normalized names of the requirements that pyproject.toml states, extras included.

    What a backend computes is not known before the build.
    """
    try:
        pyproject = _read_toml(root / "pyproject.toml") or {}
    except (InvalidConfiguration, OSError):
        return frozenset()  # told when the project's turn comes
    found: set[str] = set()
    for texts in _list_requirements(pyproject):
        for text in texts if isinstance(texts, list) else ():
            with contextlib.suppress(InvalidRequirement, TypeError):
                found.add(canonicalize_name(Requirement(text).name))
        found |= {canonicalize_name(name) for name in texts} if isinstance(texts, dict) else set()
    return frozenset(found)


def _list_requirements(pyproject: Mapping[str, Any]) -> Iterator[object]:
    """Yield lists of requirements (PEP 621, PEP 518), and Poetry's tables of them."""
    for path in (
        ("build-system", "requires"),
        ("project", "dependencies"),
        ("tool", "poetry", "dependencies"),
    ):
        yield _find(pyproject, *path)
    extras = _find(pyproject, "project", "optional-dependencies")
    yield from extras.values() if isinstance(extras, dict) else ()


def _find(table: object, *path: str) -> object:
    for key in path:
        table = table.get(key) if isinstance(table, Mapping) else None
    return table


def _read_toml(path: Path) -> Mapping[str, Any] | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            raise InvalidConfiguration(
                BYTE_ORDER_MARK, path=str(path), name=path.name, encoding=encoding
            )
    try:
        return tomllib.loads(content.decode("utf-8").replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidConfiguration(
            INVALID_CONFIGURATION, source=str(path), places="1 place", problems=str(error)
        ) from error
