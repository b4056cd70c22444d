"""How agents come to the kit: the version, the index, and who may read it."""

from __future__ import annotations

import re

import pytest

from jenkins.conftest import MakeJob
from jenkins.harness import Built, Jenkins
from jenkins.test_step import CREDENTIALS, PYTHON
from support import ProjectDir

READER = {"kind": "file", "content": "machine nexus.example.com login ci password rea6er"}


def told_pip(built: Built) -> dict[str, str]:
    """What pip was given, and told in its environment; files by what their names end with."""
    (given, lines) = re.findall(r"^ran on any: (-I -m pip .*)\n((?:\w+=.*\n)*)", built.log, re.M)[0]
    lines = re.sub(r"=/.*/secretFiles/.*", "=a secret file", lines)
    told = dict(line.split("=", 1) for line in lines.splitlines())
    names = ("NETRC", "PIP_CERT", "PIP_INDEX_URL", "REQUESTS_CA_BUNDLE", "TWINE_PASSWORD")
    return {"given": given, **{name: told[name] for name in names if name in told}}


INSTALL = "-I -m pip install -q --no-compile --no-input --disable-pip-version-check --"
INDEX = "https://nexus.example.com/repository/pypi-group/simple/"


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        pytest.param("kit: '1.2.3'", {"given": f"{INSTALL} releasekit==1.2.3"}, id="a version"),
        pytest.param(
            "kit: 'releasekit>=1,<2'", {"given": f"{INSTALL} releasekit>=1,<2"}, id="a requirement"
        ),
        pytest.param(
            f"kit: '1.2.3', kitIndex: '{INDEX}', netrc: 'reader', caBundle: 'ca'",
            {
                "given": f"{INSTALL} releasekit==1.2.3",
                "NETRC": "a secret file",
                "PIP_CERT": "a secret file",
                "PIP_INDEX_URL": INDEX,
                "REQUESTS_CA_BUNDLE": "a secret file",
            },
            id="an index with a login",
        ),
    ],
)
def test_the_kit_is_installed_from_its_index_in_rehearsals_too(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob, parameters: str, told: dict[str, str]
) -> None:
    bare = {"": {"PATH": "/usr/bin:/bin"}}
    jenkinsfile = f"releasePython {PYTHON}, credentials: 'nexus', {parameters}"
    job = make_job(jenkinsfile, credentials={**CREDENTIALS, "reader": READER}, agents=bare)
    built = jenkins.run(job)
    assert built.result == "SUCCESS", built.log
    assert told_pip(built) == told
    # Nobody but pip is told of it, and nothing of it stays.
    session = built.log.partition(" -s release -- -C ")[2]
    assert session
    assert re.findall(r"(?m)^(?:PIP_|REQUESTS_|TWINE_).*", session) == []
    kept = [path.read_bytes() for path in job.home.rglob("*") if path.is_file()]
    assert not any(b"rea6er" in content for content in kept)


def test_a_kit_that_cannot_be_installed_is_told_with_what_mends_it(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob
) -> None:
    jenkinsfile = f"releasePython {PYTHON}, kit: '1.2.3', kitIndex: '{INDEX}'"
    built = jenkins.run(make_job(jenkinsfile, environ={"FAILING": "pip", "STATUS": "1"}))
    assert (built.result, built.error) == ("FAILURE", "script returned exit code 1")
    assert (
        f"error: pip cannot install releasekit==1.2.3 from {INDEX}\n"
        "  next:  where that wants a login, it is read from the secret file that netrc names\n"
    ) in built.log
