from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from raising import raises_error
from releasekit.build.checkout import copy_changes, follow_links_out, open_checkout
from releasekit.errors import Entry
from releasekit.errors.failed import SUBMODULE_UNREACHABLE
from releasekit.errors.setup import CANNOT_FETCH_SUBMODULE
from support import ProjectDir, commit_of, content_of


def test_checkout_holds_the_content_of_the_commit_alone(repository: ProjectDir) -> None:
    repository.write(".gitignore", "*.log\n")
    repository.write("größe mit leer.txt", "x\n")
    repository.commit_all()
    commit = commit_of(repository)
    repository.write("a.txt", "modified")
    repository.write("untracked.txt", "u")
    repository.write("ignored.log", "i")
    (repository.root / "d" / "b.txt").unlink()
    with open_checkout(commit, repository.environ) as tree:
        assert content_of(tree) == {
            ".gitignore": b"*.log\n",
            "a.txt": b"a\n" * 20,
            "d/b.txt": b"b\n",
            "größe mit leer.txt": b"x\n",
        }


def test_checkout_is_gone_afterwards_and_the_repository_as_before(repository: ProjectDir) -> None:
    config = (repository.root / ".git" / "config").read_bytes()
    with (
        pytest.raises(KeyboardInterrupt),
        open_checkout(commit_of(repository), repository.environ) as tree,
    ):
        raise KeyboardInterrupt
    assert not tree.exists()
    assert repository.git("worktree", "list", "--porcelain").count("worktree ") == 1
    assert repository.git("status", "--porcelain") == ""
    assert (repository.root / ".git" / "config").read_bytes() == config


def test_two_checkouts_of_one_commit_do_not_meet(repository: ProjectDir) -> None:
    commit = commit_of(repository)
    with (
        open_checkout(commit, repository.environ) as one,
        open_checkout(commit, repository.environ) as two,
    ):
        assert content_of(one) == content_of(two)


@pytest.mark.parametrize("settings", [("autocrlf", "true"), ("eol", "crlf")], ids=" ".join)
def test_checkout_has_the_committed_bytes_whatever_the_user_likes_on_disk(
    repository: ProjectDir, settings: tuple[str, str]
) -> None:
    repository.write(".gitattributes", "a.txt text=auto\n")
    repository.commit_all()
    repository.git("config", f"core.{settings[0]}", settings[1])
    with open_checkout(commit_of(repository), repository.environ) as tree:
        assert content_of(tree)["a.txt"] == b"a\n" * 20


@pytest.mark.parametrize("place", ["home", "XDG_CONFIG_HOME", "core.attributesFile"])
def test_checkout_has_the_committed_bytes_whatever_the_users_attributes_say(
    with_submodule: ProjectDir, place: str, tmp_path: Path
) -> None:
    environ = dict(with_submodule.environ)
    config = Path(environ["HOME"], ".config")
    if place == "XDG_CONFIG_HOME":
        environ[place] = str(config := tmp_path / "config")
    (config / "git").mkdir(parents=True)
    (config / "git" / "attributes").write_text("* text eol=crlf\n")
    if place == "core.attributesFile":
        (config / "git" / "attributes").rename(tmp_path / "attributes")
        with_submodule.git("config", "--global", place, str(tmp_path / "attributes"))
    with open_checkout(commit_of(with_submodule), environ) as tree:
        content = content_of(tree)
    assert (content["a.txt"], content["lib/a.txt"]) == (b"a\n" * 20, b"a\n" * 20)
    clone = ("clone", "-q", str(with_submodule.root), str(tmp_path / "clone"))
    ProjectDir(root=tmp_path, environ=environ).git(*clone)
    assert (tmp_path / "clone" / "a.txt").read_bytes() == b"a\r\n" * 20  # what it would be


def test_checkout_of_a_sparse_clone_is_whole(repository: ProjectDir) -> None:
    (repository.root / "e").mkdir()
    repository.write("e/c.txt", "c\n")
    repository.commit_all()
    repository.git("sparse-checkout", "set", "d")
    assert not (repository.root / "e").exists()
    with open_checkout(commit_of(repository), repository.environ) as tree:
        assert sorted(content_of(tree)) == ["a.txt", "d/b.txt", "e/c.txt"]


def test_hooks_of_the_user_do_not_run(repository: ProjectDir) -> None:
    hook = repository.root / ".git" / "hooks" / "post-checkout"
    hook.write_text("#!/bin/sh\necho ran > ran.txt\n")
    hook.chmod(0o755)
    with open_checkout(commit_of(repository), repository.environ) as tree:
        assert "ran.txt" not in content_of(tree)


def test_checkout_holds_the_submodules(with_submodule: ProjectDir) -> None:
    with open_checkout(commit_of(with_submodule), with_submodule.environ) as tree:
        files = [name for name in content_of(tree) if name.startswith("lib/")]
    assert sorted(files) == ["lib/a.txt", "lib/d/b.txt"]
    assert not tree.exists()


@pytest.fixture
def bare_clone_of(with_submodule: ProjectDir, tmp_path: Path) -> ProjectDir:
    """A clone in which the submodule is not checked out, as CI makes them."""
    root = tmp_path.resolve() / "clone"
    with_submodule.git("clone", "-q", str(with_submodule.root), str(root))
    return ProjectDir(root=root, environ=with_submodule.environ)


def test_submodule_is_taken_from_the_users_checkout_without_a_fetch(
    with_submodule: ProjectDir, make_repository: Callable[[str], ProjectDir]
) -> None:
    inner = make_repository("inner")
    library = ProjectDir(root=with_submodule.root / "lib", environ=with_submodule.environ)
    library.git("submodule", "--quiet", "add", str(inner.root), "inner")
    library.commit_all()
    with_submodule.commit_all()
    for repository in (inner.root, with_submodule.root.parent / "library"):
        repository.rename(f"{repository}-moved")
    (library.root / "a.txt").write_text("changed")
    with open_checkout(commit_of(with_submodule), with_submodule.environ) as tree:
        content = content_of(tree)
    assert sorted(content)[3:] == [
        "lib/.gitmodules",
        "lib/a.txt",
        "lib/d/b.txt",
        "lib/inner/a.txt",
        "lib/inner/d/b.txt",
    ]
    assert content["lib/a.txt"] == b"a\n" * 20


def test_submodule_that_is_not_checked_out_is_fetched_and_the_clone_stays_as_it_is(
    bare_clone_of: ProjectDir,
) -> None:
    before = state_of(bare_clone_of)
    with open_checkout(commit_of(bare_clone_of), bare_clone_of.environ) as tree:
        assert "lib/a.txt" in content_of(tree)
    assert state_of(bare_clone_of) == before


def state_of(repository: ProjectDir) -> dict[str, int]:
    """What a write to the repository would change."""
    return {
        str(path): path.stat().st_mtime_ns
        for path in (repository.root / ".git", *files_of(repository))
    }


def files_of(repository: ProjectDir) -> list[Path]:
    return sorted((repository.root / ".git").rglob("*"))


def refuse(repository: ProjectDir, entry: Entry) -> dict[str, str]:
    checkout = open_checkout(commit_of(repository), repository.environ)
    with raises_error(entry) as caught, checkout:
        pytest.fail("a build must not begin")
    return caught.value.answers()


def test_submodule_that_cannot_be_fetched_stops_the_build_and_can_be_excluded(
    bare_clone_of: ProjectDir,
) -> None:
    bare_clone_of.git("config", "-f", ".gitmodules", "submodule.lib.url", "/nowhere")
    bare_clone_of.commit_all()
    answers = refuse(bare_clone_of, CANNOT_FETCH_SUBMODULE)
    assert answers["what"] == "a submodule cannot be fetched: lib"
    assert answers["where"] == str(bare_clone_of.root)
    assert "fatal: repository '/nowhere' does not exist" in answers["why"]
    top, (update, *_, setting) = bare_clone_of.root, answers["next"].splitlines()
    assert update.startswith(f"git -C {top} submodule update --init --recursive -- lib   (")
    assert setting == f"git -C {top} config submodule.lib.update none"
    bare_clone_of.git(*setting.split()[1:])
    with open_checkout(commit_of(bare_clone_of), bare_clone_of.environ) as tree:
        assert sorted(content_of(tree)) == [".gitmodules", "a.txt", "d/b.txt"]


def test_submodule_of_a_submodule_is_fetched_and_excluded_where_it_lies(
    with_submodule: ProjectDir, make_repository: Callable[[str], ProjectDir]
) -> None:
    library = ProjectDir(root=with_submodule.root / "lib", environ=with_submodule.environ)
    inner = make_repository("inner")
    library.git("submodule", "--quiet", "add", str(inner.root), "inner")
    library.git("config", "-f", ".gitmodules", "submodule.inner.url", "/nowhere")
    library.commit_all()
    with_submodule.commit_all()
    library.git("submodule", "--quiet", "deinit", "-f", "inner")
    update, *_, setting = refuse(with_submodule, CANNOT_FETCH_SUBMODULE)["next"].splitlines()
    there = f"git -C {library.root}"
    assert update.startswith(f"{there} submodule update --init --recursive -- inner   (")
    assert setting == f"{there} config submodule.inner.update none"
    library.git(*setting.split()[1:])
    with open_checkout(commit_of(with_submodule), with_submodule.environ) as tree:
        assert (tree / "lib" / "a.txt").exists()


def test_submodule_on_a_host_that_does_not_answer_is_worth_a_second_try(
    bare_clone_of: ProjectDir,
) -> None:
    url = "http://127.0.0.1:1/lib.git"
    bare_clone_of.git("config", "-f", ".gitmodules", "submodule.lib.url", url)
    bare_clone_of.commit_all()
    answers = refuse(bare_clone_of, SUBMODULE_UNREACHABLE)
    assert "127.0.0.1" in answers["why"]
    top = bare_clone_of.root
    assert answers["next"].endswith(f"\ngit -C {top} config submodule.lib.update none")


def test_excluded_submodule_is_left_out_however_the_user_cloned(with_submodule: ProjectDir) -> None:
    with_submodule.git("config", "-f", ".gitmodules", "submodule.lib.update", "none")
    with_submodule.commit_all()
    assert (with_submodule.root / "lib" / "a.txt").exists()
    with open_checkout(commit_of(with_submodule), with_submodule.environ) as tree:
        assert sorted(content_of(tree)) == [".gitmodules", "a.txt", "d/b.txt"]


@pytest.mark.parametrize("clone", ["whole", "bare", "recursive", "of old git"])
def test_submodules_have_no_git_of_their_own_however_the_user_cloned(
    with_submodule: ProjectDir,
    make_repository: Callable[[str], ProjectDir],
    tmp_path: Path,
    clone: str,
) -> None:
    library = ProjectDir(root=with_submodule.root / "lib", environ=with_submodule.environ)
    inner = make_repository("inner")
    library.git("submodule", "--quiet", "add", "--name", "odd/name", str(inner.root), "inner")
    library.commit_all()
    library.git("push", "-q", "origin", "HEAD:refs/heads/next")
    with_submodule.commit_all()
    repository = with_submodule
    if clone in ("bare", "recursive"):
        options = ("--recurse-submodules",) if clone == "recursive" else ()
        with_submodule.git("clone", "-q", *options, str(with_submodule.root), f"{tmp_path}/clone")
        repository = ProjectDir(root=tmp_path / "clone", environ=with_submodule.environ)
    if clone == "of old git":
        (library.root / ".git").unlink()
        (with_submodule.root / ".git" / "modules" / "lib").rename(library.root / ".git")
        config = library.root / ".git" / "config"
        lines = config.read_text().splitlines(keepends=True)
        config.write_text("".join(line for line in lines if "worktree" not in line))
        shutil.rmtree(library.root / "inner")
    with open_checkout(commit_of(repository), repository.environ) as tree:
        assert [path for path in tree.rglob(".git") if path != tree / ".git"] == []
        assert (tree / "lib" / "inner" / "d" / "b.txt").read_bytes() == b"b\n"
        own = inside(tree, repository)
        assert own.git("status", "--porcelain") == ""
        assert own.git("describe", "--always", "--dirty").endswith("dirty") is False
        assert "lib/a.txt" in own.git("ls-files", "--recurse-submodules").split()


# --- the repository of a checkout ---------------------------------------------------------------


def test_nothing_is_written_to_the_users_repository(repository: ProjectDir) -> None:
    commit = commit_of(repository)
    before = state_of(repository)
    with open_checkout(commit, repository.environ):
        pass
    assert state_of(repository) == before


def test_attributes_of_the_users_clone_change_no_byte(repository: ProjectDir) -> None:
    info = repository.root / ".git" / "info"
    info.mkdir(exist_ok=True)
    (info / "attributes").write_text("* text eol=crlf\n")
    with open_checkout(commit_of(repository), repository.environ) as tree:
        assert content_of(tree)["a.txt"] == b"a\n" * 20


def test_links_stay_links_whatever_the_users_clone_makes_of_them(repository: ProjectDir) -> None:
    (repository.root / "link").symlink_to("d")
    repository.commit_all()
    repository.git("config", "core.symlinks", "false")
    with open_checkout(commit_of(repository), repository.environ) as tree:
        assert (tree / "link").readlink() == Path("d")


def inside(tree: Path, repository: ProjectDir) -> ProjectDir:
    """The checkout as a repository, as a build backend asks it."""
    return ProjectDir(root=tree, environ=repository.environ)


def test_backend_that_asks_git_finds_a_clean_tree_the_history_and_the_remote(
    repository: ProjectDir,
) -> None:
    repository.git("tag", "v1.0")
    repository.write("a.txt", "second\n")
    repository.commit_all("second")
    repository.git("remote", "add", "origin", "https://git.example.com/demo")
    with open_checkout(commit_of(repository), repository.environ) as tree:
        own = inside(tree, repository)
        assert own.git("status", "--porcelain") == ""
        assert own.git("describe", "--tags").startswith("v1.0-1-g")
        assert own.git("log", "--format=%s") == "second\nfirst"
        assert own.git("remote", "get-url", "origin") == "https://git.example.com/demo"
        assert own.git("ls-files") == "a.txt\nd/b.txt"


def test_hidden_tags_are_not_found(repository: ProjectDir) -> None:
    for name in ("v1.0rc1", "v1.0", "latest"):
        repository.git("tag", "-a", "-m", name, name)
    commit = commit_of(repository)
    with open_checkout(commit, repository.environ, hidden_tags=("v1.0rc1",)) as tree:
        assert inside(tree, repository).git("tag").split() == ["latest", "v1.0"]
    assert repository.git("tag").split() == ["latest", "v1.0", "v1.0rc1"]


def test_shallow_clone_is_checked_out(repository: ProjectDir, tmp_path: Path) -> None:
    repository.write("a.txt", "second\n")
    repository.commit_all("second")
    repository.git("tag", "v1.0")
    repository.git("clone", "-q", "--depth=1", repository.root.as_uri(), str(tmp_path / "clone"))
    clone = ProjectDir(root=tmp_path.resolve() / "clone", environ=repository.environ)
    with open_checkout(commit_of(clone), clone.environ) as tree:
        own = inside(tree, clone)
        assert own.git("log", "--format=%s") == "second"
        assert own.git("describe", "--tags") == "v1.0"


@pytest.mark.parametrize(
    ("link", "followed"),
    [
        pytest.param("../../LICENSE", True, id="file above the project"),
        pytest.param("own", False, id="file of the project"),
        pytest.param("../../packages/b", False, id="directory"),
        pytest.param("../../.git/config", False, id="git's own"),
        pytest.param("/etc/passwd", False, id="out of the repository"),
        pytest.param("nowhere", False, id="nothing"),
    ],
)
def test_links_out_of_a_project_become_the_files_they_lead_to(
    repository: ProjectDir, link: str, followed: bool
) -> None:
    for name in ("LICENSE", "packages/a/own", "packages/b/other"):
        (repository.root / name).parent.mkdir(parents=True, exist_ok=True)
        repository.write(name, "the text\n")
    (repository.root / "packages" / "a" / "link ö").symlink_to(link)
    repository.commit_all()
    with open_checkout(commit_of(repository), repository.environ) as tree:
        follow_links_out(tree, tree / "packages" / "a", repository.environ)
        found = tree / "packages" / "a" / "link ö"
        assert found.is_symlink() is not followed
        assert not followed or found.read_text(encoding="utf-8") == "the text\n"
        checkout = ProjectDir(root=tree, environ=repository.environ)
        assert checkout.git("status", "--porcelain") == ""
        assert checkout.git("describe", "--always", "--dirty").endswith("dirty") is False


def test_linked_worktree_of_the_users_is_checked_out(
    repository: ProjectDir, tmp_path: Path
) -> None:
    repository.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    linked = ProjectDir(root=tmp_path.resolve() / "linked", environ=repository.environ)
    with open_checkout(commit_of(linked), linked.environ) as tree:
        assert content_of(tree) == {"a.txt": b"a\n" * 20, "d/b.txt": b"b\n"}


def test_submodule_of_the_users_is_checked_out_as_a_project(with_submodule: ProjectDir) -> None:
    library = ProjectDir(root=with_submodule.root / "lib", environ=with_submodule.environ)
    with open_checkout(commit_of(library), library.environ) as tree:
        assert content_of(tree) == {"a.txt": b"a\n" * 20, "d/b.txt": b"b\n"}
        assert inside(tree, library).git("status", "--porcelain") == ""


def test_partial_clone_fetches_what_it_left_out(repository: ProjectDir, tmp_path: Path) -> None:
    repository.git("config", "uploadpack.allowFilter", "true")
    repository.git("config", "uploadpack.allowAnySHA1InWant", "true")
    options = ("-q", "--filter=blob:none", "--sparse")
    repository.git("clone", *options, repository.root.as_uri(), str(tmp_path / "clone"))
    clone = ProjectDir(root=tmp_path.resolve() / "clone", environ=repository.environ)
    assert not (clone.root / "d").exists()
    with open_checkout(commit_of(clone), clone.environ) as tree:
        assert content_of(tree) == {"a.txt": b"a\n" * 20, "d/b.txt": b"b\n"}


@pytest.mark.parametrize("ours", ["sha1", "sha256"])
@pytest.mark.parametrize("default", ["sha1", "sha256", None])
def test_repository_is_checked_out_whatever_hashes_git_has_by_default(
    tmp_path: Path, environ: dict[str, str], ours: str, default: str | None
) -> None:
    repository = ProjectDir(root=tmp_path.resolve() / "hashes", environ=environ)
    repository.root.mkdir()
    repository.git("init", "-q", f"--object-format={ours}")
    repository.write("a.txt", "a\n")
    repository.commit_all()
    if default:
        environ |= {"GIT_DEFAULT_HASH": default}
        repository.git("config", "--global", "init.defaultObjectFormat", default)
    with open_checkout(commit_of(repository), environ) as tree:
        assert content_of(tree) == {"a.txt": b"a\n"}


@pytest.mark.parametrize("name", ["two words", "größe", 'quo"te', "back\\slash", "# ; ="])
def test_repository_at_an_odd_path_is_checked_out(
    make_repository: Callable[[str], ProjectDir], name: str
) -> None:
    repository = make_repository(name)
    repository.git("config", "user.odd", "found")
    with open_checkout(commit_of(repository), repository.environ) as tree:
        assert content_of(tree) == {"a.txt": b"a\n" * 20, "d/b.txt": b"b\n"}
        assert inside(tree, repository).git("config", "user.odd") == "found"


# --- changes that are not committed -------------------------------------------------------------


def test_changes_of_tracked_files_are_copied_and_nothing_else(with_submodule: ProjectDir) -> None:
    root = with_submodule.root
    for name in ("modified.txt", "renamed.txt", "kind.txt"):
        with_submodule.write(name, f"{name} is long enough\n")
    with_submodule.write(".gitignore", "*.log\n")
    with_submodule.commit_all()
    with_submodule.write("modified.txt", "new")
    (root / "d" / "b.txt").unlink()
    with_submodule.git("mv", "renamed.txt", "new name.txt")
    (root / "kind.txt").unlink()
    (root / "kind.txt").symlink_to("a.txt")
    with_submodule.write("lib/a.txt", "in the submodule")
    with_submodule.write("staged.txt", "staged")
    with_submodule.git("add", "staged.txt")
    with_submodule.write("untracked.txt", "u")
    with_submodule.write("ignored.log", "i")
    commit = commit_of(with_submodule)
    with open_checkout(commit, with_submodule.environ) as tree:
        copy_changes(commit, tree)
        content = content_of(tree)
        assert (tree / "kind.txt").readlink() == Path("a.txt")
    assert sorted(content) == [
        ".gitignore",
        ".gitmodules",
        "a.txt",
        "kind.txt",
        "lib/a.txt",
        "lib/d/b.txt",
        "modified.txt",
        "new name.txt",
        "staged.txt",
    ]
    assert (content["modified.txt"], content["lib/a.txt"]) == (b"new", b"in the submodule")


@pytest.mark.parametrize("staged", [False, True], ids=["untracked", "staged"])
@pytest.mark.parametrize("was", ["link", "file"])
def test_a_directory_takes_the_place_of_a_link_or_a_file_as_git_has_it(
    make_repository: Callable[[str], ProjectDir], tmp_path: Path, staged: bool, was: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    repository = make_repository("plain")
    if was == "link":
        (repository.root / "data").symlink_to(outside)
    else:
        repository.write("data", "committed")
    repository.commit_all()
    (repository.root / "data").unlink()
    (repository.root / "data").mkdir()
    repository.write("data/secret.txt", "s")
    if staged:
        repository.git("add", "-A")
    commit = commit_of(repository)
    with open_checkout(commit, repository.environ) as tree:
        copy_changes(commit, tree)
        found = {name for name in content_of(tree) if name.startswith("data")}
        assert found == ({"data/secret.txt"} if staged else set())
        assert not (tree / "data").is_symlink()
    assert list(outside.iterdir()) == []
