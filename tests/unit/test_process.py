from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from raising import raises_error
from releasekit import process
from releasekit.errors.setup import MISSING_PROGRAM
from releasekit.process import GRACE, Finished, capture, run
from releasekit.signals import interruptible
from support import wait_for

ENVIRON = {"PATH": os.environ["PATH"], "MARK": "ours"}


class Stop(BaseException):
    """What an interrupt is to the code under test."""


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


ALLOCATE = "import time; data = b'x' * (200 << 20); print(len(data) >> 20, flush=True)"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is not limited")
def test_a_program_that_takes_more_memory_than_it_may_is_stopped(tmp_path: Path) -> None:
    command = python(f"{ALLOCATE}; time.sleep(600)")
    finished = run(command, cwd=tmp_path, environ=ENVIRON, memory=100 << 20)
    assert (finished.outgrown, finished.timed_out) == (True, False)
    assert finished.status == -signal.SIGTERM


def test_the_children_of_a_program_may_take_more_memory_than_itself(tmp_path: Path) -> None:
    child = f"import subprocess, sys; subprocess.run((sys.executable, '-c', {ALLOCATE!r}))"
    command = python(f"{child}; import time; time.sleep(0.5)")
    finished = run(command, cwd=tmp_path, environ=ENVIRON, memory=100 << 20)
    assert (finished.outgrown, finished.status, finished.output) == (False, 0, "200\n")


@pytest.mark.skipif(sys.platform != "linux", reason="reads proc(5)")
@pytest.mark.parametrize(
    ("code", "status"),
    [("time.sleep(60)", -signal.SIGTERM), ("while time.process_time() < 3: pass", 0)],
    ids=["waits", "works"],
)
def test_a_program_that_does_nothing_is_stopped(tmp_path: Path, code: str, status: int) -> None:
    command = (sys.executable, "-c", f"import time\n{code}")
    finished = run(command, cwd=tmp_path, environ=ENVIRON, idle=2, foreign=True)
    assert (finished.status, finished.timed_out) == (status, status != 0)


def test_a_program_is_watched_although_memory_is_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter([MemoryError(), RuntimeError("can't allocate lock")])

    def read(pid: int) -> int:
        if error := next(looks, None):
            raise error
        return pid

    monkeypatch.setattr(process, "_read_memory", read)
    command = (sys.executable, "-c", "import time; time.sleep(60)")
    assert run(command, cwd=tmp_path, environ=ENVIRON, memory=1).outgrown


def test_run_gives_all_that_a_program_wrote_and_its_status(tmp_path: Path) -> None:
    command = python("import os, sys; os.write(1, b'out\\n'); os.write(2, b'err\\n'); sys.exit(7)")
    lines: list[str] = []
    assert run(command, cwd=tmp_path, environ=ENVIRON, log=lines.append) == Finished(
        command=command, status=7, output="out\nerr\n"
    )
    assert lines == ["out", "err"]


def test_capture_keeps_the_answer_apart(tmp_path: Path) -> None:
    command = python("import os; os.write(1, b'out\\0'); os.write(2, b'err\\n')")
    assert capture(command, cwd=tmp_path, environ=ENVIRON) == Finished(
        command=command, status=0, output="out\0", errors="err\n"
    )


@pytest.mark.parametrize(
    ("waits", "status"), [(" wait", -signal.SIGTERM), ("", 0)], ids=["waits", "has ended"]
)
@pytest.mark.parametrize("limit", ["seconds", "idle"])
def test_captured_program_is_stopped_with_its_children_after_the_seconds_it_may_take(
    tmp_path: Path, waits: str, status: int, limit: str
) -> None:
    began = time.monotonic()
    command = ("sh", "-c", f"echo out; echo err >&2; sleep 60 &{waits}")
    seconds, idle = (0.5, None) if limit == "seconds" else (None, 0.5)
    finished = capture(command, cwd=tmp_path, environ=ENVIRON, seconds=seconds, idle=idle)
    assert finished == Finished(
        command=command,
        status=status,
        output="out\n",
        errors="err\n",
        timed_out=bool(waits),
    )
    assert time.monotonic() - began < 30  # the child, too, had the output open


def test_captured_answer_keeps_its_line_ends(tmp_path: Path) -> None:
    command = python("import os; os.write(1, b'a\\r\\nb\\rc\\n\\xff')")
    assert capture(command, cwd=tmp_path, environ=ENVIRON).output == "a\r\nb\rc\n\ufffd"


DAEMONS = {
    "silent": "time.sleep(60)",
    "talking": "end = time.monotonic() + 60\nwhile time.monotonic() < end: print('x', flush=True)",
}


@pytest.mark.parametrize("start", [run, capture], ids=["run", "capture"])
@pytest.mark.parametrize("text", DAEMONS.values(), ids=list(DAEMONS))
def test_a_daemon_that_holds_the_output_is_not_waited_for(
    text: str, start: Callable[..., Finished], tmp_path: Path
) -> None:
    """What ssh keeps (ControlPersist), or what a smoke test starts, may live for ever."""
    code = f"""import subprocess, sys
print("begun", flush=True)
daemon = [sys.executable, "-c", "import time\\n" + {text!r}]
print(subprocess.Popen(daemon, start_new_session=True).pid, flush=True)
"""
    finished = start((sys.executable, "-c", code), cwd=tmp_path, environ=os.environ)
    begun, pid = finished.output.splitlines()[:2]
    assert (begun, finished.status) == ("begun", 0)
    os.kill(int(pid), signal.SIGKILL)  # fails if it has ended


def test_each_step_of_a_progress_bar_is_a_line(tmp_path: Path) -> None:
    lines: list[str] = []
    command = python("import os; os.write(1, b'1%\\r2%\\r\\ndone')")
    assert run(command, cwd=tmp_path, environ=ENVIRON, log=lines.append).output == "1%\n2%\ndone"
    assert lines == ["1%", "2%", "done"]


def test_bytes_that_are_no_text_do_not_stop_a_run(tmp_path: Path) -> None:
    finished = run(python("import os; os.write(1, b'\\xff\\n')"), cwd=tmp_path, environ=ENVIRON)
    assert finished.output == "\ufffd\n"


def test_program_gets_this_environment_directory_umask_and_no_input(tmp_path: Path) -> None:
    code = (
        "import os, sys\n"
        "umask = os.umask(0)\n"
        "print(os.environ.get('MARK'), os.environ.get('HOME'), os.getcwd(), oct(umask))\n"
        "print(repr(sys.stdin.read()), os.getsid(0) == os.getpid())"
    )
    before = os.umask(0o077)
    try:
        finished = run(python(code), cwd=tmp_path, environ=ENVIRON)
    finally:
        os.umask(before)
    assert finished.output == f"ours None {tmp_path.resolve()} 0o22\n'' True\n"


@pytest.mark.parametrize("start", [run, capture])
def test_program_that_is_not_there_is_named(start: object, tmp_path: Path) -> None:
    assert callable(start)
    with raises_error(MISSING_PROGRAM) as caught:
        start(["no-such-program", "-x"], cwd=tmp_path, environ=ENVIRON)
    assert str(caught.value) == (
        "error E262: no-such-program is not installed\n"
        "  where: PATH\n"
        "  why:   [Errno 2] No such file or directory: 'no-such-program'\n"
        "  next:  install no-such-program, or put it on PATH"
    )


@pytest.mark.parametrize(
    ("finished", "tail"),
    [
        pytest.param(
            Finished(command=("uv",), status=2, output="a\n\n \nb\nc\n"), "b\nc", id="output"
        ),
        pytest.param(
            Finished(command=("git",), status=2, output="x", errors="why\n"), "why", id="stderr"
        ),
        pytest.param(
            Finished(command=("uv", "venv"), status=2, output=" \n"),
            "uv ended with status 2",
            id="silent",
        ),
    ],
)
def test_tail_says_what_went_wrong(finished: Finished, tail: str) -> None:
    assert finished.tail(2) == tail


# A program and one that it starts; both hold a lock on a file for as long as they live.
FAMILY = """
import fcntl, signal, subprocess, sys, time
hold = "import fcntl,signal,time;f=open({lock!r});fcntl.flock(f,fcntl.LOCK_SH);"
hold += {grandchild!r} + "print('ready',flush=True);time.sleep(60)"
{child}
subprocess.Popen([sys.executable, "-c", hold]).wait()
"""
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN);"


def is_free(lock: Path, seconds: float) -> bool:
    """Tell whether nobody holds a lock any more, within some time."""
    deadline = time.monotonic() + seconds
    with lock.open() as file:
        while time.monotonic() < deadline:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            time.sleep(0.01)
    return False


@pytest.mark.parametrize(
    ("child", "grandchild"),
    [
        pytest.param("", "", id="both listen"),
        pytest.param("", DEAF, id="the grandchild is deaf"),
        pytest.param(DEAF, DEAF, id="both are deaf"),
    ],
)
def test_interrupt_stops_a_program_and_what_it_started(
    child: str, grandchild: str, tmp_path: Path
) -> None:
    lock = tmp_path / "lock"
    lock.touch()

    def interrupt(line: str) -> None:
        assert line == "ready"
        assert not is_free(lock, 0.05)
        raise Stop

    code = FAMILY.format(lock=str(lock), child=child, grandchild=grandchild)
    started = time.monotonic()
    with pytest.raises(Stop):
        run(python(code), cwd=tmp_path, environ=ENVIRON, log=interrupt)
    assert is_free(lock, 2)
    assert time.monotonic() - started < (10 if child else 3)


# The kit with a program that ignores SIGTERM; both signal by files what they have come to.
TWICE = """
import os, pathlib, sys
from releasekit.process import {start}
{start}((sys.executable, "-c", {program!r}), cwd=pathlib.Path.cwd(), environ=os.environ)
"""
HOLDER = """
import fcntl, pathlib, signal, time
def take(number, frame):
    pathlib.Path("termed").touch()
signal.signal(signal.SIGTERM, take)
lock = open("lock", "w")
fcntl.flock(lock, fcntl.LOCK_SH)
pathlib.Path("ready").touch()
while True:
    time.sleep(60)
"""


@pytest.mark.parametrize("start", ["run", "capture"])
def test_second_interrupt_ends_the_grace_and_kills(start: str, tmp_path: Path) -> None:
    code = TWICE.format(start=start, program=HOLDER)
    environ = {**ENVIRON, "PYTHONPATH": os.pathsep.join(sys.path)}
    kit = subprocess.Popen(
        python(code), cwd=tmp_path, env=environ, stderr=subprocess.PIPE, text=True
    )
    with kit:
        wait_for((tmp_path / "ready").exists)
        kit.send_signal(signal.SIGINT)
        wait_for((tmp_path / "termed").exists)  # the grace has begun
        assert not is_free(tmp_path / "lock", 0.05)
        second = time.monotonic()
        kit.send_signal(signal.SIGINT)
        _, errors = kit.communicate(timeout=10)
    assert is_free(tmp_path / "lock", 2)
    assert time.monotonic() - second < GRACE
    assert errors.count("KeyboardInterrupt") > 1
    assert kit.returncode == -signal.SIGINT


def test_signal_stops_a_captured_program_too(tmp_path: Path) -> None:
    def interrupt(number: int, frame: object) -> None:
        raise Stop

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(Stop):
            capture(["sleep", "60"], cwd=tmp_path, environ=ENVIRON)
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_program_that_starts_while_an_interrupt_comes_is_stopped(tmp_path: Path) -> None:
    """Popen has forked, and waits until the program runs: nobody has its number yet."""
    seconds = f"60.{os.getpid()}"

    def interrupt_popen(frame: FrameType, event: str, called: object) -> None:
        in_popen = frame.f_code.co_name == "_execute_child"
        if in_popen and event == "c_call" and getattr(called, "__name__", "") == "read":
            sys.setprofile(None)
            os.kill(os.getpid(), signal.SIGTERM)

    with interruptible(), pytest.raises(KeyboardInterrupt):
        sys.setprofile(interrupt_popen)
        try:
            run(("sleep", seconds), cwd=tmp_path, environ=ENVIRON)
        finally:
            sys.setprofile(None)
    wait_for(lambda: not find_running(seconds))


def find_running(word: str) -> list[int]:
    """Return the processes with a word in their command lines."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if os.fsencode(word) in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return found


TRACE = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    g()\n'


@pytest.mark.parametrize(
    ("output", "tail"),
    [
        pytest.param(f"building\n{TRACE}KeyError: 'x'\n", ["KeyError: 'x'", "building"], id="one"),
        pytest.param(f"{TRACE}E: a\n\nb\n", ["E: a", "b"], id="message of lines"),
        pytest.param(f"{TRACE}E: a\n\nthen:\n\n{TRACE}F: b\n", ["F: b", TRACE[:9]], id="chained"),
        pytest.param(f"{TRACE}E: a\nexit 1\n", ["E: a", "exit 1"], id="words after it"),
        pytest.param(f"{TRACE}E: a\n" + "later\n" * 99, ["later"] * 15, id="long ago"),
        pytest.param(f"{TRACE}E: a\n" + "b\n" * 30, ["E: a"] + ["b"] * 14, id="long message"),
        pytest.param(TRACE, [TRACE[:9]], id="no end"),
        pytest.param("error: no\n", ["error: no"], id="no traceback"),
    ],
)
def test_exception_goes_before_its_traceback(output: str, tail: list[str]) -> None:
    lines = Finished(command=("x",), status=1, output=output).tail().splitlines()
    assert [line[: len(text)] for line, text in zip(lines, tail, strict=False)] == tail
    assert len(lines) <= 15
