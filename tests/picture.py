"""Make docs/release.svg from a real release of a real project into the embedded sandbox."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from releasekit.cli import find_door, make_parser, make_request
from releasekit.run import Run
from releasekit.terminal import NORMAL, Terminal

HERE = Path(__file__).parent


def main() -> None:
    """Release tests/projects/ordinary and save what the terminal shows."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "ordinary")
        shutil.copytree(HERE / "projects" / "ordinary", project)
        for command in ("init -q", "add -A", "commit -qm first", "tag v1.2.3"):
            subprocess.run(("git", *command.split()), cwd=project, check=True)
        console = Console(record=True, width=108, highlight=False, emoji=False, markup=False)
        console.print(Text("$ nox -s release", style="bold green"))
        request = make_request(make_parser().parse_args(["release"]), project, door=find_door())
        status = Run(request, Terminal(console, NORMAL)).do()
        assert status == 0
    svg = console.export_svg(title="a release")
    # The font would come from somebody else's server; the reader's own will do.
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"[ \t]+$", "", svg, flags=re.MULTILINE)
    (HERE.parent / "docs" / "release.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
