"""What a stage with foreign code leaves behind does not reach `publish`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from jenkins.conftest import MakeJob
from jenkins.harness import Jenkins, Job
from jenkins.test_hostile import read_scripts, wheel
from jenkins.test_step import CREDENTIALS
from nexus_double import run_sandbox
from samples import write_wheel
from support import ProjectDir, published

SPY = """\
import nox
import os
import subprocess
import sys
import releasekit.sessions

# A daemon that looks for the password in the environment of all processes until it is ended.
LOOK = '''
import glob, os, sys, time
os.setsid()
if os.fork():
    sys.exit()
with open({folder!r} + "/daemons", "a") as file:
    file.write(str(os.getpid()) + "\\\\n")
while True:
    for name in glob.glob("/proc/[0-9]*/environ"):
        try:
            with open(name, "rb") as file:
                found = {password!r}.encode() in file.read()
        except OSError:
            continue
        if found:
            with open({folder!r} + "/found", "a") as file:
                file.write(name)
'''
subprocess.run((sys.executable, "-c", LOOK), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
               env={{"PATH": os.environ["PATH"]}})
"""


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Path]:
    """A directory in which daemons leave their numbers; those that are left over are ended."""
    yield tmp_path
    for pid in read_pids(tmp_path):
        if is_running(pid):
            os.kill(pid, signal.SIGKILL)


def read_pids(folder: Path) -> list[int]:
    path = folder / "daemons"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except OSError:
        return False
    return state != b"Z"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc, and children of others, are of Linux")
def test_a_daemon_of_the_project_is_ended_before_publish_has_the_password(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob, own_kit: str, watched: Path
) -> None:
    with run_sandbox() as index:
        environ = index.environ()
        login = {name: environ.pop(f"TWINE_{name.upper()}") for name in ("username", "password")}
        spy = SPY.format(folder=str(watched), password=login["password"])
        project.write("noxfile.py", spy)
        project.commit_all()
        project.git("tag", "-f", "v1.2.3")
        job = make_job(
            f"releasePython({own_kit}, credentials: 'nexus')",
            tag="v1.2.3",
            environ=environ,
            credentials={"nexus": {"kind": "usernamePassword", **login}},
        )
        built = jenkins.run(job)
        assert built.result == "SUCCESS", built.log
        assert len(published(index)) == 2
    pids = read_pids(watched)
    assert len(pids) == 2  # build and check
    assert not any(map(is_running, pids))
    assert not (watched / "found").exists()
    assert built.log.count("note: ended what this stage left behind: ") == 2


STARTS_SESSION = "child = subprocess.Popen("
STATUSES = {"exit 0": 0, "exit 3": 3, "kill -TERM $$": 143}


@pytest.mark.skipif(sys.platform != "linux", reason="/proc, and children of others, are of Linux")
@pytest.mark.parametrize(("end", "status"), STATUSES.items(), ids=STATUSES)
def test_the_status_of_a_session_stays_whatever_it_leaves_behind(
    watched: Path, end: str, status: int
) -> None:
    # A child of a child, in a session of its own, whose parents have ended.
    leave = f"(setsid sh -c 'echo $$ >> {watched}/daemons; exec sleep 600' & wait) > /dev/null &"
    wait = f"until [ -s {watched}/daemons ]; do sleep 0.05; done"
    done = attend(watched, f"{leave}\n{wait}\n{end}")
    assert done.returncode == status, done.stdout
    assert "note: ended what this stage left behind: " in done.stdout
    assert not any(map(is_running, read_pids(watched)))


def attend(folder: Path, script: str, *, first: str = "") -> subprocess.CompletedProcess[str]:
    """Run a script as the step runs a session; the guard does something right before it."""
    start = folder / "start.sh"
    guard = read_scripts("START")
    assert guard.count(STARTS_SESSION) == 1
    guard = guard.replace(STARTS_SESSION, first + STARTS_SESSION)
    start.write_text(guard + 'exec "$PYTHON" -I -c "$attend" sh -c "$1"\n', "utf-8")
    return subprocess.run(
        ("sh", "-eu", start, script),
        env={"PATH": os.environ["PATH"], "PYTHON": sys.executable},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="/proc, and children of others, are of Linux")
def test_a_stage_that_ends_its_guard_fails(watched: Path) -> None:
    quiet = f"echo $$ >> {watched}/daemons; exec > /dev/null 2>&1"
    done = attend(watched, f"{quiet}; kill -KILL $PPID; exec sleep 600")
    assert done.returncode == -signal.SIGKILL


def test_a_signal_reaches_the_session(watched: Path) -> None:
    done = attend(
        watched, "trap 'echo interrupted; exit 130' TERM; kill -TERM $PPID; sleep 600 & wait"
    )
    assert (done.returncode, done.stdout.splitlines()[0]) == (130, "interrupted")


def test_a_signal_before_the_session_has_started_reaches_it(watched: Path) -> None:
    done = attend(watched, "exec sleep 600", first="os.kill(os.getpid(), signal.SIGTERM)\n")
    assert done.returncode == 128 + signal.SIGTERM  # of the session; the guard itself went on


NOX = '''\
"""Stands for nox: says what it gets. As foreign code in `check`, changes what it can."""

import json, os, pathlib, subprocess, sys
session = sys.argv[sys.argv.index("-s") + 1]
caches = [os.environ[name] for name in ("RELEASEKIT_CACHE_DIR", "UV_CACHE_DIR", "PIP_CACHE_DIR")]
head = subprocess.check_output(("git", "rev-parse", "HEAD"), text=True).strip()
reports = pathlib.Path("reports")
print("SESSION " + json.dumps({
    "session": session,
    "kit": sys.prefix,
    "caches": caches,
    "head": head,
    "settings": pathlib.Path("pyproject.toml").read_text(),
    "hook": pathlib.Path("hooked").exists(),
    "ca": pathlib.Path(os.environ["RELEASEKIT_CA_BUNDLE"]).read_text(),
    "seal": os.environ.get("RELEASEKIT_PROOF_SHA256"),
}))
if session == "build":
    reports.mkdir(exist_ok=True)
    pathlib.Path("dist").mkdir(exist_ok=True)
    pathlib.Path("dist/a-1.tar.gz").write_text("built")
if session == "check":
    (reports / "proof.json").write_text("{}")
    with open(__file__, "a") as file:
        file.write("print('TAMPERED')\\n")
    for cache in caches:
        pathlib.Path(cache).mkdir(parents=True, exist_ok=True)
    pathlib.Path("pyproject.toml").write_text("url = 'https://evil.example.com'")
    hook = pathlib.Path(".git/hooks/post-checkout")
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\\ntouch hooked\\n")
    hook.chmod(0o755)
    subprocess.run(("git", "commit", "-qam", "evil"), check=True)
    subprocess.run(("git", "tag", "-f", "v1.2.3"), check=True)
    pathlib.Path(os.environ["RELEASEKIT_CA_BUNDLE"]).write_text("evil")
'''


@pytest.fixture
def tampered(
    project: ProjectDir, make_job: MakeJob, agent_environ: Mapping[str, str], tmp_path: Path
) -> Job:
    """A job whose kit is as little as NOX."""
    kits = tmp_path / "kits"
    kits.mkdir()
    metadata = "Metadata-Version: 2.1\nName: {}\nVersion: 1\n"
    for name, files in (
        ("nox", {"nox/__init__.py": "", "nox/__main__.py": NOX}),
        ("releasekit", {"releasekit/__init__.py": "", "releasekit/cli.py": ""}),
    ):
        needs = metadata.format(name) + ("Requires-Dist: nox\n" if name == "releasekit" else "")
        write_wheel(kits, files=files, metadata=needs, filename=wheel(name, 1))
    project.write("pyproject.toml", "")
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    who = {name: value for name, value in project.environ.items() if name.startswith("GIT_")}
    pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(kits), "PIP_CACHE_DIR": str(tmp_path / "pip")}
    return make_job(
        f"releasePython(kit: '1', python: '{sys.executable}', caBundle: 'ca')",
        tag="v1.2.3",
        credentials=CREDENTIALS,
        agents={"": {**agent_environ, **who, **pip}},
    )


def test_what_check_tampered_with_is_not_what_publish_uses(
    jenkins: Jenkins, tampered: Job, project: ProjectDir
) -> None:
    commit = project.git("rev-parse", "HEAD").strip()
    built = jenkins.run(tampered)
    assert built.result == "SUCCESS", built.log
    lines = built.log.splitlines()
    said = [json.loads(line.removeprefix("SESSION ")) for line in lines if "SESSION " in line]
    ran = {entry.pop("session"): entry for entry in said}
    assert list(ran) == ["build", "check", "publish", "verify"]
    assert ran["verify"]["kit"] == ran["check"]["kit"]
    assert ran["verify"]["head"] != commit
    # The kit of check is not that of publish, and only verify shows what was done to it.
    assert lines.count("TAMPERED") == 1
    digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"  # of {}
    seen = ran["publish"]
    assert seen["kit"] != ran["check"]["kit"]
    assert not {*seen["caches"]} & {*ran["check"]["caches"]}
    assert (seen["head"], seen["settings"], seen["hook"]) == (commit, "", False)
    assert seen["ca"] == CREDENTIALS["ca"]["content"]
    assert seen["seal"] == digest
    assert not Path(seen["kit"]).exists()  # nothing of it stays for a later build


def test_another_agent_publishes_what_the_first_one_has_proven(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob, own_kit: str
) -> None:
    with run_sandbox() as index:
        environ = index.environ()
        login = {name: environ.pop(f"TWINE_{name.upper()}") for name in ("username", "password")}
        job = make_job(
            f"releasePython({own_kit}, credentials: 'nexus', "
            "label: 'linux', publishLabel: 'other')",
            tag="v1.2.3",
            environ=environ,
            credentials={"nexus": {"kind": "usernamePassword", **login}},
        )
        built = jenkins.run(job)
        assert built.result == "SUCCESS", built.log
        assert len(published(index)) == 2
    assert (built.description or "").startswith("jenkins-example 1.2.3: released, and installed")
    # Nothing stays on the agent that published.
    assert list((job.home / "other" / "workspace" / "job@tmp").glob("releasekit-*")) == []
