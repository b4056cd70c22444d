"""The plain lines of docs/anywhere-else.md, in a shell: each job has its own process, clone and
environment, as in any CI."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from doors import REPOSITORY
from nexus_double import Sandbox, run_sandbox
from served_kit import IDENTITY, clone_kit
from support import ProjectDir, copy_project, public_index, published

LINES = REPOSITORY / "tests" / "projects" / "anywhere"
INSTALLATION = "".join(
    line
    for line in (LINES / "build.sh").read_text(encoding="utf-8").splitlines(keepends=True)
    if line.startswith("kit=") or " -m venv " in line or " -m pip " in line
)
"""The three lines that install the kit; each job has them."""
DISTS = {"plain-1.2.3-py3-none-any.whl", "plain-1.2.3.tar.gz"}


@pytest.fixture(scope="module")
def machine(
    tmp_path_factory: pytest.TempPathFactory, kit_requirements: Mapping[str, str]
) -> dict[str, str]:
    """A CI machine's environment, whose pip knows no index but a mirror that has the kit."""
    kit = clone_kit(tmp_path_factory.mktemp("kit") / "clone")
    wheels = tmp_path_factory.mktemp("wheels")
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", wheels)
    subprocess.run(build, cwd=kit.root, env=kit.environ, capture_output=True, check=True)
    theirs = ("RELEASEKIT_", "TWINE_", "GIT_", "XDG_", "PYTEST_", "CI", "GITHUB_", "NOX")
    ours = {name: value for name, value in os.environ.items() if not name.startswith(theirs)}
    mirror = f"{wheels} {kit_requirements['PIP_FIND_LINKS']}"
    index = ours.get("UV_INDEX_URL") or ours.get("PIP_INDEX_URL")
    builds = public_index() or {"UV_DEFAULT_INDEX": ours.get("UV_DEFAULT_INDEX") or str(index)}
    pip = {"PIP_FIND_LINKS": mirror, "PIP_NO_INDEX": "1"}
    home = tmp_path_factory.mktemp("home")
    return {**ours, **IDENTITY, **builds, **pip, "HOME": str(home)}


@dataclass(frozen=True, kw_only=True)
class Ci:
    """A CI: it clones a project for each job, and hands files on."""

    origin: ProjectDir
    machine: Mapping[str, str]
    folder: Path

    def run(
        self,
        job: str,
        variables: Mapping[str, str],
        *,
        after: Path | None = None,
        image: bool = False,
    ) -> tuple[int, str, Path]:
        """Run the lines of a job; return its status, its output and its directory.

        With an image that has the kit, without those that install it, as the document says.
        """
        root = self.folder / f"{job}-{len(list(self.folder.iterdir()))}"
        command = ("git", "clone", "-q", self.origin.root, root)
        subprocess.run(command, check=True, env=self.machine)
        for name in ("dist", "reports"):
            if after:
                shutil.copytree(after / name, root / name)
        script = (LINES / f"{job}.sh").read_text("utf-8")
        if image:
            script = script.replace(INSTALLATION, "").replace('"$kit/bin/python"', sys.executable)
        done = subprocess.run(
            ("sh", "-c", script),
            cwd=root,
            env={**self.machine, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        return done.returncode, done.stdout, root


@pytest.fixture
def ci(tmp_path: Path, machine: dict[str, str]) -> Ci:
    """A CI with a project that is tagged v1.2.3."""
    origin = copy_project("plain", tmp_path / "origin", machine)
    (tmp_path / "jobs").mkdir()
    return Ci(origin=origin, machine=machine, folder=tmp_path / "jobs")


@pytest.fixture
def index() -> Iterator[Sandbox]:
    """An index that outlives the jobs, as a Nexus does."""
    with run_sandbox() as sandbox:
        yield sandbox


def test_each_job_installs_the_kit_by_the_same_lines() -> None:
    assert len(INSTALLATION.splitlines()) == 3
    for path in LINES.glob("*.sh"):
        assert path.read_text(encoding="utf-8").count(INSTALLATION) == 1, path.name


def test_a_branch_is_rehearsed(ci: Ci, index: Sandbox) -> None:
    status, said, _ = ci.run("check", {"RELEASEKIT_URL": "sandbox"}, image=True)
    assert (status, published(index)) == (0, set()), said
    assert "into a sandbox on this machine" in said


def test_a_tag_is_built_without_the_upload_credentials_published_and_verified(
    ci: Ci, index: Sandbox
) -> None:
    login = {n: v for n, v in index.environ().items() if n.startswith("TWINE_")}
    known = {n: v for n, v in index.environ().items() if n not in login}
    known["RELEASEKIT_TAG"] = "v1.2.3"
    status, said, built = ci.run("build", known)
    assert status == 0, said
    (proof,) = re.findall(r"^proof=([0-9a-f]{64})$", said, re.MULTILINE)
    # Without the digest, or after a change of what was proven, nothing is published.
    assert ci.run("publish", {**known, **login}, after=built)[0] != 0
    digest = {"RELEASEKIT_PROOF_SHA256": proof}
    text = (built / "reports" / "proof.json").read_text("utf-8")
    (built / "reports" / "proof.json").write_text(f"{text}\n", encoding="utf-8")
    status, said, _ = ci.run("publish", {**known, **login, **digest}, after=built, image=True)
    assert (status, published(index)) == (1, set()), said
    assert "error E144: " in said
    (built / "reports" / "proof.json").write_text(text, encoding="utf-8")
    status, said, sent = ci.run("publish", {**known, **login, **digest}, after=built)
    assert (status, published(index)) == (0, DISTS), said
    status, said, _ = ci.run("verify", known, after=sent, image=True)
    assert status == 0, said
    assert "plain==1.2.3 installed by hash from" in said
    left = [path for path in ci.folder.rglob("*") if path.is_file()]
    assert [path for path in left if index.password.encode() in path.read_bytes()] == []
