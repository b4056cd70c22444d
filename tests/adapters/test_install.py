from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from releasekit.adapters.http import Network, open_network
from releasekit.adapters.install import (
    clean_environ,
    install_by_hash,
    open_environment,
    read_installed,
)
from releasekit.adapters.process import Finished
from releasekit.core.errors import InstallUnavailable
from releasekit.core.target import Credentials
from releasekit.servers.sandbox import Sandbox, run_sandbox
from samples import WHEEL, write_wheel


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox with a wheel, for users with a password only."""
    content = write_wheel(tmp_path).read_bytes()
    with run_sandbox(anonymous=False) as running:
        running.state.store(
            "pypi-hosted", project="demo", version="1.0", filename=WHEEL, content=content
        )
        yield running


@pytest.fixture
def network(sandbox: Sandbox, environ: dict[str, str]) -> Iterator[Network]:
    with open_network(environ=environ, ca_bundle=str(sandbox.ca_bundle)) as network:
        yield network


def digest_of(sandbox: Sandbox) -> str:
    (file,) = sandbox.state.find_files("pypi-hosted")
    return file.blob.sha256


def install(
    sandbox: Sandbox, environ: dict[str, str], sha256: str, requirement: str = "demo==1.0"
) -> tuple[Finished, list[tuple[str, str]]]:
    user = Credentials(username=sandbox.username, password=sandbox.password, source="test")
    with open_environment(environ) as environment:
        assert read_installed(environment) == ()
        url = sandbox.upload_url("pypi-group")
        finished = install_by_hash(
            environment, requirement, ["0" * 64, sha256], url=url, credentials=user
        )
        kept = [p.read_text("utf-8", "replace") for p in environment.path.rglob("*.txt")]
        assert sandbox.password not in "".join((*kept, *finished.command, finished.output))
        installed = [(d.metadata["Name"], d.version) for d in read_installed(environment)]
    assert not environment.path.exists()
    return finished, installed


def test_release_is_installed_by_hash_from_the_index_with_a_password(
    sandbox: Sandbox, network: Network
) -> None:
    finished, installed = install(sandbox, dict(network.environ), digest_of(sandbox))
    assert (finished.status, installed) == (0, [("demo", "1.0")])


def test_other_bytes_are_not_installed(sandbox: Sandbox, network: Network) -> None:
    finished, installed = install(sandbox, dict(network.environ), "1" * 64)
    assert (finished.status != 0, installed) == (True, [])
    assert "Hash mismatch" in finished.output


def test_settings_of_the_user_do_not_fake_the_proof(
    sandbox: Sandbox, network: Network, tmp_path: Path
) -> None:
    other = tmp_path / "wheels"
    other.mkdir()
    wheel = write_wheel(other, filename="other-1.0-py3-none-any.whl", metadata="")
    fakes = {"PIP_FIND_LINKS": str(other), "UV_FIND_LINKS": str(other), "UV_NO_VERIFY_HASHES": "1"}
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    finished, installed = install(
        sandbox, {**network.environ, **fakes}, digest, requirement="other==1.0"
    )
    assert (finished.status != 0, installed) == (True, [])


def test_clean_environment_keeps_all_but_settings_of_installers() -> None:
    mine = {"PATH": "/bin", "SSL_CERT_FILE": "ca.pem", "HTTPS_PROXY": "p", "PIPX_HOME": "x"}
    settings = {"PIP_INDEX_URL": "i", "UV_INDEX": "i", "VIRTUAL_ENV": "v", "UV_CACHE_DIR": "c"}
    assert clean_environ({**mine, **settings}) == mine


def test_environment_that_cannot_be_made_is_a_situation(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python3")
    with pytest.raises(InstallUnavailable) as caught, open_environment(environ):
        pass
    answers = caught.value.answers()
    assert answers["what"] == "the clean environment could not be made"
    assert "/nowhere/python3" in answers["why"]
