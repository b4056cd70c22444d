"""Release public projects to a real Nexus, and install them with pip: `nox -s corpus`.

The group has a proxy of the index that pip uses here, in which the project's own name is blocked,
as `releasekit provision` does for the names in `own-names`. What was built is compared with what
`uv build` makes of a copy of the same checkout, with requirements from the same group.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import uv

from corpus.clone import NotClonedError, clone
from corpus.compare import KINDS, Comparison, compare
from corpus.relay import run_relay
from support import public_index

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

KIT = str(Path(sys.executable).with_name("releasekit"))
LIST = Path(__file__).with_name("projects.toml")


class CommandFailedError(Exception):
    """A command failed that has to work for every project."""


@dataclass(kw_only=True)
class Row:
    """What came of a project."""

    name: str
    tag: str
    backend: str = ""
    status: str = ""
    found: str = ""
    dependencies: int = 0
    compared: Comparison = field(default_factory=lambda: Comparison(text="-"))
    pip: str = "-"
    seconds: float = 0

    def render(self) -> str:
        build = (self.backend, self.status, str(self.dependencies), self.found)
        cells = (self.name, self.tag, *build, self.compared.text, self.pip, f"{self.seconds:.0f} s")
        return f"| {' | '.join(cells)} |"


HEADER = (
    "| project | tag | backend | release | dependencies | findings | `uv build` | pip install "
    "| time |\n|---|---|---|---|---|---|---|---|---|"
)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="nox -s corpus --", description=__doc__)
    parser.add_argument("names", nargs="*", help="projects; by default all of projects.toml")
    parser.add_argument(
        "--clones", metavar="PATTERN", help="where repositories lie, as /srv/{owner}/{name}.git"
    )
    parser.add_argument(
        "--no-compare", action="store_true", help="do not compare what was built with `uv build`"
    )
    parser.add_argument(
        "--only-build", action="store_true", help="build and compare; release and install nothing"
    )
    options = parser.parse_args(argv)
    projects = tomllib.loads(LIST.read_text(encoding="utf-8"))["project"]
    chosen = [p for p in projects if not options.names or p["name"] in options.names]
    index = os.environ.get("PIP_INDEX_URL") or next(iter(public_index().values()), "")
    rows = []
    with contextlib.ExitStack() as stack:
        nexus: Mapping[str, str] = {}
        if not options.only_build:
            nexus = stack.enter_context(_run_nexus(stack.enter_context(run_relay(index))))
        for number, project in enumerate(chosen, start=1):
            row = _try(project, options, nexus)
            rows.append(row)
            print(f"{number:>3} of {len(chosen)}  {row.render()}", flush=True)
    print(f"\n{HEADER}")
    print("\n".join(row.render() for row in rows))
    used = [k for k in KINDS if any(k.name in row.compared.text for row in rows)]
    print("".join(f"\n{kind.name}: {kind.why}" for kind in used))
    good = [row for row in rows if row.status == "done" and row.pip in ("installs", "not tried")]
    same = [row for row in good if not row.compared.unexplained]
    word = "built" if options.only_build else "released and installed"
    print(f"\n{len(good)} of {len(rows)} {word}, {len(same)} of them the same or explained")
    return 0 if len(same) == len(rows) else 1


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


def _try(project: Mapping[str, str], options: argparse.Namespace, nexus: Mapping[str, str]) -> Row:
    """Release a project and install it with pip, in directories that are gone afterwards."""
    began = time.monotonic()
    row = Row(name=project["name"], tag=project["tag"])
    with tempfile.TemporaryDirectory(prefix="corpus-") as folder:
        try:
            clone(project, Path(folder, "project"), options.clones)
            _release(project, Path(folder), options, nexus, row)
        except (NotClonedError, CommandFailedError) as error:
            row.status = re.sub(r"[\s|]+", " ", str(error))[:200]
    row.seconds = time.monotonic() - began
    return row


def _release(
    project: Mapping[str, str],
    folder: Path,
    options: argparse.Namespace,
    nexus: Mapping[str, str],
    row: Row,
) -> None:
    """Release a project from a clone of it, and write into its row what came of it."""
    top, twin = folder / "project", folder / "twin" / project["name"]
    root = top / project.get("directory", ".")
    row.backend = _read_backend(root)
    if not options.no_compare:
        shutil.copytree(top, twin, symlinks=True)
    if pattern := project.get("pattern"):
        (root / "releasekit.toml").write_text(f"tag = {json.dumps(pattern)}\n")
    # Nexus does not say when a file was uploaded: see E290.
    environ = {**os.environ, "UV_EXCLUDE_NEWER": "false", **nexus}
    if nexus:
        environ = _provision(project, root, environ)
    # PYTHONPATH=tests is this program's, and some projects have a tests/types.py.
    hidden = ("RELEASEKIT_ADMIN", "RELEASEKIT_PUBLISHER", "PYTHONPATH")
    environ = {n: v for n, v in environ.items() if not n.startswith(hidden)}
    environ["RELEASEKIT_TAG"] = project["tag"]
    ran = _run((KIT, "build" if options.only_build else "release"), root, environ, check=False)
    log = Path(tempfile.gettempdir()) / f"corpus-{project['name']}.log"
    log.write_text(ran.stdout)
    report = root / "reports" / "outcome.json"
    if not report.exists():
        raise CommandFailedError(f"no outcome, status {ran.returncode}: {ran.stdout}")
    outcome = json.loads(report.read_text(encoding="utf-8"))
    row.status = outcome["status"]
    if outcome["error"]:
        row.status += f" {outcome['error']['code']}"
    row.found = _list_findings(root)
    lock = root / "reports" / "pylock.toml"
    row.dependencies = lock.read_text().count("[[packages]]") if lock.exists() else 0
    if not options.no_compare:
        source = twin / project.get("directory", ".")
        row.compared = _compare(source, folder / "uv-dist", root / "dist", environ, row, log)
    if outcome["status"] == "done":
        requirement = f"{outcome['project']}=={outcome['version']}"
        row.pip = _install(folder / "env", requirement, environ) if nexus else "not tried"


def _provision(
    project: Mapping[str, str], root: Path, environ: Mapping[str, str]
) -> dict[str, str]:
    """Make repositories for a project; return the environment that leads there.

    They are its own: where it was refused, others could not get it as a dependency.
    """
    variables = {**environ, "RELEASEKIT_OWN_NAMES": project["name"]}
    for role in ("hosted", "proxy", "group"):
        variables[f"RELEASEKIT_{role.upper()}"] = f"{project['name']}-{role}"
    password = secrets.token_hex(16)
    variables["RELEASEKIT_PUBLISHER_PASSWORD"] = password
    variables["TWINE_USERNAME"] = f"{project['name']}-hosted-publisher"
    variables["TWINE_PASSWORD"] = password
    _run((KIT, "provision", "--apply", "-q", "-C", str(root)), environ=variables)
    return variables


def _read_backend(root: Path) -> str:
    try:
        table = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
        system = table.get("build-system", {})
        return str(system.get("build-backend", "setuptools (default)"))
    except FileNotFoundError:
        return "setuptools (no pyproject.toml)"


def _compare(
    source: Path, out: Path, built: Path, environ: Mapping[str, str], row: Row, log: Path
) -> Comparison:
    """Compare what the kit built with what `uv build` makes, with the same requirements."""
    kept = {n: v for n, v in environ.items() if not n.startswith(("RELEASEKIT_", "TWINE_"))}
    if group := environ.get("RELEASEKIT_GROUP"):
        kept["UV_DEFAULT_INDEX"] = f"{environ['RELEASEKIT_URL']}/repository/{group}/simple/"
        kept["SSL_CERT_FILE"] = environ["RELEASEKIT_CA_BUNDLE"]
    # Else uv builds with the uv_build that is in it, not with the one that is required.
    how = ("--force-pep517", "--python", sys.executable, "--out-dir", str(out))
    command = (uv.find_uv_bin(), "build", *how)
    ran = _run(command, source, kept, check=False)  # in it, for its [tool.uv]
    if ran.returncode:
        text = re.sub(r"\s+", " ", ran.stdout.strip())[-160:].replace("|", " ")
        text = f"`uv build` fails: {text}"
        result = Comparison(text=text, unexplained=(text,))
    elif not list(built.glob("*.whl")):
        text = "`uv build` builds it"
        result = Comparison(text=text, unexplained=(text,))
    else:
        result = compare(built, out, row.backend)
    with log.open("a") as lines:
        lines.write("\n# uv build\n" + "\n".join((ran.stdout, *result.lines)) + "\n")
    return result


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
        raise CommandFailedError(f"{' '.join(command)} ended with {ran.returncode}: {ran.stdout}")
    return ran


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
