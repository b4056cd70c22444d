"""Installing the kit in a job: what is missing is said first, in one line with the fix."""

from __future__ import annotations

import re
import shutil
import sys
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from doors import COMPONENT, read_inputs
from gitlab.conftest import Clone
from gitlab.runner import Pipeline, Runner
from gitlab.test_pipelines import TAG
from nexus_double import run_sandbox
from releasekit.explain import ENTRIES
from samples import write_sdist

SHORT = {"PIP_RETRIES": "0", "PIP_TIMEOUT": "5"}


@pytest.fixture
def plain(runner: Runner) -> Runner:
    """A runner that installs the kit, as its machine's pip is told nothing."""
    said = ("NETRC", "PIP_CERT", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "REQUESTS_CA_BUNDLE")
    environ = {name: value for name, value in runner.environ.items() if name not in said}
    runner.variables.update(SHORT)
    python = shutil.which("python3", path="/usr/local/bin:/usr/bin:/bin") or sys.executable
    return replace(runner, inputs=(f"python={python}", "kit=9.9.9"), environ=environ)


def read_error(ran: Pipeline) -> tuple[int, str]:
    """Return the status of the job that failed, and its error, which is one line."""
    assert list(ran.jobs.items()) == [("release-build", "FAIL")], ran.log
    errors = re.findall(r"^release-build +> (error .*)", ran.log, re.MULTILINE)
    assert len(errors) == 1, ran.log
    return ran.exit_codes["release-build"], errors[0]


@contextmanager
def serve(answers: Mapping[str, tuple[int, bytes]]) -> Iterator[str]:
    """Serve these paths below an index; others are not found."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("#")[0].strip("/").removeprefix("simple/")
            status, body = answers.get(path) or answers.get("*") or (404, b"")
            self.send_response(status)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_CONNECT(self) -> None:
            self.send_response(407, "Proxy Authentication Required")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/simple/"
        finally:
            server.shutdown()


def make_kit(folder: Path) -> tuple[str, bytes]:
    """Make a releasekit 9.9.9 that needs something that nobody has."""
    name = "releasekit-9.9.9-py3-none-any.whl"
    info = "releasekit-9.9.9.dist-info"
    metadata = (
        "Metadata-Version: 2.1\nName: releasekit\nVersion: 9.9.9\nRequires-Dist: no-such>=2\n"
    )
    with zipfile.ZipFile(folder / name, "w") as archive:
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return name, (folder / name).read_bytes()


def test_an_index_without_the_kit_is_named_and_how_to_serve_it(plain: Runner, clone: Clone) -> None:
    with serve({}) as index:
        ran = replace(plain, inputs=(*plain.inputs, f"kit-index={index}")).run(clone().root, **TAG)
    assert read_error(ran) == (
        2,
        f"error E266: pip cannot install releasekit==9.9.9: {index} has no releasekit==9.9.9 for "
        "this Python; publish it there once, or correct kit or kit-index "
        "(docs/serve-the-kit.md of releasekit)",
    )
    assert f"> installing releasekit==9.9.9 from {index}" in ran.log


def test_an_index_without_a_requirement_of_the_kit_is_not_blamed_on_the_kit(
    plain: Runner, clone: Clone, tmp_path: Path
) -> None:
    name, wheel = make_kit(tmp_path)
    page = f'<a href="/simple/files/{name}">{name}</a>'.encode()
    with serve({"releasekit": (200, page), f"files/{name}": (200, wheel)}) as index:
        ran = replace(plain, inputs=(*plain.inputs, f"kit-index={index}")).run(clone().root, **TAG)
    assert read_error(ran) == (
        2,
        f"error E266: pip cannot install releasekit==9.9.9: {index} has no no-such>=2, which it "
        "needs; kit-index has to be a group with a proxy of a public index "
        "(docs/serve-the-kit.md of releasekit)",
    )
    assert f"Downloading {index}files/{name}" in ran.log  # what takes long is shown


def test_an_sdist_of_the_kit_is_not_built(plain: Runner, clone: Clone, tmp_path: Path) -> None:
    name = "releasekit-9.9.9.tar.gz"
    sdist = write_sdist(tmp_path, files=write_backend(tmp_path / "built"), filename=name)
    page = f'<a href="/simple/files/{name}">{name}</a>'.encode()
    answers = {"releasekit": (200, page), f"files/{name}": (200, sdist.read_bytes())}
    with serve(answers) as index:
        ran = replace(plain, inputs=(*plain.inputs, f"kit-index={index}")).run(clone().root, **TAG)
    status, error = read_error(ran)
    assert (status, error.partition(": ")[0]) == (2, "error E266")
    assert not (tmp_path / "built").exists()


def write_backend(mark: Path) -> dict[str, str]:
    """Return the files of an sdist that makes a file as soon as somebody builds it."""
    return {
        "PKG-INFO": "Metadata-Version: 2.1\nName: releasekit\nVersion: 9.9.9\n",
        "backend.py": f"open({str(mark)!r}, 'w')\n",
        "pyproject.toml": (
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        ),
    }


@pytest.mark.parametrize("status", [401, 403])
def test_an_index_that_wants_a_login_says_where_it_is_read(
    plain: Runner, clone: Clone, status: int
) -> None:
    with serve({"*": (status, b"")}) as index:
        ran = replace(plain, inputs=(*plain.inputs, f"kit-index={index}")).run(clone().root, **TAG)
    assert read_error(ran) == (
        2,
        f"error E268: pip cannot install releasekit==9.9.9: {index} wants a login, or refuses the "
        "one that it got; set NETRC, a variable of type file with "
        '"machine HOST login USER password …"',
    )


def test_a_certificate_of_the_company_says_which_variable_has_its_ca(
    plain: Runner, clone: Clone
) -> None:
    with run_sandbox() as sandbox:
        index = sandbox.simple_url()
        ran = replace(plain, inputs=(*plain.inputs, f"kit-index={index}")).run(clone().root, **TAG)
    assert read_error(ran) == (
        2,
        "error E268: pip cannot install releasekit==9.9.9: the certificate of "
        f"{index} is not trusted; set RELEASEKIT_CA_BUNDLE, a variable of type file with the "
        "company's CA",
    )


NO_NETWORK = (
    "error E301: the server cannot be reached: {}, from which pip installs releasekit==9.9.9; "
    "check kit-index, DNS and proxies of the runner (HTTPS_PROXY, NO_PROXY), then run the job again"
)


@pytest.mark.parametrize(
    "index",
    [
        pytest.param("http://127.0.0.1:9/simple/", id="nobody listens"),
        pytest.param("https://nexus.example.invalid/simple/", id="no such host"),
    ],
)
def test_no_network_is_worth_a_second_run(plain: Runner, clone: Clone, index: str) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        plain.variables[name] = ""
    ran = replace(plain, inputs=(*plain.inputs, f"kit-index={index}")).run(clone().root, **TAG)
    assert read_error(ran) == (3, NO_NETWORK.format(index))


def test_a_server_that_is_down_is_worth_a_second_run(plain: Runner, clone: Clone) -> None:
    with serve({"*": (503, b"")}) as index:
        ran = replace(plain, inputs=(*plain.inputs, f"kit-index={index}")).run(clone().root, **TAG)
    assert read_error(ran) == (3, NO_NETWORK.format(index))


def test_a_proxy_that_wants_a_login_is_not_the_index(plain: Runner, clone: Clone) -> None:
    index = "https://nexus.example.invalid/simple/"
    with serve({}) as proxy:
        plain.variables["HTTPS_PROXY"] = proxy
        ran = replace(plain, inputs=(*plain.inputs, f"kit-index={index}")).run(clone().root, **TAG)
    assert read_error(ran) == (
        2,
        f"error E268: pip cannot install releasekit==9.9.9: the proxy before {index} wants a "
        "login; write it into HTTPS_PROXY, as http://USER:PASSWORD@HOST:PORT",
    )


@contextmanager
def make_programs(folder: Path, missing: str) -> Iterator[str]:
    """Make a PATH with all programs of this machine but one."""
    folder.mkdir()
    for place in ("/usr/local/bin", "/usr/bin", "/bin"):
        for program in Path(place).glob("*"):
            link = folder / program.name
            if program.name != missing and not link.exists():
                link.symlink_to(program)
    yield str(folder)


def test_a_machine_without_git_says_so_first(plain: Runner, clone: Clone, tmp_path: Path) -> None:
    with make_programs(tmp_path / "bin", "git") as path:
        plain.variables["PATH"] = {"type": "variable", "values": {"*": path}}
        ran = plain.run(clone().root, **TAG)
    assert read_error(ran) == (
        2,
        "error E267: a program is missing: there is no git in the image or on the runner; choose "
        "an image that has it (input image), or install it on the runner",
    )


PYTHON = '#!/bin/sh\ncase "$*" in {}) exit 1 ;; esac\nexec ' + sys.executable + ' "$@"\n'


@pytest.mark.parametrize(
    ("refused", "kit", "reason"),
    [
        pytest.param(
            "*ensurepip*",
            "9.9.9",
            "{} has no venv or no ensurepip; install python3-venv (Debian, Ubuntu), or choose "
            "another image (input image)",
            id="no venv, as on Debian",
        ),
        pytest.param(
            "*version_info*",
            "9.9.9",
            "{} is older than 3.10, which releasekit needs; choose a newer image (input image), or "
            "name another Python (input python)",
            id="too old",
        ),
        pytest.param(
            "*'import releasekit'",
            "",
            "{} has no releasekit, and the input kit is empty; name a version there, or choose an "
            "image that has one (input image)",
            id="no kit in the image",
        ),
    ],
)
def test_a_python_that_cannot_run_the_kit_says_so_first(
    plain: Runner, clone: Clone, tmp_path: Path, refused: str, kit: str, reason: str
) -> None:
    python = tmp_path / "python3"
    python.write_text(PYTHON.format(refused), "utf-8")
    python.chmod(0o755)
    ran = replace(plain, inputs=(f"python={python}", f"kit={kit}")).run(clone().root, **TAG)
    said = f"error E267: a program is missing: {reason.format(python)}"
    assert read_error(ran) == (2, said)


def test_a_disk_that_is_full_is_worth_a_second_run(
    plain: Runner, clone: Clone, tmp_path: Path
) -> None:
    python = tmp_path / "python3"
    python.write_text(PYTHON.format("*'-m venv'*"), "utf-8")
    python.chmod(0o755)
    ran = replace(plain, inputs=(f"python={python}", "kit=9.9.9")).run(clone().root, **TAG)
    status, error = read_error(ran)
    assert status == 3
    assert error.startswith("error E321: a file or directory cannot be read or written: /")


def test_a_python_that_is_not_there_is_named(plain: Runner, clone: Clone) -> None:
    ran = replace(plain, inputs=("python=python3.99", "kit=9.9.9")).run(clone().root, **TAG)
    assert read_error(ran) == (
        2,
        "error E267: a program is missing: there is no python3.99 in the image or on the runner; "
        "choose an image that has it (input image), or name another Python (input python)",
    )


def test_the_errors_of_the_component_are_those_of_the_catalogue() -> None:
    found = re.findall(r"(E\d\d\d): (.*?)[:;,\"]", COMPONENT.read_text("utf-8"))
    titles = {entry.code: entry.title.replace("{kit}", "$kit") for entry in ENTRIES}
    assert {
        (code, title) for code, title in found if not titles[code].startswith(title[:20])
    } == set()
    assert {code for code, _ in found} == {"E266", "E267", "E268", "E269", "E301", "E321"}


def test_the_component_says_to_which_kit_it_belongs() -> None:
    said = re.findall(r"RELEASEKIT_TEMPLATE=(\S+)", COMPONENT.read_text("utf-8"))
    assert said == [read_inputs()["kit"]["default"]]
