from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raising import raises_error
from releasekit import git
from releasekit.build.checkout import open_checkout
from releasekit.errors import Entry
from releasekit.errors.failed import GIT_FAILED
from releasekit.errors.setup import GIT_REFUSED, MISSING_PROGRAM
from releasekit.errors.usage import NOT_A_REPOSITORY, REPOSITORY_OF_ANOTHER_USER
from releasekit.git import ask, list_files, must, parse_status, read_commit, read_history
from releasekit.model.project import DEFAULT_PATTERNS, Commit
from releasekit.network import child_environ
from support import ProjectDir, commit_of, content_of

INIT = "git init && git add -A && git commit, or name the project's directory with -C DIR"


# --- the commit ---------------------------------------------------------------------------------


def test_commit_is_read_whole(repository: ProjectDir) -> None:
    repository.git("tag", "v1.0")
    repository.git("tag", "-a", "-m", "annotated", "other")
    assert commit_of(repository) == Commit(
        root=repository.root,
        sha=repository.git("rev-parse", "HEAD"),
        time=1767323045,
        tags=("other", "v1.0"),
        changed=(),
        shallow=False,
    )


def test_commit_is_read_from_a_directory_below(repository: ProjectDir) -> None:
    assert read_commit(repository.root / "d", repository.environ) == commit_of(repository)


def test_tags_of_other_commits_are_not_on_head(repository: ProjectDir) -> None:
    repository.git("tag", "v1.0")
    repository.write("a.txt", "second")
    repository.commit_all()
    assert commit_of(repository).tags == ()


def test_shallow_clone_is_known(repository: ProjectDir, tmp_path: Path) -> None:
    repository.write("a.txt", "second")
    repository.commit_all()
    clone = tmp_path / "clone"
    repository.git("clone", "-q", "--depth=1", f"file://{repository.root}", str(clone))
    assert read_commit(clone, repository.environ).shallow


def test_changed_files_are_the_tracked_ones(repository: ProjectDir) -> None:
    repository.write("größe mit.txt", "x")
    repository.commit_all()
    repository.write("größe mit.txt", "y")
    repository.write("staged.txt", "s")
    repository.git("add", "staged.txt")
    repository.write("untracked.txt", "u")
    (repository.root / "d" / "b.txt").unlink()
    assert commit_of(repository).changed == ("d/b.txt", "größe mit.txt", "staged.txt")


@pytest.mark.parametrize(
    "add", [("add", "-A"), ("add", "-N", "new name.txt")], ids=["index", "tree"]
)
def test_renamed_file_is_two_changes(repository: ProjectDir, add: tuple[str, ...]) -> None:
    (repository.root / "a.txt").rename(repository.root / "new name.txt")
    repository.git(*add)
    assert commit_of(repository).changed == ("a.txt", "new name.txt")


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        pytest.param("", (), id="clean"),
        pytest.param(" M a\0M  b\0MM c\0", ("a", "b", "c"), id="modified"),
        pytest.param(" D a b\0A  c\0", ("a b", "c"), id="deleted and added"),
        pytest.param("UU a\0", ("a",), id="conflict"),
        pytest.param(" M -> b\0", ("-> b",), id="no quoting, no arrows"),
    ],
)
def test_status_is_parsed(text: str, paths: tuple[str, ...]) -> None:
    assert parse_status(text) == paths


@given(st.lists(st.text(st.characters(exclude_characters="\0"), min_size=1)))
def test_any_file_name_comes_out_of_a_status(names: list[str]) -> None:
    assert parse_status("".join(f" M {name}\0" for name in names)) == tuple(names)


def refuse(root: Path, environ: dict[str, str]) -> str:
    with raises_error(NOT_A_REPOSITORY, REPOSITORY_OF_ANOTHER_USER) as caught:
        read_commit(root, environ)
    return str(caught.value)


def test_directory_outside_git_is_refused(tmp_path: Path, environ: dict[str, str]) -> None:
    assert refuse(tmp_path, environ) == (
        "error E206: no git commit to release\n"
        f"  where: {tmp_path}\n"
        "  why:   git says: fatal: not a git repository (or any of the parent directories): .git\n"
        f"  next:  {INIT}"
    )


def test_repository_without_a_commit_is_refused(tmp_path: Path, environ: dict[str, str]) -> None:
    ProjectDir(root=tmp_path, environ=environ).git("init", "-q", "-b", "main")
    assert refuse(tmp_path, environ) == (
        "error E206: no git commit to release\n"
        f"  where: {tmp_path}\n"
        "  why:   git says: fatal: your current branch 'main' does not have any commits yet\n"
        f"  next:  {INIT}"
    )


def test_repository_of_another_user_is_refused_with_the_line_that_allows_it(
    repository: ProjectDir,
) -> None:
    # git's own tests pretend with this variable; a chown would need root.
    environ = {**repository.environ, "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
    assert refuse(repository.root, environ) == (
        "error E211: git does not trust this repository\n"
        f"  where: {repository.root}\n"
        "  why:   git says: fatal: detected dubious ownership in repository at "
        f"'{repository.root}'\n"
        "         To add an exception for this directory, call:\n"
        f"         \tgit config --global --add safe.directory {repository.root}\n"
        f"  next:  git config --global --add safe.directory {repository.root}"
    )


def test_repository_whose_state_git_cannot_tell_is_not_taken_for_clean(
    repository: ProjectDir,
) -> None:
    (repository.root / ".git" / "index").write_bytes(b"damaged")
    with raises_error(GIT_REFUSED) as caught:
        commit_of(repository)
    assert str(caught.value) == damaged(
        repository, "status --porcelain=v1 -z --untracked-files=no --no-renames"
    )


def damaged(repository: ProjectDir, command: str) -> str:
    return (
        "error E261: git failed\n"
        f"  where: {repository.root}\n"
        "  why:   git says: fatal: .git/index: index file smaller than expected\n"
        f"  next:  fix what git says; the command was: git {command}\n"
        "         (git fsck finds what is damaged in a repository; a new clone has it whole)"
    )


@pytest.mark.parametrize(
    ("said", "entry"),
    [
        ("fatal: unable to access 'https://x/': Could not resolve host: x", GIT_FAILED),
        ("fatal: unable to access 'https://x/': Failed to connect to x port 443", GIT_FAILED),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 503", GIT_FAILED),
        ("ssh: connect to host x port 22: Connection timed out", GIT_FAILED),
        ("error: RPC failed; curl 56 GnuTLS recv error (-9)", GIT_FAILED),
        ("fatal: Unable to create '/r/.git/index.lock': File exists.", GIT_FAILED),
        ("error: unable to write file a.txt: No space left on device", GIT_FAILED),
        (
            "fatal: unable to access 'https://x/': The requested URL returned error: 403",
            GIT_REFUSED,
        ),
        ("fatal: Authentication failed for 'https://timeout.example.com/'", GIT_REFUSED),
        ("fatal: bad object HEAD", GIT_REFUSED),
        ("error: unable to read sha1 file of a.txt (0123)", GIT_REFUSED),
        ("git-lfs filter-process: 1: git-lfs: not found", GIT_REFUSED),
    ],
)
def test_git_failed_is_worth_a_second_try_only_where_the_network_or_the_machine_is_to_blame(
    repository: ProjectDir, said: str, entry: Entry
) -> None:
    alias = f"!printf '%s\\n' {shlex.quote(said)} >&2; exit 128"
    repository.git("config", "alias.fail", alias)
    with raises_error(entry) as caught:
        must(repository.root, repository.environ, "fail")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("own", "expected"),
    [({}, "1000 60"), ({"GIT_HTTP_LOW_SPEED_TIME": "600"}, "1000 600")],
    ids=str,
)
def test_transfer_that_stands_still_ends_after_the_users_time_or_a_minute(
    repository: ProjectDir, own: dict[str, str], expected: str
) -> None:
    show = "!echo $GIT_HTTP_LOW_SPEED_LIMIT $GIT_HTTP_LOW_SPEED_TIME"
    repository.git("config", "alias.show-patience", show)
    said = must(repository.root, {**repository.environ, **own}, "show-patience")
    assert said.output == f"{expected}\n"


def test_git_that_gives_no_answer_in_time_is_worth_a_second_try(repository: ProjectDir) -> None:
    repository.git("config", "alias.wait", "!sleep 60")
    with raises_error(GIT_FAILED) as caught:
        ask(repository.root, repository.environ, "wait", seconds=0.5)
    answers = caught.value.answers()
    assert answers["why"] == "git says: no answer within 0.5 s"
    assert answers["next"].endswith("git wait")


@pytest.mark.skipif(sys.platform != "linux", reason="reads proc(5)")
def test_git_whose_ssh_stands_still_is_stopped_and_worth_a_second_try(
    repository: ProjectDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git, "IDLE", 1.0)
    environ = {**repository.environ, "GIT_SSH_COMMAND": "sleep 600 #"}
    with raises_error(GIT_FAILED) as caught:
        must(repository.root, environ, "fetch", "ssh://git.example.com/demo.git")
    assert caught.value.answers()["why"] == "git says: no answer within 1 s"


def test_missing_git_is_no_matter_of_trying_again(repository: ProjectDir) -> None:
    with raises_error(MISSING_PROGRAM) as caught:
        read_commit(repository.root, {**repository.environ, "PATH": "/nowhere"})
    assert (caught.value.status, caught.value.fields["program"]) == (2, "git")


# --- the environment of a hook, and the files ---------------------------------------------------


@pytest.fixture
def in_hook(
    repository: ProjectDir, make_repository: Callable[..., ProjectDir], tmp_path: Path
) -> dict[str, str]:
    """The environment of children where git runs the kit in a hook of another repository."""
    other = make_repository("other")
    other.write("other.txt", "x")
    other.commit_all()
    git = str(other.root / ".git")
    mine = {
        "GIT_DIR": git,
        "GIT_COMMON_DIR": git,
        "GIT_WORK_TREE": str(other.root),
        "GIT_INDEX_FILE": f"{git}/index",
        "GIT_OBJECT_DIRECTORY": f"{git}/objects",
        "GIT_PREFIX": "d/",
    }
    return child_environ({**repository.environ, **mine}, tmp_path / "ca.pem")


def test_commit_is_the_one_of_the_directory_whatever_hook_the_kit_runs_in(
    repository: ProjectDir, in_hook: dict[str, str]
) -> None:
    assert read_commit(repository.root, in_hook) == commit_of(repository)
    assert list_files(repository.root, in_hook) == ("a.txt", "d/b.txt")
    with open_checkout(commit_of(repository), in_hook) as tree:
        assert content_of(tree) == {"a.txt": b"a\n" * 20, "d/b.txt": b"b\n"}


ODD_NAMES = (" lead", "größe mit.txt", "new\nline.txt", 'quo"te', "re\rturn", "tab\t")


def test_files_are_listed_by_the_names_they_have(repository: ProjectDir) -> None:
    for name in ODD_NAMES:
        repository.write(name, "x")
    repository.write(".gitignore", "*.log\n")
    repository.commit_all()
    for name in ("untracked.txt", "ignored.log"):
        repository.write(name, "x")
    (repository.root / "d" / "b.txt").unlink()
    (repository.root / "link").symlink_to("d")
    repository.git("add", "link")
    names = list_files(repository.root, repository.environ)
    assert sorted(names) == sorted((*ODD_NAMES, ".gitignore", "a.txt", "d/b.txt", "link"))


def test_files_of_a_directory_are_relative_to_it(repository: ProjectDir) -> None:
    assert list_files(repository.root / "d", repository.environ) == ("b.txt",)


def test_files_that_git_cannot_list_are_not_taken_for_none(repository: ProjectDir) -> None:
    (repository.root / ".git" / "index").write_bytes(b"damaged")
    with raises_error(GIT_REFUSED) as caught:
        list_files(repository.root, repository.environ)
    assert str(caught.value) == damaged(repository, "ls-files -z --recurse-submodules")


def test_files_of_submodules_are_listed_where_they_are_checked_out(
    with_submodule: ProjectDir, tmp_path: Path
) -> None:
    ours = (".gitmodules", "a.txt", "d/b.txt")
    listed = list_files(with_submodule.root, with_submodule.environ)
    assert listed == (*ours, "lib/a.txt", "lib/d/b.txt")
    with_submodule.git("clone", "-q", str(with_submodule.root), str(tmp_path / "clone"))
    assert list_files(tmp_path / "clone", with_submodule.environ) == ours


# --- the last release -----------------------------------------------------------------------------


def commit_empty(repository: ProjectDir, *tags: str) -> None:
    text = f"more on {repository.git('branch', '--show-current')}"
    repository.git("commit", "-q", "--allow-empty", "-m", text)
    for tag in tags:
        repository.git("tag", tag)


def history_of(repository: ProjectDir, *patterns: str) -> tuple[str | None, int, bool]:
    history = read_history(repository.root, repository.environ, patterns or DEFAULT_PATTERNS)
    return history.last.name if history.last else None, history.commits, history.has_tags


def test_commits_since_the_last_release_are_counted(repository: ProjectDir) -> None:
    assert history_of(repository) == (None, 1, False)
    commit_empty(repository)
    assert history_of(repository) == (None, 2, False)
    repository.git("tag", "nightly")
    assert history_of(repository) == (None, 2, True)
    repository.git("tag", "v1.0")
    assert history_of(repository) == ("v1.0", 0, True)
    for _ in range(3):
        commit_empty(repository)
    assert history_of(repository) == ("v1.0", 3, True)


@pytest.mark.parametrize(
    "tag", ["v2-broken", "2.0.dev1", "v3.0.0.dev0", "pkg-b/v4.0", "rel_5_0", "nightly"]
)
def test_other_tags_and_development_versions_are_no_release(
    repository: ProjectDir, tag: str
) -> None:
    repository.git("tag", "v1.0")
    commit_empty(repository, tag)
    commit_empty(repository)
    assert history_of(repository) == ("v1.0", 2, True)


def test_last_release_has_the_pattern_of_the_project(repository: ProjectDir) -> None:
    repository.git("tag", "rel_1_0_0")
    commit_empty(repository, "pkg-b/v4.0", "v3.0")
    assert history_of(repository, "rel_{version:_}") == ("rel_1_0_0", 1, True)
    assert history_of(repository, "pkg-b/v{version}") == ("pkg-b/v4.0", 0, True)


def test_highest_version_on_one_commit_is_the_last_release(repository: ProjectDir) -> None:
    repository.git("tag", "v1.10")
    repository.git("tag", "-a", "-m", "annotated: git prefers it", "v1.9rc1")
    repository.git("tag", "v1.10.dev7")
    commit_empty(repository)
    assert history_of(repository) == ("v1.10", 1, True)


def test_release_of_another_branch_does_not_count_before_it_is_merged(
    repository: ProjectDir,
) -> None:
    repository.git("tag", "v1.0")
    repository.git("checkout", "-q", "-b", "fix")
    commit_empty(repository, "v1.0.1")
    repository.git("checkout", "-q", "main")
    commit_empty(repository)
    assert history_of(repository) == ("v1.0", 1, True)
    repository.git("merge", "-q", "--no-ff", "-m", "merge", "fix")
    last, commits, _ = history_of(repository)
    assert (last, commits) == ("v1.0.1", 2)
    # The same commit, the same number: a tag elsewhere does not change it.
    repository.git("checkout", "-q", "fix")
    commit_empty(repository, "v1.0.2")
    repository.git("checkout", "-q", "main")
    assert history_of(repository) == (last, commits, True)


def test_tag_of_a_file_is_no_release(repository: ProjectDir) -> None:
    repository.git("tag", "v9.0", "HEAD:a.txt")
    commit_empty(repository)
    assert history_of(repository) == (None, 2, True)
