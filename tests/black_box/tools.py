"""What black-box tests hold in their hands: a command that ran, a project, a running server."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urljoin

KIT = str(Path(sys.executable).with_name("releasekit"))
"""The console script: `python -m` would put the current directory on the path."""
DOUBLE = (sys.executable, "-m", "nexus_double")
"""A double of a Nexus, which prints its settings as JSON; it is found on PYTHONPATH."""
TESTS = str(Path(__file__).parents[1])
BOUND = 120.0
"""Seconds after which a command is killed and its test fails."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """A command that has ended, or was killed at its bound."""

    status: int | None
    """None if it was killed at its bound."""
    out: str
    err: str
    memory: int
    """The most that it, or a process that it started, had in memory at once, in MB."""

    @property
    def text(self) -> str:
        return self.out + self.err


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """A git repository of its own, with a tag."""

    root: Path
    name: str
    version: str

    @property
    def wheel(self) -> str:
        return f"{self.name.replace('-', '_')}-{self.version}-py3-none-any.whl"

    @property
    def sdist(self) -> str:
        return f"{self.name.replace('-', '_')}-{self.version}.tar.gz"

    def built(self) -> dict[str, str]:
        """Return the SHA-256 of each dist that was built, by file name."""
        return {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (self.root / "dist").glob("*")
            if path.name in (self.wheel, self.sdist)
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A running index, with the settings that it printed."""

    environ: Mapping[str, str]

    @property
    def url(self) -> str:
        return self.environ["RELEASEKIT_URL"]

    def open(self, url: str, data: bytes | None = None, content_type: str = "") -> bytes:
        """Ask as the publisher; raises urllib.error.HTTPError."""
        login = f"{self.environ['TWINE_USERNAME']}:{self.environ['TWINE_PASSWORD']}"
        request = urllib.request.Request(url, data)
        request.add_header("Authorization", f"Basic {base64.b64encode(login.encode()).decode()}")
        if content_type:
            request.add_header("Content-Type", content_type)
        context = ssl.create_default_context(cafile=self.environ["RELEASEKIT_CA_BUNDLE"])
        with urllib.request.urlopen(request, context=context, timeout=60) as answer:
            content: bytes = answer.read()
        return content

    def files(self, project: str, repository: str | None = None) -> dict[str, str]:
        """Return the SHA-256 of each file of a project, by file name; hosted is the default."""
        repository = repository or self.environ["RELEASEKIT_HOSTED"]
        page = f"{self.url}/repository/{repository}/simple/{project}/"
        try:
            html = self.open(page).decode()
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            return {}
        links = [urljoin(page, link) for link in re.findall(r'<a[^>]* href="([^"#]+)', html)]
        return {
            unquote(link.rpartition("/")[2]): hashlib.sha256(self.open(link)).hexdigest()
            for link in links
        }

    def upload(self, file: Path, name: str, version: str) -> None:
        """Upload a wheel as twine does."""
        fields = {":action": "file_upload", "name": name, "version": version}
        fields |= {"protocol_version": "1", "filetype": "bdist_wheel", "pyversion": "py3"}
        form = "".join(
            f'--part\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
            for key, value in fields.items()
        )
        form += (
            f'--part\r\nContent-Disposition: form-data; name="content"; filename="{file.name}"\r\n'
        )
        form += "Content-Type: application/octet-stream\r\n\r\n"
        body = form.encode() + file.read_bytes() + b"\r\n--part--\r\n"
        url = f"{self.url}/repository/{self.environ['RELEASEKIT_HOSTED']}/"
        self.open(url, body, "multipart/form-data; boundary=part")


RunKit = Callable[..., Ran]
MakeProject = Callable[..., Project]


@contextlib.contextmanager
def run_server(
    command: Sequence[str], environ: Mapping[str, str], folder: Path
) -> Iterator[Server]:
    """Run a server that prints its settings as JSON in a process of its own."""
    log = folder / "log"
    with (
        log.open("w") as err,
        subprocess.Popen(
            command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=err
        ) as process,
    ):
        try:
            assert process.stdout
            printed = process.stdout.readline()
            assert printed, log.read_text()
            yield Server(environ=json.loads(printed))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(BOUND)
