"""Setting up a project for releases: its settings, and the pipeline of its CI."""

import contextlib
import re
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from packaging.version import Version

from releasekit.config.sources import Source, parse_settings, read_settings
from releasekit.context import DirectoryContext
from releasekit.errors import MissingProgram, ReleasekitError, usage
from releasekit.git import ask
from releasekit.network import find_git_environ
from releasekit.request import is_project
from releasekit.scaffold import (
    FIVE,
    PIPELINES,
    Action,
    FilePlan,
    InitPlanned,
    InitWritten,
    Package,
    Pipeline,
    add_settings,
    as_name,
    find_settings_file,
    read_values,
    refuse_link,
    render_table,
)
from releasekit.workspace import is_taken, read_settings_file, replace_settings_file


def run(ctx: DirectoryContext) -> None:
    """Show what the project lacks; with --apply write it."""
    ctx.progress.begin("plan")
    if not is_project(ctx.root):
        raise ReleasekitError(usage.NOT_A_PROJECT, root=str(ctx.root))
    # The top has .git, a file in a worktree or a submodule. git itself refuses to answer for a
    # directory of another user.
    folders = (ctx.root, *ctx.root.parents)
    top = next((folder for folder in folders if is_taken(folder / ".git")), None)
    if top is None:
        ctx.progress.note("no git repository is here: a release needs one, with a commit and a tag")
        top = ctx.root
    folder = "" if ctx.root == top else ctx.root.relative_to(top).as_posix()
    settings, values = _plan_settings(ctx, top, folder)
    package = Package(
        folder=folder,
        tag=values.get("tag", ""),
        template=ctx.options.template or "",
        kit=Version(version("releasekit")),
    )
    pipelines = [_plan_pipeline(top, package, PIPELINES[ci]) for ci in _find_ci(ctx, top)]
    if not pipelines:
        ctx.progress.note(
            "which CI there is cannot be seen here: [[init --ci gitlab]] or [[init --ci jenkins]] "
            "adds its pipeline; docs/anywhere-else.md of releasekit has the lines for any other"
        )
    planned = InitPlanned(files=(settings, *pipelines), top=top)
    if planned.written and not ctx.options.apply:
        planned = replace(planned, next_step="[[init --apply]] writes this")
    ctx.progress.finish(planned)
    if not ctx.options.apply:
        return
    ctx.progress.begin("write")
    for file in planned.written:
        replace_settings_file(file.path, file.text)
    ctx.progress.finish(InitWritten(files=planned.files, top=top, next_step=planned.left_to_do))


def _plan_settings(
    ctx: DirectoryContext, top: Path, folder: str
) -> tuple[FilePlan, dict[str, Any]]:
    """Return the plan for the file with the settings, and the settings that it has then.

    Raises InvalidConfiguration, for what the options say too, and CANNOT_CHANGE_SETTINGS.
    """
    options = {key: getattr(ctx.options, key.replace("-", "_")) for key in FIVE}
    wanted = {key: value for key, value in options.items() if value is not None}
    spelled = {key: f"--{key}" for key in wanted}
    parse_settings([Source(name="the options", values=wanted, spelled=spelled)])
    read_settings(ctx.root, {})  # what is wrong with a file is told before it is changed
    path = find_settings_file(ctx.root)
    text = read_settings_file(path)
    values = read_values(path, text)
    if values is None and folder:  # of several packages, the tag says which one it is for
        wanted.setdefault("tag", f"{as_name(folder)}/v{{version}}")
    new, settings = add_settings(path, text, wanted), {**(values or {}), **wanted}
    if new == text:
        return FilePlan(path=path, action=Action.KEEP), settings
    refuse_link(path, top, wanted)
    changed = [key for key in wanted if (values or {}).get(key) != wanted[key]]
    lines = render_table(path, wanted, only=changed if values is not None else None)
    action = Action.CHANGE if path.exists() else Action.CREATE
    return FilePlan(path=path, action=action, lines=tuple(lines), text=new), settings


def _plan_pipeline(top: Path, package: Package, pipeline: Pipeline) -> FilePlan:
    """Return the plan for the file of a CI system: one that exists is its owner's."""
    path, text = top / pipeline.file, ""
    exists = is_taken(path)  # a directory, a link to nothing: somebody wants it so
    with contextlib.suppress(OSError):
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    if exists and pipeline.is_used(package, text):
        return FilePlan(path=path, action=Action.KEEP)
    lines = tuple(pipeline.render(package, text))
    if exists:
        return FilePlan(path=path, action=Action.BY_HAND, lines=lines)
    text = "".join(f"{line}\n" for line in lines)
    return FilePlan(path=path, action=Action.CREATE, lines=lines, text=text)


def _find_ci(ctx: DirectoryContext, top: Path) -> list[str]:
    if ctx.options.ci:
        return [ctx.options.ci]
    present = [ci for ci, each in PIPELINES.items() if is_taken(top / each.file)]
    if present or not ((top / ".gitlab").is_dir() or _is_on_gitlab(ctx, top)):
        return present
    return ["gitlab"]


def _is_on_gitlab(ctx: DirectoryContext, top: Path) -> bool:
    arguments = ("config", "--get-regexp", r"^remote\..*\.url$")
    try:
        listed = ask(top, find_git_environ(ctx.environ), *arguments).output
    except MissingProgram:
        return False
    addresses = [line.partition(" ")[2] for line in listed.splitlines()]
    hosts = [re.sub(r"^(\w+://)?([^@/]*@)?", "", address) for address in addresses]
    return any("gitlab" in re.split("[/:]", host)[0].lower() for host in hosts)
