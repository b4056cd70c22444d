"""Jenkinsfiles that are wrong in ways which only a real Jenkins shows, and must go on failing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from jenkins.harness import GROOVY, TEMPLATES, Jenkins, Job

CLOSURE = "harness.PipelineClosure.call"  # Jenkins' own class is CpsClosure2
SCRIPT = "WorkflowScript"

FAILURES = {
    "a matcher kept over a step": (
        "def found = 'abc' =~ /b/\nsh 'true'",
        "java.io.NotSerializableException: java.util.regex.Matcher, "
        "at sh (WorkflowScript.groovy:3)",
    ),
    "parsed JSON kept over a step": (
        "def read = new groovy.json.JsonSlurper().parseText('{\"a\": 1}')\nsh 'true'",
        "java.io.NotSerializableException: groovy.json.internal.LazyMap, "
        "at sh (WorkflowScript.groovy:3)",
    ),
    "an open reader kept over a step": (
        "def text = new StringReader('a')\nsh 'true'",
        "java.io.NotSerializableException: java.io.StringReader, at sh (WorkflowScript.groovy:3)",
    ),
    "an unknown step": (
        "shell 'true'",
        "java.lang.NoSuchMethodError: No such DSL method 'shell' found among steps "
        "[archiveArtifacts, checkout, dir, echo, error, file, fileExists, isUnix, junit, lock, "
        "node, parallel, readFile, sh, stage, stash, string, unstable, unstash, usernamePassword, "
        "withCredentials, withEnv]",
    ),
    "a misspelt parameter": (
        "sh script: 'true', returnState: true",
        "java.lang.IllegalArgumentException: WARNING: Unknown parameter(s) found for class type "
        "'sh': returnState",
    ),
    "a block without its body": (
        "stage 'empty'",
        "java.lang.IllegalStateException: There is no body to invoke: stage",
    ),
    "a step with a body that it does not take": (
        "echo('a') { sh 'true' }",
        "java.lang.IllegalArgumentException: echo does not take a body",
    ),
    "credentials of another kind": (
        "withCredentials([string(credentialsId: 'nexus', variable: 'T')]) { sh 'true' }",
        "Credentials 'nexus' is of type 'usernamePassword' where 'string' was expected",
    ),
    "credentials that are not there": (
        "withCredentials([string(credentialsId: 'nowhere', variable: 'T')]) { sh 'true' }",
        "Could not find credentials entry with ID 'nowhere'",
    ),
    "a command that fails": ("sh 'exit 4'", "script returned exit code 4"),
    "a bashism, which the agent's sh does not know": (
        "sh '[[ a == a ]]'",
        "script returned exit code 127",
    ),
    "no file to stash": (
        "stash name: 'a', includes: '*.whl'",
        "No files included in stash 'a'",
    ),
    "a stash that nobody made": ("unstash 'a'", "No such saved stash 'a'"),
    "nothing to archive": (
        "archiveArtifacts 'dist/*'",
        'No artifacts found that match the file pattern "dist/*". Configuration error?',
    ),
    "no test report": ("junit '*.xml'", "No test report files were found. Configuration error?"),
    "the same lock within itself": (
        "lock(resource: 'a') { lock(resource: 'a') { sh 'true' } }",
        "lock a is held by this build: it would wait for ever",
    ),
}

MISMATCHES = {
    "sort with a closure": (
        "def sorted = [2, 1].sort { a, b -> a <=> b }\nsh 'true'",
        f"expected to call java.util.ArrayList.sort but wound up catching {CLOSURE}",
    ),
    "toSorted with a closure": (
        "def sorted = [2, 1].toSorted { a, b -> a <=> b }\nsh 'true'",
        f"expected to call java.util.ArrayList.toSorted but wound up catching {CLOSURE}",
    ),
    "a step in @NonCPS": (
        "quietly()\n}\n@NonCPS def quietly() {\nsh 'true'",
        f"expected to call {SCRIPT}.quietly but wound up catching sh",
    ),
    "a method of the pipeline in a constructor": (
        "new Thing()\n}\nclass Thing {\nThing() { work() }\ndef work() { 1 }",
        "expected to call Thing.<init> but wound up catching Thing.work",
    ),
}


@pytest.fixture
def run_on_agent(jenkins: Jenkins, tmp_path: Path) -> Any:
    def run(body: str) -> Any:
        job = Job(
            home=tmp_path / "jenkins",
            jenkinsfile=body,
            agents={"": {"PATH": "/usr/bin:/bin"}},
            credentials={
                "nexus": {"kind": "usernamePassword", "username": "bob", "password": "hunter2"}
            },
        )
        return jenkins.run(job)

    return run


@pytest.mark.parametrize(("body", "error"), FAILURES.values(), ids=FAILURES)
def test_fails(run_on_agent: Any, body: str, error: str) -> None:
    built = run_on_agent(f"node {{\n{body}\n}}")
    assert (built.error, built.result) == (error, "FAILURE")
    assert f"ERROR: {error}\n" in built.log


@pytest.mark.parametrize(("body", "mismatch"), MISMATCHES.values(), ids=MISMATCHES)
def test_is_a_mismatch(run_on_agent: Any, body: str, mismatch: str) -> None:
    built = run_on_agent(f"node {{\n{body}\n}}")
    assert built.result == "FAILURE"
    assert built.mismatches[0] == mismatch


@pytest.mark.parametrize(
    ("jenkinsfile", "error"),
    [
        pytest.param(
            "sh 'true'",
            "Attempted to execute a step that requires a node context while 'agent none' was "
            "specified or outside of node: sh",
            id="a step that needs an agent",
        ),
        pytest.param(
            "node('mainframe') { sh 'true' }",
            "There are no nodes with the label 'mainframe'",
            id="an agent that is not there",
        ),
        pytest.param(
            "pipeline { agent none\n stages { stage('a') { step { echo 'a' } } } }",
            'java.lang.IllegalArgumentException: Invalid section or option "step" in StageDecl',
            id="step for steps",
        ),
        pytest.param(
            "pipeline { stages { stage('a') { steps { echo 'a' } } } }",
            'Missing required section "agent"',
            id="no agent section",
        ),
    ],
)
def test_fails_without_an_agent(run_on_agent: Any, jenkinsfile: str, error: str) -> None:
    built = run_on_agent(jenkinsfile)
    assert (built.error, built.result) == (error, "FAILURE")


@pytest.mark.parametrize(
    ("jenkinsfile", "result"),
    [
        pytest.param("withCredentials([{bound}]) {{ echo 'a' }}", "FAILURE", id="outside of node"),
        pytest.param("node {{ withCredentials([{bound}]) {{ echo 'a' }} }}", "SUCCESS", id="in it"),
    ],
)
def test_a_secret_file_needs_a_workspace(
    jenkins: Jenkins, tmp_path: Path, jenkinsfile: str, result: str
) -> None:
    """As credentials-binding-plugin, BindingStep.java: requiresWorkspace."""
    job = Job(
        home=tmp_path / "jenkins",
        jenkinsfile=jenkinsfile.format(bound="file(credentialsId: 'ca', variable: 'CA')"),
        agents={"": {"PATH": "/usr/bin:/bin"}},
        credentials={"ca": {"kind": "file", "content": "a"}},
    )
    built = jenkins.run(job)
    assert built.result == result
    if result == "FAILURE":
        assert built.error == (
            "Required context class hudson.FilePath is missing\nPerhaps you forgot to surround the "
            "withCredentials step with a step that provides this, such as: node"
        )


def test_unbalanced_brace(run_on_agent: Any) -> None:
    built = run_on_agent("node { sh 'true'")
    assert built.result == "FAILURE"
    assert "WorkflowScript.groovy: 1: expecting '}', found ''" in built.error


def test_a_secret_in_an_interpolated_string_is_named(run_on_agent: Any) -> None:
    bound = "usernamePassword(credentialsId: 'nexus', usernameVariable: 'U', passwordVariable: 'P')"
    inside = 'sh "echo ${env.P}"'
    built = run_on_agent(f"node {{ withCredentials([{bound}]) {{ {inside} }} }}")
    assert built.warnings == (
        'A secret was passed to "sh" using Groovy String interpolation, which is insecure.',
    )
    assert "hunter2" not in built.log


def test_a_secret_outside_of_its_block_is_not_masked(run_on_agent: Any) -> None:
    bound = "usernamePassword(credentialsId: 'nexus', usernameVariable: 'U', passwordVariable: 'P')"
    inside = "writeOut = env.P"
    built = run_on_agent(f"node {{ withCredentials([{bound}]) {{ {inside} }}\necho writeOut }}")
    assert "hunter2\n" in built.log


@pytest.mark.parametrize("restart", ["same", "fresh"])
def test_what_is_right_gives_the_right_result_over_restarts(
    jenkins: Jenkins, tmp_path: Path, restart: Any
) -> None:
    jenkinsfile = """\
node {
    def seen = []
    for (entry in [a: 1, b: 2]) { sh 'true'; seen << entry.key }
    [3, 4].each { sh 'true'; seen << it }
    [c: 5].eachWithIndex { key, value, index -> sh 'true'; seen << key + value + index }
    seen += [6, 7].collect { sh 'true'; it * 2 }
    try { sh 'exit 2' } catch (hudson.AbortException failed) { seen << failed.message }
    finally { sh 'true'; seen << 'finally' }
    def both = parallel(x: { sh 'true'; 'X' }, y: { sh 'true'; 'Y' })
    seen << both.x + both.y
    seen << small('ABC')
    env.SEEN = 'for all'
    sh 'echo "$SEEN"'
    echo seen.toString()
}
@NonCPS
String small(String text) { (text =~ /B/).replaceAll('b') }
"""
    job = Job(
        home=tmp_path / "jenkins",
        jenkinsfile=jenkinsfile,
        agents={"": {"PATH": "/usr/bin:/bin"}},
        restart=restart,
    )
    built = jenkins.run(job)
    assert built.result == "SUCCESS", built.log
    assert built.saves >= 10
    assert built.mismatches == ()
    assert "\nfor all\n" in built.log
    assert (
        "[a, b, 3, 4, c50, 12, 14, script returned exit code 2, finally, XY, AbC]\n"
    ) in built.log


def test_the_harness_has_the_steps_of_the_shared_step_and_no_others() -> None:
    table = (GROOVY / "harness" / "Table.groovy").read_text(encoding="utf-8")
    cited = r"^        (\w+): (?:new Step\(page: '[\w-]+'|Credentials\.binding\()"
    steps = re.findall(cited, table, re.MULTILINE)
    assert len(steps) == len(re.findall(r"^        \w+: ", table, re.MULTILINE))
    step = (TEMPLATES / "vars" / "releasePython.groovy").read_text(encoding="utf-8")
    step = re.sub(r"'''.*?'''", "", step, flags=re.DOTALL)  # the shell has an echo of its own
    unused = {name for name in steps if not re.search(rf"\b{name}\b", step)}
    assert unused == set()
