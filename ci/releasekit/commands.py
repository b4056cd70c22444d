"""The commands, which are the sessions too, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A command, which is a session too."""

    name: str
    summary: str
    verb: str = ""
    """The function that does it."""
    module: Literal["pipeline", "admin"] = "pipeline"
    """Where the verb stands: `pipeline` takes a job, `admin` a task."""
    needs_admin: bool = False
    """True where nothing can be done without an administrator's credentials."""
    server: Literal["sandbox", "nexus"] | None = None
    """The server that it keeps in the foreground, instead of a verb."""
    dry_verb: str | None = None
    """The one that does it with --dry-run."""
    sdist_verb: str | None = None
    """The one that does it with --sdist."""
    wheel_verb: str | None = None
    """The one that does it with --wheel-from."""
    applied_verb: str | None = None
    """The one that does it with --apply."""
    files_verb: str | None = None
    """The one that does it with files that were given."""
    asks_index: bool = False
    uploads: bool = False
    """True where credentials for uploads are needed."""
    builds: bool = False
    """True where build requirements may be needed."""
    reports: bool = True
    renews_findings: bool = False
    """True where findings of an earlier run are outdated by this one."""

    @property
    def is_step(self) -> bool:
        """Tell what is done with a project, and may be done with one after the other."""
        return self.module == "pipeline" and self.server is None


COMMANDS = (
    Command(
        name="release",
        summary="The whole release: version, build, check, plan, publish, verify, report.",
        verb="release",
        builds=True,
        dry_verb="rehearse",
        asks_index=True,
        uploads=True,
        renews_findings=True,
    ),
    Command(
        name="version",
        summary="Tell which version a release of HEAD has.",
        verb="show_version",
        reports=False,
    ),
    Command(
        name="build",
        summary="Build the sdist, and the wheel from it, into dist/.",
        verb="build_only",
        builds=True,
        sdist_verb="build_sdist_only",
        wheel_verb="build_wheel_only",
        renews_findings=True,
    ),
    Command(
        name="gather",
        summary="Join what several build jobs made to one release.",
        verb="gather_only",
        renews_findings=True,
    ),
    Command(
        name="check",
        summary="Check the dists, and build them first if need be; or check the files given.",
        verb="check_only",
        builds=True,
        files_verb="check_files",
        renews_findings=True,
    ),
    Command(
        name="plan",
        summary="Compare dist/ with the index: upload, skip or conflict.",
        verb="plan_only",
        asks_index=True,
    ),
    Command(
        name="publish",
        summary="Check dist/ again and upload what is missing, wheels first.",
        verb="publish_only",
        dry_verb="plan_only",
        asks_index=True,
        uploads=True,
        renews_findings=True,
    ),
    Command(
        name="verify",
        summary="Prove that the index serves dist/ and that it installs.",
        verb="verify_only",
        asks_index=True,
    ),
    Command(
        name="provision",
        summary="Compare Nexus with what the configuration wants of it; --apply changes it.",
        module="admin",
        verb="plan_provision",
        applied_verb="provision",
        needs_admin=True,
        reports=False,
    ),
    Command(
        name="doctor",
        summary="Ask, before the tag, whether a release would succeed, and how to mend it.",
        verb="doctor",
        module="admin",
        renews_findings=True,
    ),
    Command(
        name="search",
        summary="List projects of the group by name, with versions; say how one installs.",
        module="admin",
        verb="search",
        reports=False,
    ),
    Command(
        name="pip-config",
        summary="Show what pip and uv need to install from the group; --apply writes it.",
        module="admin",
        verb="show_settings",
        applied_verb="write_settings",
        reports=False,
    ),
    Command(
        name="sandbox",
        summary="Keep a sandbox index in the foreground and print its settings.",
        server="sandbox",
        reports=False,
    ),
    Command(
        name="nexus",
        summary="Keep a real Nexus (for tests) in the foreground; needs releasekit[nexus].",
        server="nexus",
        reports=False,
    ),
)
