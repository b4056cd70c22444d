from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.version import Version

from raising import raises_error
from releasekit.build.checkout import open_checkout
from releasekit.build.stated_version import write_version
from releasekit.errors.setup import CANNOT_WRITE_VERSION
from releasekit.inspect.project import find_stated_version
from releasekit.model.project import StatedVersion
from support import ProjectDir, commit_of

MakeRepository = Callable[..., ProjectDir]
NEW = Version("1.2.4.dev3")


@pytest.fixture
def make_repository(tmp_path: Path, environ: dict[str, str]) -> MakeRepository:
    def make(file: str, content: bytes) -> ProjectDir:
        repository = ProjectDir(root=tmp_path / "repository", environ=environ)
        repository.root.mkdir()
        repository.git("init", "-q", "-b", "main")
        (repository.root / file).write_bytes(content)
        repository.commit_all("first: größe")
        return repository

    return make


@pytest.mark.parametrize(
    ("file", "text"),
    [
        pytest.param("pyproject.toml", '[project]\nname = "x"\nversion = "OLD"\n', id="PEP 621"),
        pytest.param("pyproject.toml", "[project]\nversion='OLD' # ours\n", id="comment"),
        pytest.param("pyproject.toml", '[project]\r\nversion = "OLD"\r\nname = "x"\r\n', id="CRLF"),
        pytest.param("pyproject.toml", '[project]\nversion = "OLD"', id="no end of the last line"),
        pytest.param("pyproject.toml", 'project.name = "x"\nproject.version = "OLD"\n', id="dots"),
        pytest.param("pyproject.toml", 'project = { version = "OLD", name = "x" }\n', id="inline"),
        pytest.param("pyproject.toml", '[project]\n"version" = """OLD"""\n', id="quotes"),
        pytest.param(
            "pyproject.toml",
            '[tool.a]\nversion = "OLD"\n[project]\nversion = "OLD"\n[tool.b]\n[project.urls]\n',
            id="tables out of order",
        ),
        pytest.param(
            "pyproject.toml",
            'build-system.requires = ["poetry-core"]\n[tool.x]\n[tool.poetry]\nversion = "OLD"\n',
            id="poetry",
        ),
        pytest.param("setup.cfg", "[metadata]\nname = x\nversion = OLD\n", id="setup.cfg"),
        pytest.param("setup.cfg", "[metadata]\nversion: OLD", id="setup.cfg, colon"),
        pytest.param("setup.cfg", "# x\r\n[metadata]\r\nversion=OLD\r\n\r\n", id="setup.cfg, CRLF"),
        pytest.param("setup.cfg", "[options]\n[metadata]\nVersion = OLD\n[x]\n", id="case"),
    ],
)
def test_version_alone_is_changed(make_repository: MakeRepository, file: str, text: str) -> None:
    repository = make_repository(file, text.replace("OLD", "1.2.3").encode())
    with open_checkout(commit_of(repository), repository.environ) as tree:
        stated = find_stated_version(tree)
        assert stated
        write_version(tree, stated, NEW, repository.environ)
        found = find_stated_version(tree)
        assert found
        assert (found.file, found.keys, found.version) == (stated.file, stated.keys, NEW)
        changed = (tree / file).read_bytes().decode()
    # How strings are quoted, and the blanks around the version, do not matter.
    plain = [
        text.replace('"""', '"').replace("'", '"').replace(" ", "").strip()
        for text in (changed.replace(str(NEW), "1.2.3"), text.replace("OLD", "1.2.3"))
    ]
    assert plain[0] == plain[1]


def test_git_shows_the_commit_with_the_new_version(make_repository: MakeRepository) -> None:
    repository = make_repository("pyproject.toml", b'[project]\nversion = "1.2.3"\n')
    commit = commit_of(repository)
    with open_checkout(commit, repository.environ) as tree:
        stated = find_stated_version(tree)
        assert stated
        write_version(tree, stated, NEW, repository.environ)
        checkout = ProjectDir(root=tree, environ=repository.environ)
        assert checkout.git("rev-parse", "HEAD") == commit.sha
        assert checkout.git("status", "--porcelain") == ""
        assert checkout.git("show", "HEAD:pyproject.toml") == f'[project]\nversion = "{NEW}"'
        assert checkout.git("log", "--format=%an %ct %s") == f"Author {commit.time} first: größe"
    assert repository.git("show", "HEAD:pyproject.toml") == '[project]\nversion = "1.2.3"'
    assert repository.git("for-each-ref", "refs/replace") == ""


@pytest.mark.parametrize(
    "text",
    ["version = 1.2.3\n", "[DEFAULT]\nversion = 1.2.3\n[metadata]\nname = demo\n"],
    ids=["no section", "[DEFAULT]"],
)
def test_file_that_cannot_be_changed_is_refused_by_name(
    make_repository: MakeRepository, text: str
) -> None:
    repository = make_repository("setup.cfg", text.encode())
    stated = StatedVersion(file="setup.cfg", keys=("metadata", "version"), version=Version("1"))
    with (
        open_checkout(commit_of(repository), repository.environ) as tree,
        raises_error(CANNOT_WRITE_VERSION) as caught,
    ):
        write_version(tree, stated, NEW, repository.environ)
    answers = caught.value.answers()
    assert answers["what"] == "the development version 1.2.4.dev3 cannot be written"
    assert answers["where"] == "version in [metadata] of setup.cfg"
