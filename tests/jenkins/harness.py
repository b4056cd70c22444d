"""Jenkins' own Pipeline interpreter, in one JVM for all pipelines of a run.

groovy/ is what Jenkins would bring around it: steps, agents, restarts. No server of Jenkins is
involved; README.md beside this file says what that leaves unproved.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

import requests
from platformdirs import user_cache_path

from releasekit_nexus.prepared import find_java, provide

HERE = Path(__file__).parent
GROOVY = HERE / "groovy"
TEMPLATES = HERE.parents[1] / "templates" / "jenkins"
CACHE = user_cache_path("releasekit") / "jenkins"

RAN = "releasekit "
"""How the label of a session's `sh` begins."""

JARS = {
    # What Jenkins runs: its interpreter, on its Groovy, with what the interpreter needs.
    "com.cloudbees:groovy-cps:1.31": (
        "ecfd4e43d75ca8204e278ff01d27c10d4b0d7b3ee781a18d1c363fc04c5c3e7e"
    ),
    "org.codehaus.groovy:groovy-all:2.4.21": (
        "de65260cf2070442e99882f2f3d72e7531725c1e6a257446cc0cea525c607bd0"
    ),
    "com.google.guava:guava:11.0.1": (
        "aa7cef9d2ba0110a2db7be0fb6e679cd71f6a26fc3ba9da7715f41d3300def1d"
    ),
    # Jenkins' file patterns are Ant's.
    "org.apache.ant:ant:1.10.14": (
        "4cbbd9243de4c1042d61d9a15db4c43c90ff93b16d78b39481da1c956c8e9671"
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """What a build came to, as Jenkins would show it."""

    result: str
    description: str | None
    error: str | None
    steps: tuple[Mapping[str, Any], ...]
    mismatches: tuple[str, ...]
    warnings: tuple[str, ...]
    tests: tuple[Mapping[str, str], ...]
    saves: int
    log: str
    archive: Path

    @property
    def stages(self) -> list[str]:
        """The stages and branches in which sessions ran, in order."""
        ran = [step for step in self.steps if step["arguments"].get("label", "").startswith(RAN)]
        return list(dict.fromkeys(" / ".join(step["stages"]) for step in ran))


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A job of Jenkins: where its pipeline comes from, and what it may use."""

    home: Path
    jenkinsfile: str
    agents: Mapping[str, Mapping[str, str]]
    """The environment of an agent with this label; "" is any agent."""
    scm: Mapping[str, str] = field(default_factory=dict)
    """`url` and `ref`, as "refs/heads/main", of the repository."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """What Jenkins sets for the build: TAG_NAME, and its global properties."""
    credentials: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    libraries: tuple[Path, ...] = (TEMPLATES,)
    missing: tuple[str, ...] = ()
    """Steps whose plugins this Jenkins lacks."""
    restart: Literal["same", "fresh"] = "same"
    """Whether classes are parsed anew whenever the program was saved and read back."""


class Jenkins:
    """A JVM that runs one pipeline after the other."""

    def __init__(self, commands: IO[str], answers: IO[str]) -> None:
        self._commands = commands
        self._answers = answers
        self._number = 0

    def run(self, job: Job) -> Built:
        """Run the job once more; its workspaces stay as the last build left them."""
        self._number += 1
        folder = job.home / f"build-{self._number}"
        folder.mkdir(parents=True)
        document = {
            "home": str(job.home),
            "log": str(folder / "log"),
            "archive": str(folder / "archive"),
            "jenkinsfile": job.jenkinsfile,
            "libraries": [str(path) for path in (GROOVY, *job.libraries)],
            "agents": job.agents,
            "scm": job.scm,
            "environ": {"BUILD_NUMBER": str(self._number), **job.environ},
            "params": {},
            "credentials": job.credentials,
            "restart": job.restart,
            "missing": job.missing,
        }
        request = folder / "job.json"
        request.write_text(json.dumps(document), encoding="utf-8")
        self._commands.write(f"{request}\n")
        self._commands.flush()
        answer = self._answers.readline()
        request.unlink()  # it holds the passwords
        assert answer == "done\n", answer
        return self._read(folder)

    def _read(self, folder: Path) -> Built:
        report = json.loads((folder / "job.json.report").read_text(encoding="utf-8"))
        lists = ("steps", "mismatches", "warnings", "tests")
        return Built(
            **{**report, **{name: tuple(report[name]) for name in lists}},
            archive=folder / "archive",
        )


@contextmanager
def run_jenkins() -> Iterator[Jenkins]:
    """Keep the JVM until the block ends."""
    java = find_java(os.environ) / "bin" / "java"
    jars = [fetch(coordinates, sha256) for coordinates, sha256 in JARS.items()]
    classes = compile_harness(java, jars)
    path = os.pathsep.join(map(str, (*jars, classes)))
    with subprocess.Popen(
        (java, "-XX:TieredStopAtLevel=1", "-cp", path, "harness.Server"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield Jenkins(process.stdin, process.stdout)
        process.stdin.close()


def fetch(coordinates: str, sha256: str) -> Path:
    """Give the jar with these coordinates and this hash: the cached one, or download it."""
    _, name, version = coordinates.split(":")

    def make(part: Path) -> None:
        artifact = importlib.import_module("maven_artifact.artifact").Artifact
        resolver = importlib.import_module("maven_artifact.resolver").Resolver
        address = resolver.default().uri_for_artifact(artifact.parse(coordinates))
        answer = requests.get(address, timeout=60)
        answer.raise_for_status()
        assert hashlib.sha256(answer.content).hexdigest() == sha256, coordinates
        (part / f"{name}.jar").write_bytes(answer.content)

    return provide(CACHE / f"{name}-{version}", make, print) / f"{name}.jar"


def compile_harness(java: Path, jars: list[Path]) -> Path:
    """Give the harness's classes, compiled once for each state of their sources."""
    sources = sorted(path for path in GROOVY.rglob("*.groovy") if path.parent.name != "vars")
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()

    def make(part: Path) -> None:
        path = os.pathsep.join(map(str, jars))
        compiler = "org.codehaus.groovy.tools.FileSystemCompiler"
        subprocess.run(
            (java, "-cp", path, compiler, "-cp", path, "-d", part, *sources),
            check=True,
            capture_output=True,
        )

    return provide(CACHE / f"classes-{digest[:16]}", make, print)
