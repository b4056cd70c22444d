"""Resolving against an index: what is chosen, what is not found, and who is to blame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nexus_double import Faults, Sandbox, run_sandbox
from raising import raises_error
from releasekit.errors import ReleasekitError
from releasekit.errors.access import CREDENTIALS_NEEDED, WRONG_CREDENTIALS
from releasekit.errors.failed import NOT_RESOLVED, UNEXPECTED_ANSWER
from releasekit.model.access import NO_CREDENTIALS, Credentials
from releasekit.network import Network, open_network
from releasekit.proof.dependencies import Resolver
from releasekit.proof.environment import RUNNING, choose_wheel
from releasekit.proof.lock import Store
from releasekit.uv.call import Source, use_configured, use_group
from releasekit.uv.indexes import BuildIndex
from samples import METADATA, write_modules, write_sdist, write_wheel
from unit.conftest import Answer, Server


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox for users with a password, with two versions, a prerelease and an sdist."""
    folder = tmp_path / "served"
    folder.mkdir()
    with run_sandbox(anonymous=False) as running:
        for name, version in (("alpha", "1.0"), ("alpha", "2.0"), ("beta", "1.0rc1")):
            metadata = METADATA.replace("Name: demo", f"Name: {name}").replace(
                "Version: 1.0", f"Version: {version}"
            )
            filename = f"{name}-{version}-py3-none-any.whl"
            path = write_wheel(folder, filename=filename, metadata=metadata)
            store(running, name, version, path)
        store(running, "gamma", "1.0", write_sdist(folder, filename="gamma-1.0.tar.gz"))
        yield running


def store(sandbox: Sandbox, name: str, version: str, path: Path) -> None:
    content = path.read_bytes()
    sandbox.state.store(
        "pypi-hosted", project=name, version=version, filename=path.name, content=content
    )


@pytest.fixture
def network(sandbox: Sandbox, environ: dict[str, str]) -> Iterator[Network]:
    with open_network(environ=environ, ca_bundle=str(sandbox.ca_bundle), timeout=5) as network:
        yield network


def group_of(sandbox: Sandbox, who: Credentials | None = None) -> BuildIndex:
    user = Credentials(username=sandbox.username, password=sandbox.password, source="test")
    return BuildIndex(url=sandbox.upload_url(sandbox.group), credentials=who or user)


def make_resolver(source: Source, folder: Path) -> Resolver:
    return Resolver(
        source=source, interpreter=RUNNING, folder=folder, cache=folder / "cache", timeout=5
    )


@pytest.fixture
def resolver(sandbox: Sandbox, network: Network, tmp_path: Path) -> Resolver:
    return make_resolver(use_group(group_of(sandbox), network.installer_environ), tmp_path)


def test_the_newest_version_is_chosen(resolver: Resolver) -> None:
    found = resolver.resolve(["alpha"], own="demo")
    assert [(p.name, str(p.version)) for p in found.packages] == [("alpha", "2.0")]
    assert (found.problem, found.unbuilt) == ("", ())


def test_the_release_itself_is_left_out(resolver: Resolver, tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, metadata=f"{METADATA}Requires-Dist: alpha<2\n")
    found = resolver.resolve([f"demo @ {wheel.as_uri()}"], own="demo")
    assert [(p.name, str(p.version)) for p in found.packages] == [("alpha", "1.0")]


def test_what_no_version_satisfies_is_a_problem_with_its_reason(resolver: Resolver) -> None:
    found = resolver.resolve(["alpha>=3"], own="demo")
    assert found.packages == ()
    assert "only alpha<=2.0 is available" in found.problem


def test_a_prerelease_is_taken_where_there_is_nothing_else(resolver: Resolver) -> None:
    found = resolver.resolve(["beta"], own="demo")
    assert [str(p.version) for p in found.packages] == ["1.0rc1"]


def test_an_sdist_is_not_built_beside_credentials(resolver: Resolver) -> None:
    found = resolver.resolve(["gamma"], own="demo")
    assert found.unbuilt == ("gamma",)
    assert resolver.source.has_credentials


def test_a_page_is_read_again_each_time(
    resolver: Resolver, sandbox: Sandbox, tmp_path: Path
) -> None:
    resolver.resolve(["alpha"], own="demo")
    metadata = METADATA.replace("Name: demo\nVersion: 1.0", "Name: alpha\nVersion: 3.0")
    path = write_wheel(tmp_path, filename="alpha-3.0-py3-none-any.whl", metadata=metadata)
    store(sandbox, "alpha", "3.0", path)
    found = resolver.resolve(["alpha"], own="demo")
    assert [str(p.version) for p in found.packages] == ["3.0"]


def test_without_a_login_the_variables_are_named(
    sandbox: Sandbox, network: Network, tmp_path: Path
) -> None:
    nobody = use_group(group_of(sandbox, NO_CREDENTIALS), network.installer_environ)
    with raises_error(CREDENTIALS_NEEDED):
        make_resolver(nobody, tmp_path).resolve(["alpha"], own="demo")


def test_a_wrong_password_is_a_wrong_password(
    sandbox: Sandbox, network: Network, tmp_path: Path
) -> None:
    stranger = Credentials(username="bob", password="pässwörd€", source="test")
    source = use_group(group_of(sandbox, stranger), network.installer_environ)
    with raises_error(WRONG_CREDENTIALS) as caught:
        make_resolver(source, tmp_path).resolve(["alpha"], own="demo")
    assert "pässwörd€" not in str(caught.value)


def test_an_index_that_fails_is_named(resolver: Resolver, sandbox: Sandbox) -> None:
    sandbox.state.faults = Faults(offline=(sandbox.group,))
    with raises_error(NOT_RESOLVED) as caught:
        resolver.resolve(["alpha"], own="demo")
    assert caught.value.answers()["where"] == sandbox.upload_url(sandbox.group)


def test_settings_of_the_user_do_not_add_an_index(
    sandbox: Sandbox, network: Network, tmp_path: Path
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    write_modules(folder, delta="")
    environ = {**network.installer_environ, "UV_FIND_LINKS": str(folder), "UV_OFFLINE": "1"}
    source = use_group(group_of(sandbox), environ)
    assert "delta" in make_resolver(source, tmp_path).resolve(["delta"], own="demo").problem


def test_without_a_group_uv_asks_what_it_is_configured_with(
    sandbox: Sandbox, network: Network, tmp_path: Path
) -> None:
    """The hosted repository comes first; the configured index adds to it."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    write_modules(folder, delta="")
    (tmp_path / "uv.toml").touch()
    source = use_configured(
        network.installer_environ,
        pip={},
        uv=[{"find-links": ["elsewhere"], "index-url": "http://127.0.0.1:9/", "no-binary": True}],
        root=tmp_path,
        hosted=group_of(sandbox),
    )
    assert source.settings == {
        "find-links": [str(folder)],
        "index-url": "http://127.0.0.1:9/",
    }
    found = make_resolver(source, tmp_path).resolve(["alpha"], own="demo")
    assert [str(p.version) for p in found.packages] == ["2.0"]


def test_a_wheel_is_downloaded_once_and_compared_each_time(
    resolver: Resolver, network: Network, sandbox: Sandbox, tmp_path: Path
) -> None:
    (package,) = resolver.resolve(["alpha"], own="demo").packages
    wheel = choose_wheel(package.wheels or (), RUNNING)
    assert wheel
    store = Store(tmp_path / "kept", network.client, resolver.source)
    folders = [tmp_path / name for name in ("one", "two", "three")]
    for folder in folders:
        folder.mkdir()
    first = store.fetch(wheel, folders[0])
    before = network.client.sent
    assert store.fetch(wheel, folders[1]).sha256 == first.sha256
    assert network.client.sent == before
    (kept,) = (tmp_path / "kept").rglob("*.whl")
    kept.write_bytes(b"other bytes")
    assert store.fetch(wheel, folders[2]).sha256 == first.sha256
    assert network.client.sent == before + 1


def test_other_bytes_than_the_page_announces_are_refused(
    resolver: Resolver, network: Network, tmp_path: Path
) -> None:
    (package,) = resolver.resolve(["alpha"], own="demo").packages
    wheel = choose_wheel(package.wheels or (), RUNNING)
    assert wheel
    store = Store(tmp_path / "kept", network.client, resolver.source)
    with raises_error(UNEXPECTED_ANSWER):
        store.get(str(wheel.url), tmp_path / wheel.filename, {"md5": "0" * 32})


NOBODY_KNOWS = Credentials(username="bob", password="hunter2", source="netrc for 127.0.0.1")
FILES: dict[str, tuple[Answer, Credentials | None, str, int]] = {
    "401 to nobody": (Answer(status=401, reason="Unauthorized"), NO_CREDENTIALS, "E233", 2),
    "403 to nobody": (Answer(status=403, reason="Forbidden"), NO_CREDENTIALS, "E233", 2),
    "401": (Answer(status=401, reason="Unauthorized"), NOBODY_KNOWS, "E234", 2),
    "403": (Answer(status=403, reason="Forbidden"), NOBODY_KNOWS, "E236", 2),
    "404": (Answer(status=404, reason="Not Found"), None, "E314", 3),
    "410": (Answer(status=410, reason="Gone"), None, "E314", 3),
    "402": (Answer(status=402, reason="Payment Required"), None, "E253", 2),
    "429": (Answer(status=429, reason="Wait", headers={"Retry-After": "60"}), None, "E337", 3),
    "500": (Answer(status=500, reason="Server Error"), None, "E338", 3),
    "400": (Answer(status=400, reason="Odd"), None, "E302", 3),
}


@pytest.mark.parametrize(("answer", "who", "code", "status"), FILES.values(), ids=FILES)
def test_a_file_of_a_dependency_that_is_refused_is_judged_as_every_other_file(
    serve: Callable[[None], Server],
    network: Network,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer,
    who: Credentials | None,
    code: str,
    status: int,
) -> None:
    monkeypatch.setattr("releasekit.http.client.PAUSES", (0, 0, 0))
    server = serve(None)
    server.answers = [answer]
    group = BuildIndex(url=f"{server.url}/repository/g/", credentials=who or NO_CREDENTIALS)
    source = use_group(group, network.installer_environ)
    store = Store(tmp_path / "kept", network.client, source)
    url = f"{group.url}packages/alpha-1.0-py3-none-any.whl"
    with pytest.raises(ReleasekitError) as caught:
        store.get(url, tmp_path / "alpha-1.0-py3-none-any.whl", {})
    error = caught.value
    assert (error.entry.code, error.status, error.answers()["where"]) == (code, status, url)
    if code == "E233":
        assert "set RELEASEKIT_READER_USERNAME and RELEASEKIT_READER_PASSWORD" in str(error)
    if code in ("E234", "E236"):
        assert "netrc for 127.0.0.1" in str(error)


def test_a_password_in_netrc_is_one_beside_which_nothing_is_built(
    sandbox: Sandbox, network: Network, tmp_path: Path
) -> None:
    url = f"{sandbox.upload_url(sandbox.group)}simple/"
    variables = {**network.installer_environ, "UV_DEFAULT_INDEX": url}
    source = use_configured(variables, pip={}, uv=[], root=tmp_path, hosted=None)
    assert not source.has_credentials
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login {sandbox.username} password {sandbox.password}\n")
    variables["NETRC"] = str(netrc)
    assert use_configured(variables, pip={}, uv=[], root=tmp_path, hosted=None).has_credentials
