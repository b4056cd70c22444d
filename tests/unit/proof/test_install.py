from __future__ import annotations

import contextlib
import hashlib
import ssl
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
import uv

from nexus_double import Sandbox, run_sandbox
from raising import raises_error
from releasekit.errors.failed import INSTALL_NOT_TESTED
from releasekit.model.credentials import Credentials
from releasekit.network import Network, open_network
from releasekit.process import Finished
from releasekit.proof.install import (
    CleanEnvironment,
    clean_environ,
    install_by_hash,
    make_environment,
    read_installed,
)
from releasekit.tempdirs import open_tempdir
from samples import METADATA, WHEEL, write_wheel
from unit.conftest import Answer, Server, server_context


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


@contextlib.contextmanager
def open_environment(environ: Mapping[str, str]) -> Iterator[CleanEnvironment]:
    with open_tempdir("releasekit-env-") as tempdir:
        yield make_environment(tempdir, environ)


def digest_of(sandbox: Sandbox) -> str:
    (file,) = sandbox.state.find_files("pypi-hosted")
    return file.blob.sha256


def user_of(sandbox: Sandbox) -> Credentials:
    return Credentials(username=sandbox.username, password=sandbox.password, source="test")


def install(
    sandbox: Sandbox, environ: Mapping[str, str], sha256: str, requirement: str = "demo==1.0"
) -> tuple[Finished, list[tuple[str, str]]]:
    with open_environment(environ) as environment:
        assert read_installed(environment) == ()
        finished = install_by_hash(
            environment,
            requirement,
            ["0" * 64, sha256],
            url=sandbox.upload_url("pypi-group"),
            credentials=user_of(sandbox),
        )
        password = sandbox.password.encode()
        files = [path for path in environment.path.rglob("*") if path.is_file()]
        assert [path for path in files if password in path.read_bytes()] == []
        assert sandbox.password not in " ".join((*finished.command, finished.output))
        installed = [(d.metadata["Name"], d.version) for d in read_installed(environment)]
    assert not environment.path.exists()
    return finished, installed


def test_release_is_installed_by_hash_from_the_index_with_a_password(
    sandbox: Sandbox, network: Network
) -> None:
    finished, installed = install(sandbox, network.environ, digest_of(sandbox))
    assert (finished.status, installed) == (0, [("demo", "1.0")])
    asked = [(r.path, r.status) for r in sandbox.state.requests_log if r.username]
    page = ("/repository/pypi-group/simple/demo/", 200)
    file = (f"/repository/pypi-group/packages/demo/1.0/{WHEEL}", 200)
    assert {page, file} <= set(asked)


def test_wrong_password_installs_nothing(sandbox: Sandbox, network: Network) -> None:
    stranger = Credentials(username=sandbox.username, password="pässwörd€", source="test")
    with open_environment(network.environ) as environment:
        finished = install_by_hash(
            environment,
            "demo==1.0",
            [digest_of(sandbox)],
            url=sandbox.upload_url("pypi-group"),
            credentials=stranger,
        )
        assert (finished.status != 0, read_installed(environment)) == (True, ())
    assert "pässwörd€" not in finished.output


def test_other_bytes_are_not_installed(sandbox: Sandbox, network: Network) -> None:
    finished, installed = install(sandbox, network.environ, "1" * 64)
    assert (finished.status != 0, installed) == (True, [])
    assert "Hash mismatch" in finished.output


def test_sdist_of_the_release_is_not_built_in_place_of_its_wheel(
    sandbox: Sandbox, network: Network, tmp_path: Path
) -> None:
    """The page has no wheel that fits; an sdist would be built, and called installed by hash."""
    marker = tmp_path / "built"
    content = write_sdist(tmp_path, marker).read_bytes()
    sandbox.state.store(
        "pypi-hosted", project="demo", version="2.0", filename="demo-2.0.tar.gz", content=content
    )
    digest = hashlib.sha256(content).hexdigest()
    finished, installed = install(sandbox, network.environ, digest, requirement="demo==2.0")
    assert (finished.status != 0, installed, marker.exists()) == (True, [], False)


def write_sdist(folder: Path, marker: Path) -> Path:
    """Write an sdist whose backend leaves a marker."""
    source = folder / "demo-2.0"
    source.mkdir()
    table = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    (source / "pyproject.toml").write_text(table)
    (source / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: demo\nVersion: 2.0\n")
    (source / "backend.py").write_text(
        "import pathlib\n"
        "def build_wheel(folder, config_settings=None, metadata_directory=None):\n"
        f"    pathlib.Path({str(marker)!r}).touch()\n"
        "    raise SystemExit(1)\n"
    )
    with tarfile.open(folder / "demo-2.0.tar.gz", "w:gz") as archive:
        archive.add(source, "demo-2.0")
    return folder / "demo-2.0.tar.gz"


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A wheel that the index does not have."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    metadata = METADATA.replace("Name: demo", "Name: other")
    return write_wheel(folder, filename="other-1.0-py3-none-any.whl", metadata=metadata)


FAKES = {
    "find-links of uv": ("UV_FIND_LINKS", "{folder}"),
    "index of uv": ("UV_INDEX", "{index}"),
    "extra index of uv": ("UV_EXTRA_INDEX_URL", "{index}"),
    "file of uv": ("UV_CONFIG_FILE", "{config}"),
}


@pytest.mark.parametrize(("name", "value"), list(FAKES.values()), ids=list(FAKES))
def test_setting_of_the_user_does_not_fake_the_proof(
    sandbox: Sandbox, network: Network, other: Path, tmp_path: Path, name: str, value: str
) -> None:
    """Each of these lets the same install succeed where the environment stays as it is."""
    index = tmp_path / "index" / "other"
    index.mkdir(parents=True)
    (index / "index.html").write_text(f'<a href="{other.as_uri()}">{other.name}</a>')
    config = tmp_path / "uv.toml"
    config.write_text(f'find-links = ["{other.parent}"]\n')
    places = {"folder": other.parent, "index": index.parent.as_uri(), "config": config}
    unclean = {**network.environ, name: value.format(**places)}
    digest = hashlib.sha256(other.read_bytes()).hexdigest()
    finished, installed = install(sandbox, unclean, digest, requirement="other==1.0")
    assert (finished.status != 0, installed) == (True, [])
    assert "other" in finished.output
    assert install_unclean(sandbox, unclean, digest) == [("other", "1.0")]


def test_file_of_uv_in_the_home_of_the_user_does_not_fake_the_proof(
    sandbox: Sandbox, network: Network, other: Path
) -> None:
    config = Path(network.environ["HOME"], ".config", "uv")
    config.mkdir(parents=True)
    (config / "uv.toml").write_text(f'find-links = ["{other.parent}"]\n')
    digest = hashlib.sha256(other.read_bytes()).hexdigest()
    finished, installed = install(sandbox, network.environ, digest, requirement="other==1.0")
    assert (finished.status != 0, installed) == (True, [])
    assert install_unclean(sandbox, network.environ, digest) == [("other", "1.0")]


def test_settings_that_go_together_do_not_fake_the_proof(
    sandbox: Sandbox, network: Network, other: Path
) -> None:
    folder = str(other.parent)
    places = ("PIP_FIND_LINKS", "UV_FIND_LINKS", "UV_INDEX_URL")
    switches = ("PIP_NO_INDEX", "UV_NO_INDEX", "UV_NO_VERIFY_HASHES")
    fakes = {**dict.fromkeys(places, folder), **dict.fromkeys(switches, "1")}
    unclean = {**network.environ, **fakes}
    for digest in (hashlib.sha256(other.read_bytes()).hexdigest(), "1" * 64):
        finished, installed = install(sandbox, unclean, digest, requirement="other==1.0")
        assert (finished.status != 0, installed) == (True, [])
        assert install_unclean(sandbox, unclean, digest) == [("other", "1.0")]
    # Nor do they keep the index from being asked.
    finished, installed = install(sandbox, unclean, digest_of(sandbox))
    assert (finished.status, installed) == (0, [("demo", "1.0")])


def install_unclean(
    sandbox: Sandbox, environ: Mapping[str, str], digest: str
) -> list[tuple[str, str]]:
    """Install other==1.0 as the kit does, in an environment that was not cleaned."""
    with open_environment(environ) as clean:
        environment = replace(clean, environ=environ)
        requirements = environment.path / "requirements.txt"
        requirements.write_text(f"other==1.0 --hash=sha256:{digest}\n")
        group = f"{sandbox.upload_url('pypi-group')}simple/"
        index = {
            "UV_DEFAULT_INDEX": f"releasekit={group}",
            "UV_INDEX_RELEASEKIT_USERNAME": sandbox.username,
            "UV_INDEX_RELEASEKIT_PASSWORD": sandbox.password,
        }
        hashes = [] if "UV_NO_VERIFY_HASHES" in environ else ["--require-hashes"]
        command = (uv.find_uv_bin(), "pip", "install", "--no-cache", "--no-deps", *hashes)
        python = ("--python", str(environment.python), "-r", str(requirements))
        subprocess.run(
            (*command, *python),
            cwd=environment.path,
            env={**environment.environ, **index},
            check=True,
            capture_output=True,
        )
        return [(d.metadata["Name"], d.version) for d in read_installed(environment)]


def test_client_certificate_is_shown_to_the_index(
    authority: trustme.CA,
    ca_file: Path,
    environ: dict[str, str],
    serve: Callable[[ssl.SSLContext], Server],
    tmp_path: Path,
) -> None:
    context = server_context(authority, "127.0.0.1")
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    server = serve(context)
    server.answers = [Answer(status=404)]
    client = tmp_path / "client.pem"
    authority.issue_cert("bob@example.com").private_key_and_cert_chain_pem.write_to_path(
        str(client)
    )
    user = Credentials(username="bob", password="hunter2", source="test")
    for cert in (None, str(client)):
        assert server.asked == []
        with (
            open_network(environ=environ, ca_bundle=str(ca_file), client_cert=cert) as network,
            open_environment(network.environ) as environment,
        ):
            url = f"{server.url}/repository/h/"
            install_by_hash(environment, "demo==1.0", ["0" * 64], url=url, credentials=user)
    assert server.asked[0] == "GET /repository/h/simple/demo/"
    assert "Basic Ym9iOmh1bnRlcjI=" in server.authorizations


def test_clean_environment_keeps_all_but_settings_of_installers() -> None:
    mine = {"PATH": "/bin", "SSL_CERT_FILE": "ca.pem", "HTTPS_PROXY": "p", "PIPX_HOME": "x"}
    settings = {"PIP_INDEX_URL": "i", "UV_INDEX": "i", "VIRTUAL_ENV": "v", "UV_CACHE_DIR": "c"}
    assert clean_environ({**mine, **settings}) == mine


def test_environment_that_cannot_be_made_is_a_situation(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    (tmp_path / "file").touch()
    with raises_error(INSTALL_NOT_TESTED) as caught:
        make_environment(tmp_path / "file", environ)
    answers = caught.value.answers()
    assert answers["what"] == "the install could not be tested"
    assert "Not a directory" in answers["why"]


def test_an_environment_that_uv_cannot_look_at_is_a_situation(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    (tmp_path / "cache").touch()
    with raises_error(INSTALL_NOT_TESTED) as caught:
        make_environment(tmp_path, environ)
    assert "cache" in caught.value.answers()["why"]
