"""What uv's settings say about where build requirements come from; nothing else is passed on.

`[tool.uv]` is about a developer's environment, too: uv 0.13 refuses to run for `required-version`
and `all-extras`, and installs into the working tree for `target`. Where a build requirement comes
from decides which code builds the release: `[tool.uv.sources]` is followed, as `uv build` does, or
refused by name.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from releasekit.errors import BrokenSettings, ReleasekitError, refused, usage
from releasekit.uv.indexes import (
    is_needed,
    is_on,
    read_user_uv,
    read_uv_folder,
    read_uv_table,
    split_table,
)

PLACES = ("index", "extra-index-url", "find-links")  # there may be directories in them
LISTS = (*PLACES, "build-constraint-dependencies")
OF_A_PROJECT = (
    *("index-url", "no-index", "index-strategy", "keyring-provider", "exclude-newer"),
    *("exclude-newer-package", "no-sources"),
    *LISTS,
)
# How a machine reaches its indexes: the user's and the system's uv.toml say it, no project does.
# Keys are those of uv 0.13 (docs, reference/settings).
OF_THE_MACHINE = (
    *("allow-insecure-host", "native-tls", "system-certs", "offline", "cache-dir", "no-cache"),
    *("http-proxy", "https-proxy", "no-proxy", "concurrent-downloads", "concurrent-installs"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildSettings:
    """What uv is configured with when it installs build requirements."""

    table: Mapping[str, Any] = field(repr=False)
    """In place of all settings files."""
    sources: Mapping[str, Sequence[Any]] = field(default_factory=dict, repr=False)
    """Tables of `[tool.uv.sources]` by the requirements that they are for."""
    indexes: Sequence[Any] = field(default=(), repr=False)

    @property
    def tables(self) -> list[Mapping[str, Any]]:
        """Return the tables of settings that uv reads."""
        named = {"index": self.indexes, "sources": self.sources}
        return [self.table, *([named] if self.sources else [])]

    @property
    def addressed(self) -> Iterator[str]:
        """Yield sources with an address as requirements that have it (PEP 508)."""
        for text, used in self.sources.items():
            name = Requirement(text).name
            yield from (f"{name} @ git+{source['git']}" for source in used if "git" in source)
            yield from (f"{name} @ {source['url']}" for source in used if "url" in source)

    def write(self, folder: Path, requires: set[str]) -> tuple[Path, tuple[str, ...], str]:
        """Write the settings for uv, and a project that needs what has a source.

        Return the settings file, the options that say where the requirements are, and those for
        standard input: their addresses may have passwords. uv follows sources of a project alone,
        not of a list of requirements (uv 0.13).
        """
        import tomlkit  # most projects have nothing to write

        config, project = folder / "uv.toml", folder / "pyproject.toml"
        config.write_text(tomlkit.dumps(self.table) if self.table else "", encoding="utf-8")
        listed = "\n".join(sorted(requires - self.sources.keys()))
        if not self.sources:
            return config, ("-r", "-"), listed
        named = {Requirement(text).name: found for text, found in self.sources.items()}
        needs = {
            "name": "releasekit-build-requirements",
            "version": "0",
            "dependencies": sorted(self.sources),
        }
        tool = {"uv": {"index": list(self.indexes), "sources": named}}
        project.write_text(tomlkit.dumps({"project": needs, "tool": tool}), encoding="utf-8")
        return config, ("-r", "-", "-r", str(project)) if listed else ("-r", str(project)), listed


def read_build_settings(
    root: Path, environ: Mapping[str, str], requires: Collection[str]
) -> BuildSettings:
    """Read what uv is configured with for a project; raises BrokenSettings, SOURCE_NOT_FOLLOWED.

    uv takes the settings of the workspace, or of the nearest directory that has any; then the
    user's; then the system's. Sources and the indexes that they name are the workspace's and the
    project's own.
    """
    own, found = read_uv_table(root), _find_workspace(root)
    workspace = read_uv_table(found) if found and found != root else {}
    parts = ((own, root), (workspace, found or root))
    for part, folder in parts:
        _refuse_malformed(part, folder)
    table: dict[str, Any] = {}
    for weaker in _read_tables(root, found, environ):
        lists = {key: [*table.get(key, ()), *weaker[key]] for key in LISTS if key in weaker}
        table = {**weaker, **table, **lists}
    if pins := table.get("build-constraint-dependencies"):
        table["constraint-dependencies"] = pins  # for what is installed, and for what that needs
    if table.pop("no-sources", False) or is_on(environ.get("UV_NO_SOURCES", "")):
        return BuildSettings(table=table)
    sources: dict[str, Any] = {
        canonicalize_name(name): source if isinstance(source, list) else [source]
        for part in (workspace, own)
        for name, source in part.get("sources", {}).items()
    }
    indexes = [_resolve(one, folder) for part, folder in parts for one in part.get("index", [])]
    return BuildSettings(
        table=table, sources=_choose_sources(sources, requires, root), indexes=indexes
    )


def _choose_sources(
    sources: Mapping[str, Any], requires: Collection[str], root: Path
) -> dict[str, list[Any]]:
    """Return the sources of these requirements, which have to lead away from this machine.

    Not `path`, `workspace` and the like: the wheel is built from the sdist, which has no directory
    beside it.
    """
    found = {}
    for text in sorted(requires):
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        name = canonicalize_name(requirement.name)
        if requirement.url is not None or not is_needed(requirement):
            continue
        used = [source for source in sources.get(name, ()) if _is_used(source)]
        for source in used:
            if not any(key in source for key in ("index", "git", "url")):
                shown = ", ".join(f"{key} = {json.dumps(source[key])}" for key in source)
                raise ReleasekitError(
                    refused.SOURCE_NOT_FOLLOWED, name=name, root=str(root), source=shown
                )
        if used:
            found[text] = used
    return found


def _is_used(source: Any) -> bool:
    if not isinstance(source, Mapping) or "extra" in source or "group" in source:
        return False
    try:
        return "marker" not in source or Marker(source["marker"]).evaluate()
    except (InvalidMarker, TypeError):
        return True  # uv says what is wrong with it


def _read_tables(
    root: Path, workspace: Path | None, environ: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Yield what is passed on of each settings file that uv takes, the strongest first."""
    if not is_on(environ.get("UV_NO_CONFIG", "")) and not environ.get("UV_CONFIG_FILE"):
        for folder in (workspace,) if workspace else (root, *root.parents):
            if (table := read_uv_folder(folder)) is not None:
                yield _keep(table, OF_A_PROJECT, folder)
                break
    for path, table in read_user_uv(environ):
        yield _keep(table, (*OF_A_PROJECT, *OF_THE_MACHINE), path.parent)


def _keep(table: Mapping[str, Any], keys: Collection[str], folder: Path) -> dict[str, Any]:
    """Return these keys of a file's table; its part for `uv pip` beats it, and lists are joined."""
    parts = split_table(table)
    kept = {key: part[key] for key in keys for part in parts if key in part}
    for key in kept.keys() & LISTS:
        kept[key] = [one for part in reversed(parts) for one in part.get(key, ())]
    for key in kept.keys() & PLACES:
        kept[key] = [_resolve(one, folder) for one in kept[key]]
    return kept


def _resolve(link: Any, folder: Path) -> Any:
    """Return an index or a link with its directory named from the root: uv starts at the file's."""
    if isinstance(link, Mapping):
        return {**link, "url": _resolve(link.get("url"), folder)}
    is_path = isinstance(link, str) and not re.match(r"[\w.+-]+:|\$", link)
    return str(folder / link) if is_path else link


def _refuse_malformed(table: Mapping[str, Any], root: Path) -> None:
    """Raise BROKEN_SETTINGS for what uv itself would pass over, with a warning."""
    wrong = [key for key in ("pip", "sources") if not isinstance(table.get(key, {}), Mapping)]
    if not wrong:
        parts = split_table(table)
        wrong = [key for key in LISTS for t in parts if not isinstance(t.get(key, []), list)]
        for name, source in table.get("sources", {}).items():
            sources = source if isinstance(source, list) else [source]
            if not all(isinstance(one, Mapping) for one in sources):
                wrong.append(f"sources.{name}")
    if wrong:
        raise BrokenSettings(
            usage.BROKEN_SETTINGS,
            path=f"{root}: pyproject.toml, [tool.uv], or uv.toml",
            reason=f"{wrong[0]} has another form than uv reads",
        )


def _find_workspace(root: Path) -> Path | None:
    for folder in (root, *root.parents):
        workspace = read_uv_table(folder).get("workspace")
        if isinstance(workspace, Mapping):
            path = root.relative_to(folder)
            members, excluded = (workspace.get(key, ()) for key in ("members", "exclude"))
            is_member = any(map(path.match, members)) and not any(map(path.match, excluded))
            return folder if folder == root or is_member else None
    return None
