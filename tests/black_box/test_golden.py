"""Golden outcomes: what representative runs on a real Nexus promise, whatever the wording.

They guard a restructuring. `WRITE_GOLDEN=1` records them anew; a commit that does so says why.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from black_box.conftest import BACKEND, PYPROJECT
from black_box.golden_outcomes import describe_report, promise, steady
from black_box.tools import RunKit, Server

GOLDEN = Path(__file__).with_name("golden")
URL = "Project-URL: Homepage, https://plain.example.com\n"


class Golden:
    """The runs of one test in one repository, and what they have to add up to."""

    def __init__(
        self, root: Path, machine: Mapping[str, str], server: Server, run_kit: RunKit
    ) -> None:
        self.name = f"golden-{secrets.token_hex(4)}"
        self._names: set[str] = set()
        self._root = root
        self._machine = machine
        self._server = server
        self._run_kit = run_kit
        self._runs: list[dict[str, Any]] = []
        self._seen: dict[Path, bytes] = {}

    def write_project(
        self, folder: str = ".", name: str | None = None, version: str = "1.2.3", url: str = URL
    ) -> Path:
        """Write a project, and return its directory."""
        root, name = self._root / folder, name or self.name
        root.mkdir(exist_ok=True, parents=True)
        text = PYPROJECT.format(requires="", name=name, version=version, dependencies="")
        (root / "pyproject.toml").write_text(text, encoding="utf-8")
        (root / "README.md").write_text("A package for tests.\n", encoding="utf-8")
        (root / f"{name.replace('-', '_')}.py").write_text("ANSWER = 42\n", encoding="utf-8")
        (root / ".gitignore").write_text("dist/\nreports/\n", encoding="utf-8")
        backend = BACKEND.read_text(encoding="utf-8").replace(URL, url)
        (root / "backend.py").write_text(backend, encoding="utf-8")
        self._names.add(name)
        return root

    def git(self, *arguments: str) -> None:
        command = ("git", *arguments)
        subprocess.run(command, cwd=self._root, env=self._machine, check=True, capture_output=True)

    def commit(self, tag: str | None = "v1.2.3") -> None:
        """Commit everything, and tag it."""
        self.git("init", "-q", "-b", "main")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "change")
        if tag:
            self.git("tag", "-f", tag)

    def run(self, *arguments: str, to_nexus: bool = True, **variables: str) -> None:
        """Run the kit, and keep what it promised."""
        environ = {**(self._server.environ if to_nexus else {}), **variables}
        done = self._run_kit(*arguments, cwd=self._root, environ=environ)
        removed = list(self._find_removed())
        self._runs.append(
            {
                "command": [steady(word, self.name) for word in arguments],
                "exit_status": done.status,
                "stdout": self._describe_output(done.out, "--json" in arguments),
                "reports": dict(self._find_reports()),
                **({"removed": removed} if removed else {}),
            }
        )

    def _find_reports(self) -> Iterator[tuple[str, Any]]:
        """Yield the reports below the project, by their paths, that the last run wrote anew."""
        for path in sorted(self._root.glob("**/reports/**/*")):
            content = path.read_bytes() if path.is_file() and path.name != ".gitignore" else None
            if content is not None and self._seen.get(path) != content:
                self._seen[path] = content
                shown = steady(str(path.relative_to(self._root)), self.name)
                yield shown, describe_report(path, self.name)

    def _find_removed(self) -> Iterator[str]:
        """Yield the reports of earlier runs that the last run removed: they would belie it."""
        for path in sorted(self._seen):
            if not path.exists():
                del self._seen[path]
                yield steady(str(path.relative_to(self._root)), self.name)

    def _describe_output(self, text: str, is_json: bool) -> Any:
        """Return the JSON that is promised; nothing is promised of what a person reads."""
        text = steady(text.replace(str(self._root), "PROJECT"), self.name)
        return promise(json.loads(text)) if is_json else "text" if text else ""

    def describe(self) -> dict[str, Any]:
        """Return all runs, and the files of the project in the repositories of Nexus."""
        return {
            "runs": self._runs,
            "index": {
                repository: [
                    steady(file, self.name)
                    for name in sorted(self._names)
                    for file in sorted(self._server.files(name, repository))
                ]
                for repository in ("pypi-hosted", "pypi-group", "pypi-snapshots")
            },
        }


@pytest.fixture
def golden(
    tmp_path: Path,
    user_environ: Mapping[str, str],
    nexus_index: Server,
    run_kit: RunKit,
    request: pytest.FixtureRequest,
) -> Iterator[Golden]:
    """The runs of a test, which are compared with the golden ones when it is over."""
    made = Golden(tmp_path / "project", user_environ, nexus_index, run_kit)
    yield made
    path = GOLDEN / f"{request.node.name.removeprefix('test_')}.json"
    found = json.dumps(made.describe(), indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("WRITE_GOLDEN"):
        path.write_text(found, encoding="utf-8")
    assert json.loads(found) == json.loads(path.read_text(encoding="utf-8"))


def test_release_and_release_again(golden: Golden) -> None:
    golden.write_project()
    golden.commit()
    golden.run("release")
    golden.run("release", "--json")


def test_steps_one_by_one(golden: Golden) -> None:
    golden.write_project()
    golden.commit()
    for step in ("version", "build", "check", "plan", "publish", "verify"):
        golden.run(step)


def test_parts_are_gathered(golden: Golden) -> None:
    golden.write_project()
    golden.commit()
    golden.run("build", "--sdist")
    golden.run("publish")
    golden.run("build", "--wheel-from", "dist/*.tar.gz")
    golden.run("gather")
    golden.run("check")
    golden.run("publish")


def test_dry_run(golden: Golden) -> None:
    golden.write_project()
    golden.commit()
    golden.run("release", "--dry-run", "--json")


def test_sandbox(golden: Golden) -> None:
    golden.write_project()
    golden.commit(tag=None)
    golden.run("release", "--json", to_nexus=False)


def test_commit_without_a_tag(golden: Golden) -> None:
    golden.write_project()
    golden.commit(tag=None)
    golden.run("release", RELEASEKIT_SNAPSHOTS="")


def test_changed_tree(golden: Golden) -> None:
    root = golden.write_project()
    golden.commit()
    (root / "README.md").write_text("Not committed.\n", encoding="utf-8")
    golden.run("release")


def test_development_version(golden: Golden) -> None:
    golden.write_project(version="1.2.4.dev1")
    golden.commit(tag=None)
    golden.run("release")


def test_tag_of_another_version(golden: Golden) -> None:
    golden.write_project(version="1.2.4")
    golden.commit()
    golden.run("release")


def test_missing_url(golden: Golden) -> None:
    golden.write_project(url="")
    golden.commit()
    golden.run("release")
    golden.run("check", RELEASEKIT_SEVERITY="RK101=off: an internal tool has no page")


def test_conflict(golden: Golden) -> None:
    root = golden.write_project()
    golden.commit()
    golden.run("release")
    (root / "README.md").write_text("Another text.\n", encoding="utf-8")
    golden.commit()
    golden.run("release")


def test_wrong_password(golden: Golden) -> None:
    golden.write_project()
    golden.commit()
    golden.run("release", TWINE_PASSWORD="wrong-password")


def test_missing_credentials(golden: Golden) -> None:
    golden.write_project()
    golden.commit()
    golden.run("release", TWINE_USERNAME="", TWINE_PASSWORD="")


def test_missing_repository(golden: Golden) -> None:
    golden.write_project()
    golden.commit()
    golden.run("release", RELEASEKIT_HOSTED="no-such-repository")


def test_unknown_setting(golden: Golden) -> None:
    golden.write_project()
    golden.commit()
    golden.run("release", RELEASEKIT_HOSTET="pypi-hosted")


def test_server_that_is_not_there(golden: Golden) -> None:
    golden.write_project()
    golden.commit()
    golden.run("release", RELEASEKIT_URL="https://127.0.0.1:9")


def test_several_projects(golden: Golden) -> None:
    for part in ("a", "b"):
        golden.write_project(f"packages/{part}", name=f"{golden.name}-{part}")
    golden.commit()
    golden.run("release", "-C", "packages/*")


def test_administration(golden: Golden) -> None:
    golden.write_project()
    golden.commit()
    golden.run("release")
    golden.run("doctor", "--json")
    golden.run("search", golden.name, "--json")
    golden.run("pip-config", "--to", "settings", "--json")


def test_each_golden_outcome_belongs_to_a_test() -> None:
    tests = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    kept = {path.stem for path in GOLDEN.glob("*.json")}
    assert kept == tests - {"each_golden_outcome_belongs_to_a_test"}
