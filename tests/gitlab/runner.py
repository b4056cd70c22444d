"""GitLab's pipelines on this machine: gitlab-ci-local, which npm brings, runs their jobs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

VERSION = "4.75.1"
SCHEMA_EXCEPTION = "#/definitions/tags/minItems"
"""The editor's schema wants at least one runner tag; GitLab itself takes none (`tags: []`)."""
STATE = ".gitlab-ci-local"
ENDED = re.compile(r" (PASS|FAIL|WARN) {2}(.+?) *$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pipeline:
    """A pipeline that was run."""

    status: int
    log: str
    root: Path
    home: Path

    @property
    def jobs(self) -> dict[str, str]:
        """Return how each job ended, by its name."""
        text = re.sub(r"\x1b\[\d*m", "", self.log)
        return {name.strip(): ended for ended, name in ENDED.findall(text)}

    @property
    def exit_codes(self) -> dict[str, int]:
        """Return with which status the scripts of failed jobs ended."""
        found = re.findall(r"^(\S.*?) +finished in .* FAIL (\d+)", self.log, re.MULTILINE)
        return {name: int(code) for name, code in found}

    def artifacts(self, job: str) -> Path:
        """Return the directory with the artifacts of a job."""
        return self.root / STATE / "artifacts" / job

    def leftovers(self) -> str:
        """Return all that the run printed, and left in files: of jobs, caches, and the home."""
        folders = (self.root, self.home)
        files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
        return self.log + "".join(path.read_text("utf-8", errors="replace") for path in files)


@dataclass(frozen=True, kw_only=True, slots=True)
class Runner:
    """A machine of GitLab's, with its variables; jobs run in its shell."""

    home: Path
    environ: Mapping[str, str]
    program: tuple[str, ...]
    inputs: tuple[str, ...] = ("kit=", f"python={sys.executable}")
    """The inputs of the component: it takes the kit that is tested."""
    variables: dict[str, object] = field(default_factory=dict)
    """CI/CD variables of the project; those of type file are mappings."""

    def run(self, root: Path, *jobs: str, **predefined: str) -> Pipeline:
        """Run the pipeline of a clone; `predefined` are the variables that GitLab sets.

        With `jobs` only these are run, with the artifacts that earlier runs left.
        """
        return self._start(root, predefined, *jobs)

    def list_jobs(self, root: Path, **predefined: str) -> list[str] | str:
        """Return the names of the jobs that a pipeline would have, or what is wrong with it."""
        listed = self._start(root, predefined, "--list-json")
        if listed.status:
            return listed.log
        jobs = json.loads(listed.log[listed.log.index("[\n") :])
        return [job["name"] for job in jobs if job["when"] != "never"]

    def preview(self, root: Path) -> Pipeline:
        """Return the configuration with everything included and expanded."""
        return self._start(root, {}, "--preview")

    def _start(self, root: Path, predefined: Mapping[str, str], *options: str) -> Pipeline:
        self._write_variables({**self.variables, **predefined})
        request = predefined.get("CI_PIPELINE_SOURCE") == "merge_request_event"
        of_branch = not request and "CI_COMMIT_TAG" not in predefined
        is_topic = predefined.get("CI_COMMIT_BRANCH", "main") != "main"
        done = subprocess.run(
            (
                *self.program,
                *("--force-shell-executor", "--shell-isolation", "--no-artifacts-to-source"),
                *("--ignore-schema-paths", SCHEMA_EXCEPTION, "--home", str(self.home)),
                *(part for text in self.inputs for part in ("--input", text)),
                *("--ignore-predefined-vars", ",".join(predefined)),
                # GitLab sets it for branches only, and has more to compare with than a clone.
                *(() if of_branch else ("--unset-variable", "CI_COMMIT_BRANCH")),
                # It compares with the default branch, as `compare_to` in the component does.
                *(() if request or is_topic else ("--no-evaluate-rule-changes",)),
                *options,
            ),
            cwd=root,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
            check=False,
        )
        return Pipeline(
            status=done.returncode, log=done.stdout, root=root, home=Path(self.environ["HOME"])
        )

    def _write_variables(self, variables: Mapping[str, object]) -> None:
        """Write the variables where no command line shows them."""
        path = self.home / STATE / "variables.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"global": variables}), encoding="utf-8")


def to_variables(environ: Mapping[str, str]) -> dict[str, object]:
    """Return an environment as GitLab's variables; the CA and a login are of type file."""
    bundle = Path(environ["RELEASEKIT_CA_BUNDLE"]).read_text(encoding="utf-8")
    texts = {"RELEASEKIT_CA_BUNDLE": bundle, **{n: environ[n] for n in ("NETRC",) if n in environ}}
    files = {name: {"type": "file", "values": {"*": text}} for name, text in texts.items()}
    return {**environ, **files}


def fetch_program() -> tuple[str, ...]:
    """Return the command of gitlab-ci-local, installed once into the user's cache."""
    tools = Path(sys.executable).parent
    folder = user_cache_path("releasekit") / f"gitlab-ci-local-{VERSION}"
    program = folder / "node_modules" / "gitlab-ci-local" / "dist" / "index.js"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "lock"):  # apt-get fails where another one runs
        need_rsync()
        if not program.exists():
            subprocess.run(
                (
                    *(str(tools / "npm"), "install", "--silent", "--no-save", "--ignore-scripts"),
                    *("--prefix", str(folder), f"gitlab-ci-local@{VERSION}"),
                ),
                check=True,
                timeout=300,
            )
    return (str(tools / "node"), str(program))


def need_rsync() -> None:
    """See that rsync, which copies the jobs' files, is there; install it where that is allowed."""
    command = ("apt-get", "install", "-y", "-q", "rsync")
    if shutil.which("rsync"):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(("apt-get", "update", "-q"), check=False, capture_output=True, timeout=300)
        patient = (*command, "-o", "DPkg::Lock::Timeout=240")  # the machine may update itself
        subprocess.run(patient, check=True, capture_output=True, timeout=300)
        return
    raise FileNotFoundError(
        f"the tests of the GitLab template need rsync: sudo {' '.join(command)}"
    )
