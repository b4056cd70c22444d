"""What uv's settings say about where build requirements come from; nothing else is passed on.

`[tool.uv]` is about a developer's environment, too: uv 0.13 refuses to run for `required-version`
and `all-extras`, and installs into the working tree for `target`. Where a build requirement comes
from decides which code builds the release: `[tool.uv.sources]` is followed, as `uv build` does, or
refused by name.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from releasekit.errors import BrokenSettings, ReleasekitError
from releasekit.errors.refused import SOURCE_NOT_FOLLOWED
from releasekit.errors.usage import BROKEN_SETTINGS
from releasekit.uv.settings_files import is_set, read_user_uv, read_uv_folder, read_uv_table

SCALARS = (
    *("index-url", "no-index", "index-strategy", "keyring-provider", "exclude-newer"),
    *("exclude-newer-package", "no-sources"),
)
LISTS = ("index", "extra-index-url", "find-links", "build-constraint-dependencies")
PLACES = ("index", "extra-index-url", "find-links")
OF_THE_MACHINE = (
    *("allow-insecure-host", "native-tls", "system-certs", "offline", "cache-dir", "no-cache"),
    *("http-proxy", "https-proxy", "no-proxy", "concurrent-downloads", "concurrent-installs"),
)
"""How a machine reaches its indexes: the user's and the system's uv.toml say it, no project does.
Keys are those of uv 0.13 (docs, reference/settings)."""
FOLLOWED = ("index", "git", "url")
"""Sources that lead to the same files from everywhere."""
NAME = "releasekit-build-requirements"


@dataclass(frozen=True, kw_only=True, slots=True)
class InstallFiles:
    """What `uv pip install` reads."""

    config: Path
    options: tuple[str, ...]
    """Which say where the requirements are."""
    listed: str
    """Requirements for standard input, which may have passwords in their addresses."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildSettings:
    """What uv is told when it installs build requirements."""

    table: Mapping[str, Any] = field(repr=False)
    """In place of all settings files."""
    sources: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """`[tool.uv.sources]` by normalized names: lists of tables."""
    indexes: Sequence[Any] = field(default=(), repr=False)
    """The indexes that sources may name."""

    def find_sources(self, requires: Collection[str], root: Path) -> dict[str, list[Any]]:
        """Return the sources of these requirements, which have to lead away from this machine.

        Raises SOURCE_NOT_FOLLOWED for `path`, `workspace` and the like: the wheel is built from the
        sdist, which has no directory beside it.
        """
        found = {}
        for text, name in _parse(requires):
            used = [one for one in self.sources.get(name, ()) if _is_used(one)]
            for source in used:
                if not any(key in source for key in FOLLOWED):
                    raise ReleasekitError(
                        SOURCE_NOT_FOLLOWED,
                        name=name,
                        root=str(root),
                        source=", ".join(f"{key} = {json.dumps(source[key])}" for key in source),
                    )
            if used:
                found[text] = used
        return found

    def write(
        self, folder: Path, requires: set[str], sources: Mapping[str, Sequence[Any]]
    ) -> InstallFiles:
        """Write the settings for uv, and a project that needs what has a source.

        uv follows sources of a project alone, not of a list of requirements (uv 0.13).
        """
        import tomlkit  # most projects have nothing to write

        config, project = folder / "uv.toml", folder / "pyproject.toml"
        config.write_text(tomlkit.dumps(self.table) if self.table else "", encoding="utf-8")
        listed = "\n".join(sorted(requires - sources.keys()))
        if not sources:
            return InstallFiles(config=config, options=("-r", "-"), listed=listed)
        named = {Requirement(text).name: found for text, found in sources.items()}
        document = {
            "project": {"name": NAME, "version": "0", "dependencies": sorted(sources)},
            "tool": {"uv": {"index": list(self.indexes), "sources": named}},
        }
        project.write_text(tomlkit.dumps(document), encoding="utf-8")
        options = ("-r", "-", "-r", str(project)) if listed else ("-r", str(project))
        return InstallFiles(config=config, options=options, listed=listed)


def read_build_settings(root: Path, environ: Mapping[str, str]) -> BuildSettings:
    """Read what uv is told for a project; raises BrokenSettings.

    uv takes the settings of the workspace, or of the nearest directory that has any; then the
    user's; then the system's. Sources and the indexes that they name are the workspace's and the
    project's own.
    """
    own, found = read_uv_table(root), _find_workspace(root)
    workspace = read_uv_table(found) if found and found != root else {}
    table: dict[str, Any] = {}
    for folder, part in ((root, own), (found or root, workspace)):
        _refuse_malformed(folder, part)
    for place, part in _read_tables(root, found, environ):
        lists = {key: [*table.get(key, ()), *part[key]] for key in LISTS if key in part}
        table = {**part, **table, **_resolve_paths(lists, place)}
    if pins := table.get("build-constraint-dependencies"):
        table["constraint-dependencies"] = pins  # for what is installed, and for what that needs
    if table.pop("no-sources", False) or is_set(environ, "UV_NO_SOURCES"):
        return BuildSettings(table=table)
    sources: dict[str, Any] = {
        canonicalize_name(name): source if isinstance(source, list) else [source]
        for part in (workspace, own)
        for name, source in part.get("sources", {}).items()
    }
    indexes = [
        index
        for part, place in ((own, root), (workspace, found or root))
        for index in _resolve_paths({"index": part.get("index", [])}, place)["index"]
    ]
    return BuildSettings(table=table, sources=sources, indexes=indexes)


def _read_tables(
    root: Path, workspace: Path | None, environ: Mapping[str, str]
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield what is passed on of each settings file that uv takes, with the file's directory."""
    if not is_set(environ, "UV_NO_CONFIG") and not environ.get("UV_CONFIG_FILE"):
        for folder in (workspace,) if workspace else (root, *root.parents):
            if (table := read_uv_folder(folder)) is not None:
                yield folder, _keep(table, (*SCALARS, *LISTS))
                break
    for path, table in read_user_uv(environ):
        yield path.parent, _keep(table, (*SCALARS, *LISTS, *OF_THE_MACHINE))


def _keep(table: Mapping[str, Any], keys: Collection[str]) -> dict[str, Any]:
    """Return these keys of a table; its part for `uv pip` beats it, and lists are joined."""
    part = table.get("pip")
    pip = part if isinstance(part, Mapping) else {}
    kept = {key: pip.get(key, table.get(key)) for key in keys if key in pip or key in table}
    lists = {key: [*pip.get(key, ()), *table.get(key, ())] for key in kept if key in LISTS}
    return {**kept, **lists}


def _refuse_malformed(root: Path, table: Mapping[str, Any]) -> None:
    """Raise BROKEN_SETTINGS for what uv itself would pass over, with a warning."""
    pip = table.get("pip", {})
    wrong = [key for key in ("pip", "sources") if not isinstance(table.get(key, {}), Mapping)]
    if not wrong:
        wrong = [key for key in LISTS for t in (table, pip) if not isinstance(t.get(key, []), list)]
        for name, source in table.get("sources", {}).items():
            parts = source if isinstance(source, list) else [source]
            wrong += [] if all(isinstance(p, Mapping) for p in parts) else [f"sources.{name}"]
    if wrong:
        raise BrokenSettings(
            BROKEN_SETTINGS,
            path=f"{root}: pyproject.toml, [tool.uv], or uv.toml",
            reason=f"{wrong[0]} has another form than uv reads",
        )


def _find_workspace(root: Path) -> Path | None:
    """Return the directory of the uv workspace that a project is the root or a member of."""
    for folder in (root, *root.parents):
        workspace = read_uv_table(folder).get("workspace")
        if isinstance(workspace, Mapping):
            path = root.relative_to(folder)
            members, excluded = (workspace.get(key, ()) for key in ("members", "exclude"))
            is_member = any(map(path.match, members)) and not any(map(path.match, excluded))
            return folder if folder == root or is_member else None
    return None


def _resolve_paths(lists: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return settings in which a directory is named from the root: uv starts at the file's."""

    def resolve(link: Any) -> Any:
        if isinstance(link, Mapping):
            return {**link, "url": resolve(link.get("url"))}
        is_path = isinstance(link, str) and not re.match(r"[\w.+-]+:|\$", link)
        return str(folder / link) if is_path else link

    return {
        key: [resolve(link) for link in found] if key in PLACES else found
        for key, found in lists.items()
    }


def list_addresses(sources: Mapping[str, Sequence[Any]]) -> Iterator[str]:
    """Yield sources with an address as requirements that have it (PEP 508)."""
    for text, used in sources.items():
        name = Requirement(text).name
        yield from (f"{name} @ git+{source['git']}" for source in used if "git" in source)
        yield from (f"{name} @ {source['url']}" for source in used if "url" in source)


def _is_used(source: Any) -> bool:
    """Tell whether a source is for a build on this machine: none of an extra or a group."""
    if not isinstance(source, Mapping) or "extra" in source or "group" in source:
        return False
    try:
        return "marker" not in source or Marker(source["marker"]).evaluate()
    except (InvalidMarker, TypeError):
        return True  # uv says what is wrong with it


def _parse(requires: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the requirements that an index is asked for here, with their normalized names."""
    for text in sorted(requires):
        with contextlib.suppress(InvalidRequirement):
            requirement = Requirement(text)
            applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
            if requirement.url is None and applies:
                yield text, canonicalize_name(requirement.name)
