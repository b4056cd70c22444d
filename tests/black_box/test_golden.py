"""Golden outcomes: what representative runs on a real Nexus promise, whatever the wording.

They guard a restructuring. `WRITE_GOLDEN=1` records them anew; a commit that does so says why.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests

from black_box.golden_outcomes import describe_report, promise, steady

HERE = Path(__file__).parent
KIT = str(Path(sys.executable).with_name("releasekit"))
PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "{name}"
version = "{version}"
urls = {{ Homepage = "https://plain.example.com" }}
"""
IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Author"), ("EMAIL", "author@example.com"))
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The settings of a real Nexus, as `releasekit nexus` prints them."""
    folder = tmp_path_factory.mktemp("nexus")
    environ = os.environ | {"RELEASEKIT_SNAPSHOTS": "pypi-snapshots"}
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            (KIT, "nexus", "--json"), cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=log
        ) as process,
    ):
        assert process.stdout
        printed = process.stdout.readline()
        assert printed, (folder / "log").read_text()
        yield json.loads(printed)
        process.send_signal(signal.SIGTERM)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a user with an empty HOME and no settings of the kit."""
    ours = {n: v for n, v in os.environ.items() if not n.startswith(("RELEASEKIT_", "TWINE_"))}
    return ours | IDENTITY | {"HOME": str(tmp_path_factory.mktemp("home"))}


class Golden:
    """The runs of one test in one project, and what they have to add up to."""

    def __init__(self, root: Path, machine: Mapping[str, str], server: Mapping[str, str]) -> None:
        self.name = f"golden-{secrets.token_hex(4)}"
        self._names: set[str] = set()
        self._root = root
        self._server = server
        self._machine = machine
        self._runs: list[dict[str, Any]] = []
        self._seen: dict[Path, bytes] = {}

    def write_project(self, folder: str = ".", **fields: str) -> Path:
        """Write a project, and return the path of its pyproject.toml."""
        root = self._root / folder
        root.mkdir(exist_ok=True, parents=True)
        fields = {"name": self.name, "version": "1.2.3"} | fields
        self._names.add(fields["name"])
        text = PYPROJECT.format(**fields)
        (root / "pyproject.toml").write_text(text)
        (root / "README.md").write_text("# A project\n")
        (root / "module.py").write_text('"""A module."""\n')
        (root / ".gitignore").write_text("dist/\nreports/\n")
        shutil.copyfile(HERE / "golden_backend.py", root / "backend.py")
        return root / "pyproject.toml"

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
        environ = {**self._machine, **(self._server if to_nexus else {}), **variables}
        done = subprocess.run(
            (KIT, *arguments),
            cwd=self._root,
            env={name: value for name, value in environ.items() if value},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self._runs.append(
            {
                "command": list(arguments),
                "exit_status": done.returncode,
                "stdout": self._describe_output(done.stdout, "--json" in arguments),
                "reports": dict(self._find_reports()),
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

    def _describe_output(self, text: str, is_json: bool) -> Any:
        """Return the JSON that is promised; nothing is promised of what a person reads."""
        text = steady(text.replace(str(self._root), "PROJECT"), self.name)
        return promise(json.loads(text)) if is_json else "text"

    def describe(self) -> dict[str, Any]:
        """Return all runs, and the files of the project in the repositories of Nexus."""
        return {
            "runs": self._runs,
            "index": {
                repository: [
                    steady(file, self.name)
                    for name in sorted(self._names)
                    for file in self._list_files(repository, name)
                ]
                for repository in ("pypi-hosted", "pypi-group", "pypi-snapshots")
            },
        }

    def _list_files(self, repository: str, name: str) -> list[str]:
        page = requests.get(
            f"{self._server['RELEASEKIT_URL']}/repository/{repository}/simple/{name}/",
            auth=(self._server["TWINE_USERNAME"], self._server["TWINE_PASSWORD"]),
            verify=self._server["RELEASEKIT_CA_BUNDLE"],
            timeout=30,
        )
        if page.status_code == 404:  # a hosted repository; a group has an empty page
            return []
        page.raise_for_status()
        return sorted(re.findall(r">([^<>]+)</a>", page.text))


@pytest.fixture
def golden(
    tmp_path: Path,
    machine: dict[str, str],
    server: dict[str, str],
    request: pytest.FixtureRequest,
) -> Iterator[Golden]:
    """The runs of a test, which are compared with the golden ones when it is over."""
    made = Golden(tmp_path / "project", machine, server)
    yield made
    path = HERE / "golden" / f"{request.node.name.removeprefix('test_')}.json"
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
    path = golden.write_project()
    golden.commit()
    path.write_text(f"{path.read_text()}# a change\n")
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
    path = golden.write_project()
    text = path.read_text()
    path.write_text("".join(line for line in text.splitlines(True) if "urls" not in line))
    golden.commit()
    golden.run("release")
    golden.run("check", RELEASEKIT_SEVERITY="RK101=off: an internal tool has no page")


def test_conflict(golden: Golden) -> None:
    path = golden.write_project()
    golden.commit()
    golden.run("release")
    path.with_name("module.py").write_text('"""Another module."""\n')
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
