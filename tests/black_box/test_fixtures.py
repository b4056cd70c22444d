"""A release with what these tests share reaches the sandbox: what the other tests rest on."""

from __future__ import annotations

from black_box.conftest import MakeProject, RunKit, Server


def test_a_release_leaves_exactly_what_was_built(
    make_project: MakeProject, run_kit: RunKit, sandbox_index: Server
) -> None:
    project = make_project("fixtures")
    ran = run_kit("release", cwd=project.root, environ=sandbox_index.environ)
    assert ran.status == 0, ran.text
    assert sandbox_index.files("fixtures") == project.built()
    assert project.built().keys() == {project.wheel, project.sdist}
    assert ran.memory > 0


def test_a_command_is_killed_at_its_bound(make_project: MakeProject, run_kit: RunKit) -> None:
    ran = run_kit("sandbox", cwd=make_project().root, bound=3)
    assert ran.status is None
