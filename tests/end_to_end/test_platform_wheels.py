"""Wheels that this machine cannot install are proven by their bytes."""

from __future__ import annotations

import hashlib
import json
import shutil

import pytest

from nexus_double import Faults, Refuse, Sandbox, UploadFault
from releasekit.archives import read_dist, read_metadata
from samples import write_wheel
from support import SDIST, WHEEL, Command, ProjectDir, published, uploads

WINDOWS = "plain-1.2.3-cp311-abi3-win_amd64.whl"


@pytest.fixture
def windows_job(project: ProjectDir, releasekit: Command) -> ProjectDir:
    """What a job on Windows left: a wheel of the sdist that was built here, and its record."""
    assert releasekit("build", project=project).status == 0
    job = ProjectDir(root=project.root.parent / "windows", environ=project.environ)
    (job.root / "dist").mkdir(parents=True)
    metadata = (read_metadata(read_dist(project.root / "dist" / WHEEL)) or b"").decode()
    wheel = write_wheel(
        job.root / "dist", filename=WINDOWS, metadata=metadata, files={"plain.py": ""}
    ).read_bytes()
    document = json.loads((project.root / "reports" / "release.json").read_text())
    digest = hashlib.sha256(wheel).hexdigest()
    document["files"] = [{"filename": WINDOWS, "size": len(wheel), "sha256": digest}]
    document["builds"][0]["files"] = [WINDOWS]
    (job.root / "reports").mkdir()
    job.write("reports/release.json", json.dumps(document))
    return job


def test_a_wheel_for_another_platform_is_downloaded_and_reported(
    project: ProjectDir, windows_job: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    steps = (("gather", "--from", ".", "--from", str(windows_job.root)), ("check",), ("publish",))
    for step in steps:
        ran = releasekit(*step, project=project, server=sandbox)
        assert ran.status == 0, ran
    assert published(sandbox) == {SDIST, WHEEL, WINDOWS}
    ran = releasekit("verify", project=project, server=sandbox)
    assert ran.status == 0, ran
    assert (
        f"note      {WINDOWS} is for another platform: downloaded by hash, not installed here\n"
    ) in ran.out
    assert "plain==1.2.3 installed by hash from" in ran.out
    downloads = [r.path for r in sandbox.state.requests_log if r.path.endswith(f"/{WINDOWS}")]
    assert len(downloads) == 1


def test_a_release_that_is_for_other_platforms_alone_is_not_installed(
    project: ProjectDir, windows_job: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    (project.root / "dist" / WHEEL).unlink()
    shutil.rmtree(project.root / "reports")
    assert releasekit("build", "--sdist", project=project).status == 0
    gather = ("gather", "--from", ".", "--from", str(windows_job.root))
    steps = (gather, ("check",), ("publish",), ("verify",))
    for step in steps:
        ran = releasekit(*step, project=project, server=sandbox)
        assert ran.status == 0, ran
    assert "plain==1.2.3 downloaded by hash from" in ran.out
    assert "not installed here" in ran.out.splitlines()[-3]


@pytest.mark.parametrize(
    "fault", [Refuse(400), Refuse(200, "Sign in")], ids=["refused", "login page"]
)
def test_one_of_several_wheels_that_is_not_stored_keeps_the_sdist_back(
    project: ProjectDir,
    windows_job: ProjectDir,
    sandbox: Sandbox,
    releasekit: Command,
    fault: UploadFault,
) -> None:
    releasekit("gather", "--from", ".", "--from", str(windows_job.root), project=project)
    releasekit("check", project=project)
    sandbox.state.faults = Faults(uploads=(fault,))
    ran = releasekit("publish", project=project, server=sandbox, RELEASEKIT_STALE_LIMIT="0.1")
    assert ran.status == 3, ran
    assert uploads(sandbox) == 2
    assert published(sandbox) in ({WHEEL}, {WINDOWS})
    ran = releasekit("publish", project=project, server=sandbox)
    assert ran.status == 0, ran
    assert published(sandbox) == {SDIST, WHEEL, WINDOWS}
