"""Searching where the REST API does not answer: the index of a sandbox, which has none."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from in_process import Recorder, open_command
from nexus_double import Sandbox, run_sandbox
from raising import raises_error
from releasekit.commands.search import run as search
from releasekit.consumer.search import Hit, Searched
from releasekit.errors.access import CREDENTIALS_NEEDED, WRONG_API_CREDENTIALS
from releasekit.errors.refused import NOTHING_FOUND
from samples import METADATA, write_wheel

Find = Callable[..., Recorder]
NOBODY = {"TWINE_USERNAME": "", "TWINE_PASSWORD": ""}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Its proxy serves 22 projects of two versions."""
    folder = tmp_path_factory.mktemp("far")
    for number in range(22):
        for version in ("1.9", "1.10"):
            name = f"acme_{number:02}"
            metadata = METADATA.replace("demo\n", f"{name}\n", 1).replace("1.0", version)
            filename = f"{name}-{version}-py3-none-any.whl"
            write_wheel(folder, metadata=metadata, filename=filename)
    with run_sandbox(remote=folder) as running:
        yield running


@pytest.fixture
def find(tmp_path: Path) -> Find:
    """Search as the command does."""

    def run(word: str, server: Sandbox, **variables: str) -> Recorder:
        environ = {
            "PATH": os.environ["PATH"],
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            **server.environ(),
            **variables,
        }
        recorder = Recorder()
        arguments = ("search", word, "--python", sys.executable)
        with open_command(*arguments, root=tmp_path, environ=environ, recorder=recorder) as ctx:
            search(ctx)
        return recorder

    return run


def hits(recorder: Recorder) -> tuple[Hit, ...]:
    return recorder.find(Searched).hits


def test_the_index_tells_versions_and_the_group_as_the_repository(
    find: Find, sandbox: Sandbox
) -> None:
    for word in ("Acme_07", "me-07", "*-07"):
        assert hits(find(word, sandbox)) == (
            Hit(name="acme-07", repository="pypi-group", versions=("1.10", "1.9")),
        )


def test_twenty_pages_are_read_and_the_rest_is_counted(find: Find, sandbox: Sandbox) -> None:
    recorder = find("acme", sandbox)
    assert [hit.name for hit in hits(recorder)] == [f"acme-{number:02}" for number in range(20)]
    assert recorder.notes == ["2 more names match: give a longer word"]


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("acme-07==2", "acme-07 has other versions: 1.10, 1.9"),
        ("acme-*==2", "22 projects match acme-*, none has version 2"),
        ("zz", "none of its 22 projects has a name like *zz*"),
    ],
)
def test_nothing_found(find: Find, sandbox: Sandbox, word: str, reason: str) -> None:
    with raises_error(NOTHING_FOUND) as caught:
        find(word, sandbox)
    assert caught.value.fields["reason"] == reason


def test_a_wrong_password_and_none_are_different_errors(find: Find) -> None:
    with run_sandbox(anonymous=False) as closed:
        with raises_error(WRONG_API_CREDENTIALS):
            find("acme", closed, TWINE_PASSWORD="wrong")
        with raises_error(CREDENTIALS_NEEDED):
            find("acme", closed, **NOBODY)
