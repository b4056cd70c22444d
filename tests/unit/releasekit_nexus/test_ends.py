"""Whole starts in processes of their own: killed, interrupted, two at once, over plain http."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests

from unit.releasekit_nexus.conftest import Mirror, give_file, wait_until

STARTER = """
import json, os, sys, time
from pathlib import Path
from releasekit_nexus import run_nexus
options = json.loads(sys.argv[1])
said = lambda text: print(text, flush=True)
with run_nexus(**options, environ=os.environ, notify=said) as nexus:
    print(json.dumps([nexus.environ(), nexus.pid, str(nexus.data), nexus.admin_password]))
    sys.stdout.flush()
    time.sleep(120)
"""
PREPARER = """
import os, sys
from pathlib import Path
from releasekit_nexus.prepared import prepare_runtime, prepare_template
cache = Path(sys.argv[1])
said = lambda text: print(text, flush=True)
runtime = prepare_runtime(cache, environ=os.environ, notify=said, progress=lambda *_: None)
print(prepare_template(cache, runtime, said))
"""

HOSTILE = {
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "REQUESTS_CA_BUNDLE": os.devnull,
    "JAVA_TOOL_OPTIONS": "-Xmx1m",
    "JAVA_OPTS": "-Xmx1m",
    "KARAF_DEBUG": "true",
}


@contextmanager
def start(script: str, *arguments: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        (sys.executable, "-c", script, *arguments),
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def find_jvms(directory: Path) -> list[int]:
    """Find the running JVMs that work below a directory."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes()
        except OSError:
            continue
        if b"NexusMain" in command and os.fsencode(directory) in command:
            found.append(int(path.parent.name))
    return found


@pytest.mark.usefixtures("nexus")  # the template is there
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_start_leaves_no_jvm_and_no_file(
    tmp_path: Path, number: signal.Signals
) -> None:
    with start(STARTER, "{}", TMPDIR=str(tmp_path)) as starter:
        assert wait_until(lambda: len(find_jvms(tmp_path)) == 1)
        time.sleep(0.5)
        starter.send_signal(number)
        starter.wait(20)
    assert wait_until(lambda: find_jvms(tmp_path) == [])
    assert wait_until(lambda: list(tmp_path.iterdir()) == [])


@pytest.mark.usefixtures("nexus")
def test_over_plain_http_with_other_names_and_killed_at_the_end(tmp_path: Path) -> None:
    upstream = "http://127.0.0.1:10/"
    names = {"hosted": "near", "proxy": "far", "group": "all", "remote": upstream, "tls": False}
    home = tmp_path / "a directory"
    home.mkdir()
    with start(STARTER, json.dumps(names), TMPDIR=str(home), **HOSTILE) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == "starting Nexus (about 15 s)\n"
        environ, pid, data, password = json.loads(starter.stdout.readline())
        assert (environ["RELEASEKIT_HOSTED"], environ["RELEASEKIT_PROXY"]) == ("near", "far")
        assert environ.keys().isdisjoint({"RELEASEKIT_CA_BUNDLE", "RELEASEKIT_SNAPSHOTS"})
        settings = read(environ["RELEASEKIT_URL"], "repositories/pypi/proxy/far", password)
        assert settings["proxy"]["remoteUrl"] == upstream
        assert settings["httpClient"]["blocked"] is False
        assert find_jvms(tmp_path) == [pid]
        starter.kill()
    assert wait_until(lambda: find_jvms(tmp_path) == [])
    assert wait_until(lambda: not Path(data).parent.exists())


def read(url: str, path: str, password: str) -> dict[str, dict[str, object]]:
    with requests.Session() as session:
        session.trust_env = False
        session.auth = ("admin", password)
        document: dict[str, dict[str, object]] = session.get(
            f"{url}/service/rest/v1/{path}", timeout=30
        ).json()
        return document


def test_two_starters_at_once_share_one_download_and_one_template(
    mirror: Mirror, archive: Path, tmp_path: Path
) -> None:
    mirror.answer = give_file(archive)
    variables = {"RELEASEKIT_NEXUS_ZIP": mirror.url, "REQUESTS_CA_BUNDLE": str(mirror.ca_bundle)}
    cache = tmp_path / "cache"
    with ExitStack() as stack:
        both = [stack.enter_context(start(PREPARER, str(cache), **variables)) for _ in range(2)]
        lines = [process.communicate(timeout=120)[0].splitlines() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    (template,) = cache.glob("template-*/data")
    assert [said[-1] for said in lines] == [str(template)] * 2
    assert len(mirror.requests) == 1
    heard = [line for said in lines for line in said]
    assert heard.count("starting Nexus for the first time, once (about 25 s)") == 1
    assert sorted(path.name.partition("-")[0] for path in cache.iterdir()) == [
        "application", "application", "nexus", "template", "template",
    ]  # fmt: skip
    assert find_jvms(cache) == []
