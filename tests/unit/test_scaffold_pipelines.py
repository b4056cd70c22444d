"""The lines for a pipeline: valid for the template, and as the file that exists wants them."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from packaging.version import Version

from doors import COMPONENT, read_inputs, read_parameters
from releasekit.scaffold import PIPELINES, Package, as_name

GITLAB, JENKINS = PIPELINES["gitlab"], PIPELINES["jenkins"]
ROOT = Package(folder="", tag="", template="", kit=Version("0.1.dev5+gabc"))
A = Package(folder="packages/a", tag="packages-a/v{version}", template="", kit=Version("1.2.3"))
NO_LIST = "# write what include: has as items of a list below it (  - …), then add there:"
INCLUDED = "- component: $CI_SERVER_FQDN/platform/releasekit/python-release@0.1.0"


def read_entry(package: Package, text: str = "") -> dict[str, Any]:
    entry: dict[str, Any] = yaml.safe_load("\n".join(GITLAB.render(package, text)[1:]))[0]
    return entry


def test_a_new_file_of_gitlab() -> None:
    assert GITLAB.render(ROOT, "") == ["include:", f"  {INCLUDED}"]
    assert GITLAB.file == ".gitlab-ci.yml"
    assert COMPONENT.parent.name == "python-release"


def test_a_new_jenkinsfile() -> None:
    assert JENKINS.render(ROOT, "") == [
        "@Library('releasekit') _",
        "",
        "releasePython(credentials: 'nexus-publisher')",
    ]
    assert {"credentials", "workingDirectory"} <= read_parameters().keys()


def test_a_package_of_several_says_which_one_it_is() -> None:
    assert read_entry(A) == {
        "component": "$CI_SERVER_FQDN/platform/releasekit/python-release@1.2.3",
        "inputs": {
            "working-directory": "packages/a",
            "job-prefix": "packages-a-",
            "changes": ["packages/a/**/*"],
            "tag-pattern": r"/^packages-a\/v/",
        },
    }
    assert JENKINS.render(A, "@Library('releasekit') _\n") == [
        "if (!env.TAG_NAME || env.TAG_NAME.startsWith('packages-a/v')) {",
        "    releasePython(credentials: 'nexus-publisher', workingDirectory: 'packages/a')",
        "}",
    ]


@pytest.mark.parametrize("others", [("a/core", "b/core"), ("core", "core/more"), ("a", "a.b")])
def test_no_package_has_a_tag_of_another(others: tuple[str, str]) -> None:
    one, other = (f"{as_name(folder)}/v" for folder in others)
    assert not one.startswith(other)
    assert not other.startswith(one)


@pytest.mark.parametrize(
    ("folder", "tag", "released", "others"),
    [
        ("libs/pkg.core", "pkg.core-{version}", "pkg.core-1.0", ("pkgXcore-1.0", "v1.0")),
        ("a", "a/v{version}", "a/v1.0rc1", ("b/a/v1.0", "v1.0")),
        ("", "release-{version}", "release-1.0", ("1.0", "prerelease-1.0")),
        ("", "r{version}-final", "r1.0-final", ("r1.0", "r1.0-final-2")),
        ("a", "v{version}", "v1.0", ("1.0",)),
        ("", "rel_{version:_}", "rel_1_0", ("1.0", "prel_1_0")),
    ],
)
def test_a_tag_pattern_takes_the_tags_of_the_package_alone(
    folder: str, tag: str, released: str, others: tuple[str, ...]
) -> None:
    package = Package(folder=folder, tag=tag, template="", kit=Version("1.2.3"))
    inputs, known = read_entry(package)["inputs"], read_inputs()
    pattern = inputs["tag-pattern"]
    for name, value in inputs.items():  # what the template refuses is not written
        if "regex" in known[name]:
            assert re.search(known[name]["regex"], value), name
    assert re.search(pattern[1:-1], released)
    assert [tag for tag in others if re.search(pattern[1:-1], tag)] == []


@pytest.mark.parametrize("tag", ["", "{version}", "v{version}"])
def test_usual_tags_need_no_pattern(tag: str) -> None:
    package = Package(folder="", tag=tag, template="", kit=Version("0.1.0"))
    assert GITLAB.render(package, "") == ["include:", f"  {INCLUDED}"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("build:\n  script: make\n", ["include:", f"  {INCLUDED}"], id="no include"),
        pytest.param(
            "include:\n  - local: a.yml\n",
            ["# into the list below include:", f"  {INCLUDED}"],
            id="list",
        ),
        pytest.param(
            "include: # of ours\n\n# first\n- local: a.yml\n",
            ["# into the list below include:", INCLUDED],
            id="list at the left",
        ),
        pytest.param("include: a.yml\n", [NO_LIST, f"  {INCLUDED}"], id="one file"),
        pytest.param("include: [a.yml, b.yml]\n", [NO_LIST, f"  {INCLUDED}"], id="brackets"),
        pytest.param(
            "include:\n  project: a\n  file:\n    - b.yml\n",
            [NO_LIST, f"  {INCLUDED}"],
            id="mapping",
        ),
    ],
)
def test_an_include_that_exists_gets_an_entry(text: str, lines: list[str]) -> None:
    assert GITLAB.render(ROOT, text) == lines


@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        ("stages: [build, test, deploy]\n", None),
        ("stages: [lint, test, 'ship it']\n", {"stage": "ship it"}),
        (
            "stages:\n  - pre-build # a\n  - ship\n  # last\n",
            {"stage": "ship", "check-stage": "pre-build"},
        ),
        ("stages:\n- deploy\njob: {script: x}\n", {"check-stage": "deploy"}),
    ],
)
def test_jobs_stand_in_stages_that_exist(text: str, inputs: dict[str, str] | None) -> None:
    assert read_entry(ROOT, text).get("inputs") == inputs


@pytest.mark.parametrize(
    ("ci", "package", "text", "is_used"),
    [
        ("gitlab", ROOT, "include:\n  - component: x/y/python-release@~latest\n", True),
        ("gitlab", ROOT, "  - file: /templates/python-release/template.yml\n", True),
        ("gitlab", ROOT, "# component: x/y/python-release@1\n", False),
        ("gitlab", ROOT, "python-releases:\n  script: make\n", False),
        (
            "gitlab",
            A,
            "  - component: x/python-release@1\n    inputs: {working-directory: packages/ab}\n",
            False,
        ),
        (
            "gitlab",
            A,
            "  - component: x/python-release@1\n    inputs: {working-directory: packages/a}\n",
            True,
        ),
        ("jenkins", ROOT, "// releasePython()\nnode { sh 'make' }\n", False),
        ("jenkins", ROOT, "node { releasePython() }\n", True),
    ],
)
def test_a_file_that_uses_the_template_is_left_alone(
    ci: str, package: Package, text: str, is_used: bool
) -> None:
    assert PIPELINES[ci].is_used(package, text) is is_used


def test_a_company_has_the_template_where_it_likes() -> None:
    package = Package(folder="it's", tag="", template="ours", kit=Version("1.2.3"))
    assert read_entry(package)["component"] == "$CI_SERVER_FQDN/ours/python-release@1.2.3"
    assert JENKINS.render(package, "")[::2] == [
        "@Library('ours') _",
        r"releasePython(credentials: 'nexus-publisher', workingDirectory: 'it\'s')",
    ]
