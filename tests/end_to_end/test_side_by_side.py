"""Several projects in one command: at once, reported in order; when one fails, the others go on."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from end_to_end.test_interrupts import is_running
from end_to_end.test_secrets import watch_command_lines
from nexus_double import Sandbox
from support import (
    PYTHON,
    Command,
    MakeProject,
    ProjectDir,
    public_index,
    published,
    wait_for,
    without_times,
)

PYPROJECT = """\
[build-system]
requires = ["flit-core>=3.12"]
build-backend = "backend"
backend-path = ["."]

[project]
name = "acme-{name}"
version = "1.0"
description = "One of several"
requires-python = ">=3.10"
dependencies = {needs}

[project.urls]
Homepage = "https://plain.example.com"

[tool.flit.sdist]
include = ["backend.py"]

[tool.releasekit]
tag = "{name}/v{{version}}"
"""
BACKEND = """\
import os, pathlib, time
from flit_core.buildapi import *
from flit_core.buildapi import build_sdist as _build_sdist

def wait_for(path):
    for _ in range(600):
        if pathlib.Path(path).exists():
            return
        time.sleep(0.1)
    raise SystemExit(f"{{path}} did not come")

def build_sdist(*args, **settings):
    {does}
    return _build_sdist(*args, **settings)
"""
HANG = "pathlib.Path({pid!r}).write_text(f'{{os.getpid()}} '); time.sleep(60)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Monorepo:
    """Packages named by a letter each, in one git repository, all of them tagged."""

    project: ProjectDir

    def write(self, name: str, *, does: str = "pass", needs: tuple[str, ...] = ()) -> None:
        """Write a package; its backend does something before it builds."""
        folder = self.folder(name)
        folder.mkdir(parents=True)
        text = PYPROJECT.format(name=name, needs=json.dumps(needs))
        (folder / "pyproject.toml").write_text(text)
        (folder / "backend.py").write_text(BACKEND.format(does=does))
        (folder / f"acme_{name}.py").write_text(f'"""Package {name}."""\n')
        self.project.commit_all()
        for path in self.project.root.glob("packages/*"):
            self.project.git("tag", "-f", f"{path.name}/v1.0")

    def write_hanging(self, name: str) -> Path:
        """Write a package whose build does not end; returns the file that tells its process."""
        pid = self.project.root.parent / f"{name}.pid"
        self.write(name, does=HANG.format(pid=str(pid)))
        return pid

    def folder(self, name: str) -> Path:
        return self.project.root / "packages" / name

    def report(self, name: str) -> Path:
        """The last file that a run writes for a package, and the first one that may be read."""
        return self.folder(name) / "reports" / "summary.md"

    def outcome(self, name: str) -> dict[str, Any]:
        text = (self.folder(name) / "reports" / "outcome.json").read_text(encoding="utf-8")
        document: dict[str, Any] = json.loads(text)
        return document


@pytest.fixture
def monorepo(make_project: MakeProject) -> Monorepo:
    made = make_project(tag=None)
    made.git("rm", "-q", "pyproject.toml", "plain.py")
    return Monorepo(project=made)


ALL = ("-C", "packages/*")


def start(monorepo: Monorepo, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    """Start a release of all packages, in a process group of its own."""
    return subprocess.Popen(
        (sys.executable, "-m", "releasekit", "release", *ALL, *arguments),
        cwd=monorepo.project.root,
        env={**monorepo.project.environ, **public_index(), **options.pop("variables", {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        **options,
    )


def read_pid(path: Path) -> int:
    wait_for(lambda: path.is_file() and path.read_text().endswith(" "))
    return int(path.read_text())


def find_parent(pid: int) -> int:
    text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    return int(text.rpartition(")")[2].split()[1])


def find_children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8")
    return [int(child) for child in text.split()]


def labels(out: str) -> list[str]:
    """The lines that tell of a project, of its end, and of all together."""
    kept = ("project", "verify", "error E", "  where:", "done", "projects")
    lines = without_times(out).splitlines()
    return [line.removesuffix(" in") for line in lines if line.startswith(kept)]


def test_what_ends_first_is_reported_in_its_turn(
    monorepo: Monorepo, sandbox: Sandbox, releasekit: Command
) -> None:
    monorepo.write("a", does=f"wait_for({str(monorepo.report('b'))!r})")
    monorepo.write("b")
    monorepo.write("c")
    ran = releasekit("release", *ALL, "-j", "2", project=monorepo.project, server=sandbox)
    assert ran.status == 0, ran
    group = sandbox.upload_url(sandbox.group)
    assert labels(ran.out) == [
        *(
            line
            for name in "abc"
            for line in (
                f"project   packages/{name}",
                f"verify    acme-{name}==1.0 installed by hash from {group}, imports acme_{name} "
                f"({PYTHON})",
                "done      release",
            )
        ),
        "projects  3 of 3 done",
    ]
    assert ran.err == ""


def test_one_that_is_refused_keeps_no_other_from_its_release(
    monorepo: Monorepo, sandbox: Sandbox, releasekit: Command
) -> None:
    monorepo.write("a")
    monorepo.write("b", does="raise SystemExit('no')")
    monorepo.write("c")
    monorepo.write("d")
    (monorepo.folder("c") / "releasekit.toml").write_text("hostedd = 'x'\n")
    ran = releasekit("release", *ALL, "-j", "2", "-q", project=monorepo.project, server=sandbox)
    assert ran.status == 2, ran
    assert [line for line in ran.out.splitlines() if line.startswith("error")] == [
        "error E111: the build backend failed to make the sdist",
        "error E201: the configuration is wrong in 1 place",
    ]
    ends = {name: monorepo.outcome(name)["status"] for name in "abcd"}
    assert ends == {"a": "done", "b": "refused", "c": "usage", "d": "done"}
    assert {name[:6] for name in published(sandbox)} == {"acme_a", "acme_d"}


def test_documents_come_in_the_order_named_and_lines_apart_from_them(
    monorepo: Monorepo, sandbox: Sandbox, releasekit: Command
) -> None:
    monorepo.write("a", does=f"wait_for({str(monorepo.report('b'))!r})")
    monorepo.write("b")
    named = ("-C", "packages/a", "-C", "packages/b", "-C", "elsewhere")
    ran = releasekit("release", *named, "--json", project=monorepo.project, server=sandbox)
    assert ran.status == 2, ran
    assert [one["project"] for one in read_documents(ran.out)] == ["acme-a", "acme-b", None]
    assert [one["status"] for one in read_documents(ran.out)] == ["done", "done", "usage"]
    assert labels(ran.err)[-1] == "projects  2 of 3 done, elsewhere usage"


def read_documents(text: str) -> list[dict[str, Any]]:
    found, decoder = [], json.JSONDecoder()
    while text.strip():
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:].lstrip()
    return found


def test_all_share_one_sandbox_also_with_a_later_session(monorepo: Monorepo) -> None:
    for name in "abc":
        monorepo.write(name)
    arguments = ["release", *ALL, "-j", "2"]
    run = f"main({arguments!r})"
    twice = f"from releasekit.cli import main; {run}; raise SystemExit({run})"
    done = subprocess.run(
        (sys.executable, "-c", twice),
        cwd=monorepo.project.root,
        env={**monorepo.project.environ, **public_index()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done
    assert done.stderr == ""
    assert len({monorepo.outcome(name)["repository"] for name in "abc"}) == 1
    published = [line for line in done.stdout.splitlines() if line.startswith("publish")]
    assert ["nothing to upload" in line for line in published] == [False] * 3 + [True] * 3


def test_with_one_job_they_are_done_one_after_the_other(
    monorepo: Monorepo, sandbox: Sandbox, releasekit: Command
) -> None:
    first = "assert not pathlib.Path({!r}).exists()".format
    monorepo.write("a", does=first(str(monorepo.report("b").parent)))
    monorepo.write("b", does=f"assert pathlib.Path({str(monorepo.report('a'))!r}).exists()")
    ran = releasekit("release", *ALL, "-j", "1", project=monorepo.project, server=sandbox)
    assert ran.status == 0, ran


@pytest.mark.parametrize("number", ["0", "-1", "two", "1.5"])
def test_no_number_of_projects(project: ProjectDir, releasekit: Command, number: str) -> None:
    ran = releasekit("version", f"-j{number}", project=project)
    assert ran.status == 2
    assert f"argument -j/--jobs: {number} is no number of projects: give 1 or more" in ran.err


def test_a_build_environment_is_made_once(
    monorepo: Monorepo, releasekit: Command, tmp_path: Path
) -> None:
    for name in "ab":
        monorepo.write(name)
    cache = {"RELEASEKIT_CACHE_DIR": str(tmp_path / "new")}
    ran = releasekit("build", *ALL, "-j", "2", "-v", project=monorepo.project, **cache)
    assert ran.status == 0, ran
    assert ran.out.count("Creating virtual environment") == 1
    assert len(list(tmp_path.glob("new/build-envs/*.json"))) == 1


def test_a_lock_on_the_users_index_stops_nobody(
    monorepo: Monorepo, sandbox: Sandbox, releasekit: Command
) -> None:
    for name in "ab":
        monorepo.write(name)
    for path in monorepo.project.root.glob("packages/*/*"):
        os.utime(path)  # `git status` would like to write down that it looked
    (monorepo.project.root / ".git" / "index.lock").touch()
    ran = releasekit("release", *ALL, "-j", "2", project=monorepo.project, server=sandbox)
    assert ran.status == 0, ran


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("dry", [False, True], ids=["release", "dry run"])
def test_a_project_comes_after_those_that_it_needs(
    monorepo: Monorepo, sandbox: Sandbox, releasekit: Command, jobs: str, dry: bool
) -> None:
    monorepo.write("a", needs=("acme-b",))
    monorepo.write("b", needs=("Acme.C>=1",))
    monorepo.write("c")
    run = ("release", *ALL, "-j", jobs, *(["--dry-run"] if dry else []))
    ran = releasekit(*run, project=monorepo.project, server=sandbox)
    assert ran.status == 0, ran
    assert read_projects(ran.out) == ["packages/c", "packages/b", "packages/a"]
    text = (monorepo.folder("a") / "reports" / "outcome.json").read_text(encoding="utf-8")
    assert json.loads(text)["findings"]["error"] == 0
    assert "with 2 dependencies, imports acme_a" in ran.out
    assert len(published(sandbox)) == (0 if dry else 6)


def read_projects(out: str) -> list[str]:
    return [line.split()[1] for line in out.splitlines() if line.startswith("project ")]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_what_needs_a_refused_project_is_refused_too(
    monorepo: Monorepo, sandbox: Sandbox, releasekit: Command, jobs: str
) -> None:
    monorepo.write("a", needs=("acme-b",))
    monorepo.write("b", needs=("nobody-has-this",))
    monorepo.write("c")
    ran = releasekit("release", *ALL, "-j", jobs, project=monorepo.project, server=sandbox)
    assert ran.status == 1, ran
    assert "error E145: a project that this one needs was refused\n" in ran.out
    assert "  why:   it needs acme-b, of the same command\n" in ran.out
    assert {name.partition("-")[0] for name in published(sandbox)} == {"acme_c"}
    text = (monorepo.folder("a") / "reports" / "outcome.json").read_text(encoding="utf-8")
    assert json.loads(text)["error"]["code"] == "E145"


def test_projects_that_need_each_other_are_refused_before_anything_is_done(
    monorepo: Monorepo, sandbox: Sandbox, releasekit: Command
) -> None:
    monorepo.write("a", needs=("acme-b",))
    monorepo.write("b", needs=("acme-a",))
    ran = releasekit("release", *ALL, project=monorepo.project, server=sandbox)
    assert ran.status == 2
    assert "error E229: these projects need each other\n" in ran.out
    assert published(sandbox) == set()


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize(
    ("number", "to_all"),
    [
        pytest.param(signal.SIGINT, True, id="Ctrl-C"),
        pytest.param(signal.SIGINT, False, id="SIGINT alone"),
        pytest.param(signal.SIGTERM, True, id="SIGTERM for all"),
        pytest.param(signal.SIGTERM, False, id="SIGTERM alone"),
    ],
)
def test_an_interrupt_ends_what_runs_and_begins_no_other(
    monorepo: Monorepo, sandbox: Sandbox, number: signal.Signals, to_all: bool, jobs: str
) -> None:
    hanging = {name: monorepo.write_hanging(name) for name in "abc"}
    begun = "abc"[: int(jobs)]
    with start(monorepo, "-j", jobs, variables=sandbox.environ()) as process:
        pids = [read_pid(hanging[name]) for name in begun]
        pids += find_children(process.pid)
        if jobs == "1":  # what it imports meanwhile may swallow an interrupt (importlib, weakref)
            time.sleep(3)
        (os.killpg if to_all else os.kill)(process.pid, number)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 130, out
    blocks = [
        line
        for name in begun
        for line in (
            f"project   packages/{name}",
            "error E901: interrupted",
            "  where: during build",
        )
    ]
    names = ", ".join(f"packages/{name} interrupted" for name in begun)
    assert labels(out) == [
        *blocks,
        f"projects  0 of 3 done, {names}, {3 - len(begun)} not begun",
    ]
    assert "Traceback" not in out
    assert [monorepo.outcome(name)["status"] for name in begun] == ["interrupted"] * len(begun)
    assert not monorepo.report("c").exists()
    wait_for(lambda: not any(is_running(pid) for pid in pids))


def test_an_interrupt_leaves_what_was_done_before_it(monorepo: Monorepo, sandbox: Sandbox) -> None:
    """The process that has nothing more to do is silent about it."""
    monorepo.write("a")
    hanging = monorepo.write_hanging("b")
    with start(monorepo, "-j", "2", variables=sandbox.environ()) as process:
        read_pid(hanging)
        wait_for(monorepo.report("a").exists)
        os.killpg(process.pid, signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 130, out
    assert "Traceback" not in out
    assert out.endswith("projects  1 of 2 done, packages/b interrupted\n"), out


def test_a_second_interrupt_leaves_nothing_running_either(
    monorepo: Monorepo, sandbox: Sandbox
) -> None:
    hanging = {name: monorepo.write_hanging(name) for name in "ab"}
    with start(monorepo, "-j", "2", variables=sandbox.environ()) as process:
        pids = [read_pid(pid) for pid in hanging.values()] + find_children(process.pid)
        for _ in range(2):
            os.killpg(process.pid, signal.SIGINT)
            time.sleep(0.02)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 130, out
    assert "Traceback" not in out
    assert "projects  0 of 2 done, packages/a interrupted, packages/b interrupted\n" in out
    wait_for(lambda: not any(is_running(pid) for pid in pids))


def test_a_process_that_is_killed_is_reported_and_the_others_go_on(
    monorepo: Monorepo, sandbox: Sandbox
) -> None:
    hanging = monorepo.write_hanging("a")
    monorepo.write("b")
    monorepo.write("c")
    with start(monorepo, "-j", "2", "--json", variables=sandbox.environ()) as process:
        pid = read_pid(hanging)
        worker = find_parent(find_parent(pid))
        assert worker in find_children(process.pid)
        os.kill(worker, signal.SIGKILL)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 3, out
    assert (
        "error E325: the process of this project ended early\n"
        f"  where: {monorepo.folder('a')}\n"
        "  why:   SIGKILL ended it; where memory runs out, the system ends the largest process so\n"
        "  next:  see that there is memory for several builds at once, or use -j 1, then run this "
        "again:\n"
        "         what is already published is skipped\n"
    ) in out
    assert out.endswith("projects  2 of 3 done, packages/a failed\n")
    ends = {name: monorepo.outcome(name)["status"] for name in "abc"}
    assert ends == {"a": "failed", "b": "done", "c": "done"}
    wait_for(lambda: not is_running(pid))


def test_when_all_processes_are_killed_the_rest_is_reported_as_not_begun(
    monorepo: Monorepo, sandbox: Sandbox
) -> None:
    hanging = {name: monorepo.write_hanging(name) for name in "abc"}
    with start(monorepo, "-j", "2", variables=sandbox.environ()) as process:
        pids = [read_pid(hanging[name]) for name in "ab"]
        for worker in find_children(process.pid):
            os.kill(worker, signal.SIGKILL)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 3, out
    assert out.endswith("0 of 3 done, packages/a failed, packages/b failed, 1 not begun\n"), out
    wait_for(lambda: not any(map(is_running, pids)))


def test_no_process_outlives_a_command_that_is_killed(monorepo: Monorepo, sandbox: Sandbox) -> None:
    hanging = monorepo.write_hanging("a")
    monorepo.write("b")
    with start(monorepo, "-j", "2", variables=sandbox.environ()) as process:
        pid = read_pid(hanging)
        wait_for(monorepo.report("b").exists)
        workers = find_children(process.pid)
        process.kill()
        process.wait(30)
        # One has nothing to do, and the other interrupts the release that runs.
        wait_for(lambda: not any(map(is_running, [pid, *workers])))
    assert monorepo.outcome("a")["status"] == "interrupted"


PROMPT = "Enter your password: "


@dataclass(frozen=True, kw_only=True, slots=True)
class TerminalRun:
    """How a release ended, with all that its terminal showed."""

    status: int
    out: str


def answer(
    monorepo: Monorepo, sandbox: Sandbox, jobs: str, reply: bytes | signal.Signals, home: Path
) -> TerminalRun:
    """Release all packages on a terminal; type or signal this at the password prompt."""
    ours, theirs = pty.openpty()
    variables = {**sandbox.environ(), "HOME": str(home), "TMPDIR": str(home)}
    del variables["TWINE_PASSWORD"]
    with start(monorepo, "-j", jobs, variables=variables, stdin=theirs) as process:
        os.close(theirs)
        assert process.stdout
        before = ""
        while not before.endswith(PROMPT):  # what is typed earlier is thrown away
            before += (char := process.stdout.read(1))
            assert char, before
        if isinstance(reply, bytes):
            os.write(ours, reply)
        else:
            os.killpg(process.pid, reply)
        out, _ = process.communicate(timeout=60)
    os.close(ours)
    return TerminalRun(status=process.returncode, out=before + out)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_password_prompt_comes_once_and_shows_up_nowhere(
    monorepo: Monorepo, sandbox: Sandbox, tmp_path: Path, jobs: str
) -> None:
    for name in "abc":
        monorepo.write(name)
    home = tmp_path / "home"
    home.mkdir()
    found: list[str] = []
    stop = threading.Event()
    secret = sandbox.password.encode()
    watcher = threading.Thread(target=watch_command_lines, args=(secret, found, stop))
    watcher.start()
    ran = answer(monorepo, sandbox, jobs, secret + b"\n", home)
    stop.set()
    watcher.join()
    assert ran.status == 0, ran
    assert ran.out.count(PROMPT) == 1
    assert f"login     {sandbox.upload_url()}, user {sandbox.username}\n" in ran.out
    assert ran.out.endswith("projects  3 of 3 done\n")
    assert found == []
    assert sandbox.password not in ran.out
    written = [*monorepo.project.root.rglob("*"), *home.rglob("*")]
    assert [path for path in written if path.is_file() and secret in path.read_bytes()] == []


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_empty_password_gets_no_second_prompt(
    monorepo: Monorepo, sandbox: Sandbox, tmp_path: Path, jobs: str
) -> None:
    for name in "ab":
        monorepo.write(name)
    ran = answer(monorepo, sandbox, jobs, b"\n", tmp_path)
    assert ran.status == 2, ran
    assert ran.out.count(PROMPT) == 1
    assert ran.out.count("error E231: no password for the repository\n") == 2


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupt_instead_of_an_answer_begins_nothing(
    monorepo: Monorepo, sandbox: Sandbox, tmp_path: Path, jobs: str
) -> None:
    for name in "ab":
        monorepo.write(name)
    ran = answer(monorepo, sandbox, jobs, signal.SIGINT, tmp_path)
    assert ran.status == 130, ran
    assert ran.out.endswith(
        "error E901: interrupted\n"
        "  where: during start\n"
        "  why:   a signal asked for it; programs that were started are stopped\n"
        "  next:  run the same command again: what is already published is skipped\n"
        "projects  0 of 2 done, 2 not begun\n"
    ), ran
    assert not monorepo.report("a").parent.exists()
