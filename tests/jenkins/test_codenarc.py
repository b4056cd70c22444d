"""A second opinion on the shared step: CodeNarc's rules for Jenkins, which need not run a line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from jenkins.harness import JARS, TEMPLATES, compile_harness, fetch
from releasekit_nexus.prepared import find_java

CODENARC = {
    "org.codenarc:CodeNarc:3.5.0": (
        "444e61901aa646d9a980e4c12197e2d1c859e3b7a0c6737dfe80f67725282a27"
    ),
    "org.gmetrics:GMetrics:2.1.0": (
        "2aa46be0478c46e921b2d9e699ae408ec82b5fc2516abecf56c42682ee2914b3"
    ),
    "org.codehaus.groovy:groovy:3.0.21": (
        "5cf3730c0c2c15c293f7750dd7114ed27a671fc940165bbae0378a281f5b2d5e"
    ),
    "org.codehaus.groovy:groovy-xml:3.0.21": (
        "1641bc484299db986af55536e110c8ed74c70491a54aee0be059918291fca73b"
    ),
    "org.codehaus.groovy:groovy-templates:3.0.21": (
        "19efd3ab310daffa61a06ac0d3c8ec52f13724d0b1d331d72d33b794bc6cfec7"
    ),
    "org.slf4j:slf4j-api:1.7.36": (
        "d3ef575e3e4979678dc01bf1dcce51021493b4d11fb7f1be8ad982877c16a1c0"
    ),
    "org.slf4j:slf4j-simple:1.7.36": (
        "2f39bed943d624dfa8f4102d0571283a10870b6aa36f197a8a506f147010c10f"
    ),
}
RULES = (
    "ClassNotSerializable",
    "ClosureInGString",
    "CpsCallFromNonCpsMethod",
    "ExpressionInCpsMethodNotSerializable",
    "ForbiddenCallInCpsMethod",
    "ObjectOverrideOnlyNonCpsMethods",
    "ParameterOrReturnTypeNotSerializable",
)
WRONG = """\
def call() {
    def sorted = [2, 1].toSorted { a, b -> a <=> b }
    sh 'true'
}
"""


def test_codenarc_finds_nothing_in_the_step_and_what_is_wrong_elsewhere(tmp_path: Path) -> None:
    java = find_java(os.environ) / "bin" / "java"
    needed = [fetch(*jar) for jar in JARS.items() if ":groovy-cps:" in jar[0]]
    harness = compile_harness(java, [fetch(*jar) for jar in JARS.items()])
    path = [*(fetch(*jar) for jar in CODENARC.items()), *needed, harness]
    shutil.copytree(TEMPLATES / "vars", tmp_path / "vars")
    (tmp_path / "vars" / "wrong.groovy").write_text(WRONG, encoding="utf-8")
    # Without this, the rules are for files called Jenkinsfile alone.
    everywhere = "".join(f"{rule}.applyToFileNames=*\n" for rule in RULES)
    (tmp_path / "rules.properties").write_text(everywhere, encoding="utf-8")
    done = subprocess.run(
        (
            *(java, "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"),
            *("-cp", os.pathsep.join(map(str, path)), "org.codenarc.CodeNarc", "-report=console"),
            *("-basedir=vars", "-includes=*.groovy", "-rulesetfiles=rulesets/jenkins.xml"),
            "-properties=file:rules.properties",
        ),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert "TotalFiles=2 " in done.stdout, done.stdout
    assert "Compilation" not in done.stdout  # a file that does not compile is passed over
    found = re.findall(r"File: (\S+)|Rule=(\w+) .*Line=(\d+)", done.stdout)
    assert found == [("wrong.groovy", "", ""), ("", "ForbiddenCallInCpsMethod", "2")]
