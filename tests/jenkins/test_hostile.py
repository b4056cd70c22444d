"""What agents, folders and projects have lying about: none of it changes a release."""

from __future__ import annotations

import fcntl
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from doors import STEP
from gitlab.test_hostile import ADMIN, HOSTILE, MARK, MODULES
from gitlab.test_kit import write_backend
from jenkins.conftest import MakeJob
from jenkins.harness import Built, Jenkins, Job
from jenkins.test_step import HOLLOW, KIT, PYTHON, read_sessions, variables
from nexus_double import run_sandbox
from samples import write_sdist, write_wheel
from support import ProjectDir, published

GLOBAL = {"TWINE_USERNAME": "bob", "TWINE_PASSWORD": "hunter2hunter2"}
"""Credentials that an administrator has put into the environment of all builds."""
NOXFILE = """\
import json, os
import nox
import releasekit.sessions
ancestors, pid = [], os.getpid()
while pid > 1:
    with open(f"/proc/{{pid}}/environ", "rb") as file:
        ancestors.append(file.read().decode())
    with open(f"/proc/{{pid}}/stat") as file:
        pid = int(file.read().rpartition(")")[2].split()[1])
with open({folder!r} + "/noxfile", "a") as file:
    file.write(json.dumps([dict(os.environ), ancestors]) + "\\n")
"""


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def read_variables(built: Built) -> dict[str, set[str]]:
    """Return the variables of each session that hold secrets or are for nox, by session."""
    runs = re.findall(r"ran on \w+: .* -s (\w+) .*\n((?:\w+=.*\n)*)", built.log)
    pattern = re.compile(r"^(?:TWINE|NOX|RELEASEKIT_(?:ADMIN|PUBL|PROXY))\w*=", re.MULTILINE)
    return {session: set(pattern.findall(lines)) for session, lines in runs}


@pytest.mark.parametrize("place", ["Jenkins", "the agent"])
def test_passwords_of_the_environment_are_for_the_sessions_that_need_them(
    jenkins: Jenkins,
    project: ProjectDir,
    make_job: MakeJob,
    agent_environ: dict[str, str],
    place: str,
) -> None:
    said = {**GLOBAL, **ADMIN, "NOXPYTHON": "2.7", "NOXSESSION": "evil"}
    settings: dict[str, Any] = {"environ": said}
    if place == "the agent":
        settings = {"agents": {"": {**agent_environ, **said}}}
    nothing: set[str] = set()
    rehearsal = jenkins.run(make_job(f"releasePython({HOLLOW})", **settings))
    assert read_variables(rehearsal) == {"release": nothing}
    wheels = jenkins.run(make_job(f"releasePython({HOLLOW}, wheels: ['*-*-*': ''])", **settings))
    assert read_variables(wheels) == dict.fromkeys(("build", "gather", "check", "plan"), nothing)
    login = {"TWINE_USERNAME=", "TWINE_PASSWORD=", "TWINE_PASSWORD_OF_SOMEBODY="}
    release = make_job(f"releasePython({HOLLOW})", tag="v1.2.3", **settings)
    assert read_variables(jenkins.run(release)) == {
        **dict.fromkeys(("build", "check", "verify"), nothing),
        "publish": login,
    }


def test_variables_of_the_environment_beat_no_parameter(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob
) -> None:
    environ = {**HOSTILE, "PYTHON": "evil", "KIT_PYTHON": "evil", "KIT_HOME": "/evil"}
    del environ["IFS"]  # no shell takes it from there, but the harness starts git by its own
    parameters = f"{PYTHON}, kit: '1.2.3', url: 'https://nexus.example.com', dryRun: true"
    built = jenkins.run(make_job(f"releasePython({parameters})", tag="v1.2.3", environ=environ))
    assert built.result == "SUCCESS", built.log
    assert [session for _, _, session in read_sessions(built)] == ["build", "check", "plan"]
    assert variables(built) == {
        "RELEASEKIT_URL=https://nexus.example.com",
        "RELEASEKIT_TAG=v1.2.3",
    }
    # A tag that is meant for all builds is none of a branch.
    built = jenkins.run(make_job(f"releasePython({parameters})", environ=environ))
    assert variables(built) == {"RELEASEKIT_URL=sandbox"}


def test_the_project_runs_no_code_beside_the_password(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob, own_kit: str, tmp_path: Path
) -> None:
    for name in MODULES:
        project.write(f"{name}.py", MARK.format(folder=str(tmp_path)))
    project.write("noxfile.py", NOXFILE.format(folder=str(tmp_path)))
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    with run_sandbox() as index:
        environ = index.environ()
        login = {name: environ.pop(f"TWINE_{name.upper()}") for name in ("username", "password")}
        job = make_job(
            f"releasePython({own_kit}, credentials: 'nexus')",
            tag="v1.2.3",
            environ={**environ, **ADMIN, "PYTHONPATH": "."},
            credentials={"nexus": {"kind": "usernamePassword", **login}},
        )
        built = jenkins.run(job)
        assert built.result == "SUCCESS", built.log
        assert len(published(index)) == 2
    assert not (tmp_path / "imported").exists()
    ran = [json.loads(line) for line in (tmp_path / "noxfile").read_text("utf-8").splitlines()]
    assert len(ran) == 2  # build and check
    # Not in its own environment, nor in that of the shell or of Jenkins' agent.
    for secret in (login["password"], *(text for text in ADMIN.values() if "canary" in text)):
        assert secret not in json.dumps(ran)


def test_what_git_tracks_stays_and_what_an_earlier_build_left_goes(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob, tmp_path: Path
) -> None:
    for folder in ("dist", "reports", "reports/sub"):
        (project.root / folder).mkdir()
    for name in ("dist/README", "reports/sub/of the team.txt"):
        project.write(name, "tracked")
    project.write(".gitignore", "dist/\n")
    project.git("add", "-f", ".")
    project.git("commit", "-qm", "tracked")
    project.git("tag", "-f", "v1.2.3")
    job = make_job(f"releasePython({HOLLOW})", tag="v1.2.3")
    jenkins.run(job)
    workspace = job.home / "any" / "workspace" / "job"
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    (workspace / "dist" / "old.whl").touch()
    (workspace / "dist" / "link").symlink_to(outside)
    (workspace / "reports" / "parts" / "old.json").touch()
    (workspace / "reports" / "sub" / "old").mkdir()
    built = jenkins.run(job)
    assert built.result == "SUCCESS", built.log
    assert names_in(workspace / "dist") == ["README", "any-1.tar.gz"]
    assert names_in(workspace / "reports" / "parts") == ["any.json"]
    assert names_in(workspace / "reports" / "sub") == ["of the team.txt"]
    assert names_in(outside) == ["kept"]
    assert (
        "note: these files stay where releasekit writes, because git tracks them:\n"
        "dist/README\nreports/sub/of the team.txt\n"
    ) in built.log
    job = make_job(f"releasePython({HOLLOW}, workingDirectory: 'reports')", tag="v1.2.3")
    assert jenkins.run(job).result == "SUCCESS"


def test_a_link_in_the_place_of_dist_is_not_followed(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob, tmp_path: Path
) -> None:
    job = make_job(f"releasePython({HOLLOW})", tag="v1.2.3")
    jenkins.run(job)
    dist = job.home / "any" / "workspace" / "job" / "dist"
    outside = dist.rename(tmp_path / "outside")
    dist.symlink_to(outside)
    assert jenkins.run(job).result == "SUCCESS"
    assert (dist.is_symlink(), names_in(outside)) == (False, ["any-1.tar.gz"])


def write_kits(folder: Path) -> None:
    """Write a nox and two versions of a kit that do as little as the real ones may."""
    folder.mkdir()
    files = {"nox/__init__.py": "", "nox/__main__.py": "print('nox ran')\n"}
    metadata = "Metadata-Version: 2.1\nName: {}\nVersion: {}\n"
    write_wheel(folder, files=files, metadata=metadata.format("nox", 1), filename=wheel("nox", 1))
    for version in (1, 2):
        show = f"print('kit', {version})\n"
        files = {"releasekit/__init__.py": "", "releasekit/cli.py": "", "releasekit/more.py": show}
        needs = metadata.format("releasekit", version) + "Requires-Dist: nox\n"
        name = wheel("releasekit", version)
        write_wheel(folder, files=files, metadata=needs, filename=name)


def wheel(name: str, version: int) -> str:
    return f"{name}-{version}-py3-none-any.whl"


def break_python(home: Path) -> None:
    (home / "bin" / "python").unlink()
    (home / "bin" / "python").symlink_to("/gone/python3")


def break_file(home: Path) -> None:
    next(home.glob("lib/python*/site-packages/releasekit/more.py")).unlink()


def break_pip(home: Path) -> None:
    (home / "finished").unlink()


@pytest.fixture
def installing(
    project: ProjectDir, make_job: MakeJob, agent_environ: dict[str, str], tmp_path: Path
) -> Callable[[str], Job]:
    """Make a job whose agent's pip knows two tiny kits, and nothing else."""
    write_kits(tmp_path / "kits")
    pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "kits")}
    agent = {**agent_environ, **pip}

    def make(kit: str) -> Job:
        jenkinsfile = f"releasePython(kit: '{kit}', python: '{sys.executable}')"
        return make_job(jenkinsfile, agents={"": agent})

    return make


def find_homes(job: Job) -> list[Path]:
    return sorted(
        path for path in (job.home / "any/workspace/job@tmp").glob("releasekit-*") if path.is_dir()
    )


def test_an_environment_that_does_not_work_is_made_anew_and_one_that_does_is_kept(
    jenkins: Jenkins, installing: Callable[[str], Job]
) -> None:
    job = installing("1")
    assert jenkins.run(job).log.count("nox ran") == 1
    (home,) = find_homes(job)
    (home / "kept").touch()
    assert jenkins.run(job).log.count("nox ran") == 1
    assert (home / "kept").exists()
    for damage in (break_python, break_file, break_pip):
        damage(home)
        assert jenkins.run(job).log.count("nox ran") == 1, damage
        assert not (home / "kept").exists(), damage
        (home / "kept").touch()


def test_another_kit_gets_an_environment_of_its_own_and_a_range_one_for_a_build(
    jenkins: Jenkins, installing: Callable[[str], Job]
) -> None:
    for kit in ("1", "2", "releasekit<2"):
        built = jenkins.run(installing(kit))
        assert built.log.count("nox ran") == 1, built.log
    homes = find_homes(installing("1"))
    modules = [next(home.glob("lib/python*/site-packages/releasekit/more.py")) for home in homes]
    assert [path.read_text("utf-8") for path in modules] == [
        "print('kit', 1)\n",
        "print('kit', 2)\n",
    ]


@pytest.mark.parametrize(("kit", "count"), [("9.9.9", 0), ("releasekit>2", 0), ("releasekit", 1)])
def test_an_sdist_of_the_kit_is_not_built(
    jenkins: Jenkins,
    installing: Callable[[str], Job],
    tmp_path: Path,
    kit: str,
    count: int,
) -> None:
    job = installing(kit)
    sdist = write_backend(tmp_path / "built")
    write_sdist(tmp_path / "kits", files=sdist, filename="releasekit-9.9.9.tar.gz")
    built = jenkins.run(job)
    assert not (tmp_path / "built").exists()
    assert built.log.count("nox ran") == count, built.log
    assert len(re.findall(r"^error E266: ", built.log, re.MULTILINE)) == 1 - count


def read_scripts(*names: str) -> str:
    """Return scripts of the step as Jenkins hands them to the shell."""
    text = STEP.read_text("utf-8")
    found = (re.search(rf"String {name} = '''(.*?)'''", text, re.DOTALL) for name in names)
    return "".join(script[1] for script in found if script).replace("\\\\", "\\")


def make_environ(job: Job, folder: Path) -> dict[str, str]:
    """Return the environment in which the step installs the first of the two tiny kits."""
    return {
        **job.agents[""],
        "KIT": "releasekit==1",
        "KIT_INDEX": "",
        "KIT_HOME": str(folder / "home"),
        "KIT_PYTHON": str(folder / "home" / "bin" / "python"),
        "PYTHON": sys.executable,
    }


def run_script(
    text: str, project: ProjectDir, environ: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a script of the step as an agent does."""
    return subprocess.run(
        ("sh", "-eu", "-c", text),
        cwd=project.root,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )


def test_a_build_that_holds_the_kit_for_too_long_is_named(
    installing: Callable[[str], Job], project: ProjectDir, tmp_path: Path
) -> None:
    script = read_scripts("START", "INSTALL")
    assert "time.monotonic() + 600\n" in script
    with (tmp_path / "home.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = run_script(
            script.replace("monotonic() + 600", "monotonic() + 1"),
            project,
            make_environ(installing("1"), tmp_path),
        )
    assert done.returncode == 3, done.stdout
    assert done.stdout.splitlines()[-1].startswith(
        f"error E321: a file or directory cannot be read or written: {tmp_path}/home.lock, which "
        "another build holds for ten minutes; "
    )


def test_a_disk_that_is_full_is_worth_a_second_run(
    installing: Callable[[str], Job], project: ProjectDir, tmp_path: Path
) -> None:
    python = tmp_path / "python3"
    python.write_text(
        f"#!/bin/sh\ncase $* in *'-m venv'*) exit 1 ;; esac\nexec {sys.executable} \"$@\"\n"
    )
    python.chmod(0o755)
    environ = {**make_environ(installing("1"), tmp_path), "PYTHON": str(python)}
    done = run_script(read_scripts("START", "INSTALL"), project, environ)
    assert done.returncode == 3, done.stdout
    (line,) = re.findall(r"^error .*", done.stdout, re.MULTILINE)
    assert line.startswith(
        f"error E321: a file or directory cannot be read or written: {tmp_path}/home; "
    )


def test_a_checkout_without_the_contents_of_git_lfs_can_be_published(
    project: ProjectDir, tmp_path: Path
) -> None:
    project.write(".gitattributes", "*.bin filter=lfs\n")
    project.write("large.bin", "a pointer\n")
    project.commit_all()
    # As git-lfs, which fails where a server does not have the contents of a pointer.
    settings = tmp_path / "gitconfig"
    settings.write_text(
        '[filter "lfs"]\n\tclean = cat\n\trequired = true\n'
        '\tsmudge = "test -n \\"$GIT_LFS_SKIP_SMUDGE\\" && cat"\n'
    )
    environ = {
        **project.environ,
        "BUILT": str(project.root),
        "COMMIT": project.git("rev-parse", "HEAD").strip(),
        "GIT_CONFIG_GLOBAL": str(settings),
    }
    (tmp_path / "source").mkdir()
    script = 'cd "$SOURCE"\n' + read_scripts("START", "TAKE") + "git status --porcelain\n"
    done = run_script(script, project, {**environ, "SOURCE": str(tmp_path / "source")})
    assert (done.returncode, done.stdout) == (0, "")
    assert (tmp_path / "source" / "large.bin").read_text() == "a pointer\n"


def test_two_builds_that_want_the_kit_at_once_both_have_it(
    installing: Callable[[str], Job], project: ProjectDir, tmp_path: Path
) -> None:
    environ = make_environ(installing("1"), tmp_path)
    script = tmp_path / "install.sh"
    count = 'echo made >> "$KIT_HOME.log"\n"$PYTHON" -I -m venv'
    script.write_text(read_scripts("START", "INSTALL").replace('"$PYTHON" -I -m venv', count))
    script.chmod(0o755)
    broken = tmp_path / "home" / "bin"
    broken.mkdir(parents=True)
    (broken / "python").symlink_to("/gone/python3")
    builds = [subprocess.Popen([script], cwd=project.root, env=environ) for _ in range(3)]
    assert [build.wait(timeout=120) for build in builds] == [0, 0, 0]
    assert (tmp_path / "home.log").read_text() == "made\n"
    run = (environ["KIT_PYTHON"], "-I", "-m", "releasekit.more")
    assert subprocess.check_output(run, text=True) == "kit 1\n"


def test_only_the_kits_noxfile_has_a_login(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob
) -> None:
    project.write("noxfile.py", "import releasekit.sessions\n")
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    built = jenkins.run(make_job(f"releasePython({HOLLOW})", tag="v1.2.3", environ=GLOBAL))
    of_the_kit = {session for _, file, session in read_sessions(built) if file == KIT}
    assert {session for session, secrets in read_variables(built).items() if secrets} == {"publish"}
    assert of_the_kit == {"publish", "verify"}
