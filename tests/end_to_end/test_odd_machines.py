"""Machines without a home or a git identity, read-only checkouts, odd paths, others' files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from platformdirs import user_cache_path

from nexus_double import Sandbox
from support import SDIST, WHEEL, Command, ProjectDir, Ran, public_index

AS_OTHERS = ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override")
"""Root may write anywhere; without this right it is as other users are."""


def build(project: ProjectDir, *without: str, prefix: tuple[str, ...] = ()) -> Ran:
    """Build in the environment of the project, without some variables."""
    environ = {**project.environ, **public_index()}
    done = subprocess.run(
        (*prefix, sys.executable, "-m", "releasekit", "build"),
        cwd=project.root,
        env={name: value for name, value in environ.items() if name not in without},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ran(status=done.returncode, out=done.stdout, err=done.stderr)


def dist_of(project: ProjectDir) -> set[str]:
    return {path.name for path in (project.root / "dist").glob("[!.]*")}


def test_no_home_and_no_git_identity_are_needed(project: ProjectDir) -> None:
    identity = [name for name in project.environ if name.startswith("GIT_")]
    assert identity
    ran = build(project, "HOME", "USER", "LOGNAME", *identity)
    assert (ran.status, ran.err) == (0, ""), ran
    assert dist_of(project) == {SDIST, WHEEL}


def test_home_that_cannot_be_made_is_refused_with_the_setting_that_does_without(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    (project.root.parent / "file").touch()
    home = project.root.parent / "file" / "home"
    caches = {"RELEASEKIT_CACHE_DIR": "", "UV_CACHE_DIR": "", "XDG_CACHE_HOME": ""}
    machine = {"HOME": str(home), **caches}
    ran = releasekit("release", project=project, server=sandbox, **machine)
    assert (ran.status, ran.err) == (3, ""), ran
    folder = user_cache_path("releasekit").relative_to(Path.home())
    assert ran.out.endswith(
        "error E323: the cache of build environments cannot be written\n"
        f"  where: {home / folder}/build-envs\n"
        "  why:   Not a directory\n"
        "  next:  set cache-dir (or RELEASEKIT_CACHE_DIR) to a directory that this user may "
        "write;\n"
        "         --fresh does without a cache\n"
    )
    machine["RELEASEKIT_CACHE_DIR"] = "../cache"
    ran = releasekit("release", project=project, server=sandbox, **machine)
    assert (ran.status, ran.err) == (0, ""), ran
    assert (project.root.parent / "cache" / "uv").is_dir()


def test_project_at_a_path_with_spaces_is_built(project: ProjectDir, tmp_path: Path) -> None:
    root = tmp_path.resolve() / "größe, mit 'leer' $HOME" / "two words"
    root.parent.mkdir()
    project.root.rename(root)
    moved = ProjectDir(root=root, environ=project.environ)
    ran = build(moved)
    assert (ran.status, ran.err) == (0, ""), ran
    assert dist_of(moved) == {SDIST, WHEEL}


def test_read_only_checkout_is_refused_in_words(project: ProjectDir) -> None:
    project.root.chmod(0o555)
    ran = build(project, prefix=AS_OTHERS if os.geteuid() == 0 else ())
    project.root.chmod(0o755)
    assert (ran.status, ran.err) == (3, ""), ran
    assert ran.out.endswith(
        "error E321: a file or directory cannot be read or written\n"
        f"  where: {project.root}/dist\n"
        "  why:   Permission denied\n"
        "  next:  see what is there, whether this user may write it, and whether the disk is full\n"
    )


def test_files_of_other_tools_in_dist_stay_and_are_not_released(
    project: ProjectDir, releasekit: Command
) -> None:
    theirs = project.root / "dist"
    theirs.mkdir()
    for name in ("plain-1.2.2.tar.gz", "plain.deb", "größe mit leer.txt"):
        (theirs / name).write_text("theirs")
    ran = releasekit("release", project=project)
    assert (ran.status, ran.err) == (0, ""), ran
    assert dist_of(project) >= {"plain-1.2.2.tar.gz", "plain.deb", "größe mit leer.txt"}
    assert (theirs / "plain-1.2.2.tar.gz").read_text() == "theirs"
    assert "plan      2 to upload, 0 already published" in ran.out
