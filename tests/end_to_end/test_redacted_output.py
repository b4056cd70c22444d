"""What is printed and written has no secrets in it, and nothing that a terminal obeys."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest

from nexus_double import Sandbox
from releasekit.redact import CONTROLS
from support import Command, MakeProject, ProjectDir, outcome

PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
BACKEND = """\
import base64, hashlib, io, os, pathlib, tarfile, urllib.parse, zipfile
METADATA = "Metadata-Version: 2.1\\nName: plain\\nVersion: 1.2.3\\nHome-page: https://p.example.com\\n"

def say():
    "Print what a hostile backend, or one that somebody looks for a fault in, can get hold of."
    for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
        try:
            found = path.read_bytes().decode("utf-8", "replace")
        except OSError:
            continue
        for line in found.split("\\0"):
            name, _, value = line.partition("=")
            if name in ("TWINE_PASSWORD", "PIP_INDEX_URL"):
                print("FOUND", name, value)
                print("FOUND", urllib.parse.quote(value, safe=""), repr(line))
                print("FOUND", base64.b64encode(value.encode()).decode())
                print("FOUND", base64.b64encode(f"publisher:{value}".encode()).decode())
    print("\\x1b]52;c;cm0gLXJm\\x07\\x1b[2Jsection_start:1:x\\r\\x1b[0K\\u202edone\\u2066")
    print("::add-mask::done")

def build_sdist(sdist_directory, config_settings=None):
    say()
    with tarfile.open(f"{sdist_directory}/plain-1.2.3.tar.gz", "w:gz") as archive:
        archive.add("pyproject.toml", "plain-1.2.3/pyproject.toml")
        archive.add("backend.py", "plain-1.2.3/backend.py")
        entry = tarfile.TarInfo("plain-1.2.3/PKG-INFO")
        entry.size = len(METADATA)
        archive.addfile(entry, io.BytesIO(METADATA.encode()))
    return "plain-1.2.3.tar.gz"

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    say()
    info = "plain-1.2.3.dist-info"
    wheel = "Wheel-Version: 1.0\\nGenerator: hand\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    files = {"plain.py": "", f"{info}/METADATA": METADATA, f"{info}/WHEEL": wheel}
    record = f"{info}/RECORD,,\\n"
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        record += f"{name},sha256={digest.decode()},{len(text)}\\n"
    with zipfile.ZipFile(f"{wheel_directory}/plain-1.2.3-py3-none-any.whl", "w") as archive:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return "plain-1.2.3-py3-none-any.whl"
"""
PASSWORD = "se/cret@9#!&\"'+x"
INDEX_PASSWORD = "in/dex@9?"


@pytest.fixture
def talkative(make_project: MakeProject) -> ProjectDir:
    """A project whose backend prints the secrets of the processes above it."""
    project = make_project(tag=None)
    for path in project.root.iterdir():
        if path.name != ".git":
            project.git("rm", "-rq", path.name)
    project.write("pyproject.toml", PYPROJECT)
    project.write("backend.py", BACKEND)
    project.write(".gitignore", "dist/\nreports/\n")
    project.commit_all()
    project.git("tag", "v1.2.3")
    return project


def run(project: ProjectDir, *arguments: str, **variables: str) -> str:
    """Run a command, and return what it printed: on both, in this order."""
    done = subprocess.run(
        (sys.executable, "-m", "releasekit", *arguments),
        cwd=project.root,
        env={**project.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def written(project: ProjectDir) -> dict[str, str]:
    """The reports, by name."""
    folder = project.root / "reports"
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in files}


def find_leaks(texts: Mapping[str, str], secret: str) -> list[str]:
    pair = base64.b64encode(f"publisher:{secret}".encode()).decode()
    alone = base64.b64encode(secret.encode()).decode()
    escaped = (quote(secret, safe=""), json.dumps(secret)[1:-1], repr(secret)[1:-1])
    forms = (secret, *escaped, alone, pair)
    return [f"{name}: {form}" for name, text in texts.items() for form in forms if form in text]


@pytest.mark.parametrize("arguments", [("build", "-v"), ("release", "-v"), ("build", "--json")])
def test_secrets_that_a_backend_prints_are_hidden(
    talkative: ProjectDir, arguments: tuple[str, ...]
) -> None:
    said = run(
        talkative,
        *arguments,
        TWINE_USERNAME="publisher",
        TWINE_PASSWORD=PASSWORD,
        PIP_INDEX_URL=f"https://bob:{quote(INDEX_PASSWORD, safe='')}@127.0.0.1:9/simple",
    )
    texts = {"terminal": said, **written(talkative)}
    assert "FOUND TWINE_PASSWORD ****\n" in texts["build.log"]
    assert "FOUND PIP_INDEX_URL https://****@127.0.0.1:9/simple\n" in texts["build.log"]
    assert "-v" not in arguments or "FOUND TWINE_PASSWORD ****\n" in said
    assert find_leaks(texts, PASSWORD) + find_leaks(texts, INDEX_PASSWORD) == []
    assert [name for name, text in texts.items() if CONTROLS.search(text)] == []
    assert "section_start" not in said + texts["build.log"]
    assert "\n::add-mask" not in said + texts["build.log"]
    assert outcome(talkative)["status"] == "done"


def test_the_password_of_an_index_is_not_printed(project: ProjectDir) -> None:
    index = "https://bob:se/cret@host.invalid/simple"
    said = run(project, "build", "-v", PIP_INDEX_URL=index, UV_DEFAULT_INDEX="", UV_OFFLINE="1")
    texts = {"terminal": said, **written(project)}
    assert outcome(project)["status"] != "done"
    for secret in ("se/cret", "cret@"):
        assert [name for name, text in texts.items() if secret in text] == []


def test_several_projects_hide_their_secrets(
    talkative: ProjectDir, tmp_path: Path, user_environ: dict[str, str]
) -> None:
    other = ProjectDir(root=tmp_path / "other", environ=user_environ)
    subprocess.run(("git", "clone", "-q", talkative.root, other.root), check=True)
    said = run(
        talkative,
        *("build", "-v", "-C", str(talkative.root), "-C", str(other.root)),
        TWINE_USERNAME="publisher",
        TWINE_PASSWORD=PASSWORD,
    )
    assert said.count("FOUND TWINE_PASSWORD ****\n") >= 4
    texts = {"terminal": said, **written(talkative), **written(other)}
    assert find_leaks(texts, PASSWORD) == []


def test_a_short_password_gets_a_note_without_it(project: ProjectDir, sandbox: Sandbox) -> None:
    note = (
        "TWINE_PASSWORD is shorter than 8 characters, and so not hidden in output and reports: "
        "use a longer password"
    )
    server = {**sandbox.environ(), "TWINE_PASSWORD": "hunter2"}
    said = run(project, "release", **server)
    assert said.count(note) == 1
    assert outcome(project)["notes"] == [note]
    assert "hunter2" not in said + "".join(written(project).values())


def test_a_password_that_is_a_part_of_names_changes_no_name(
    talkative: ProjectDir, releasekit: Command
) -> None:
    run(talkative, "build")
    before = written(talkative)
    sha256 = json.loads(before["release.json"])["files"][0]["sha256"]
    for password in ("plain-1.2.3", "plain-1.2.3.tar.gz", sha256, sha256[:8], sha256[9:24]):
        run(talkative, "build", TWINE_PASSWORD=password, UV_PUBLISH_TOKEN="py3-none")
        after = written(talkative)
        assert after.keys() == before.keys()
        assert after["release.json"] == before["release.json"]
        assert after["release.env"] == before["release.env"]
        rows = [line for line in before["summary.md"].splitlines() if line.startswith("|")]
        assert [line for line in after["summary.md"].splitlines() if line.startswith("|")] == rows
    assert releasekit("check", project=talkative).status in (0, 1)


REASON = "\x1b]0;owned\x07\x1b[2J\x1b]52;c;cm0=\x07evil\x9b31m\u202e reason\x0bX"
TITLE = "<title>\x1b[2Jevil\u202e\u2066 title\x85\x9b31m</title>"


@contextmanager
def serve(status: int, reason: str, page: str) -> Iterator[str]:
    """Serve the same answer for whatever is asked; yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = page.encode()
            line = f"HTTP/1.1 {status} {reason}\r\nServer: x\x1b[2Jy\r\n"
            head = f"Content-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n"
            self.wfile.write((line + head).encode() + body)

        do_POST = do_PUT = do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("command", ["release", "doctor", "search", "provision"])
@pytest.mark.parametrize(
    ("status", "reason", "page"),
    [(418, REASON, ""), (403, REASON, TITLE), (200, "OK", TITLE), (404, REASON, TITLE)],
    ids=("refused", "forbidden", "page", "not found"),
)
def test_control_characters_of_a_server_reach_neither_terminal_nor_reports(
    talkative: ProjectDir, command: str, status: int, reason: str, page: str
) -> None:
    variables = {
        "TWINE_USERNAME": "publisher",
        "TWINE_PASSWORD": "password-of-publisher",
        "RELEASEKIT_ADMIN_PASSWORD": "password-of-admin",
    }
    arguments = (command, "plain") if command == "search" else (command,)
    with serve(status, reason, page) as url:
        said = run(talkative, *arguments, RELEASEKIT_URL=url, **variables)
    texts = {"terminal": said, **written(talkative)}
    assert "error E" in said
    assert [name for name, text in texts.items() if CONTROLS.search(text)] == []
    assert "owned" not in said
