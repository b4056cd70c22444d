"""What can be said at each door: session options, settings, GitLab inputs, Jenkins parameters.

One name for one thing, spelled as each door spells: `working-directory` is an input in GitLab and
the parameter `workingDirectory` in Jenkins. Tests hold the command line, the settings and both
templates to this list; tables in docs/ and the help of the Jenkins step are generated from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).parents[1]
GITLAB, JENKINS = "gitlab", "jenkins"
BOTH = (GITLAB, JENKINS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Input:
    """A value that a template takes."""

    name: str
    """As GitLab spells it."""
    meaning: str
    passes: str = ""
    """The option or the setting that it hands on, as "--tag" or "url"."""
    doors: tuple[str, ...] = BOTH

    @property
    def parameter(self) -> str:
        """The name as Jenkins spells it."""
        return re.sub(r"-(\w)", lambda match: match[1].upper(), self.name)


INPUTS = (
    Input(
        name="url",
        passes="url",
        meaning="address of Nexus; absent: the variable RELEASEKIT_URL, else the project's setting",
    ),
    Input(name="hosted", passes="hosted", meaning="hosted repository that releases go to"),
    Input(name="group", passes="group", meaning="group to verify and install from"),
    Input(
        name="snapshots",
        passes="snapshots",
        meaning="hosted repository for development versions of the default branch; absent: "
        "branches only rehearse",
    ),
    Input(
        name="credentials",
        meaning="id of the credentials (user name and password) that may upload",
        doors=(JENKINS,),
    ),
    Input(
        name="token",
        meaning="instead of credentials: id of a secret text, the token that may upload",
        doors=(JENKINS,),
    ),
    Input(name="username", meaning="the user name that goes with token", doors=(JENKINS,)),
    Input(
        name="reader-credentials",
        meaning="id of the credentials (user name and password) of a user who may only read, for "
        "all stages but publish",
        doors=(JENKINS,),
    ),
    Input(
        name="netrc",
        meaning="id of a secret file, a .netrc with the login that reads kitIndex; rehearsals "
        "see it too",
        doors=(JENKINS,),
    ),
    Input(
        name="ca-bundle",
        passes="ca-bundle",
        meaning="id of a secret file: the company's CA, as PEM",
        doors=(JENKINS,),
    ),
    Input(
        name="client-cert",
        passes="client-cert",
        meaning="id of a secret file: a client certificate and its key, as PEM; all stages see it",
        doors=(JENKINS,),
    ),
    Input(
        name="tag",
        passes="--tag",
        meaning="the release tag on HEAD; absent: the tag that is built (TAG_NAME), and no tag "
        "means a rehearsal in the sandbox",
        doors=(JENKINS,),
    ),
    Input(
        name="wheels",
        passes="wheels",
        meaning="tags of all wheels of a release and the agent's label for each, as "
        "['cp311-*-manylinux*_x86_64': 'linux'], or [label: 'linux', python: 'python3.11']",
    ),
    Input(
        name="working-directory", passes="-C", meaning="the project's directory in the repository"
    ),
    Input(name="dry-run", passes="--dry-run", meaning="stop after the plan: nothing is changed"),
    Input(name="fresh", passes="--fresh", meaning="use no cache"),
    Input(name="verbose", passes="-v", meaning="show the output of tools"),
    Input(
        name="lock",
        meaning="lockable resource to hold from publish to verify, so that no two builds publish "
        "at once; the default is one for each job, whatever the branch or the tag; empty: none",
    ),
    Input(
        name="label",
        meaning="label of the agent; absent: that of the node, docker agent or pod container "
        "around the step, else any",
        doors=(JENKINS,),
    ),
    Input(
        name="publish-label",
        meaning="label of another agent for publish, on which no foreign code runs",
        doors=(JENKINS,),
    ),
    Input(name="python", meaning="the Python that runs releasekit and builds"),
    Input(
        name="kit",
        meaning="version of releasekit, or what else pip can install; empty: the one that python "
        "has",
    ),
    Input(
        name="kit-index",
        meaning="index that releasekit is installed from, as the group's .../simple; absent: the "
        "one that pip knows",
    ),
)

NOT_INPUTS = {
    "--json": "for programs that start a session themselves",
    "--quiet": "a CI log is read when something went wrong",
    "-j": "a job of CI has one working directory",
    "-r": "a laptop's .pypirc; CI has its own place for credentials",
    "--sdist": "the templates' own, where wheels are built on several agents",
    "--wheel-from": "the templates' own, where wheels are built on several agents",
    "--from": "the templates' own, where wheels are built on several agents",
    "--adopt": "a step of a project's own pipeline: its wheels come from another tool",
    "--into": "the templates pass dist/ and reports/ on from job to job by these names",
    "--reports": "the templates know where their CI looks for reports",
    "--explain": "an answer for a reader at a terminal",
}
"""Options of the steps that no template hands on, and why."""

GITLABS_OWN = {
    "image": "what an agent's label is in Jenkins",
    "tags": "what an agent's label is in Jenkins",
    "builds": "what the values of wheels are in Jenkins",
    "build-tags": "what the values of wheels are in Jenkins",
    "stage": "a Jenkinsfile says where its step stands",
    "check-stage": "a Jenkinsfile says where its step stands",
    "check-pipelines": "Jenkins builds a branch and a pull request as two jobs",
    "environment": "what the credentials of a stage are in Jenkins",
    "job-prefix": "stages need no names that are unique",
    "tag-pattern": "which job builds which tag is set in Jenkins' job",
    "changes": "which job builds which change is set in Jenkins' job",
}
"""Inputs of GitLab that Jenkins has no need of, and why."""

JENKINS_OWN = {
    "credentials": "variables TWINE_USERNAME and TWINE_PASSWORD in GitLab, by environment",
    "token": "a variable TWINE_PASSWORD in GitLab",
    "username": "a variable TWINE_USERNAME in GitLab",
    "reader-credentials": "variables RELEASEKIT_READER_USERNAME and _PASSWORD in GitLab",
    "netrc": "a variable NETRC of type file in GitLab",
    "ca-bundle": "a variable RELEASEKIT_CA_BUNDLE of type file in GitLab",
    "client-cert": "a variable RELEASEKIT_CLIENT_CERT of type file in GitLab",
    "tag": "CI_COMMIT_TAG in GitLab, which has one pipeline for a tag",
    "label": "what tags are in GitLab",
    "publish-label": "a runner of its own in GitLab: tags of the job publish",
}
"""Parameters of Jenkins that the component has no need of, and what says the same in GitLab."""

COMPONENT = REPOSITORY / "templates" / "python-release" / "template.yml"
STEP = REPOSITORY / "templates" / "jenkins" / "vars" / "releasePython.groovy"


def read_parameters() -> dict[str, str]:
    """Read the parameters of the Jenkins step, and their defaults as Groovy writes them."""
    table = re.search(r"DEFAULTS = \[\n(.*?)\n\]", STEP.read_text(encoding="utf-8"), re.DOTALL)
    assert table
    rows = [re.fullmatch(r"    (\w+): (.*),", line) for line in table[1].splitlines()]
    return {row[1]: row[2] for row in rows if row}


def read_inputs() -> dict[str, dict[str, Any]]:
    """Read the inputs of the GitLab component: what each has of description, default and type."""
    header, _ = yaml.safe_load_all(COMPONENT.read_text(encoding="utf-8"))
    inputs: dict[str, dict[str, Any]] = header["spec"]["inputs"]
    return inputs
