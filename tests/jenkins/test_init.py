"""The Jenkinsfile that `init` writes, run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from jenkins.conftest import MakeJob
from jenkins.harness import Jenkins
from nexus_double import run_sandbox
from support import ProjectDir, published


def test_a_project_without_a_jenkinsfile_gets_one_that_releases_it(
    jenkins: Jenkins,
    make_project: Callable[..., ProjectDir],
    make_job: MakeJob,
    agent_environ: dict[str, str],
    own_kit: str,
) -> None:
    project = make_project("plain")
    command = (sys.executable, "-m", "releasekit", "init", "--ci", "jenkins", "--apply")
    subprocess.run(command, cwd=project.root, env=project.environ, capture_output=True, check=True)
    project.commit_all("init")
    project.git("tag", "-f", "v1.2.3")
    written = (project.root / "Jenkinsfile").read_text(encoding="utf-8")
    # The agent has the kit that is tested, so that no index has to.
    jenkinsfile = written.replace("releasePython(", f"releasePython({own_kit}, ")
    with run_sandbox() as sandbox:
        login = {"username": sandbox.username, "password": sandbox.password}
        known = {n: v for n, v in sandbox.environ().items() if not n.startswith("TWINE_")}
        agents = {"": {**agent_environ, **known}}
        credentials = {"nexus-publisher": {"kind": "usernamePassword", **login}}
        rehearsed = jenkins.run(make_job(jenkinsfile, agents=agents))
        assert (rehearsed.result, published(sandbox)) == ("SUCCESS", set()), rehearsed.log
        job = make_job(jenkinsfile, tag="v1.2.3", agents=agents, credentials=credentials)
        released = jenkins.run(job)
        assert released.result == "SUCCESS", released.log
        assert published(sandbox) == {"plain-1.2.3-py3-none-any.whl", "plain-1.2.3.tar.gz"}
