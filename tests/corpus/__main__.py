"""Release public projects to a real Nexus, and install them with pip: `nox -s corpus`.

The group has a proxy of the index that pip uses here, in which the project's own name is blocked,
as `releasekit provision` does for the names in `own-names`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus.relay import run_relay
from support import public_index

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

KIT = str(Path(sys.executable).with_name("releasekit"))
LIST = Path(__file__).with_name("projects.toml")


@dataclass(frozen=True, kw_only=True)
class Row:
    """What came of a project."""

    name: str
    tag: str
    status: str
    found: str
    dependencies: int
    pip: str
    seconds: float

    @classmethod
    def not_cloned(cls, project: Mapping[str, str], seconds: float) -> Row:
        name, tag = project["name"], project["tag"]
        return cls(
            name=name,
            tag=tag,
            status="not cloned",
            found="",
            dependencies=0,
            pip="-",
            seconds=seconds,
        )

    def render(self) -> str:
        cells = (self.name, self.tag, self.status, str(self.dependencies), self.found, self.pip)
        return f"| {' | '.join(cells)} | {self.seconds:.0f} s |"


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="nox -s corpus --", description=__doc__)
    parser.add_argument("names", nargs="*", help="projects; by default all of projects.toml")
    parser.add_argument(
        "--clones", metavar="PATTERN", help="where repositories lie, as /srv/{owner}/{name}.git"
    )
    options = parser.parse_args(argv)
    projects = tomllib.loads(LIST.read_text(encoding="utf-8"))["project"]
    chosen = [p for p in projects if not options.names or p["name"] in options.names]
    index = os.environ.get("PIP_INDEX_URL") or next(iter(public_index().values()), "")
    rows = []
    with run_relay(index) as relay, _run_nexus(relay) as nexus:
        for number, project in enumerate(chosen, start=1):
            row = _try(project, options.clones, nexus)
            rows.append(row)
            print(f"{number:>3} of {len(chosen)}  {row.render()}", flush=True)
    released = [row for row in rows if (row.status, row.pip) == ("done", "installs")]
    print("\n| project | tag | release | dependencies | findings | pip install | time |")
    print("|---|---|---|---|---|---|---|")
    print("\n".join(row.render() for row in rows))
    print(f"\n{len(released)} of {len(rows)} released and installed")
    return 0 if len(released) == len(rows) else 1


@contextlib.contextmanager
def _run_nexus(remote: str) -> Iterator[Mapping[str, str]]:
    """Run a real Nexus whose proxy has that remote, and provide its settings."""
    environ = {**os.environ, "RELEASEKIT_PROXY_REMOTE": remote}
    command = (KIT, "nexus", "--json")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as process:
        try:
            printed = process.stdout.readline() if process.stdout else ""
            yield {**json.loads(printed), "RELEASEKIT_PROXY_REMOTE": remote}
        finally:
            process.terminate()


def _try(project: Mapping[str, str], clones: str | None, nexus: Mapping[str, str]) -> Row:
    """Release a project and install it with pip, in directories that are gone afterwards."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="corpus-") as folder:
        root = Path(folder, "project")
        owner, name = project["repository"].split("/")[-2:]
        source = clones.format(owner=owner, name=name) if clones else project["repository"]
        if _run(("git", "clone", "-q", source, str(root)), check=False).returncode:
            return Row.not_cloned(project, time.monotonic() - began)
        _run(("git", "-c", "advice.detachedHead=false", "checkout", "-q", project["tag"]), root)
        environ = {**os.environ, **nexus, "RELEASEKIT_OWN_NAMES": project["name"]}
        # Repositories of its own: where one was refused, others could not get it as a dependency.
        for role in ("hosted", "proxy", "group"):
            environ[f"RELEASEKIT_{role.upper()}"] = f"{project['name']}-{role}"
        password = secrets.token_hex(16)
        environ["RELEASEKIT_PUBLISHER_PASSWORD"] = password
        environ["TWINE_USERNAME"] = f"{project['name']}-hosted-publisher"
        environ["TWINE_PASSWORD"] = password
        _run((KIT, "provision", "--apply", "-q", "-C", str(root)), environ=environ)
        # PYTHONPATH=tests is this program's, and some projects have a tests/types.py.
        hidden = ("RELEASEKIT_ADMIN", "RELEASEKIT_PUBLISHER", "PYTHONPATH")
        environ = {n: v for n, v in environ.items() if not n.startswith(hidden)}
        environ["RELEASEKIT_TAG"] = project["tag"]
        ran = _run((KIT, "release"), root, environ, check=False)
        (Path(tempfile.gettempdir()) / f"corpus-{name}.log").write_text(ran.stdout)
        report = root / "reports" / "outcome.json"
        if not report.exists():
            raise SystemExit(f"{name}: no outcome, status {ran.returncode}:\n{ran.stdout}")
        outcome = json.loads(report.read_text(encoding="utf-8"))
        status = outcome["status"]
        if outcome["error"]:
            status += f" {outcome['error']['code']}"
        lock = root / "reports" / "pylock.toml"
        pip = "-"
        if outcome["status"] == "done":
            requirement = f"{outcome['project']}=={outcome['version']}"
            pip = _install(Path(folder, "env"), requirement, environ)
        return Row(
            name=project["name"],
            tag=project["tag"],
            status=status,
            found=_list_findings(root),
            dependencies=lock.read_text().count("[[packages]]") if lock.exists() else 0,
            pip=pip,
            seconds=time.monotonic() - began,
        )


def _list_findings(root: Path) -> str:
    report = root / "reports" / "findings.json"
    found = json.loads(report.read_text(encoding="utf-8"))["findings"] if report.exists() else []
    return " ".join(dict.fromkeys(f"{one['code']}:{one['severity']}" for one in found))


def _install(env: Path, requirement: str, environ: Mapping[str, str]) -> str:
    """Install a release with pip from the group, in a new environment."""
    _run((sys.executable, "-m", "venv", str(env)))
    group = f"{environ['RELEASEKIT_URL']}/repository/{environ['RELEASEKIT_GROUP']}/simple/"
    variables = {n: v for n, v in os.environ.items() if not n.startswith("PIP_")}
    variables["REQUESTS_CA_BUNDLE"] = environ["RELEASEKIT_CA_BUNDLE"]  # it beats --cert
    command = (str(env / "bin" / "python"), "-m", "pip", "install", "-q", "--index-url", group)
    ran = _run((*command, requirement), environ=variables, check=False)
    last = re.sub(r"\s+", " ", ran.stdout.strip())[-200:]
    return "installs" if ran.returncode == 0 else f"fails: {last}"


def _run(
    command: Sequence[str],
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    check: bool = True,
) -> subprocess.CompletedProcess[str]:
    ran = subprocess.run(
        command,
        cwd=cwd,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if check and ran.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {ran.returncode}:\n{ran.stdout}")
    return ran


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
