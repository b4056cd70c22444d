"""A large wheel: the kit's rate and memory beside curl's to the same server."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measure import Failed
from bench.subjects import QUICK, write_checkout
from bench.targets import Server
from bench.wheels import KIT, add_wheel, build_version, prove, read_seconds, record_wheels

TAG = "1-py3-none-any"


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """How a large wheel was published."""

    seconds: float
    """Of the step publish."""
    check: float
    base: int
    """Bytes of memory, at their peak, that a small release took."""
    peak: int


class Size:
    """Uploads of a large wheel."""

    def __init__(
        self, server: Server, tempdir: Path, environ: Mapping[str, str], mebibytes: int
    ) -> None:
        self._server, self._tempdir, self._environ = server, tempdir, environ
        self._mebibytes = mebibytes
        root = tempdir / "checkouts" / "size"
        self._checkout = write_checkout(QUICK, root, "bench-size", environ)

    def compare(self, rounds: int, say: Callable[[str], None]) -> dict[str, Any]:
        """Upload by curl and by the kit, in turns; seconds, rates, and peaks of memory."""
        curl: list[float] = []
        kit: list[Published] = []
        for number in range(1, rounds + 1):
            turns = [
                ("curl", lambda version: curl.append(self._upload(f"1.0.{version}"))),
                ("the kit", lambda version: kit.append(self._publish(f"1.1.{version}"))),
            ]
            for name, upload in turns if number % 2 else reversed(turns):  # nobody is always first
                say(f"size, round {number} of {rounds}: {name}")
                upload(number)
        alone, median = statistics.median(curl), statistics.median(one.seconds for one in kit)
        peak, base = max(one.peak for one in kit), min(one.base for one in kit)
        return {
            "mebibytes": self._mebibytes,
            "curl_seconds": round(alone, 2),
            "publish_seconds": round(median, 2),
            "check_seconds": round(statistics.median(one.check for one in kit), 2),
            "of_the_rate_of_curl": round(alone / median, 3),
            "peak_mebibytes": round(peak / 2**20, 1),
            "over_base_mebibytes": round((peak - base) / 2**20, 1),
        }

    def _upload(self, version: str) -> float:
        """Upload a wheel by curl, and return the seconds."""
        self._checkout.begin_version(version)
        self._checkout.root.joinpath("dist").mkdir()
        wheel = add_wheel(self._checkout, version, TAG, self._mebibytes)
        command = _curl(self._server, wheel, version, self._tempdir)
        os.sync()  # what earlier rounds wrote is not to be written to the disk in this one
        began = time.monotonic()
        _weigh(command, self._checkout.root, self._environ)
        return time.monotonic() - began

    def _publish(self, version: str) -> Published:
        """Publish a small version by the kit, and then a wheel of it."""
        checkout, command = self._checkout, (*KIT, "publish", "-q")
        build_version(checkout, version, self._environ)
        prove(checkout, self._environ)
        base = _weigh(command, checkout.root, self._environ)
        record_wheels(checkout, [add_wheel(checkout, version, TAG, self._mebibytes)])
        prove(checkout, self._environ)
        os.sync()
        peak = _weigh(command, checkout.root, self._environ)
        seconds = read_seconds(checkout)
        return Published(seconds=seconds["publish"], check=seconds["check"], base=base, peak=peak)


def _curl(server: Server, wheel: Path, version: str, tempdir: Path) -> Sequence[str]:
    """Return the upload by curl; its configuration file keeps the password out of the list."""
    login = tempdir / "curlrc"
    login.touch(0o600)
    login.write_text(f'user = "{server.username}:{server.password}"\n')
    fields = {
        ":action": "file_upload",
        "protocol_version": "1",
        "name": "bench-size",
        "version": version,
        "content": f"@{wheel}",
    }
    forms = [part for name, value in fields.items() for part in ("-F", f"{name}={value}")]
    return ("curl", "-sS", "--fail", "-o", os.devnull, "-K", str(login), *forms, server.upload_url)


def _weigh(command: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> int:
    """Run a command and return the bytes of memory that it had at its peak."""
    with subprocess.Popen(
        command, cwd=cwd, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Failed(f"{command[0]}: status {process.returncode}\n{said[-3000:]}")
    return used.ru_maxrss * 1024
