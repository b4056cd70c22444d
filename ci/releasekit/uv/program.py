"""How uv is started: with a deadline and a limit of memory where it asks an index."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from releasekit.process import Finished, Log, capture, refuse_ended, run

MEMORY = 320 << 20
"""Bytes while an index is asked: uv 0.13 holds a page that unpacks to 2 GB whole. Resolving some
hundred packages took 117 MB of them, installing a hundred 99 MB."""
IDLE = 60.0
"""Seconds without work: uv 0.13 waits for ever for threads that a limit of memory keeps away."""

# Where uv 0.13 logs its requests (`RUST_LOG`): compared with what a server got, for logins that it
# looks up after a refusal, redirects, parts of files, failures and repetitions.
LOGGED = "uv_client::cached_client=trace,uv_auth::middleware=trace,reqwest_retry=warn"
LOG_LINE = re.compile(r"(?:TRACE|DEBUG|INFO|WARN) ")
SENT = re.compile(r"(?:Handling|Retrying) request for ")
# Each comes after a request that failed.
REPEATED = re.compile(r"Retry attempt #|Retrying request for ")
BEGUN = re.compile(r"Sending \w+ (?:\w+ )?request for: ")
ANSWERED = re.compile(r"Received response for \w+ request with status [123]")

Count = Callable[[int, int], None]
"""Gets how many requests were sent, and how many of them failed."""

# How variables begin that change uv's log, or where it looks for files.
NOT_OURS = ("UV_LOG_CONTEXT", "UV_PROJECT", "UV_WORKING_DIR")


def run_uv(
    arguments: Sequence[str],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    log: Log | None = None,
    stdin: str = "",
    seconds: float | None = None,
    offline: bool = False,
    count: Count | None = None,
) -> Finished:
    """Run uv to its end, whatever its status; see `process.run`.

    Offline it may take long, as long as it works. An answer that takes more memory than the limit
    is a failure like others. `count` gets its requests, whose log is no part of the output. Raises
    MissingProgram and PROGRAM_KILLED.
    """
    import uv  # a refusal does not wait for it

    logs = {"RUST_LOG": LOGGED} if count else {}
    kept = {name: value for name, value in environ.items() if not name.startswith(NOT_OURS)}
    logged: list[str] = []

    def listen(line: str) -> None:
        if LOG_LINE.match(line):
            logged.append(line)
        elif log:
            log(line)

    finished = run(
        (uv.find_uv_bin(), *arguments),
        cwd=cwd,
        environ={**kept, **logs, "UV_NO_PROGRESS": "1", "NO_COLOR": "1"},
        log=listen,
        stdin=stdin,
        seconds=seconds,
        idle=IDLE if offline else None,
        memory=None if offline else MEMORY,
        foreign=True,
    )
    if count:
        patterns, text = (SENT, REPEATED, BEGUN, ANSWERED), "\n".join(logged)
        sent, repeated, begun, answered = (len(pattern.findall(text)) for pattern in patterns)
        count(sent, repeated + begun - answered)
    lines = finished.output.splitlines(keepends=True)
    output = "".join(line for line in lines if not LOG_LINE.match(line))
    if finished.timed_out and offline:
        said = f"uv did nothing for {IDLE:g} s, and was stopped"
    elif finished.timed_out:
        said = f"uv was not done after {seconds:g} s, and was stopped"
    elif finished.outgrown:
        said = f"uv needs more than {MEMORY >> 20} MB of memory for what the index sends"
    else:
        return refuse_ended(replace(finished, output=output), cwd)
    return replace(finished, status=2, output=f"{output.rstrip()}\n{said}\n".lstrip())


def find_python(version: str, environ: Mapping[str, str]) -> str:
    """Return the path of a Python of this version, as "3.10"; "" if this machine has none.

    None is downloaded: uv finds those on PATH, and those that it installed itself before.
    """
    import uv

    options = ("--no-python-downloads", "--offline", "--no-config", "--no-project", "--system")
    command = (uv.find_uv_bin(), "python", "find", *options, version)
    found = capture(command, cwd=Path("/"), environ=environ)
    return "" if found.status else found.output.strip()
