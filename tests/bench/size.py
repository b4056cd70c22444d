"""A large wheel: the kit's rate and memory beside curl's to the same server."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.measure import Failed
from bench.subjects import QUICK, write_checkout
from bench.targets import Server
from bench.wheels import KIT, add_wheel, build_version, read_seconds, record_wheels

TAG = "py3-none-any"


class Size:
    """Uploads of a large wheel."""

    def __init__(
        self, server: Server, room: Path, environ: Mapping[str, str], mebibytes: int
    ) -> None:
        self._server, self._room, self._environ = server, room, environ
        self._mebibytes = mebibytes
        root = room / "checkouts" / "size"
        self._checkout = write_checkout(QUICK, root, "bench-size", environ)

    def compare(self, rounds: int, say: Callable[[str], None]) -> dict[str, Any]:
        """Upload by curl and by the kit, in turns; seconds, rates, and peaks of memory."""
        checkout = self._checkout
        took: dict[str, list[float]] = {"curl": [], "publish": [], "check": [], "command": []}
        peaks, bases = [], []
        for number in range(1, rounds + 1):
            for way, version in (("curl", f"1.0.{number}"), ("kit", f"1.1.{number}")):
                say(f"size, round {number} of {rounds}: {way}")
                if way == "curl":
                    checkout.begin_version(version)
                    checkout.root.joinpath("dist").mkdir()
                else:
                    build_version(checkout, version, self._environ)
                    bases.append(_weigh((*KIT, "publish", "-q"), checkout.root, self._environ))
                wheel = add_wheel(checkout, version, f"1-{TAG}", self._mebibytes)
                began = time.monotonic()
                if way == "curl":
                    _weigh(
                        _curl(self._server, wheel, version, self._room),
                        checkout.root,
                        self._environ,
                    )
                    took["curl"].append(time.monotonic() - began)
                    continue
                record_wheels(checkout, [wheel])
                began = time.monotonic()
                peaks.append(_weigh((*KIT, "publish", "-q"), checkout.root, self._environ))
                took["command"].append(time.monotonic() - began)
                for step in ("publish", "check"):
                    took[step].append(read_seconds(checkout)[step])
        medians = {name: statistics.median(seconds) for name, seconds in took.items()}
        return {
            "mebibytes": self._mebibytes,
            "seconds": {name: [round(s, 2) for s in seconds] for name, seconds in took.items()},
            "mebibytes_a_second": {
                name: round(self._mebibytes / medians[name], 1) for name in ("curl", "publish")
            },
            "of_the_rate_of_curl": round(medians["curl"] / medians["publish"], 3),
            "peak_mebibytes": round(max(peaks) / 2**20, 1),
            "over_base_mebibytes": round((max(peaks) - min(bases)) / 2**20, 1),
        }


def _curl(server: Server, wheel: Path, version: str, room: Path) -> Sequence[str]:
    """Return the upload by curl; its configuration file keeps the password out of the list."""
    login = room / "curlrc"
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
