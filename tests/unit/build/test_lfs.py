from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from raising import raises_error
from releasekit.build.checkout import open_checkout
from releasekit.errors.failed import GIT_FAILED
from support import ProjectDir, commit_of, content_of

CONTENT = bytes(range(256))
OID = hashlib.sha256(CONTENT).hexdigest()
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize {len(CONTENT)}\n"
NO_HOST = (
    "batch request: Post https://git.example.com/x: dial tcp: lookup git.example.com: no such host"
)


@pytest.fixture
def with_pointer(repository: ProjectDir) -> ProjectDir:
    repository.write(".gitattributes", "*.bin filter=lfs -text\n")
    repository.write("model.bin", POINTER)
    repository.commit_all()
    return repository


def install_git_lfs(repository: ProjectDir, folder: Path, script: str) -> ProjectDir:
    """Put a git-lfs on PATH that does this for `git lfs pull`, where the checkout is."""
    folder.mkdir()
    program = folder / "git-lfs"
    program.write_text(f'#!/bin/sh\n[ "$1" = pull ] || exit 1\n{script}\n')
    program.chmod(0o755)
    path = f"{folder}:{repository.environ['PATH']}"
    return ProjectDir(root=repository.root, environ={**repository.environ, "PATH": path})


@pytest.mark.parametrize(
    "said",
    [
        NO_HOST,
        "batch request: Post https://x/: dial tcp 192.0.2.1:443: i/o timeout",
        "batch response: Post https://x/: dial tcp 192.0.2.1:443: connect: connection refused",
        "batch response: Server error: https://x/objects/batch from HTTP 503",
    ],
)
def test_network_that_keeps_git_lfs_from_a_download_is_worth_a_second_run(
    with_pointer: ProjectDir, tmp_path: Path, said: str
) -> None:
    script = f"echo '{said}' >&2; exit 2"
    repository = install_git_lfs(with_pointer, tmp_path / "bin", script)
    checkout = open_checkout(commit_of(repository), repository.environ)
    with raises_error(GIT_FAILED) as caught, checkout:
        pytest.fail("a build must not begin")
    answers = caught.value.answers()
    assert (answers["where"], caught.value.status) == (str(repository.root), 3)
    assert said in answers["why"]
    assert answers["next"].endswith("the command was: git lfs pull")


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("echo 'Repository or object not found: https://x/' >&2; exit 2", POINTER.encode()),
        (f"printf done > model.bin; echo '{NO_HOST}' >&2; exit 2", b"done"),
    ],
    ids=["the object is not there", "another object is not there"],
)
def test_what_no_second_run_can_download_is_left_to_the_checks(
    with_pointer: ProjectDir, tmp_path: Path, script: str, found: bytes
) -> None:
    repository = install_git_lfs(with_pointer, tmp_path / "bin", script)
    with open_checkout(commit_of(repository), repository.environ) as tree:
        assert content_of(tree)["model.bin"] == found
