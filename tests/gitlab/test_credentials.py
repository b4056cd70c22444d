"""Who sees the upload credentials, and what a job with foreign code can hand on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gitlab.conftest import PROJECTS, Clone
from gitlab.runner import STATE, Runner, to_variables
from gitlab.test_inputs import include, make_including, preview
from gitlab.test_jobs import CREDENTIALS, HOLLOW, read_variables, without
from gitlab.test_pipelines import BRANCH, RELEASE, SDIST, TAG, WHEEL
from nexus_double import Sandbox, run_sandbox
from support import ProjectDir, published

SPY = '''\
"""Released by GitLab."""
import os
from pathlib import Path

def look(place):
    """Keep the environments of this process and of those that started it."""
    process, found = os.getpid(), b""
    while process > 1:
        try:
            found += Path(f"/proc/{{process}}/environ").read_bytes() + b"\\0"
            process = int(Path(f"/proc/{{process}}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            break
    with open({folder!r} + "/" + place, "ab") as file:
        file.write(found)
'''
BACKEND = "from gitlab_example import look\nfrom flit_core.buildapi import *\nlook('backend')\n"
NOXFILE = "import releasekit.sessions\nfrom gitlab_example import look\nlook('noxfile')\n"
SYSTEM = '[build-system]\nrequires = ["flit-core>=3.12"]\nbuild-backend = "{}"\n'


@pytest.fixture
def index(runner: Runner) -> Iterator[Sandbox]:
    with run_sandbox() as running:
        yield running


@pytest.fixture
def spying(clone: Clone, tmp_path: Path) -> ProjectDir:
    """A project whose backend, noxfile and package look for a password wherever they run."""
    project = clone(tag=None)
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    system = SYSTEM.format("backend") + 'backend-path = ["."]\n'
    included = '\n[tool.flit.sdist]\ninclude = ["backend.py"]\n'
    project.write("pyproject.toml", system + text[text.index("\n[project]") :] + included)
    project.write("gitlab_example.py", SPY.format(folder=str(tmp_path)) + "look('package')\n")
    project.write("backend.py", BACKEND)
    project.write("noxfile.py", "import sys\nsys.path.insert(0, '.')\n" + NOXFILE)
    project.commit_all()
    project.git("tag", "v1.2.3")
    return project


def scope(environ: dict[str, str], environment: str) -> dict[str, object]:
    """Return variables of which the credentials have the scope of an environment."""
    scoped = {
        name: {"type": "variable", "values": {environment: environ[name]}}
        for name in ("TWINE_USERNAME", "TWINE_PASSWORD")
    }
    return {**to_variables(environ), **scoped}


def test_foreign_code_finds_no_password_that_is_scoped_to_the_environment_of_publish(
    runner: Runner, spying: ProjectDir, index: Sandbox, tmp_path: Path
) -> None:
    runner.variables.update(scope(index.environ(), "nexus"))
    ran = runner.run(spying.root, **TAG)
    assert ran.jobs == dict.fromkeys(RELEASE, "PASS"), ran.log
    assert published(index) == {WHEEL, SDIST}
    spying.write("more.txt", "")
    spying.commit_all()
    checked = runner.run(spying.root, **BRANCH)
    assert checked.jobs == {"release-check": "PASS"}, checked.log
    for place in ("backend", "noxfile", "package"):
        seen = (tmp_path / place).read_bytes()
        assert b"CI_JOB_NAME=release-build" in seen
        assert b"CI_JOB_NAME=release-check" in seen
        assert index.password.encode() not in seen, place
    assert b"CI_JOB_NAME=release-verify" in (tmp_path / "package").read_bytes()
    assert b"CI_JOB_NAME=release-publish" not in (tmp_path / "package").read_bytes()
    assert "is visible in this job" not in ran.log + checked.log


ADMIN = {"RELEASEKIT_ADMIN_PASSWORD": "a", "RELEASEKIT_PUBLISHER_PASSWORD": "b"}


@pytest.mark.parametrize(
    ("inputs", "event", "jobs"),
    [
        pytest.param({}, TAG, {"build", "verify"}, id="a tag"),
        pytest.param({}, BRANCH, {"check"}, id="a branch"),
        pytest.param(
            {"wheels": "cp312-*-*"}, TAG, {"sdist", "wheel: [python:3.12]", "gather", "verify"},
            id="wheels",
        ),
    ],
)  # fmt: skip
def test_jobs_with_foreign_code_name_the_credentials_that_they_see(
    runner: Runner, clone: Clone, inputs: dict[str, str], event: dict[str, str], jobs: set[str]
) -> None:
    runner = replace(runner, inputs=(f"python={HOLLOW}", "kit="))
    runner.variables.update({**CREDENTIALS, **ADMIN})
    project = make_including(clone, {"include": [include(**inputs)]})
    project.write("gitlab_example.py", '"""Changed."""\n')
    project.commit_all()
    ran = runner.run(project.root, **event)
    assert set(ran.jobs.values()) == {"PASS"}, ran.log
    said = re.findall(
        r"^release-(.*?) *> warning: (\w+) is visible in this job, which", ran.log, re.M
    )
    names = {*CREDENTIALS, *ADMIN}
    assert set(said) == {(job, name) for job in jobs for name in names}
    assert "hunter2" not in "".join(line for line in ran.log.splitlines() if "warning" in line)


def alter(folder: Path, *names: str) -> None:
    """Change the wheel in a job's artifacts; and its SHA-256 in these files."""
    wheel = folder / "dist" / WHEEL
    before = wheel.read_bytes()
    after = before[:-1] + bytes([before[-1] ^ 1])  # of the archive's comment or count of entries
    wheel.write_bytes(after)
    for name in names:
        file = folder / "reports" / name
        digest, other = (hashlib.sha256(content).hexdigest() for content in (before, after))
        text = file.read_text("utf-8")
        assert digest in text
        file.write_text(text.replace(digest, other), "utf-8")


@pytest.mark.parametrize(
    ("files", "refusal"),
    [
        pytest.param((), "error E122", id="a dist"),
        pytest.param(("release.json",), "error E144", id="its record, too"),
        pytest.param(("release.json", "proof.json"), "error E144", id="its proof, too"),
    ],
)
def test_what_is_changed_after_its_job_is_not_published(
    runner: Runner, clone: Clone, index: Sandbox, files: tuple[str, ...], refusal: str
) -> None:
    runner.variables.update(scope(index.environ(), "nexus"))
    project = clone()
    first = runner.run(project.root, "release-build", "release-digest", **TAG)
    assert first.jobs == {"release-build": "PASS", "release-digest": "PASS"}, first.log
    alter(first.artifacts("release-build"), *files)
    ran = runner.run(project.root, "release-publish", **TAG)
    assert ran.exit_codes == {"release-publish": 1}, ran.log
    assert refusal in ran.log
    assert published(index) == set()


def test_files_without_the_digest_of_their_proof_are_not_published(
    runner: Runner, clone: Clone, index: Sandbox
) -> None:
    runner.variables.update(to_variables(index.environ()))
    project = clone()
    runner.run(project.root, "release-build", **TAG)
    ran = runner.run(project.root, "release-publish", **TAG)
    assert ran.exit_codes == {"release-publish": 2}, ran.log
    assert "error E269: the digest of the proof is missing" in ran.log
    assert published(index) == set()


def test_a_build_sets_no_variable_of_the_job_that_publishes(runner: Runner, clone: Clone) -> None:
    """GitLab's dotenv reports may set any: an address for the password, or LD_PRELOAD."""
    runner = replace(runner, inputs=(f"python={HOLLOW}", "kit="))
    runner.variables.update(CREDENTIALS)
    evil = "RELEASEKIT_URL=https://evil.example.com"
    names = ("releasekit-proof.env", "reports/release.env", "reports/proof.env")
    foreign = [f"mkdir -p reports; for f in {' '.join(names)}; do echo {evil} > $f; done"]
    document = {"include": [include()], "release-build": {"after_script": foreign}}
    ran = runner.run(make_including(clone, document).root, **TAG)
    assert ran.jobs == dict.fromkeys(RELEASE, "PASS"), ran.log
    found = read_variables(ran, "release-publish", "-s publish")
    assert without(found, *runner.environ) == {
        **CREDENTIALS,
        "RELEASEKIT_TAG": "v1.2.3",
        "RELEASEKIT_PROOF_SHA256": "a-digest",
    }


@pytest.mark.parametrize("strategy", ["clone", "fetch"])
def test_publish_says_when_a_group_keeps_it_from_a_clone_of_its_own(
    runner: Runner, clone: Clone, strategy: str
) -> None:
    runner = replace(runner, inputs=(f"python={HOLLOW}", "kit="))
    runner.variables.update({**CREDENTIALS, "GIT_STRATEGY": strategy})
    ran = runner.run(make_including(clone, {"include": [include()]}).root, **TAG)
    assert set(ran.jobs.values()) == {"PASS"}, ran.log
    warned = re.findall(r"^(\S+) +> warning: GIT_STRATEGY is (\w+), by", ran.log, re.MULTILINE)
    assert warned == ([("release-publish", "fetch")] if strategy == "fetch" else [])


def test_publish_uses_no_directory_that_was_there_before(runner: Runner, clone: Clone) -> None:
    runner = replace(runner, inputs=(f"python={HOLLOW}",))
    runner.variables.update(CREDENTIALS)
    # On a runner with a shell, foreign code may write where the job that publishes will be.
    publish = "../release-publish"
    places = (
        f"{publish}/.releasekit/pip",
        f"{publish}.tmp/releasekit/bin",
        f"{publish}.tmp/kit/bin",
    )
    foreign = [f"mkdir -p {' '.join(places)}; cp {HOLLOW} {places[1]}/python"]
    document = {"include": [include()], "release-build": {"after_script": foreign}}
    project = make_including(clone, document)
    ran = runner.run(project.root, **TAG)
    assert ran.jobs == dict.fromkeys(RELEASE, "PASS"), ran.log
    builds = f"{project.root}/{STATE}/builds"
    made = re.findall(r"ran on release-publish: -I -m venv (\S+)/kit", ran.log)
    assert len(made) == 1
    assert re.fullmatch(re.escape(f"{builds}/release-publish.tmp/releasekit-") + r"\w{6}", made[0])
    caches = re.findall(r"^release-publish +> RELEASEKIT_CACHE_DIR=(.*)", ran.log, re.MULTILINE)
    assert set(caches) == {f"{made[0]}/environments"}
    assert not Path(made[0]).exists()  # nothing is left for the next job


VAULT = """\
#!/bin/sh
# Stands for the program of HashiCorp Vault: a job token for a token, and that for the password.
case "$*" in *canary*) echo "a secret on the command line" >&2; exit 1 ;; esac
case "$*" in
"write -field=token auth/jwt/login role=publisher jwt=-")
    [ "$(cat)" = canary-job ] && echo canary-vault ;;
"kv get -mount=secret -field=password nexus/publisher")
    [ "$VAULT_TOKEN" = canary-vault ] && cat {password} ;;
*) exit 1 ;;
esac
"""


def test_the_recipe_for_vault_publishes_without_a_variable_that_has_the_password(
    runner: Runner, clone: Clone, index: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "password").write_text(index.password, "utf-8")
    vault = tmp_path / "bin" / "vault"
    vault.write_text(VAULT.format(password=tmp_path / "password"), "utf-8")
    vault.chmod(0o755)
    environ = without(index.environ(), "TWINE_USERNAME", "TWINE_PASSWORD")
    path = f"{vault.parent}:{runner.environ['PATH']}"
    runner.variables.update(
        to_variables(environ),
        PATH={"type": "variable", "values": {"*": path}},
        VAULT_ID_TOKEN={"type": "variable", "values": {"nexus": "canary-job"}},
    )
    recipe = (PROJECTS / "gitlab" / "vault.yml").read_text("utf-8")
    project = clone(ci=recipe.replace("USERNAME: publisher", f"USERNAME: {index.username}"))
    ran = runner.run(project.root, **TAG)
    assert ran.jobs == dict.fromkeys(RELEASE, "PASS"), ran.log
    assert published(index) == {WHEEL, SDIST}
    assert index.password not in ran.leftovers()


def test_the_recipe_for_vault_with_premium_is_a_job_of_gitlab(runner: Runner, clone: Clone) -> None:
    """gitlab-ci-local reads no secrets from Vault: GitLab's schema checks the recipe."""
    recipe = (PROJECTS / "gitlab" / "vault-premium.yml").read_text("utf-8")
    project = clone()
    three_lines = (project.root / ".gitlab-ci.yml").read_text("utf-8")
    project.write(".gitlab-ci.yml", three_lines + recipe)
    job = preview(replace(runner, inputs=()), project)["release-publish"]
    assert job["secrets"]["TWINE_PASSWORD"]["file"] is False
    assert job["script"] == ["run publish"]
