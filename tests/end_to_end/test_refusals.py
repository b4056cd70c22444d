"""What is refused, before what, in which words and with which status."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
import trustme

from nexus_double import Faults, Sandbox
from releasekit.checks.catalog import CODES
from releasekit.tls.trust import CA_VARIABLES
from support import PYTHON, Command, MakeProject, ProjectDir, Ran, outcome, uploads, without_times


def error(ran: Ran) -> str:
    """The error as it stands at the end of the output."""
    return ran.out[ran.out.index("error E") :]


def test_no_tag(make_project: MakeProject, sandbox: Sandbox, releasekit: Command) -> None:
    project = make_project(tag=None)
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 1
    assert error(ran) == (
        "error E101: HEAD has no release tag\n"
        f"  where: {project.root}, commit {project.commit}\n"
        "  why:   a release is named by a tag like v1.2.3 on the commit that is checked out\n"
        "  next:  git tag v1.2.3 && git push origin v1.2.3, then run this again on that tag\n"
    )
    assert not (project.root / "dist").exists()
    assert outcome(project)["stopped_in"] == "version"


def test_shallow_clone_without_the_tag(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command, tmp_path: Path
) -> None:
    clone = ProjectDir(root=tmp_path / "clone", environ=project.environ)
    source = project.root.as_uri()
    project.git("clone", "-q", "--depth=1", "--no-tags", source, str(clone.root))
    ran = releasekit("release", project=clone, server=sandbox)
    assert ran.status == 1
    assert error(ran) == (
        "error E102: HEAD has no release tag\n"
        f"  where: {clone.root}, commit {clone.commit}\n"
        "  why:   this clone is shallow, so its tags may be missing\n"
        "  next:  git fetch --unshallow --tags, then run this again (in GitLab: GIT_DEPTH: 0)\n"
    )


def test_the_suggested_line_fixes_a_shallow_clone(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command, tmp_path: Path
) -> None:
    project.write("README.md", "# plain\n\nLater.\n")
    project.commit_all()
    project.git("tag", "v1.2.4")
    clone = ProjectDir(root=tmp_path / "clone", environ=project.environ)
    source = project.root.as_uri()
    project.git("clone", "-q", "--depth=1", "--no-tags", source, str(clone.root))
    clone.git("fetch", "-q", "--unshallow", "--tags")
    ran = releasekit("version", project=clone, server=sandbox)
    assert ran.status == 0
    assert ran.out.startswith(f"version   1.2.4 from tag v1.2.4 on commit {clone.commit}")


def test_dirty_tree(project: ProjectDir, sandbox: Sandbox, releasekit: Command) -> None:
    project.write("README.md", "# plain\n\nChanged.\n")
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 1
    assert error(ran) == (
        "error E107: the working tree has uncommitted changes\n"
        f"  where: {project.root}: README.md\n"
        "  why:   a release holds what the tag v1.2.3 holds, and these files differ from it\n"
        "  next:  git stash (or commit and tag again), then run this again\n"
    )


def test_two_tags_that_disagree(project: ProjectDir, sandbox: Sandbox, releasekit: Command) -> None:
    project.git("tag", "v1.3.0")
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 1
    assert error(ran) == (
        "error E104: the tags on HEAD name different versions\n"
        f"  where: {project.root}, commit {project.commit}: v1.2.3, v1.3.0\n"
        "  why:   only a candidate and its final version may share a commit\n"
        "  next:  choose one: releasekit release --tag v1.3.0 (in CI: RELEASEKIT_TAG=v1.3.0)\n"
    )
    assert releasekit("version", "--tag", "v1.3.0", project=project, server=sandbox).status == 0
    chosen = releasekit("version", project=project, server=sandbox, RELEASEKIT_TAG="v1.2.3")
    assert chosen.out.startswith("version   1.2.3 from tag v1.2.3")


def test_candidate_and_final_tag_on_one_commit_release_the_final(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    project.git("tag", "v1.2.3rc1")
    ran = releasekit("version", project=project, server=sandbox)
    assert ran.out.startswith("version   1.2.3 from tag v1.2.3 on")


def test_a_tag_that_is_no_version(
    make_project: MakeProject, sandbox: Sandbox, releasekit: Command
) -> None:
    project = make_project(tag="vNext")
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 1
    assert error(ran) == (
        "error E103: no tag on HEAD is a version\n"
        f"  where: {project.root}, commit {project.commit}: vNext\n"
        "  why:   vNext: no match for v{version} or {version}\n"
        "  next:  git tag v1.2.3, then run this again; or set `tag` in [tool.releasekit] to your "
        "pattern,\n"
        "         commit it, and tag the new commit\n"
    )


def test_a_tag_that_another_pattern_fits(
    make_project: MakeProject, sandbox: Sandbox, releasekit: Command
) -> None:
    project = make_project(tag="rel_1_2_3")
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 1
    assert f"commit {project.commit} has the tag rel_1_2_3, which is no release tag" in ran.out
    proposed = 'tag = "rel_{version:_}" in [tool.releasekit] makes rel_1_2_3 the version 1.2.3'
    assert error(ran) == (
        "error E103: no tag on HEAD is a version\n"
        f"  where: {project.root}, commit {project.commit}: rel_1_2_3\n"
        "  why:   rel_1_2_3: no match for v{version} or {version}\n"
        f"         {proposed}\n"
        "  next:  git tag v1.2.3, then run this again; or set that pattern,\n"
        "         commit it, and tag the new commit\n"
    )
    in_sandbox = releasekit("release", project=project)
    assert in_sandbox.status == 0, in_sandbox
    assert (
        f"note      rel_1_2_3: no match for v{{version}} or {{version}}; {proposed}\n"
    ) in in_sandbox.out
    assert f"commit {project.commit} has the tag rel_1_2_3, which is no release" in in_sandbox.out
    # As the fix says:
    project.write("releasekit.toml", 'tag = "rel_{version:_}"\n')
    project.commit_all()
    project.git("tag", "-f", "rel_1_2_3")
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 0, ran
    assert "1.2.3 from tag rel_1_2_3 on commit" in ran.out


def test_a_chosen_tag_that_is_elsewhere(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    ran = releasekit("release", "--tag", "v2.0", project=project, server=sandbox)
    assert ran.status == 1
    assert error(ran) == (
        "error E105: the tag v2.0 is not on HEAD\n"
        f"  where: {project.root}, commit {project.commit}\n"
        "  why:   the tags on HEAD: v1.2.3\n"
        "  next:  git checkout v2.0 (or fetch it first: git fetch origin tag v2.0)\n"
    )


@pytest.mark.parametrize(
    ("variables", "missing"),
    [
        pytest.param({"TWINE_USERNAME": "", "TWINE_PASSWORD": ""}, "user name", id="both"),
        pytest.param({"TWINE_PASSWORD": ""}, "password", id="password"),
    ],
)
def test_missing_credentials_are_refused_before_the_build(
    project: ProjectDir,
    sandbox: Sandbox,
    releasekit: Command,
    variables: dict[str, str],
    missing: str,
) -> None:
    ran = releasekit("release", project=project, server=sandbox, **variables)
    assert ran.status == 2
    assert error(ran) == (
        f"error E231: no {missing} for the repository\n"
        f"  where: {sandbox.upload_url()}\n"
        "  why:   not in TWINE_USERNAME and TWINE_PASSWORD, not in ~/.pypirc, not in the keyring\n"
        "  next:  set TWINE_USERNAME and TWINE_PASSWORD (in CI: masked, protected variables)\n"
    )
    assert sandbox.state.requests_log == ()
    assert not (project.root / "dist").exists()
    assert outcome(project)["error"]["what"] == f"no {missing} for the repository"


def test_wrong_password(project: ProjectDir, sandbox: Sandbox, releasekit: Command) -> None:
    ran = releasekit("release", project=project, server=sandbox, TWINE_PASSWORD="wrong-pass")
    assert ran.status == 2
    assert error(ran) == (
        "error E234: the user name or the password is wrong\n"
        f"  where: {sandbox.simple_url(sandbox.hosted)}plain/\n"
        "  why:   the server answered 401 to user sandbox, whose credentials came from "
        "TWINE_USERNAME and TWINE_PASSWORD\n"
        "  next:  check TWINE_USERNAME and TWINE_PASSWORD;\n"
        "         Nexus answers 401 to a disabled user as well\n"
    )
    assert "wrong-pass" not in ran.out + ran.err
    assert uploads(sandbox) == 0
    assert not (
        project.root / "dist"
    ).exists()  # credentials are checked before builds, which may take long


def test_a_user_without_the_right_to_upload(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    sandbox.state.faults = Faults(forbidden=("add",))
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 2
    assert error(ran) == (
        "error E236: this user may not upload\n"
        f"  where: {sandbox.upload_url()}\n"
        "  why:   the server answered 403 to user sandbox: Forbidden\n"
        "  next:  ask the Nexus administrator for the privileges add, browse and read on this "
        "repository\n"
    )


@pytest.mark.parametrize("bundle", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"])
def test_unknown_ca(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command, bundle: str, tmp_path: Path
) -> None:
    # The environment names another CA, as a company's machine may.
    other = tmp_path / "other-ca.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    variables = {bundle: str(other), "RELEASEKIT_CA_BUNDLE": ""}
    ran = releasekit("release", project=project, server=sandbox, **variables)
    assert ran.status == 2
    assert error(ran) == (
        "error E241: the server's certificate is not trusted\n"
        f"  where: {sandbox.simple_url(sandbox.hosted)}plain/\n"
        "  why:   unable to get local issuer certificate\n"
        "  next:  set ca-bundle (or RELEASEKIT_CA_BUNDLE) to the PEM file of your company's CA\n"
    )


def test_hostile_ca_variables_do_not_beat_ca_bundle(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command, tmp_path: Path
) -> None:
    hostile = str(tmp_path / "empty.pem")
    Path(hostile).write_text("", encoding="utf-8")
    variables = {**dict.fromkeys(CA_VARIABLES, hostile), "SSL_CERT_DIR": str(tmp_path / "nowhere")}
    ran = releasekit("release", project=project, server=sandbox, **variables)
    assert ran.status == 0, ran


def test_loopback_is_reached_without_the_proxy_of_the_environment(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    releasekit("build", project=project)  # its requirements come from elsewhere, by any proxy
    ran = releasekit(
        "release",
        project=project,
        server=sandbox,
        HTTPS_PROXY="http://127.0.0.1:9",
        https_proxy="http://127.0.0.1:9",
        NO_PROXY="",
        no_proxy="",
    )
    assert ran.status == 0, ran


def test_unreachable_host(project: ProjectDir, sandbox: Sandbox, releasekit: Command) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{free.getsockname()[1]}"
    ran = releasekit("release", project=project, server=sandbox, RELEASEKIT_URL=url)
    assert ran.status == 3
    assert error(ran) == (
        "error E301: the server cannot be reached\n"
        f"  where: {url}/repository/pypi-hosted/simple/plain/\n"
        "  why:   connection refused\n"
        "  next:  check the address, the network and HTTPS_PROXY / NO_PROXY, then run this again: "
        "it is safe\n"
    )


def test_unknown_host_name(project: ProjectDir, sandbox: Sandbox, releasekit: Command) -> None:
    url = "https://nexus.invalid"
    ran = releasekit("release", project=project, server=sandbox, RELEASEKIT_URL=url)
    assert ran.status == 3
    assert "  why:   the name nexus.invalid cannot be resolved\n" in error(ran)


def test_a_login_page_with_status_200(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    sandbox.state.faults = Faults(login_page=True)
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 3
    assert error(ran).startswith(
        "error E302: the answer is not that of a package index\n"
        f"  where: {sandbox.simple_url(sandbox.hosted)}plain/\n"
        "  why:   it sent a page without any link to a file: "
    )


@pytest.mark.parametrize(
    ("hosted", "answer"),
    [
        pytest.param("pypi-group", "404 Not Found", id="group"),
        pytest.param("nowhere", "404 Repository not found", id="unknown"),
    ],
)
def test_a_repository_that_takes_no_uploads(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command, hosted: str, answer: str
) -> None:
    variables = {"RELEASEKIT_HOSTED": hosted, "RELEASEKIT_GROUP": ""}
    ran = releasekit("release", project=project, server=sandbox, **variables)
    assert ran.status == 2
    assert f"  why:   the server answered {answer}\n" in error(ran)
    assert "uploads go to a hosted repository, never to a group or a proxy\n" in error(ran)


def test_a_group_that_is_none_is_found_before_the_upload(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    ran = releasekit("release", project=project, server=sandbox, RELEASEKIT_GROUP="nope")
    assert ran.status == 2
    assert error(ran) == (
        "error E214: this is not a readable PyPI repository\n"
        f"  where: {sandbox.upload_url('nope')}\n"
        "  why:   the server answered 404 Repository not found\n"
        "  next:  check url, hosted and group (or the .pypirc section):\n"
        "         uploads go to a hosted repository, never to a group or a proxy\n"
    )
    assert uploads(sandbox) == 0


def test_a_package_for_another_python_is_refused_before_the_upload(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    project.write("pyproject.toml", text.replace('">=3.10"', '">=4"'))
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 1
    assert (
        "  error    RK119  pyproject.toml:12: it does not install on "
        f"{PYTHON}: the package requires Python >=4  fix: release it with a Python that it "
        "supports, or name those in `pythons`\n"
    ) in ran.out
    assert uploads(sandbox) == 0


def test_a_package_that_no_python_of_this_machine_may_test_is_refused_before_the_upload(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    ran = releasekit("release", project=project, server=sandbox, RELEASEKIT_PYTHONS="3.98, 3.99")
    assert ran.status == 2
    assert (
        "error E274: none of the Pythons in `pythons` is on this machine\n"
        f"  where: {project.root}\n"
        "  why:   `pythons` names 3.98, 3.99, and nothing is published that was tested with none "
        "of them\n"
        f"  next:  install one (uv python install 3.98), or add {PYTHON.removeprefix('Python ')}, "
        "which runs releasekit, to `pythons`\n"
    ) in ran.out
    assert uploads(sandbox) == 0


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("UV_DEFAULT_INDEX", "https://bob:se/cret@127.0.0.1:9/simple", "invalid port number"),
        ("UV_INDEX", "http://[::1", "invalid IPv6 address"),
        ("UV_FIND_LINKS", "http://[x", "invalid IPv6 address"),
        ("UV_INDEX_STRATEGY", "any", "invalid value 'any' for '--index-strategy"),
        ("UV_HTTP_TIMEOUT", "abc", "variable `UV_HTTP_TIMEOUT` with invalid value `abc`"),
    ],
)
def test_a_setting_that_uv_cannot_read_is_named(
    project: ProjectDir, releasekit: Command, name: str, value: str, reason: str
) -> None:
    ran = releasekit("build", "--fresh", project=project, **{name: value})
    assert ran.status == 2, ran
    assert "error E275: uv does not accept a setting\n" in ran.out
    assert reason in ran.out
    assert "cret" not in ran.out


def test_checks_that_a_guarantee_rests_on_cannot_be_switched_off(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    ran = releasekit(
        "release", project=project, server=sandbox, RELEASEKIT_SEVERITY="RK102=off,RK101=off: x"
    )
    assert ran.status == 2
    assert (
        "  why:   RELEASEKIT_SEVERITY: RK102 stays an error: a guarantee rests on it\n"
    ) in error(ran)


def test_variables_that_git_sets_for_hooks_are_not_heeded(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command, make_project: MakeProject
) -> None:
    other = make_project("readme", tag="v9.9.9")
    ran = releasekit(
        "version",
        project=project,
        server=sandbox,
        GIT_DIR=str(other.root / ".git"),
        GIT_INDEX_FILE=".git/index",
    )
    assert ran.status == 0
    assert ran.out.startswith(f"version   1.2.3 from tag v1.2.3 on commit {project.commit}")


def test_a_project_that_git_does_not_have(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    (project.root / "inner").mkdir()
    project.write("inner/pyproject.toml", "[project]\nname = 'inner'\n")
    ran = releasekit("build", "-C", "inner", project=project, server=sandbox)
    assert ran.status == 1
    assert error(ran) == (
        "error E106: the project is not in the commit\n"
        f"  where: {project.root}/inner, commit {project.commit}\n"
        "  why:   git does not have this directory\n"
        "  next:  git add it, commit and tag\n"
    )


def test_a_missing_url_is_an_error_with_its_place_and_fix(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    project.write("pyproject.toml", text.partition("[project.urls]")[0])
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 1
    assert (
        f"check     {len(CODES)} checks: 1 error; imports plain ({PYTHON})\n"
        "  error    RK101  pyproject.toml:5: the metadata names no url: neither a home page nor a "
        "project URL"
        '  fix: add [project.urls] Homepage = "https://…" (setup.cfg: url = …, setup.py: '
        'url="…")\n'
    ) in without_times(ran.out)
    assert error(ran) == (
        "error E121: 1 finding of severity error: RK101\n"
        f"  where: {project.root}\n"
        "  why:   the findings above say what is wrong, where, and how to fix it\n"
        "  next:  fix them; releasekit check --explain CODE says why a check exists, and what it "
        "allows\n"
    )
    assert uploads(sandbox) == 0
    waived = releasekit(
        "release", project=project, server=sandbox, RELEASEKIT_SEVERITY="RK101=warning"
    )
    assert waived.status == 0


def test_a_file_missing_from_the_sdist_is_a_warning(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    project.write("rates.py", "in git only\n")
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    ran = releasekit("check", project=project, server=sandbox)
    assert ran.status == 0
    assert (
        f"check     {len(CODES)} checks: 1 warning; imports plain ({PYTHON})\n"
        "  warning  RK201  plain-1.2.3.tar.gz: 1 file in git is not in the sdist: rates.py"
        "  fix: include them by `include` in [tool.flit.sdist], or list them in "
        "[tool.check-manifest] ignore\n"
    ) in without_times(ran.out)


def test_a_deprecation_of_the_backend_is_a_warning_with_its_place_and_its_fix(
    make_project: MakeProject, sandbox: Sandbox, releasekit: Command
) -> None:
    project = make_project("ordinary", tag=None)
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    old = text.replace('"LicenseRef-Proprietary"', '{ text = "Proprietary" }')
    project.write("pyproject.toml", old)
    project.commit_all()
    project.git("tag", "v1.2.3")
    ran = releasekit("check", project=project, server=sandbox)
    assert ran.status == 0
    warnings = [line for line in ran.out.splitlines() if "RK118" in line]
    assert len(warnings) == 1
    assert warnings[0].startswith(
        "  warning  RK118  pyproject.toml:9: the build backend warns: `project.license` as a TOML "
        "table is deprecated  fix: Please use a simple string containing a SPDX expression for "
        "`project.license`."
    )


def test_a_static_version_that_is_not_the_tags(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    project.write("pyproject.toml", text.replace("1.2.3", "1.2.2"))
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 1
    assert (
        "error    RK102  pyproject.toml:7: the release is 1.2.3, "
        "plain-1.2.2-py3-none-any.whl is not"
    ) in ran.out
    assert uploads(sandbox) == 0


def test_a_build_that_fails_shows_the_backends_last_lines(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    project.write("pyproject.toml", text.replace("README.md", "missing.md"))
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 1
    log = project.root / "reports" / "build.log"
    assert error(ran).startswith(
        "error E111: the build backend failed to make the sdist\n"
        f"  where: {project.root}; the whole output is in {log}\n"
    )
    assert "missing.md" in error(ran)
    assert error(ran).endswith(
        "  next:  fix the project; it is built from its commit alone (the wheel from the sdist), "
        "without\n"
        "         untracked, ignored or previously generated files; releasekit build -v shows the "
        "output as it comes\n"
    )
    assert "missing.md" in log.read_text(encoding="utf-8")


def test_configuration_shows_all_problems_at_once(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    project.write("pyproject.toml", text + '\n[tool.releasekit]\nhostd = "x"\ntimeout = -1\n')
    ran = releasekit("release", project=project, server=sandbox, RELEASEKIT_URI="https://x")
    assert ran.status == 2
    table = f"{project.root / 'pyproject.toml'} [tool.releasekit]"
    assert error(ran) == (
        "error E201: the configuration is wrong in 3 places\n"
        f"  where: {table}, environment\n"
        f"  why:   {table} timeout: input should be greater than 0\n"
        f"         {table} hostd: there is no such key; did you mean hosted?\n"
        "         RELEASEKIT_URI: there is no such key; did you mean url?\n"
        "  next:  correct these lines; docs/settings.md of releasekit says what each key may hold\n"
    ), ran.out


def test_a_constraints_file_that_is_missing(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    ran = releasekit("build", project=project, RELEASEKIT_BUILD_CONSTRAINTS="pins.txt")
    assert ran.status == 2
    assert f"  why:   build-constraints: there is no file {project.root}/pins.txt\n" in error(ran)


def test_a_directory_without_a_project(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    ran = releasekit("release", "-C", str(empty), project=project, server=sandbox)
    assert ran.status == 2
    assert ran.out == (
        "error E202: no Python project here\n"
        f"  where: {empty}\n"
        "  why:   there is neither a pyproject.toml nor a setup.py\n"
        "  next:  run this in the project's directory, or name it with -C DIR\n"
    )


def test_a_project_outside_git(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    ran = releasekit("release", "-C", str(outside), project=project, server=sandbox)
    assert ran.status == 2
    assert error(ran) == (
        "error E206: no git commit to release\n"
        f"  where: {outside}\n"
        "  why:   git says: fatal: not a git repository (or any of the parent directories): .git\n"
        f"  next:  git -C {outside} init && git -C {outside} add -A && git -C {outside} commit, or "
        "name the project's directory with -C DIR\n"
    )


def test_a_directory_that_is_gone_is_reported(tmp_path: Path, user_environ: dict[str, str]) -> None:
    """A job that removes the checkout it runs in; no program finds out where it is."""
    here = tmp_path / "here"
    here.mkdir()
    command = 'rmdir "$PWD" && exec "$0" -m releasekit release'
    ran = subprocess.run(
        ("sh", "-c", command, sys.executable),
        cwd=here,
        env=user_environ,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 2
    assert ran.stdout == (
        "error E227: the current directory is gone\n"
        "  where: the current directory\n"
        "  why:   it was removed after somebody went there\n"
        "  next:  cd to a directory that exists, and run this again\n"
    )
