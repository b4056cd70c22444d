"""The commands: what each is called, what it takes, and what runs it. One list registers them.

A command is a module of this package. Its `run` is imported when it is called, so that help, the
list of nox sessions and refusals are quick.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from releasekit.commands.arguments import (
    APPLY,
    INTO,
    PORT,
    PROJECT,
    REPOSITORY,
    STEP,
    Argument,
    Arguments,
    parse_path,
)

if TYPE_CHECKING:
    from releasekit.context import DirectoryContext, NexusContext, ProjectContext
    from releasekit.request import Request


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A command: its name, its arguments, and what it needs."""

    name: str
    summary: str
    arguments: Arguments
    run: Callable[[Any], None] | None = None
    """Takes the context; None for a server that is kept in the foreground."""
    refuse_early: Callable[[Request], None] | None = None
    """Raises what the command refuses whoever gives the credentials: before they are asked for."""
    context: Literal["project", "nexus", "server", "directory"] = "project"
    """What it works on: a Python project, a Nexus, a server that it starts, or files alone."""
    needs_admin: bool = False
    can_rehearse: bool = False
    """True if --dry-run keeps it from uploading; the other commands upload nothing."""
    asks_index: bool = False
    uploads: bool = False
    needs_requirements: bool = False
    """True if requirements of a build or of the package may be needed."""
    keeps_order: bool = False
    """True if a project waits for those that it needs: of several, they come first."""
    diagnoses: bool = False
    """True if it tries all that a release would use: every login, and the build requirements."""
    reports: bool = True
    renews_findings: bool = False
    """True if findings of an earlier run are outdated by this one."""

    @property
    def is_step(self) -> bool:
        """Tell whether it works on projects, of which there may be several."""
        return self.context == "project"


def _refuse_early(request: Request) -> None:
    from releasekit.commands.project import refuse_early

    refuse_early(request)


def _release(ctx: ProjectContext) -> None:
    from releasekit.commands.project import read_releasable_project

    project = read_releasable_project(ctx)  # a refusal does not wait for what a release imports
    from releasekit.commands.release import release

    release(ctx, project)


def _version(ctx: ProjectContext) -> None:
    from releasekit.commands.version import run

    run(ctx)


def _build(ctx: ProjectContext) -> None:
    from releasekit.commands.build import run

    run(ctx)


def _gather(ctx: ProjectContext) -> None:
    from releasekit.commands.gather import run

    run(ctx)


def _check(ctx: ProjectContext) -> None:
    from releasekit.commands.check import run

    run(ctx)


def _plan(ctx: ProjectContext) -> None:
    from releasekit.commands.plan import run

    run(ctx)


def _publish(ctx: ProjectContext) -> None:
    from releasekit.commands.publish import run

    run(ctx)


def _verify(ctx: ProjectContext) -> None:
    from releasekit.commands.verify import run

    run(ctx)


def _provision(ctx: NexusContext) -> None:
    from releasekit.commands.provision import run

    run(ctx)


def _doctor(ctx: NexusContext) -> None:
    from releasekit.commands.doctor import run

    run(ctx)


def _search(ctx: NexusContext) -> None:
    from releasekit.commands.search import run

    run(ctx)


def _pip_config(ctx: NexusContext) -> None:
    from releasekit.commands.pip_config import run

    run(ctx)


def _init(ctx: DirectoryContext) -> None:
    from releasekit.commands.init import run

    run(ctx)


COMMANDS = (
    Command(
        name="release",
        keeps_order=True,
        summary="The whole release: version, build, check, plan, publish, verify, report.",
        run=_release,
        refuse_early=_refuse_early,
        arguments=PROJECT,
        can_rehearse=True,
        needs_requirements=True,
        asks_index=True,
        uploads=True,
        renews_findings=True,
    ),
    Command(
        name="version",
        summary="Tell which version a release of HEAD has.",
        run=_version,
        arguments=STEP,
        reports=False,
    ),
    Command(
        name="build",
        summary="Build the sdist, and the wheel from it, into dist/.",
        run=_build,
        arguments=STEP,
        needs_requirements=True,
        renews_findings=True,
    ),
    Command(
        name="gather",
        summary="Join what several build jobs made to one release.",
        run=_gather,
        arguments=STEP,
        renews_findings=True,
    ),
    Command(
        name="check",
        keeps_order=True,
        summary="Check the dists, and build them first if need be; or check the files given.",
        run=_check,
        arguments=(
            *STEP,
            Argument(
                "files",
                nargs="*",
                metavar="DIST",
                type=parse_path,
                help="dists, or directories of them, from anywhere",
            ),
            Argument(
                "--reports",
                metavar="DIR",
                type=parse_path,
                help="where reports go; those of files that are given",
            ),
            Argument(
                "--explain",
                metavar="CODE",
                help="say what a check or an error (E…) means, and how to fix it",
            ),
        ),
        needs_requirements=True,
        renews_findings=True,
    ),
    Command(
        name="plan",
        summary="Compare dist/ with the index: upload, skip or conflict.",
        run=_plan,
        arguments=STEP,
        asks_index=True,
    ),
    Command(
        name="publish",
        keeps_order=True,
        summary="Check dist/ again and upload what is missing, wheels first.",
        run=_publish,
        refuse_early=_refuse_early,
        arguments=STEP,
        can_rehearse=True,
        asks_index=True,
        uploads=True,
        renews_findings=True,
    ),
    Command(
        name="verify",
        keeps_order=True,
        summary="Prove that the index serves dist/, and that it installs and works.",
        run=_verify,
        arguments=STEP,
        needs_requirements=True,
        asks_index=True,
    ),
    Command(
        name="init",
        summary="Show what the project needs: settings, a pipeline of CI; --apply writes it.",
        run=_init,
        arguments=(
            APPLY,
            Argument("--url", metavar="URL", help="address of your Nexus"),
            Argument("--hosted", metavar="NAME", help="hosted repository that releases go to"),
            Argument("--group", metavar="NAME", help="group to verify and install from"),
            Argument(
                "--ca-bundle",
                metavar="FILE",
                help="the company's CA, if the system does not trust it",
            ),
            Argument("--tag", metavar="PATTERN", help='release tags, as "v{version}"'),
            Argument(
                "--ci",
                choices=("gitlab", "jenkins"),
                help="whose pipeline is added; by default what the repository shows",
            ),
            Argument(
                "--template",
                metavar="PLACE",
                help="where your server has the template: the project in GitLab "
                "(platform/releasekit), or the name of the library in Jenkins (releasekit)",
            ),
        ),
        context="directory",
        reports=False,
    ),
    Command(
        name="provision",
        summary="Compare Nexus with what the configuration wants of it; --apply changes it.",
        run=_provision,
        arguments=(
            APPLY,
            Argument(
                "--first-password",
                metavar="FILE",
                help="what a new Nexus wrote to admin.password in its data directory (- reads "
                "standard input); it is changed to RELEASEKIT_ADMIN_PASSWORD",
            ),
            Argument(
                "--accept-eula",
                action="store_true",
                help="on your word: accept the license agreement (EULA) of a Community Edition",
            ),
        ),
        context="nexus",
        needs_admin=True,
        reports=False,
    ),
    Command(
        name="doctor",
        summary="Ask, before the tag, whether a release would succeed, and how to fix it.",
        run=_doctor,
        diagnoses=True,
        arguments=(
            REPOSITORY,
            INTO,
            Argument(
                "--probe",
                action="store_true",
                help="also try admin's well-known password, and uploads without a file: Nexus logs "
                "a failed login, and an error with a stack trace for each upload; ask its "
                "administrator first",
            ),
        ),
        context="nexus",
        renews_findings=True,
    ),
    Command(
        name="search",
        summary="List projects of the group by name, with versions; say how one installs.",
        run=_search,
        arguments=(
            Argument(
                "word", metavar="WORD", help="a name, a part of one, 'NAME-*' or NAME==VERSION"
            ),
            Argument(
                "--python",
                metavar="PATH",
                help="an environment or its Python, to see what is there",
            ),
        ),
        context="nexus",
        reports=False,
    ),
    Command(
        name="pip-config",
        summary="Show what pip and uv need to install from the group; --apply writes it.",
        run=_pip_config,
        arguments=(
            APPLY,
            Argument("--to", metavar="PLACE", help="an environment, another directory, or `user`"),
        ),
        context="nexus",
        reports=False,
    ),
    Command(
        name="sandbox",
        summary="Keep a sandbox index in the foreground and print its settings.",
        arguments=(PORT,),
        context="server",
        reports=False,
    ),
    Command(
        name="nexus",
        summary="Keep a real Nexus (for tests) in the foreground; needs releasekit[nexus].",
        arguments=(PORT,),
        context="server",
        reports=False,
    ),
)


def find_command(name: str) -> Command:
    """Return the command of a name."""
    return next(command for command in COMMANDS if command.name == name)
