"""`version`: tell what a release would be called."""

from releasekit.commands.project import read_releasable_project
from releasekit.context import ProjectContext


def run(ctx: ProjectContext) -> None:
    """Read the project, show its version, and refuse what may not be released."""
    read_releasable_project(ctx)
