"""Installing offline: what is installed, what is not, and who is to blame."""

from __future__ import annotations

import contextlib
import hashlib
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pythons import find_python
from raising import raises_error
from releasekit.archives import read_dist
from releasekit.errors.failed import INSTALL_NOT_TESTED
from releasekit.network import Network, open_network
from releasekit.proof.environment import (
    CleanEnvironment,
    CleanEnvironments,
    Interpreter,
    choose_wheel,
    make_environment,
    read_installed,
)
from releasekit.proof.lock import Dependency, install_offline
from releasekit.tempdirs import open_tempdir
from releasekit.uv.indexes import clean_environ
from samples import METADATA, write_modules, write_wheel

OTHER = "other-1.0-py3-none-any.whl"


@pytest.fixture
def network(environ: dict[str, str]) -> Iterator[Network]:
    with open_network(environ=environ) as network:
        yield network


@contextlib.contextmanager
def open_environment(environ: Mapping[str, str]) -> Iterator[CleanEnvironment]:
    with open_tempdir("releasekit-env-") as tempdir:
        yield make_environment(tempdir, environ)


def install(
    environ: Mapping[str, str], wheel: Path, *dependencies: Dependency
) -> tuple[str, list[tuple[str, str]]]:
    with open_environment(environ) as environment:
        dist = read_dist(wheel)
        found = install_offline(environment, dist, dependencies, wheel.parent, log=print)
        return found, [(d.metadata["Name"], d.version) for d in read_installed(environment)]


def depend_on(path: Path) -> Dependency:
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    name = path.name.partition("-")[0]
    return Dependency(name=name, version="1.0", filename=path.name, sha256=sha256)


def test_a_wheel_is_installed_with_its_dependencies(network: Network, tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, metadata=f"{METADATA}Requires-Dist: other\n")
    write_modules(tmp_path, other="")
    found, installed = install(network.environ, wheel, depend_on(tmp_path / OTHER))
    assert (found, sorted(installed)) == ("", [("demo", "1.0"), ("other", "1.0")])


def test_a_dependency_that_is_not_in_the_lock_is_not_installed(
    network: Network, tmp_path: Path
) -> None:
    wheel = write_wheel(tmp_path, metadata=f"{METADATA}Requires-Dist: other\n")
    write_modules(tmp_path, other="")
    with raises_error(INSTALL_NOT_TESTED) as caught:
        install(network.environ, wheel)
    assert "other" in caught.value.answers()["why"]


def test_a_dependency_with_other_bytes_is_not_installed(network: Network, tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, metadata=f"{METADATA}Requires-Dist: other\n")
    write_modules(tmp_path, other="")
    other = replace(depend_on(tmp_path / OTHER), sha256="1" * 64)
    with raises_error(INSTALL_NOT_TESTED) as caught:
        install(network.environ, wheel, other)
    assert "Hash mismatch" in caught.value.answers()["why"]


def test_a_broken_wheel_is_the_package_s_fault(network: Network, tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, metadata=METADATA.replace("Version: 1.0", "Version: 2.0"))
    found, installed = install(network.environ, wheel)
    assert "1.0" in found
    assert installed == []


def test_a_broken_dependency_is_not_the_package_s_fault(network: Network, tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, metadata=f"{METADATA}Requires-Dist: other\n")
    with zipfile.ZipFile(tmp_path / OTHER, "w") as archive:
        archive.writestr("other.py", "")
    with raises_error(INSTALL_NOT_TESTED) as caught:
        install(network.environ, wheel, depend_on(tmp_path / OTHER))
    assert "other" in caught.value.answers()["why"]


FAKES = {
    "find-links of uv": {"UV_FIND_LINKS": "{folder}"},
    "find-links of pip": {"PIP_FIND_LINKS": "{folder}"},
    "index of uv": {"UV_INDEX": "file://{folder}"},
    "file of uv": {"UV_CONFIG_FILE": "{folder}/uv.toml"},
    "no hashes": {"UV_NO_VERIFY_HASHES": "1", "UV_FIND_LINKS": "{folder}"},
}


@pytest.mark.parametrize("fake", list(FAKES.values()), ids=list(FAKES))
def test_a_setting_of_the_user_does_not_fake_the_proof(
    network: Network, tmp_path: Path, fake: dict[str, str]
) -> None:
    """What the lock lacks is on this machine: a user's setting would find it."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    write_modules(folder, other="")
    (folder / "uv.toml").write_text(f'find-links = ["{folder}"]\n')
    wheel = write_wheel(tmp_path, metadata=f"{METADATA}Requires-Dist: other\n")
    settings = {name: value.format(folder=folder) for name, value in fake.items()}
    with raises_error(INSTALL_NOT_TESTED):
        install({**network.environ, **settings}, wheel)


def test_a_clean_environment_keeps_all_but_settings_of_installers() -> None:
    mine = {"PATH": "/bin", "SSL_CERT_FILE": "ca.pem", "HTTPS_PROXY": "p", "PIPX_HOME": "x"}
    settings = {"PIP_INDEX_URL": "i", "UV_INDEX": "i", "VIRTUAL_ENV": "v", "UV_CACHE_DIR": "c"}
    assert clean_environ({**mine, **settings}) == mine


def find_interpreter(version: str, environ: Mapping[str, str]) -> Interpreter | None:
    return CleanEnvironments(environ, contextlib.ExitStack()).find(version)


def test_a_python_that_is_not_here_is_not_downloaded(environ: dict[str, str]) -> None:
    assert find_interpreter("3.99", {**environ, "UV_PYTHON_DOWNLOADS": "automatic"}) is None


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13"])
def test_each_python_of_this_machine_has_its_own_environment(
    environ: dict[str, str], tmp_path: Path, version: str
) -> None:
    python = find_python(version)
    if python is None:
        pytest.skip(f"Python {version} is not on this machine")
    path = f"{Path(python).parent}:{environ['PATH']}"
    interpreter = find_interpreter(version, {**environ, "PATH": path})
    assert interpreter
    environment = make_environment(tmp_path, environ, interpreter)
    assert list(environment.path.glob(f"lib/python{version}"))
    pure = read_dist(write_wheel(tmp_path))
    own, other = (
        replace(pure, path=Path(f"demo-1.0-{tag}-none-any.whl"))
        for tag in (f"cp{version.replace('.', '')}", "cp39")
    )
    assert choose_wheel([pure, other, own], interpreter) == own
    assert choose_wheel([other, pure], interpreter) == pure


def test_an_environment_that_cannot_be_made_is_an_error(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    (tmp_path / "file").touch()
    with raises_error(INSTALL_NOT_TESTED) as caught:
        make_environment(tmp_path / "file", environ)
    answers = caught.value.answers()
    assert answers["what"] == "the install could not be tested"
    assert "Not a directory" in answers["why"]


def test_an_environment_that_uv_cannot_look_at_is_an_error(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    (tmp_path / "cache").touch()
    with raises_error(INSTALL_NOT_TESTED) as caught:
        make_environment(tmp_path, environ)
    assert "cache" in caught.value.answers()["why"]
