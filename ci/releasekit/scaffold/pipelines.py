"""The pipelines that `init` writes: what a file of GitLab or Jenkins holds for a project."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from packaging.version import Version

from releasekit.model.versions import split_pattern


def as_name(folder: str) -> str:
    """Return a path as the name of a tag and of a job can have it.

    The whole path: its last part alone would give a/core and b/core one tag, which releases both.
    With a slash, tags of a/core would begin as those of a do.
    """
    return re.sub(r"[^A-Za-z0-9_]+", "-", folder).strip("-") or "package"


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """The project as its repository has it."""

    folder: str
    """Below the repository's directory; "" for that directory itself."""
    tag: str
    """The setting `tag`; "" without one."""
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

    file: str
    """Below the repository's directory."""
    template: str
    """Where docs/ have the template: GitLab's project, or Jenkins' library."""
    used: str
    """A regular expression of the line by which a file uses the template."""
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
    condition = f"!env.TAG_NAME || env.TAG_NAME.startsWith({_quote(before)})"
    return [*lines, f"if ({condition}) {{", f"    {call}", "}"]


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


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
