"""What `init` writes: the settings of a project, and the pipeline of its CI; and what it shows."""

import json
import re
import shlex
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar

import tomlkit
from packaging.version import Version
from tomlkit.exceptions import TOMLKitError

from releasekit.errors import ReleasekitError, setup
from releasekit.model.project import split_pattern
from releasekit.outcome import Line, Render, Result
from releasekit.plural import plural
from releasekit.toml import tomllib

OWN_FILE = "releasekit.toml"
TABLES = {OWN_FILE: (), "pyproject.toml": ("tool", "releasekit")}
FIVE = {
    "url": ("https://nexus.example.com", "absent: the embedded sandbox, or what CI says"),
    "hosted": ("pypi-hosted", "releases go here"),
    "group": ("pypi-group", "verified and installed from here; absent: hosted"),
    "ca-bundle": ("certs/corporate-ca.pem", "the company's CA, if the system does not have it"),
    "tag": ("v{version}", "release tags; absent: with or without the v"),
}
"""The settings that most projects need: an example, and what each is."""


def find_settings_file(root: Path) -> Path:
    """Return the file that has, or gets, the settings of a project.

    A project with a setup.py alone gets no pyproject.toml: pip builds one that has it in another
    manner (https://pip.pypa.io/en/stable/reference/build-system/).
    """
    own, pyproject = root / OWN_FILE, root / "pyproject.toml"
    return pyproject if pyproject.exists() and not own.exists() else own


def read_values(path: Path, text: str) -> dict[str, Any] | None:
    """Return the settings that a file has; None where it has no table for them yet."""
    table: Any = tomllib.loads(text.replace("\r\n", "\n"))
    for key in TABLES[path.name]:
        table = table.get(key) if isinstance(table, dict) else None
    return table if text else None


def add_settings(path: Path, text: str, wanted: Mapping[str, str]) -> str:
    """Return the text with these settings, in the file's own line ends.

    Raises CANNOT_CHANGE_SETTINGS where anything else would become of the file.
    """
    is_windows = "\r\n" in text and text.count("\r\n") == text.count("\n")
    plain = text.replace("\r\n", "\n") if is_windows else text
    values = read_values(path, plain)
    if values is not None and all(values.get(key) == value for key, value in wanted.items()):
        return text
    try:
        new = _append(path, plain, wanted) if values is None else _change(path, plain, wanted)
        expected = table = tomllib.loads(plain)
        for key in TABLES[path.name]:
            table = table.setdefault(key, {})
        table.update(wanted)
        is_sound = tomllib.loads(new) == expected
    except (TOMLKitError, tomllib.TOMLDecodeError, AttributeError, TypeError):
        is_sound = False
    if not is_sound:
        raise _cannot_change(
            path,
            wanted,
            "the file has a form to which nothing can be added, as tool = { } in one line",
        )
    return new.replace("\n", "\r\n") if is_windows else new


def refuse_link(path: Path, top: Path, wanted: Mapping[str, str]) -> None:
    """Refuse to write outside of the repository: raises CANNOT_CHANGE_SETTINGS.

    A link is followed, also to nothing, and whoever can commit one could have any file written.
    """
    if path.is_symlink() and not path.exists():
        raise _cannot_change(path, wanted, f"it is a link to {path.readlink()}, which is not there")
    if path.is_symlink() and not path.resolve().is_relative_to(top.resolve()):
        raise _cannot_change(
            path, wanted, f"it is a link to {path.readlink()}, which is not below {top}"
        )


def _cannot_change(path: Path, wanted: Mapping[str, str], reason: str) -> ReleasekitError:
    return ReleasekitError(
        setup.CANNOT_CHANGE_SETTINGS,
        path=str(path),
        name=path.name,
        reason=reason,
        lines="\n".join(render_table(path, wanted)),
    )


def render_table(
    path: Path, values: Mapping[str, str], *, only: Collection[str] | None = None
) -> list[str]:
    """Return the lines of a new table: what is set, and the other ones of FIVE as comments.

    With `only` they are the lines of these keys.
    """
    if only is not None:
        return [f"{key} = {_render(values[key])}" for key in only]
    lines = [] if path.name == OWN_FILE else ["[tool.releasekit]"]
    for key, (example, meaning) in FIVE.items():
        comment = f"# {f'{key} = {_render(example)}':<38} # {meaning}"
        lines.append(f"{key} = {_render(values[key])}" if key in values else comment)
    return lines


def _render(value: str) -> str:
    return str(tomlkit.item(value).as_string())


def _append(path: Path, text: str, values: Mapping[str, str]) -> str:
    table = "\n".join(render_table(path, values))
    before = text if text.endswith("\n") or not text else f"{text}\n"
    return f"{before}\n{table}\n" if text.strip() else f"{before}{table}\n"


def _change(path: Path, text: str, wanted: Mapping[str, str]) -> str:
    document: Any = tomlkit.parse(text)
    table = document
    for key in TABLES[path.name]:
        table = table[key]
    for key, value in wanted.items():
        if key not in table or table[key] != value:  # its comment and its quotes stay
            table[key] = value
    return tomlkit.dumps(document)


def as_name(folder: str) -> str:
    """Return a path as the name of a tag and of a job can have it.

    The whole path: its last part alone would give a/core and b/core one tag, which releases both.
    With a slash, tags of a/core would begin as those of a do.
    """
    return re.sub(r"[^A-Za-z0-9_]+", "-", folder).strip("-") or "package"


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """The project as its repository has it."""

    folder: str  # below the repository's directory; "" for that directory itself
    tag: str
    template: str
    """Where the company has the template, see `Pipeline.template`; "" for the usual place."""
    kit: Version

    @property
    def tag_ends(self) -> tuple[str, str]:
        """Return what its tags have around the version; empty for those that templates expect."""
        if not self.tag or (self.tag in ("{version}", "v{version}") and not self.folder):
            return "", ""
        before, _, after = split_pattern(self.tag)
        return before, after


@dataclass(frozen=True, kw_only=True, slots=True)
class Pipeline:
    """A CI system that has a template of releasekit."""

    file: str  # below the repository's directory
    template: str  # where docs/ have the template: GitLab's project, or Jenkins' library
    used: str  # a regular expression of the line by which a file uses the template
    render: Callable[[Package, str], list[str]]
    """Returns the lines to add to a file with that text, or of a new one if it is empty."""

    def is_used(self, package: Package, text: str) -> bool:
        """Tell whether a file releases the package already; comments do not count."""
        lines = [line for line in text.splitlines() if not line.lstrip().startswith(("#", "//"))]
        folder = re.compile(rf"(?<![\w./-]){re.escape(package.folder)}(?![\w./-])")
        is_named = not package.folder or any(map(folder.search, lines))
        return is_named and any(re.search(self.used, line) for line in lines)


def _render_gitlab(package: Package, text: str) -> list[str]:
    where = package.template or PIPELINES["gitlab"].template
    version = ".".join(map(str, (*package.kit.release, 0, 0)[:3]))
    inputs: dict[str, object] = {}
    if package.folder:
        inputs["working-directory"] = package.folder
        inputs["job-prefix"] = f"{as_name(package.folder)}-"
        inputs["changes"] = [f"{package.folder}/**/*"]
    if any(package.tag_ends):
        before, after = (re.sub(r"([^\w-])", r"\\\1", part) for part in package.tag_ends)
        inputs["tag-pattern"] = f"/^{before}/" if not after else f"/^{before}.+{after}$/"
    inputs |= _choose_stages(text)
    # An address of GitLab's own: a copy of the repository elsewhere works too.
    lines = [f"- component: $CI_SERVER_FQDN/{where}/python-release@{version}"]
    if inputs:
        lines.append("  inputs:")
        lines += [f"    {name}: {json.dumps(value)}" for name, value in inputs.items()]
    # YAML has a key once.
    found = re.search(r"^include:.*\n(?:\s*#.*\n|\s*\n)*( *)- |^include:", text, re.MULTILINE)
    head, indent = "include:", "  "
    if found and found[1] is None:  # a file, a mapping, a list in brackets: none can be added below
        head = "# write what include: has as items of a list below it (  - …), then add there:"
    elif found:
        head, indent = "# into the list below include:", found[1]
    return [head, *(f"{indent}{line}" for line in lines)]


def _choose_stages(text: str) -> dict[str, object]:
    """Return stages for the jobs, if the file has stages and not those of the template."""
    found = re.search(r"^stages:\s*(\[[^\]]*\]|(?:\n[ \t]*(?:-.*|#.*)?)+)", text, re.MULTILINE)
    listed = re.sub(r"#.*", "", found[1]) if found else ""
    names = [name.strip() for name in re.findall(r"[^\s\[\],'\"-][^\n\],'\"]*", listed)]
    wanted = {"stage": ("deploy", -1), "check-stage": ("test", 0)}
    return {key: names[i] for key, (usual, i) in wanted.items() if names and usual not in names}


def _render_jenkins(package: Package, text: str) -> list[str]:
    library = package.template or PIPELINES["jenkins"].template
    lines = [] if f"@Library('{library}" in text else [f"@Library({_quote(library)}) _", ""]
    folder = f", workingDirectory: {_quote(package.folder)}" if package.folder else ""
    call = f"releasePython(credentials: 'nexus-publisher'{folder})"
    before, _ = package.tag_ends
    if not before:
        return [*lines, call]
    head = f"if (!env.TAG_NAME || env.TAG_NAME.startsWith({_quote(before)})) {{"
    return [*lines, head, f"    {call}", "}"]


def _quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


PIPELINES = {
    "gitlab": Pipeline(
        file=".gitlab-ci.yml",
        template="platform/releasekit",
        used=r"/python-release(@|/template\.yml)",
        render=_render_gitlab,
    ),
    "jenkins": Pipeline(
        file="Jenkinsfile",
        template="releasekit",
        used=r"\breleasePython\b",
        render=_render_jenkins,
    ),
}
"""By the name that --ci gives."""


class Action(Enum):
    """What is to become of a file."""

    CREATE = "create"
    CHANGE = "change"
    KEEP = "keep"
    BY_HAND = "add by hand"  # it is the project's own: the lines are shown, and nobody writes them


@dataclass(frozen=True, kw_only=True, slots=True)
class FilePlan:
    """What is to become of one file."""

    path: Path
    action: Action
    lines: tuple[str, ...] = ()
    text: str = field(default="", repr=False)  # all that it holds afterwards


@dataclass(frozen=True, kw_only=True, slots=True)
class InitPlanned(Result):
    """What the project lacks."""

    step: ClassVar[str] = "plan"
    top: Path
    files: tuple[FilePlan, ...]
    next_step: str = ""

    @property
    def written(self) -> tuple[FilePlan, ...]:
        return tuple(file for file in self.files if file.text)

    @property
    def left_to_do(self) -> str:
        names = " ".join(shlex.quote(self._name(file)) for file in self.written)
        words = [f"commit {names}"] if names else []
        words += [f"add the lines above to {self._name(file)}" for file in self._by_hand]
        words.append(
            "docs/prerequisites.md of releasekit says what a server needs, "
            "and [[doctor]] what is missing"
        )
        return "; ".join(words)

    @property
    def _by_hand(self) -> tuple[FilePlan, ...]:
        return tuple(file for file in self.files if file.action is Action.BY_HAND)

    def _name(self, file: FilePlan) -> str:
        return str(file.path.relative_to(self.top))

    def describe(self) -> str:
        count = len(self.written)
        words = [f"{plural(count, 'file')} to write"] if count else []
        words += [f"lines to add to {self._name(file)} by hand" for file in self._by_hand]
        return ", ".join(words) or "nothing to change"

    def details(self) -> Iterable[Line]:
        for file in self.files:
            yield Line(
                (("          ", ""), (str(file.path), "bold"), (f"  {file.action.value}", ""))
            )
            for line in file.lines:
                yield Line((("            ", ""), (f"+ {line}".rstrip(), "green")))
        if self.next_step:
            yield Line((("next      ", "bold"), (self.next_step, "")))

    def document(self) -> dict[str, Any]:
        files = [
            {"path": str(f.path), "action": f.action.value, "lines": list(f.lines)}
            for f in self.files
        ]
        return {"init": {"files": files}}

    def spell_commands(self, render: Render) -> Result:
        return replace(self, next_step=render(self.next_step))


@dataclass(frozen=True, kw_only=True, slots=True)
class InitWritten(InitPlanned):
    """The files are written."""

    step: ClassVar[str] = "write"

    def describe(self) -> str:
        return ", ".join(map(self._name, self.written)) or "nothing was left to write"

    def details(self) -> Iterable[Line]:
        yield Line((("next      ", "bold"), (self.next_step, "")))
