"""Start, stop, and what is left behind: nothing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from nexus_double import Faults, LoggedRequest, run_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from nexus_double import Sandbox
    from unit.double.conftest import Client

TESTS = Path(__file__).parents[2]
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def test_environ_leads_a_release_here() -> None:
    with run_sandbox(hosted="h", proxy="p", group="g", snapshots="s") as sandbox:
        assert sandbox.environ() == {
            "RELEASEKIT_URL": sandbox.url,
            "RELEASEKIT_HOSTED": "h",
            "RELEASEKIT_PROXY": "p",
            "RELEASEKIT_GROUP": "g",
            "RELEASEKIT_SNAPSHOTS": "s",
            "RELEASEKIT_CA_BUNDLE": str(sandbox.ca_bundle),
            "TWINE_USERNAME": "sandbox",
            "TWINE_PASSWORD": sandbox.password,
        }
        assert sandbox.upload_url() == f"{sandbox.url}/repository/h/"
        assert sandbox.simple_url() == f"{sandbox.url}/repository/g/simple/"
    with run_sandbox() as sandbox:
        assert "RELEASEKIT_SNAPSHOTS" not in sandbox.environ()


def test_a_running_sandbox_is_a_frozen_value(sandbox: Sandbox) -> None:
    name = "url"
    with pytest.raises(FrozenInstanceError):
        setattr(sandbox, name, "x")


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_nothing_is_left_however_it_ends(error: type[BaseException]) -> None:
    before = set(threading.enumerate())  # other sandboxes of this run among them
    with pytest.raises(error), run_sandbox() as sandbox:
        assert {one.name for one in set(threading.enumerate()) - before} >= {"sandbox"}
        raise error
    assert not sandbox.ca_bundle.parent.exists()
    assert not is_open(sandbox)
    assert set(threading.enumerate()) <= before


def is_open(sandbox: Sandbox) -> bool:
    port = int(sandbox.url.rpartition(":")[2])
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_all_files_are_in_one_temporary_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with run_sandbox() as sandbox:
        sandbox.state.store("pypi-hosted", project="a", version="1", filename="a", content=b"a")
        (directory,) = tmp_path.iterdir()
        assert sandbox.ca_bundle.parent == directory
    assert list(tmp_path.iterdir()) == []


def test_it_stops_at_once_with_connections_open_and_requests_unanswered(
    open_client: Callable[[Sandbox], Client],
) -> None:
    with run_sandbox(faults=Faults(upload_delay=60)) as sandbox:
        client = open_client(sandbox)
        client.get("simple/")
        idle = client.connect()
        idle.connect()
        outcomes: list[Any] = []
        slow = threading.Thread(target=lambda: outcomes.append(try_upload(client)))
        slow.start()
        time.sleep(0.1)
        start = time.monotonic()
    took = time.monotonic() - start
    slow.join()
    idle.close()
    assert outcomes == ["cut"]
    assert took < 0.5


def try_upload(client: Client) -> str:
    try:
        return str(client.upload().status_code)
    except OSError:
        return "cut"


def test_it_starts_and_stops_quickly() -> None:
    with run_sandbox():
        pass
    start = time.monotonic()
    with run_sandbox():
        pass
    assert time.monotonic() - start < 0.5


def test_a_port_may_be_chosen_and_taken_again() -> None:
    with run_sandbox() as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"), run_sandbox(port=port):
            pass
    with run_sandbox(port=port) as again:
        assert again.url == sandbox.url


def test_repositories_need_different_names() -> None:
    with pytest.raises(ValueError, match="same name"), run_sandbox(hosted="a", group="a"):
        pass


def test_signals_belong_to_the_caller() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with run_sandbox():
        assert [signal.getsignal(number) for number in SIGNALS] == before


def test_the_certificate_holds_for_localhost_and_tls_is_1_2(client: Client) -> None:
    connection = client.connect()
    connection.host = "localhost"
    connection.connect()
    version = connection.sock.version()
    connection.close()
    assert version == "TLSv1.2"


def test_another_ca_does_not_trust_it(client: Client) -> None:
    import requests

    with run_sandbox() as other:
        client.session.verify = str(other.ca_bundle)
        with pytest.raises(requests.exceptions.SSLError):
            client.get("simple/")


def test_the_log_tells_requests_in_order(client: Client) -> None:
    client.get("simple/a%20b/?x=1", "pypi-group")
    client.get("simple/nope/", auth=client.auth)
    assert client.sandbox.state.requests_log == (
        LoggedRequest(
            method="GET",
            path="/repository/pypi-group/simple/a%20b/",
            status=200,
            username=None,
        ),
        LoggedRequest(
            method="GET",
            path="/repository/pypi-hosted/simple/nope/",
            status=404,
            username="sandbox",
        ),
    )
    client.sandbox.state.clear_log()
    assert len(client.sandbox.state.requests_log) == 0


def test_a_failure_of_its_own_is_a_500_and_stands_in_the_log(client: Client) -> None:
    (client.sandbox.ca_bundle.parent / "blobs").rmdir()
    answer = client.upload()
    assert (answer.status_code, answer.reason) == (500, "Server Error")
    (entry,) = client.sandbox.state.requests_log
    assert "FileNotFoundError" in str(entry.error)


QUIET = """
import socket, ssl, sys
from nexus_double import run_sandbox
heavy = {"uvicorn", "starlette", "trustme", "requests"} & set(sys.modules)
with run_sandbox() as sandbox:
    port = int(sandbox.url.rpartition(":")[2])
    for sent in (b"GET / HTTP/1.1\\r\\n\\r\\n", b""):
        with socket.create_connection(("127.0.0.1", port)) as plain:
            plain.sendall(sent)
    context = ssl.create_default_context(cafile=str(sandbox.ca_bundle))
    for sent in (b"nonsense\\r\\n\\r\\n", b"GET /\\xff HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"):
        with socket.create_connection(("127.0.0.1", port)) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as tls:
                tls.sendall(sent)
                tls.recv(100)
sys.exit(f"imported too early: {heavy}" if heavy else 0)
"""


def test_nothing_is_printed_and_nothing_heavy_imported_before_the_start() -> None:
    child = subprocess.run(
        [sys.executable, "-X", "dev", "-c", QUIET],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (child.returncode, child.stdout, child.stderr) == (0, "", "")
