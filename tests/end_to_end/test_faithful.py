"""The dists hold what the tag holds, however the repository was cloned and whatever git is told."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from support import Command, MakeProject, ProjectDir

ALLOW = {
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "protocol.file.allow",
    "GIT_CONFIG_VALUE_0": "always",
}


def members(project: ProjectDir) -> dict[str, bytes]:
    """All files of the dists, those of the sdist without its top directory."""
    (sdist,) = (project.root / "dist").glob("*.tar.gz")
    (wheel,) = (project.root / "dist").glob("*.whl")
    found = {}
    with tarfile.open(sdist) as archive:
        for entry in archive:
            if file := archive.extractfile(entry):
                found[f"sdist/{entry.name.partition('/')[2]}"] = file.read()
    with zipfile.ZipFile(wheel) as archive:
        found |= {f"wheel/{name}": archive.read(name) for name in archive.namelist()}
    return found


def write_pyproject(project: ProjectDir, requires: str, backend: str, more: str = "") -> None:
    project.write(
        "pyproject.toml",
        f'[build-system]\nrequires = ["{requires}"]\nbuild-backend = "{backend}"\n'
        '[project]\nname = "plain"\nversion = "1.2.3"\ndescription = "d"\nreadme = "README.md"\n'
        f'requires-python = ">=3.10"\nurls = {{ Homepage = "https://plain.example.com" }}\n{more}',
    )


# --- submodules ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("requires", "backend", "more"),
    [
        ("uv_build>=0.8,<1", "uv_build", '[tool.uv.build-backend]\nmodule-root = ""\n'),
        ("poetry-core>=2", "poetry.core.masonry.api", ""),
        ("pdm-backend>=2.4", "pdm.backend", ""),
        ("flit-core>=3.12,<5", "flit_core.buildapi", '[tool.flit.sdist]\ninclude = ["plain/"]\n'),
        ("hatchling>=1.27", "hatchling.build", ""),
    ],
    ids=["uv_build", "poetry", "pdm", "flit", "hatchling"],
)
def test_package_with_a_submodule_is_released_the_same_from_every_clone(
    make_project: MakeProject,
    releasekit: Command,
    tmp_path: Path,
    requires: str,
    backend: str,
    more: str,
) -> None:
    library = tmp_path / "library"
    library.mkdir()
    project = make_project()
    (library / "extra.py").write_text("X = 1\n")
    ProjectDir(root=library, environ=project.environ).git("init", "-q")
    ProjectDir(root=library, environ=project.environ).commit_all()
    project = ProjectDir(root=project.root, environ={**project.environ, **ALLOW})
    (project.root / "plain").mkdir()
    project.git("mv", "plain.py", "plain/__init__.py")
    project.git("submodule", "--quiet", "add", str(library), "plain/vendor")
    write_pyproject(project, requires, backend, more)
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    bare = ProjectDir(root=tmp_path / "clone", environ=project.environ)
    project.git("clone", "-q", str(project.root), str(bare.root))
    found = []
    for clone in (project, bare):
        ran = releasekit("check", project=clone, **ALLOW)
        assert ran.status == 0, ran.out
        found.append({path.name: path.read_bytes() for path in (clone.root / "dist").iterdir()})
    assert found[0] == found[1]
    packed = members(project)
    assert packed["wheel/plain/vendor/extra.py"] == b"X = 1\n"
    assert not [name for name in packed if ".git" in name.split("/")]


def test_meson_packs_what_is_in_a_submodule(
    make_project: MakeProject, releasekit: Command, tmp_path: Path, compiler: dict[str, str]
) -> None:
    library = tmp_path / "library"
    library.mkdir()
    project = make_project("meson")
    (library / "extra.py").write_text("X = 1\n")
    ProjectDir(root=library, environ=project.environ).git("init", "-q")
    ProjectDir(root=library, environ=project.environ).commit_all()
    project = ProjectDir(root=project.root, environ={**project.environ, **ALLOW})
    project.git("submodule", "--quiet", "add", str(library), "vendor")
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    ran = releasekit("build", project=project, **ALLOW, **compiler)
    assert ran.status == 0, ran
    assert members(project)["sdist/vendor/extra.py"] == b"X = 1\n"


# --- Git LFS ------------------------------------------------------------------------------------

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n"
CONTENT = bytes(range(256)) * 20
MODEL = "sdist/plain/model.bin", "wheel/plain/model.bin"


def commit_pointer(project: ProjectDir, attributes: str = "*.bin filter=lfs -text\n") -> None:
    """Commit what git has of a file that Git LFS keeps."""
    (project.root / "plain").mkdir()
    project.git("mv", "plain.py", "plain/__init__.py")
    project.write(".gitattributes", attributes)
    text = POINTER.format(hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
    project.write("plain/model.bin", text)
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")


@pytest.mark.parametrize("attributes", ["*.bin filter=lfs -text\n", "# none\n"])
def test_pointer_that_nothing_replaces_refuses_the_release(
    project: ProjectDir, releasekit: Command, attributes: str
) -> None:
    commit_pointer(project, attributes)
    ran = releasekit("release", project=project)
    assert ran.status == 1, ran
    assert "1 file is a Git LFS pointer, not the file itself: plain/model.bin" in ran.out
    assert ran.out.endswith("what it allows\n")
    assert "E121: 2 findings of severity error: RK407\n" in ran.out


def keep_in_store(project: ProjectDir) -> None:
    oid = hashlib.sha256(CONTENT).hexdigest()
    stored = project.root / ".git" / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
    stored.parent.mkdir(parents=True)
    stored.write_bytes(CONTENT)
    # git itself fails in a clone with a filter that does not start, unless it takes it for clean.
    project.git("update-index", "--assume-unchanged", "plain/model.bin")


def keep_in_tree(project: ProjectDir) -> None:
    """As git-lfs leaves it: git takes the file for unchanged, because of the filter."""
    (project.root / "plain" / "model.bin").write_bytes(CONTENT)
    project.git("update-index", "--assume-unchanged", "plain/model.bin")


@pytest.mark.parametrize("keep", [keep_in_store, keep_in_tree])
@pytest.mark.parametrize("filters", [False, True], ids=["no filter", "filter without git-lfs"])
def test_what_the_clone_has_of_git_lfs_is_packed(
    project: ProjectDir,
    releasekit: Command,
    keep: Callable[[ProjectDir], None],
    filters: bool,
) -> None:
    commit_pointer(project)
    keep(project)
    if filters:
        for key in ("smudge", "process"):
            project.git("config", f"filter.lfs.{key}", "no-such-program")
        project.git("config", "filter.lfs.required", "true")
    ran = releasekit("release", project=project, GIT_LFS_SKIP_SMUDGE="1")
    assert ran.status == 0, ran.out
    packed = members(project)
    assert [packed[name] for name in MODEL] == [CONTENT, CONTENT]


def test_changed_file_in_the_tree_is_not_taken_for_the_one_of_git_lfs(
    project: ProjectDir, releasekit: Command
) -> None:
    commit_pointer(project)
    keep_in_tree(project)
    (project.root / "plain" / "model.bin").write_bytes(CONTENT[:-1] + b"x")
    ran = releasekit("release", project=project)
    assert (ran.status, "RK407" in ran.out) == (1, True), ran


needs_lfs = pytest.mark.skipif(not shutil.which("git-lfs"), reason="git-lfs is not installed")


@needs_lfs
@pytest.mark.parametrize(
    "skipped", [{}, {"GIT_LFS_SKIP_SMUDGE": "1"}], ids=["plain", "GIT_LFS_SKIP_SMUDGE"]
)
def test_git_lfs_downloads_what_a_clone_lacks(
    project: ProjectDir, releasekit: Command, tmp_path: Path, skipped: dict[str, str]
) -> None:
    commit_pointer(project)
    keep_in_store(project)
    clone = ProjectDir(root=tmp_path / "clone", environ=project.environ)
    environ = {**project.environ, "GIT_LFS_SKIP_SMUDGE": "1"}
    url = project.root.as_uri()
    subprocess.run(("git", "clone", "-q", url, clone.root), env=environ, check=True)
    clone.git("config", "lfs.fetchexclude", "*")
    ran = releasekit("check", project=clone, **skipped)
    assert ran.status == 0, ran.out
    packed = members(clone)
    assert [packed[name] for name in MODEL] == [CONTENT, CONTENT]
    assert not (clone.root / ".git" / "lfs" / "objects").exists()


# --- git-crypt ----------------------------------------------------------------------------------

needs_crypt = pytest.mark.skipif(not shutil.which("git-crypt"), reason="git-crypt is not installed")


def test_encrypted_file_refuses_the_release(project: ProjectDir, releasekit: Command) -> None:
    (project.root / "plain").mkdir()
    project.git("mv", "plain.py", "plain/__init__.py")
    (project.root / "plain" / "secret.txt").write_bytes(b"\0GITCRYPT\0" + bytes(range(40)))
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    ran = releasekit("release", project=project)
    assert ran.status == 1, ran
    assert "1 file is encrypted by git-crypt: plain/secret.txt" in ran.out
    assert "E121: 2 findings of severity error: RK408\n" in ran.out


@needs_crypt
@pytest.mark.parametrize("worktree", [False, True], ids=["clone", "linked worktree"])
def test_unlocked_repository_is_released_and_its_key_is_copied_nowhere(
    project: ProjectDir, releasekit: Command, tmp_path: Path, worktree: bool
) -> None:
    project.git("crypt", "init")
    (project.root / "plain").mkdir()
    project.git("mv", "plain.py", "plain/__init__.py")
    project.write(".gitattributes", "secret.txt filter=git-crypt diff=git-crypt\n")
    project.write("plain/secret.txt", "open\n")
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    if worktree:
        options = ("-q", "--no-checkout", "--detach")
        project.git("worktree", "add", *options, str(tmp_path / "linked"))
        own = project.root / ".git"
        shutil.copytree(own / "git-crypt", own / "worktrees" / "linked" / "git-crypt")
        project = ProjectDir(root=tmp_path / "linked", environ=project.environ)
        project.git("checkout", "-f", "-q")
        assert (project.root / "plain" / "secret.txt").read_text() == "open\n"
    ran = releasekit("release", project=project, TMPDIR=str(tmp_path))
    assert ran.status == 0, ran.out
    assert members(project)["wheel/plain/secret.txt"] == b"open\n"
    assert list(tmp_path.glob("releasekit-*")) == []


# --- the version and the time of the commit -----------------------------------------------------

SCM = """\
[build-system]
requires = ["setuptools>=77", "setuptools-scm>=10"]
build-backend = "setuptools.build_meta"
[project]
name = "plain"
dynamic = ["version"]
urls = {{ Homepage = "https://plain.example.com" }}
[tool.setuptools]
packages = ["plain"]
[tool.setuptools_scm]
version_file = "plain/_version.py"
{more}"""


def make_scm(project: ProjectDir, tag: str, more: str = "") -> None:
    (project.root / "plain").mkdir(exist_ok=True)
    project.git("mv", "plain.py", "plain/__init__.py")
    project.write("pyproject.toml", SCM.format(more=more))
    project.commit_all()
    project.git("tag", "-d", "v1.2.3")
    project.git("tag", tag)


def test_sdist_of_setuptools_scm_names_the_commit(project: ProjectDir, releasekit: Command) -> None:
    """As `uv build` has it, at a tag that the library understands itself."""
    make_scm(project, "v1.2.3")
    ran = releasekit("build", project=project, SETUPTOOLS_SCM_PRETEND_VERSION="9")
    assert ran.status == 0, ran.out
    packed = members(project)
    stated = json.loads(packed["sdist/plain.egg-info/scm_version.json"])
    commit = project.git("rev-parse", "HEAD")
    assert (stated["tag"], stated["node"], stated["dirty"]) == ("1.2.3", f"g{commit}", False)
    assert f"commit_id = 'g{commit[:9]}" in packed["sdist/plain/_version.py"].decode()
    whole = {path.name: path.read_bytes() for path in (project.root / "dist").glob("*.whl")}
    ran = releasekit("build", "--wheel-from", "dist/plain-1.2.3.tar.gz", project=project)
    assert ran.status == 0, ran.out
    assert {path.name: path.read_bytes() for path in (project.root / "dist").glob("*.whl")} == whole


def test_a_version_file_that_git_tracks_is_written_and_does_not_change_the_version(
    project: ProjectDir, releasekit: Command
) -> None:
    """setuptools-scm writes it when it is asked for requirements: the tree is changed then."""
    (project.root / "plain").mkdir()
    project.write("plain/_version.py", "version = '0'\n")
    make_scm(project, "v1.2.3")
    assert project.git("ls-files", "plain/_version.py") == "plain/_version.py"
    ran = releasekit("build", project=project)
    assert ran.status == 0, ran.out
    assert b"version = '1.2.3'" in members(project)["sdist/plain/_version.py"]


@pytest.mark.parametrize(
    ("tag", "more"),
    [
        pytest.param("release/1.2.3-final", "", id="a tag that the library takes for another"),
        pytest.param("plain_1.2.3", 'tag_regex = "^never(?P<version>.*)$"\n', id="tag_regex"),
        pytest.param("v1.2.3", 'root = ".."\n', id="root that is not there"),
    ],
)
def test_release_has_the_version_of_its_tag_where_setuptools_scm_does_not_find_it(
    project: ProjectDir, releasekit: Command, tag: str, more: str
) -> None:
    pattern = tag.replace("1.2.3", "{version}")
    make_scm(project, tag, f'{more}[tool.releasekit]\ntag = "{pattern}"\n')
    ran = releasekit("release", project=project)
    assert ran.status == 0, ran.out
    assert b"version = '1.2.3'" in members(project)["wheel/plain/_version.py"]


@pytest.mark.parametrize(
    ("requires", "backend", "more"),
    [
        ("hatchling==1.18.0", "hatchling.build", ""),
        ("flit-core==3.12", "flit_core.buildapi", ""),
        ("setuptools>=77", "setuptools.build_meta", ""),
    ],
    ids=["old hatchling", "flit", "setuptools"],
)
def test_commit_before_1980_is_released(
    project: ProjectDir, releasekit: Command, requires: str, backend: str, more: str
) -> None:
    write_pyproject(project, requires, backend, more)
    old = {"GIT_COMMITTER_DATE": "1975-06-07T08:09:10Z", "GIT_AUTHOR_DATE": "1975-06-07T08:09:10Z"}
    past = ProjectDir(root=project.root, environ={**project.environ, **old})
    past.commit_all()
    past.git("tag", "-f", "v1.2.3")
    ran = releasekit("check", project=past)
    assert ran.status == 0, ran.out
    (wheel,) = (project.root / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert min(entry.date_time for entry in archive.infolist()) == (1980, 1, 1, 0, 0, 0)
