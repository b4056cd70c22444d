"""The small sandbox: what it serves, what it refuses, and that nothing is left of it."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
import uv

from releasekit.sandbox import Sandbox, run_sandbox
from samples import METADATA, write_wheel

FORM = {":action": "file_upload", "protocol_version": "1", "name": "Acme.Core", "version": "1.0"}
WHEEL = "acme_core-1.0-py3-none-any.whl"
FILE = f"packages/acme-core/1.0/{WHEEL}"
CONTENT = b"PK\x03\x04 a wheel"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
NO_OVERWRITING = "Repository does not allow updating assets: pypi-hosted"
BOUNDARY = "multipart/form-data; boundary=b"


class Client:
    """Requests to one sandbox, whatever the environment says of proxies and certificates."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.login = (sandbox.username, sandbox.password)
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(sandbox.ca_bundle)

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.session.request(method, f"{self.sandbox.url}{path}", timeout=10, **options)

    def get(self, path: str, repository: str = "pypi-hosted") -> requests.Response:
        return self.request("GET", f"/repository/{repository}/{path}")

    def upload(
        self,
        filename: str = WHEEL,
        content: bytes = CONTENT,
        *,
        to: str = "pypi-hosted",
        **fields: str,
    ) -> requests.Response:
        return self.request(
            "POST",
            f"/repository/{to}/",
            data={**FORM, **fields},
            files={"content": (filename, content)},
            auth=self.login,
        )

    def connect(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=str(self.sandbox.ca_bundle))
        host = self.sandbox.url.removeprefix("https://")
        return http.client.HTTPSConnection(host, context=context, timeout=10)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the sandbox has its files."""
    path = tmp_path / "sandbox"
    path.mkdir()
    return path


@pytest.fixture
def sandbox(directory: Path) -> Iterator[Sandbox]:
    with run_sandbox(
        directory, hosted="pypi-hosted", group="pypi-group", snapshots="pypi-snapshots"
    ) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    made = Client(sandbox)
    with made.session:
        yield made


def stored(directory: Path) -> list[bytes]:
    """The content of all files but the certificate."""
    return [path.read_bytes() for path in directory.iterdir() if path.name != "ca.pem"]


def wait_until(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_its_variables_lead_a_release_to_it(sandbox: Sandbox, tmp_path: Path) -> None:
    assert sandbox.environ() == {
        "RELEASEKIT_URL": sandbox.url,
        "RELEASEKIT_HOSTED": "pypi-hosted",
        "RELEASEKIT_GROUP": "pypi-group",
        "RELEASEKIT_CA_BUNDLE": str(sandbox.ca_bundle),
        "RELEASEKIT_SNAPSHOTS": "pypi-snapshots",
        "TWINE_USERNAME": "sandbox",
        "TWINE_PASSWORD": sandbox.password,
    }
    assert sandbox.repository_url("h") == f"{sandbox.url}/repository/h/"
    assert sandbox.password not in repr(sandbox)
    with run_sandbox(tmp_path, hosted="h", group="g") as other:
        assert "RELEASEKIT_SNAPSHOTS" not in other.environ()


@pytest.mark.parametrize("repository", ["pypi-hosted", "pypi-group"])
@pytest.mark.parametrize("page", ["simple/acme-core/", "simple/acme-core", "simple/Acme_core/"])
def test_an_upload_is_listed_and_served(client: Client, repository: str, page: str) -> None:
    answer = client.upload(requires_python=">=3.10,<4", sha256_digest=DIGEST.upper())
    assert (answer.status_code, answer.text) == (200, "")
    listed = client.get(page, repository)
    assert listed.headers["Content-Type"] == "text/html; charset=utf-8"
    assert listed.text == (
        "<!DOCTYPE html>\n"
        "<html><head><title>Links for acme-core</title>"
        '<meta name="pypi:repository-version" content="1.0"></head>\n'
        f'<body><a href="/repository/{repository}/{FILE}#sha256={DIGEST}"'
        f' data-requires-python="&gt;=3.10,&lt;4">{WHEEL}</a><br>\n'
        "</body></html>\n"
    )
    served = client.get(FILE, repository)
    assert (served.status_code, served.content) == (200, CONTENT)
    head = client.request("HEAD", f"/repository/{repository}/{FILE}")
    assert (head.headers["Content-Length"], head.content) == (str(len(CONTENT)), b"")


@pytest.mark.parametrize("repository", ["pypi-hosted", "pypi-group"])
def test_the_root_lists_the_projects(client: Client, repository: str) -> None:
    client.upload("b-1.0.tar.gz", name="b")
    client.upload("b-2.0.tar.gz", name="b", version="2.0")
    client.upload("a-1.0.tar.gz", name="a")
    page = client.get("simple/", repository).text
    assert "<title>Simple index</title>" in page
    assert re.findall('href="([^"]+)"', page) == ["a/", "b/"]


def test_a_local_version_is_served_by_its_link(client: Client) -> None:
    client.upload("acme_core-1.0+linux.1.tar.gz", version="1.0+linux.1")
    (link,) = re.findall('href="([^"]+)"', client.get("simple/acme-core/").text)
    assert client.request("GET", link).content == CONTENT


def test_nothing_is_overwritten(client: Client, directory: Path) -> None:
    assert client.upload().status_code == 200
    for content in (CONTENT, b"PK\x03\x04 other bytes"):
        answer = client.upload(content=content)
        assert (answer.status_code, answer.reason) == (400, NO_OVERWRITING)
        assert answer.text == f"400 {NO_OVERWRITING}\n"
    assert client.get(FILE).content == CONTENT
    assert stored(directory) == [CONTENT]


def test_snapshots_are_overwritten_and_are_not_in_the_group(
    client: Client, directory: Path
) -> None:
    for content in (CONTENT, b"PK\x03\x04 other bytes"):
        assert client.upload(content=content, to="pypi-snapshots").status_code == 200
        assert client.get(FILE, "pypi-snapshots").content == content
        assert stored(directory) == [content]
    assert client.get("simple/acme-core/", "pypi-snapshots").text.count(WHEEL) == 2
    assert client.get("simple/acme-core/", "pypi-group").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status", "reason"),
    [
        ("GET", "/", 404, "Repository not found"),
        ("GET", "/service/rest/v1/status", 404, "Repository not found"),
        ("GET", "/repository/nope/simple/", 404, "Repository not found"),
        ("POST", "/repository/pypi-hosted", 404, "Repository not found"),
        ("GET", "/repository/pypi-hosted/", 404, "Not Found"),
        ("GET", "/repository/pypi-hosted/simple/nope/", 404, "Not Found"),
        ("GET", "/repository/pypi-group/simple/nope/", 404, "Not Found"),
        ("GET", "/repository/pypi-hosted/packages/nope/1/nope-1.zip", 404, "Not Found"),
        ("GET", "/repository/pypi-hosted/simple/%2e%2e/%2e%2e/ca.pem", 404, "Not Found"),
        ("GET", "/repository/pypi-hosted/packages/%2e%2e/%2e%2e/ca.pem", 404, "Not Found"),
        ("POST", "/repository/pypi-group/", 404, "Not Found"),
        ("POST", "/repository/pypi-hosted/legacy/", 404, "Not Found"),
        ("POST", "/repository/pypi-hosted/", 401, "Unauthorized"),
        ("PUT", "/repository/pypi-hosted/x", 405, "Method Not Allowed"),
        ("DELETE", "/repository/pypi-hosted/x", 405, "Method Not Allowed"),
    ],
)
def test_whatever_is_not_there_is_refused(
    client: Client, method: str, path: str, status: int, reason: str
) -> None:
    answer = client.request(method, path, data=b"a body")
    assert (answer.status_code, answer.reason) == (status, reason)
    assert answer.text == f"{status} {reason}\n"
    assert answer.headers["Server"].strip() == "releasekit-sandbox"


@pytest.mark.parametrize("login", ["sandbox:wrong", "nobody:", "sandbox:päss"])
def test_only_the_publisher_uploads_and_everybody_reads(client: Client, login: str) -> None:
    username, _, password = login.partition(":")
    right, client.login = client.login, (username, password.encode().decode("latin-1"))
    answer = client.upload()
    assert (answer.status_code, answer.reason) == (401, "Unauthorized")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="releasekit sandbox"'
    client.login = right
    assert client.upload().status_code == 200
    for auth in (None, right, (username, password.encode())):
        answer = client.request("GET", f"/repository/pypi-group/{FILE}", auth=auth)
        assert answer.content == CONTENT


ODD = "The form has no name, version or file name, or one with odd characters"
OTHER = "0" * 64


@pytest.mark.parametrize(
    ("filename", "fields", "reason"),
    [
        ("../up-1.zip", {}, f"{ODD}: '../up-1.zip'"),
        ("a b.zip", {}, f"{ODD}: 'a b.zip'"),
        ("<b>.zip", {}, f"{ODD}: '<b>.zip'"),
        (WHEEL, {"name": ""}, f"{ODD}: ''"),
        (WHEEL, {"name": "a/b"}, f"{ODD}: 'a/b'"),
        (WHEEL, {"version": ".."}, f"{ODD}: '..'"),
        (WHEEL, {"version": "1\r\nX: y"}, f"{ODD}: '1\\r\\nX: y'"),
        (WHEEL, {"version": "1ä"}, f"{ODD}: '1?'"),
        (WHEEL, {":action": "submit"}, "The form's :action is not file_upload"),
        (WHEEL, {"name": "a" * 70_000}, "A field of the form has more than 65536 bytes"),
        (
            WHEEL,
            {"sha256_digest": OTHER},
            f"Digests do not match, found: {DIGEST}, expected: {OTHER}",
        ),
    ],
)
def test_a_form_that_is_wrong_is_refused_and_nothing_stays_of_it(
    client: Client, directory: Path, filename: str, fields: dict[str, Any], reason: str
) -> None:
    answer = client.upload(filename, **fields)
    assert (answer.status_code, answer.reason) == (400, reason)
    assert stored(directory) == []
    assert client.get("simple/").text.count("href") == 0


PART = b'--b\r\nContent-Disposition: form-data; name="content"; filename="a.zip"\r\n\r\nPK\r\n'


@pytest.mark.parametrize(
    ("media_type", "body", "reason"),
    [
        ("application/json", b"{}", "An upload is a form of the type multipart/form-data"),
        ("multipart/form-data", b"--b", "An upload is a form of the type multipart/form-data"),
        (BOUNDARY, b"", "The form ends too early"),
        (BOUNDARY, PART, "The form ends too early"),
        (BOUNDARY, PART + b"--b", "The form ends too early"),
        (BOUNDARY, PART + b"--bx\r\n", "The form is malformed after a boundary"),
        (BOUNDARY, b"--b--", "The form's :action is not file_upload"),
        (BOUNDARY, PART + PART + b"--b--", "The form has more than one file"),
        (
            BOUNDARY,
            b"--b\r\nX: " + b"x" * 70_000 + b"\r\n\r\n\r\n--b--",
            "A field of the form has more than 65536 bytes",
        ),
    ],
    ids=range(9),
)
def test_a_body_that_is_no_form_is_refused_and_nothing_stays_of_it(
    client: Client, directory: Path, media_type: str, body: bytes, reason: str
) -> None:
    answer = client.request(
        "POST",
        "/repository/pypi-hosted/",
        data=body,
        headers={"Content-Type": media_type},
        auth=client.login,
    )
    assert (answer.status_code, answer.reason) == (400, reason)
    assert stored(directory) == []


@pytest.mark.parametrize("size", [*range(262_080, 262_200, 7), 1_000_000])
def test_a_file_is_whole_wherever_the_boundary_falls(client: Client, size: int) -> None:
    content = (b"\r\n--b\r\n-" * (size // 9 + 1))[:size]
    assert client.upload(content=content).status_code == 200
    assert client.get(FILE).content == content


def test_a_form_may_come_in_chunks(client: Client) -> None:
    fields = {**FORM, "content": (WHEEL, CONTENT)}
    form = {
        name: value if isinstance(value, tuple) else (None, value) for name, value in fields.items()
    }
    whole = requests.Request("POST", client.sandbox.url, files=form).prepare()
    assert isinstance(whole.body, bytes)
    answer = client.request(
        "POST",
        "/repository/pypi-hosted/",
        data=(whole.body[at : at + 7] for at in range(0, len(whole.body), 7)),
        headers={"Content-Type": whole.headers["Content-Type"]},
        auth=client.login,
    )
    assert answer.status_code == 200
    assert client.get(FILE).content == CONTENT


@pytest.mark.parametrize("header", ["Content-Length: x", "Transfer-Encoding: chunked"])
def test_a_request_of_unknown_length_ends_the_connection(client: Client, header: str) -> None:
    connection = client.connect()
    connection.connect()
    connection.sock.sendall(f"POST / HTTP/1.1\r\n{header}\r\n\r\nnonsense\r\n".encode())
    answer = connection.sock.recv(1)
    connection.close()
    assert answer == b""


def test_a_connection_serves_on_after_a_refusal(client: Client) -> None:
    connection = client.connect()
    ports = set()
    for path in ("/repository/pypi-group/", "/repository/pypi-hosted/", "/nope"):
        connection.request("POST", path, body=b"x" * 3_000_000)
        assert connection.getresponse().read()
        ports.add(connection.sock.getsockname())
    connection.close()
    assert len(ports) == 1


def test_of_the_same_uploads_at_once_one_is_taken(client: Client, directory: Path) -> None:
    start = threading.Barrier(8)

    def send(number: int) -> tuple[int, str]:
        with requests.Session() as session:
            other = Client(client.sandbox)
            other.session = session
            session.trust_env, session.verify = False, str(client.sandbox.ca_bundle)
            start.wait()
            answer = other.upload(content=CONTENT + str(number).encode())
            return answer.status_code, answer.reason

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(send, range(8)))
    assert answers == [(200, "OK"), *[(400, NO_OVERWRITING)] * 7]
    assert stored(directory) == [client.get(FILE).content]


def test_many_uploads_at_once_are_all_taken(client: Client, directory: Path) -> None:
    names = [f"acme_core-1.0-{number}-py3-none-any.whl" for number in range(60)]

    def send(name: str) -> int:
        other = Client(client.sandbox)
        with other.session:
            return other.upload(name, name.encode() * 20_000).status_code

    with ThreadPoolExecutor(len(names)) as pool:
        assert set(pool.map(send, names)) == {200}
    listed = re.findall(">([^<]+)</a>", client.get("simple/acme-core/").text)
    assert listed == sorted(names)
    assert sorted(stored(directory)) == sorted(name.encode() * 20_000 for name in names)


def begin_upload(client: Client) -> http.client.HTTPSConnection:
    """Send the beginning of a large upload, up to the middle of its file."""
    connection = client.connect()
    basic = requests.Request("POST", client.sandbox.url, auth=client.login).prepare().headers
    connection.putrequest("POST", "/repository/pypi-hosted/")
    connection.putheader("Authorization", basic["Authorization"])
    connection.putheader("Content-Type", BOUNDARY)
    connection.putheader("Content-Length", "1000000")
    connection.endheaders()
    connection.send(PART.removesuffix(b"\r\n") + b"x" * 500_000)
    return connection


def test_nothing_stays_of_an_upload_that_is_cut(client: Client, directory: Path) -> None:
    connection = begin_upload(client)
    wait_until(lambda: any(map(len, stored(directory))))
    connection.close()
    wait_until(lambda: not stored(directory))
    assert client.get("simple/").text.count("href") == 0
    assert client.upload().status_code == 200


def test_a_failure_of_the_machine_is_an_answer(
    client: Client, directory: Path, tmp_path: Path
) -> None:
    client.session.verify = str(shutil.copy(client.sandbox.ca_bundle, tmp_path))
    moved = directory.rename(directory.with_name("moved"))
    answer = client.upload("acme_core-1.0.tar.gz")
    assert answer.status_code == 500
    assert answer.reason.startswith("The sandbox failed: [Errno 2] No such file or directory")
    moved.rename(directory)
    assert client.upload("acme_core-1.0.tar.gz").status_code == 200


def test_another_ca_does_not_vouch_for_it(client: Client, tmp_path: Path) -> None:
    with run_sandbox(tmp_path, hosted="h", group="g") as other:
        client.session.verify = str(other.ca_bundle)
        with pytest.raises(requests.exceptions.SSLError):
            client.get("simple/")


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_it_ends_at_once_whatever_its_clients_do(
    directory: Path, error: type[BaseException]
) -> None:
    before = set(threading.enumerate())
    opened: list[http.client.HTTPConnection] = []
    with (
        pytest.raises(error),
        run_sandbox(directory, hosted="pypi-hosted", group="pypi-group") as sandbox,
    ):
        client = Client(sandbox)
        opened += [begin_upload(client), client.connect()]
        opened[1].connect()
        port = int(sandbox.url.rpartition(":")[2])
        opened.append(http.client.HTTPConnection("127.0.0.1", port))
        opened[2].connect()  # and never makes a handshake
        wait_until(lambda: any(map(len, stored(directory))))
        raise error
    assert set(threading.enumerate()) <= before
    assert stored(directory) == []
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    for connection in opened:
        connection.close()
    client.session.close()


def test_a_port_is_chosen_and_used_again(tmp_path: Path) -> None:
    with run_sandbox(tmp_path, hosted="h", group="g") as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        with (
            pytest.raises(OSError, match="in use"),
            run_sandbox(tmp_path, hosted="h", group="g", port=port),
        ):
            pass
    with run_sandbox(tmp_path, hosted="h", group="g", port=port) as again:
        assert again.url == sandbox.url


CHILD = """
import resource, sys
from pathlib import Path
from releasekit.sandbox import run_sandbox
print("trustme" in sys.modules)
with run_sandbox(Path(sys.argv[1]), hosted="h", group="g") as sandbox:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(sandbox.url, sandbox.password, flush=True)
    sys.stdin.readline()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
UNIT = 1 if sys.platform == "darwin" else 1024
"""How many bytes getrusage means by one."""


@pytest.fixture
def child(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """A sandbox in a process of its own."""
    with subprocess.Popen(
        (sys.executable, "-c", CHILD, str(directory)),
        env={**os.environ, "PYTHONWARNINGS": "default"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def sandbox_of(child: subprocess.Popen[str], directory: Path) -> Sandbox:
    assert child.stdout
    assert child.stdout.readline() == "False\n"
    url, password = child.stdout.readline().split()
    return Sandbox(
        url=url,
        hosted="h",
        group="g",
        snapshots=None,
        ca_bundle=directory / "ca.pem",
        password=password,
    )


def test_a_big_file_is_not_held_in_memory(
    child: subprocess.Popen[str], directory: Path, tmp_path: Path
) -> None:
    client, size = Client(sandbox_of(child, directory)), 64 << 20
    head = b"".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in FORM.items()
    )
    body = tmp_path / "body"
    with body.open("wb") as target:
        target.write(head + PART.removesuffix(b"PK\r\n"))
        target.truncate(target.tell() + size)
        target.seek(0, os.SEEK_END)
        target.write(b"\r\n--b--\r\n")
    with client.session, body.open("rb") as content:
        answer = client.request(
            "POST",
            "/repository/h/",
            data=content,
            headers={"Content-Type": BOUNDARY},
            auth=client.login,
        )
        assert answer.status_code == 200
        file = client.request("GET", "/repository/g/packages/acme-core/1.0/a.zip", stream=True)
        assert sum(map(len, file.iter_content(1 << 20))) == size
    out, errors = child.communicate("\n", timeout=60)
    assert errors == ""
    assert int(out) * UNIT < size // 4


def test_odd_clients_are_none_of_the_terminals_business(
    child: subprocess.Popen[str], directory: Path
) -> None:
    client = Client(sandbox_of(child, directory))
    port = int(client.sandbox.url.rpartition(":")[2])
    for sent in (b"GET / HTTP/1.1\r\n\r\n", b""):
        with socket.create_connection(("127.0.0.1", port)) as plain:
            plain.sendall(sent)
    for sent in (b"nonsense\r\n\r\n", b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HT"):
        connection = client.connect()
        connection.connect()
        connection.sock.sendall(sent)
        connection.sock.close()
    with client.session:
        assert client.request("GET", "/repository/g/simple/").status_code == 200
    out, errors = child.communicate("\n", timeout=60)
    assert (out.strip().isdigit(), errors, child.returncode) == (True, "", 0)


@pytest.fixture
def run(sandbox: Sandbox, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a program in an environment that is made here, not inherited."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "SSL_CERT_FILE": str(sandbox.ca_bundle),
        "PIP_CERT": str(sandbox.ca_bundle),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "TWINE_CERT": str(sandbox.ca_bundle),
        "TWINE_USERNAME": sandbox.username,
        "TWINE_PASSWORD": sandbox.password,
        "UV_PUBLISH_USERNAME": sandbox.username,
        "UV_PUBLISH_PASSWORD": sandbox.password,
    }

    def run_program(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env=environ, capture_output=True, text=True, timeout=60, check=False
        )

    return run_program


PYTHON, UV = sys.executable, uv.find_uv_bin()
UPLOADERS = {
    "twine": (PYTHON, "-m", "twine", "upload", "--non-interactive", "--repository-url"),
    "uv": (UV, "publish", "--no-config", "--publish-url"),
}
INSTALLERS = {
    "pip": (PYTHON, "-m", "pip", "install", "--no-cache-dir"),
    "uv": (UV, "pip", "install", "--no-config", "--no-cache", "--python", PYTHON),
}


@pytest.mark.parametrize("uploader", UPLOADERS.values(), ids=UPLOADERS)
def test_programs_upload_and_install(
    sandbox: Sandbox,
    tmp_path: Path,
    run: Callable[..., subprocess.CompletedProcess[str]],
    uploader: tuple[str, ...],
) -> None:
    metadata = METADATA.replace("Name: demo", "Name: acme-core")
    name = "acme_core-1.0-py3-none-any.whl"
    wheel = write_wheel(tmp_path, filename=name, metadata=metadata)
    upload = (*uploader, sandbox.repository_url("pypi-hosted"), str(wheel))
    first, second = run(*upload), run(*upload)
    assert first.returncode == 0, first
    assert second.returncode != 0, second
    assert NO_OVERWRITING in second.stdout + second.stderr
    index = ("--index-url", f"{sandbox.repository_url('pypi-group')}simple/")
    for installer, command in INSTALLERS.items():
        target = tmp_path / installer
        options = ("--no-deps", "--target", str(target), "acme-core==1.0")
        done = run(*command, *index, *options)
        assert done.returncode == 0, done
        assert list(target.glob("acme_core-1.0.dist-info"))
