"""Make docs/jenkins.svg by running the shared step: `python tests/jenkins/picture.py`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from itertools import groupby
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent)] if __name__ == "__main__" else []

from jenkins.harness import RAN, Built, Jenkins, Job, run_jenkins  # noqa: E402
from stages_picture import Column, render_picture  # noqa: E402

PICTURE = HERE.parents[1] / "docs" / "jenkins.svg"
HOLLOW = f"kit: '', python: '{HERE.parent / 'hollow-python'}'"
WHEELS = "wheels: ['cp311-*-linux*': 'linux', 'cp311-*-macosx*': 'mac']"
ROWS = (
    ("a branch or a merge request", "", None),
    ("a tag", "", "v1.2.3"),
    ("a tag, with wheels of several agents", WHEELS, "v1.2.3"),
)


def draw(jenkins: Jenkins, home: Path) -> str:
    """Run the step on a hollow agent for each row, and draw what ran."""
    repository = home / "repository"
    subprocess.run(("git", "init", "-q", repository), check=True)
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    commit = ("commit", "-q", "--allow-empty", "-m", "first")
    subprocess.run(("git", "-C", repository, *who, *commit), check=True)
    rows = []
    for number, (title, more, tag) in enumerate(ROWS):
        parameters = ", ".join(filter(None, (HOLLOW, more)))
        built = jenkins.run(
            Job(
                home=home / str(number),
                jenkinsfile=f"releasePython({parameters})",
                scm={"url": str(repository), "ref": "HEAD"},
                agents={label: {"PATH": "/usr/bin:/bin"} for label in ("", "linux", "mac")},
                environ={"TAG_NAME": tag} if tag else {},
            )
        )
        assert built.result == "SUCCESS", built.log
        rows.append((title, find_columns(built)))
    return render_picture(rows)


def find_columns(built: Built) -> list[Column]:
    """Return what ran, in order; the branches of a stage stand in one column."""
    ran = []
    for step in built.steps:
        label = step["arguments"].get("label", "")
        if label.startswith(RAN):
            words = label.removeprefix(RAN).split()
            ran.append((step["stages"][0], " ".join(words[:2]), step["agent"] or "any agent"))
    columns = groupby(ran, key=lambda session: session[0])
    return [sorted((name, agent) for _, name, agent in column) for _, column in columns]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, run_jenkins() as running:
        PICTURE.write_text(draw(running, Path(folder)), encoding="utf-8")
