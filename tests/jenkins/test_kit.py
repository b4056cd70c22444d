"""How agents come to the kit: the version, the index, and who may read it."""

from __future__ import annotations

import re
import sys
from contextlib import nullcontext

import pytest

from gitlab.test_kit import SHORT, serve
from jenkins.conftest import MakeJob
from jenkins.harness import Built, Jenkins
from jenkins.test_step import CREDENTIALS, PYTHON
from support import ProjectDir

READER = {"kind": "file", "content": "machine nexus.example.com login ci password rea6er"}


def read_pip_call(built: Built) -> dict[str, str]:
    """Return the arguments of pip and its variables; files by what their names end with."""
    log = re.sub(r"--log \S+/pip.log ", "", built.log)
    (arguments, lines) = re.findall(r"^ran on any: (-I -m pip .*)\n((?:\w+=.*\n)*)", log, re.M)[0]
    lines = re.sub(r"=/.*/secretFiles/.*", "=a secret file", lines)
    variables = dict(line.split("=", 1) for line in lines.splitlines())
    names = (
        "NETRC",
        "PIP_CERT",
        "PIP_CLIENT_CERT",
        "PIP_INDEX_URL",
        "REQUESTS_CA_BUNDLE",
        "TWINE_PASSWORD",
    )
    return {
        "arguments": arguments,
        **{name: variables[name] for name in names if name in variables},
    }


INSTALL = (
    "-I -m pip install --progress-bar off --no-compile --no-input --disable-pip-version-check "
    "--only-binary :all: --"
)
INDEX = "https://nexus.example.com/repository/pypi-group/simple/"


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        pytest.param("kit: '1.2.3'", {"arguments": f"{INSTALL} releasekit==1.2.3"}, id="a version"),
        pytest.param(
            "kit: 'releasekit>=1,<2'",
            {"arguments": f"{INSTALL} releasekit>=1,<2"},
            id="a requirement",
        ),
        pytest.param(
            f"kit: '1.2.3', kitIndex: '{INDEX}', netrc: 'reader', caBundle: 'ca'",
            {
                "arguments": f"{INSTALL} releasekit==1.2.3",
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
    jenkins: Jenkins,
    project: ProjectDir,
    make_job: MakeJob,
    parameters: str,
    expected: dict[str, str],
) -> None:
    bare = {"": {"PATH": "/usr/bin:/bin"}}
    jenkinsfile = f"releasePython {PYTHON}, credentials: 'nexus', {parameters}"
    job = make_job(jenkinsfile, credentials={**CREDENTIALS, "reader": READER}, agents=bare)
    built = jenkins.run(job)
    assert built.result == "SUCCESS", built.log
    assert read_pip_call(built) == expected
    # No other program gets these variables, and none of them stays.
    session = built.log.partition(" -s release -- -C ")[2]
    assert session
    assert re.findall(r"(?m)^(?:PIP_|REQUESTS_|TWINE_).*", session) == []
    kept = [path.read_bytes() for path in job.home.rglob("*") if path.is_file()]
    assert not any(b"rea6er" in content for content in kept)


NO_KIT = "E266: pip cannot install releasekit==9.9.9: {} has no releasekit==9.9.9 for this Python; "
ENDS = {
    "not served": ({}, "usage (exit status 2)", NO_KIT),
    "a login": (
        {"*": (401, b"")},
        "usage (exit status 2)",
        "E268: pip cannot install releasekit==9.9.9: {} wants a login, or refuses the one that it "
        "got; name a secret file (netrc)",
    ),
    "no server": (
        None,
        "failed (exit status 3)",
        "E301: the server cannot be reached: {}, from which pip installs releasekit==9.9.9; ",
    ),
}


@pytest.mark.parametrize(("answers", "end", "error"), ENDS.values(), ids=ENDS)
def test_an_index_that_does_not_serve_the_kit_is_explained_in_one_line(
    jenkins: Jenkins,
    project: ProjectDir,
    make_job: MakeJob,
    agent_environ: dict[str, str],
    answers: dict[str, tuple[int, bytes]] | None,
    end: str,
    error: str,
) -> None:
    said = ("NETRC", "PIP_CERT", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "REQUESTS_CA_BUNDLE")
    plain = {name: value for name, value in agent_environ.items() if name not in said}
    with serve(answers or {}) as index:
        address = index
    with serve(answers) if answers is not None else nullcontext(address) as index:
        step = f"releasePython python: '{sys.executable}', kit: '9.9.9', kitIndex: '{index}'"
        built = jenkins.run(make_job(step, agents={"": {**plain, **SHORT}}))
    assert built.result == ("UNSTABLE" if "3" in end else "FAILURE"), built.log
    assert f"releasekit install releasekit: {end}" in built.log
    lines = re.findall(r"^error .*", built.log, re.MULTILINE)
    assert len(lines) == 1
    assert lines[0].startswith(f"error {error.format(index)}")
    assert f"installing releasekit==9.9.9 from {index}\n" in built.log
