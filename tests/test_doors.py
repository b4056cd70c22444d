"""All doors use the same names."""

from __future__ import annotations

import json
import subprocess

import pytest
from packaging.version import Version

from doors import (
    GITLAB,
    GITLABS_OWN,
    INPUTS,
    JENKINS,
    JENKINS_OWN,
    NOT_INPUTS,
    REPOSITORY,
    Input,
    read_inputs,
    read_parameters,
)
from releasekit.cli import make_parser
from releasekit.config.settings import KEYS

STEPS = ("version", "build", "check", "plan", "publish", "verify", "release", "gather")


def find_options() -> set[str]:
    """Return the options of the steps: the short spelling of those that have one of a letter."""
    commands = next(a for a in make_parser()._actions if a.dest == "command").choices
    assert isinstance(commands, dict)
    return {
        min(action.option_strings, key=len) if action.dest != "quiet" else "--quiet"
        for name in STEPS
        if name in commands
        for action in commands[name]._actions
        if action.option_strings and action.dest != "help"
    }


def test_each_option_of_a_step_is_an_input_or_has_its_reason() -> None:
    handed_on = {i.passes for i in INPUTS if i.passes.startswith("-")}
    assert find_options() - handed_on == NOT_INPUTS.keys() & find_options()
    assert handed_on <= find_options()


def test_an_input_is_called_like_what_it_hands_on() -> None:
    spelled = {"-C": "working-directory", "-v": "verbose"}
    wrong = {
        i.name
        for i in INPUTS
        if i.passes and i.name != spelled.get(i.passes, i.passes.removeprefix("--"))
    }
    assert wrong == set()


@pytest.mark.parametrize("name", [i.passes for i in INPUTS if i.passes and i.passes[0] != "-"])
def test_an_input_for_a_setting_hands_on_one_that_exists(name: str) -> None:
    assert name in KEYS


def test_the_jenkins_step_takes_these_parameters() -> None:
    assert list(read_parameters()) == [i.parameter for i in INPUTS if JENKINS in i.doors]


def test_the_template_installs_the_release_that_it_belongs_to() -> None:
    kit = Version(read_parameters()["kit"].strip("'"))
    assert [tag for tag in find_tags("--points-at", "HEAD") if tag != kit] == []
    # Between releases it names the next one.
    assert [tag for tag in find_tags("--merged", "HEAD") if tag > kit] == []


def find_tags(*which: str) -> list[Version]:
    listed = subprocess.run(
        ("git", "tag", "--list", "v*", *which),
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        text=True,
    )
    return [Version(tag) for tag in listed.stdout.split()]


def test_the_gitlab_component_takes_these_inputs_and_those_of_its_own() -> None:
    shared = [i.name for i in INPUTS if GITLAB in i.doors]
    assert [name for name in read_inputs() if name not in GITLABS_OWN] == shared
    assert GITLABS_OWN.keys() <= read_inputs().keys()


def test_what_only_one_door_takes_has_its_counterpart_at_the_other() -> None:
    assert {i.name for i in INPUTS if i.doors == (JENKINS,)} == JENKINS_OWN.keys()
    settings = {i.passes for i in INPUTS if i.doors == (JENKINS,)} & {*KEYS}
    named = " ".join(JENKINS_OWN[name] for name in settings)
    assert {f"RELEASEKIT_{name.upper().replace('-', '_')}" for name in settings} <= {*named.split()}


@pytest.mark.parametrize(
    "shared", [i for i in INPUTS if {*i.doors} == {GITLAB, JENKINS}], ids=lambda i: i.name
)
def test_what_both_doors_take_has_one_default(shared: Input) -> None:
    there = read_inputs()[shared.name]["default"]
    here = read_parameters()[shared.parameter]
    if shared.name != "wheels":  # a map in Jenkins, where an agent has a label
        assert json.loads(here.replace("'", '"')) == there


def test_both_templates_belong_to_one_release_of_the_kit() -> None:
    assert f"'{read_inputs()['kit']['default']}'" == read_parameters()["kit"]


@pytest.mark.parametrize("name", read_inputs())
def test_each_input_says_what_it_is(name: str) -> None:
    assert read_inputs()[name]["description"]
