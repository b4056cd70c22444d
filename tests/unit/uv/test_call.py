"""Build requirements are never built by a call of uv that holds credentials."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nexus_double import Sandbox, run_sandbox
from raising import raises_error
from releasekit.build.environment import (
    BuildEnvironment,
    EnvironmentOptions,
    open_build_environment,
)
from releasekit.errors.access import BUILD_WITH_CREDENTIALS, CREDENTIALS_NEEDED
from releasekit.errors.failed import BUILD_REQUIREMENTS_FAILED
from releasekit.errors.refused import INVALID_BUILD_REQUIREMENT
from releasekit.errors.setup import NO_UPLOAD_TIMES
from releasekit.model.access import NO_CREDENTIALS, Credentials
from releasekit.network import Network, open_network
from releasekit.uv.indexes import BuildIndex
from samples import write_wheel

METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
# A backend without requirements, which shows that it ran, and with which environment.
BACKEND = """
import json, os, pathlib, zipfile

NAME = "{name}-{version}"

def build_wheel(folder, config_settings=None, metadata_directory=None):
    pathlib.Path({seen!r}).write_text(json.dumps(dict(os.environ)))
    with zipfile.ZipFile(f"{{folder}}/{{NAME}}-py3-none-any.whl", "w") as archive:
        archive.write("PKG-INFO", NAME + ".dist-info/METADATA")
        wheel = "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        archive.writestr(NAME + ".dist-info/WHEEL", wheel)
        archive.writestr(NAME + ".dist-info/RECORD", "")
    return f"{{NAME}}-py3-none-any.whl"
"""
PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


@pytest.fixture
def seen(tmp_path: Path) -> Path:
    """Where a build, or what is installed, writes its environment."""
    return tmp_path / "seen.json"


def make_sdist(name: str, version: str, seen: Path) -> bytes:
    files = {
        "pyproject.toml": PYPROJECT,
        "backend.py": BACKEND.format(name=name, version=version, seen=str(seen)),
        "PKG-INFO": METADATA.format(name=name, version=version),
    }
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(f"{name}-{version}/{path}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return content.getvalue()


def serve(sandbox: Sandbox, tmp_path: Path, seen: Path) -> None:
    """`onlysdist` 1.0 is an sdist; `both` has a wheel of 1.0 and an sdist of 2.0."""

    def store(project: str, version: str, filename: str, content: bytes) -> None:
        sandbox.state.store(
            "pypi-hosted", project=project, version=version, filename=filename, content=content
        )

    def wheel(name: str, files: dict[str, str]) -> None:
        text = METADATA.format(name=name, version="1.0")
        filename = f"{name}-1.0-py3-none-any.whl"
        path = write_wheel(tmp_path, filename=filename, metadata=text, files=files)
        store(name, "1.0", filename, path.read_bytes())

    store("onlysdist", "1.0", "onlysdist-1.0.tar.gz", make_sdist("onlysdist", "1.0", seen))
    store("both", "2.0", "both-2.0.tar.gz", make_sdist("both", "2.0", seen))
    wheel("both", {"both.py": ""})
    show = f"pathlib.Path({str(seen)!r}).write_text(json.dumps(dict(os.environ)))"
    wheel("curious", {"curious.pth": f"import json, os, pathlib; {show}\n", "curious.py": ""})


@pytest.fixture(params=[False], ids=["closed"])
def sandbox(request: pytest.FixtureRequest, tmp_path: Path, seen: Path) -> Iterator[Sandbox]:
    """A group that only users read; parametrized with True, one that everybody reads."""
    with run_sandbox(anonymous=request.param) as running:
        serve(running, tmp_path, seen)
        yield running


everybody_reads = pytest.mark.parametrize("sandbox", [True], indirect=True, ids=["open"])


@pytest.fixture
def network(sandbox: Sandbox, environ: dict[str, str]) -> Iterator[Network]:
    clean = {name: value for name, value in environ.items() if not name.startswith(("UV_", "PIP_"))}
    with open_network(environ=clean, ca_bundle=str(sandbox.ca_bundle)) as network:
        yield network


Make = Callable[..., BuildEnvironment]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


@pytest.fixture
def make(sandbox: Sandbox, network: Network, root: Path, tmp_path: Path) -> Make:
    """Make a build environment from the group, with its credentials if `login` is set."""

    def make(
        *requires: str, login: bool = True, constraints: str = "", **variables: str
    ) -> BuildEnvironment:
        user = Credentials(username=sandbox.username, password=sandbox.password, source="a test")
        pins = root / "constraints.txt" if constraints else None
        if pins:
            pins.write_text(constraints)
        options = EnvironmentOptions(
            environ=network.environ,
            installer_environ={**network.environ, **variables},
            cache=tmp_path / "cache",
            constraints=pins,
            log=lambda line: None,
            group=BuildIndex(
                url=sandbox.upload_url("pypi-group"), credentials=user if login else NO_CREDENTIALS
            ),
        )
        with open_build_environment(set(requires), root, options) as environment:
            return environment

    return make


def address(sandbox: Sandbox, *, login: bool) -> str:
    url = sandbox.simple_url("pypi-group")
    user = f"{sandbox.username}:{sandbox.password}"
    return url.replace("https://", f"https://{user}@") if login else url


def test_an_sdist_of_a_closed_index_is_refused_by_name(
    make: Make, sandbox: Sandbox, root: Path, seen: Path
) -> None:
    with raises_error(BUILD_WITH_CREDENTIALS) as caught:
        make("onlysdist")
    assert str(caught.value) == (
        "error E243: onlysdist: not built, because a build requirement is never built beside "
        "credentials\n"
        f"  where: {root}; requirements come from {sandbox.upload_url('pypi-group')}\n"
        "  why:   the index has no wheel of it for this Python and machine, only an sdist;\n"
        "         a build runs foreign code, and uv has credentials here (a test)\n"
        "  next:  put a wheel of it on that index (`python -m pip wheel --no-deps onlysdist` makes "
        "it: run that\n"
        "         without credentials), or name a version that has one in the file of "
        "build-constraints"
    )
    assert caught.value.status == 2
    assert not seen.exists()


def test_a_closed_group_names_what_to_set(make: Make, sandbox: Sandbox) -> None:
    with raises_error(CREDENTIALS_NEEDED) as caught:
        make("both", login=False)
    assert caught.value.fields["url"] == sandbox.upload_url("pypi-group")
    assert "RELEASEKIT_READER_USERNAME" in caught.value.answers()["next"]


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({"UV_DEFAULT_INDEX": "{login}"}, id="the default index of uv"),
        pytest.param({"UV_INDEX_URL": "{login}"}, id="its older name"),
        pytest.param({"UV_INDEX": "mine={login}"}, id="one more index of uv"),
        pytest.param({"UV_EXTRA_INDEX_URL": "{login}"}, id="its older name, too"),
        pytest.param({"PIP_INDEX_URL": "{login}"}, id="the index of pip"),
        pytest.param({"PIP_EXTRA_INDEX_URL": "{login}"}, id="one more index of pip"),
        pytest.param(
            {
                "UV_DEFAULT_INDEX": "mine={open}",
                "UV_INDEX_MINE_USERNAME": "{user}",
                "UV_INDEX_MINE_PASSWORD": "{password}",
            },
            id="an index with a name",
        ),
        pytest.param({"UV_DEFAULT_INDEX": "{open}", "NETRC": "{netrc}"}, id="netrc"),
        pytest.param({"UV_DEFAULT_INDEX": "{open}", "HOME": "{home}"}, id="netrc of the home"),
    ],
)
def test_whatever_gives_uv_credentials_keeps_it_from_building(
    make: Make, sandbox: Sandbox, tmp_path: Path, seen: Path, variables: dict[str, str]
) -> None:
    (tmp_path / "other-home").mkdir()
    for netrc in (tmp_path / "netrc", tmp_path / "other-home" / ".netrc"):
        netrc.write_text(f"machine 127.0.0.1 login sandbox password {sandbox.password}\n")
    places = {
        "login": address(sandbox, login=True),
        "open": address(sandbox, login=False),
        "user": sandbox.username,
        "password": sandbox.password,
        "netrc": tmp_path / "netrc",
        "home": tmp_path / "other-home",
    }
    named = {name: value.format(**places) for name, value in variables.items()}
    with raises_error(BUILD_WITH_CREDENTIALS) as caught:
        make("onlysdist", login=False, **named)
    assert sandbox.password not in str(caught.value)
    assert not seen.exists()
    assert make("both", login=False, **named).requirements == ("both==1.0",)


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param('[[tool.uv.index]]\nurl = "{login}"\ndefault = true\n', id="index"),
        pytest.param('[tool.uv]\nindex-url = "{login}"\n', id="index-url"),
        pytest.param('[tool.uv.pip]\nindex-url = "{login}"\n', id="index-url of uv pip"),
        pytest.param('[tool.uv]\nextra-index-url = ["{login}"]\n', id="extra-index-url"),
    ],
)
def test_a_password_in_the_settings_of_uv_keeps_it_from_building(
    make: Make, sandbox: Sandbox, root: Path, seen: Path, settings: str
) -> None:
    text = settings.format(login=address(sandbox, login=True))
    (root / "pyproject.toml").write_text(text)
    with raises_error(BUILD_WITH_CREDENTIALS) as caught:
        make("onlysdist", login=False)
    assert sandbox.password not in str(caught.value)
    assert not seen.exists()


@pytest.mark.parametrize(
    ("constraints", "variables"),
    [
        pytest.param("--no-binary both\n", {}, id="in the constraints"),
        pytest.param("--no-binary=both\n", {}, id="in the constraints, with ="),
        pytest.param("-r more.txt\n", {}, id="in a file that the constraints name"),
        pytest.param("both \\\n --no-binary both\n", {}, id="on a continued line"),
        pytest.param("", {"UV_CONSTRAINT": "more.txt"}, id="in constraints of uv"),
        pytest.param("", {"UV_OVERRIDE": "more.txt"}, id="in overrides of uv"),
    ],
)
def test_what_would_build_although_it_may_not_is_refused(
    make: Make,
    root: Path,
    seen: Path,
    constraints: str,
    variables: dict[str, str],
) -> None:
    (root / "more.txt").write_text("--no-binary both\n")
    with raises_error(BUILD_WITH_CREDENTIALS):
        make("both", constraints=constraints, **variables)
    assert not seen.exists()


@pytest.mark.parametrize(
    "settings",
    [
        "[tool.uv]\nno-binary = true\n",
        '[tool.uv]\nno-binary-package = ["both"]\n',
        '[tool.uv.pip]\nno-binary = ["both"]\n',
    ],
)
def test_no_binary_of_the_project_has_nothing_built(
    make: Make, root: Path, seen: Path, settings: str
) -> None:
    (root / "pyproject.toml").write_text(settings)
    assert make("both").requirements == ("both==1.0",)
    assert not seen.exists()


@pytest.mark.parametrize(
    "requirement",
    [
        "onlysdist @ {file}",
        "onlysdist @ file://{folder}",
        "onlysdist @ git+file://{folder}",
        "onlysdist @ git+https://localhost:1/onlysdist.git",
        "onlysdist @ {page}",
        "both @ {login}",
    ],
)
def test_an_address_that_has_to_be_built_is_refused(
    make: Make, sandbox: Sandbox, tmp_path: Path, seen: Path, requirement: str
) -> None:
    folder = tmp_path / "onlysdist"
    folder.mkdir()
    sdist = folder / "onlysdist-1.0.tar.gz"
    sdist.write_bytes(make_sdist("onlysdist", "1.0", seen))
    places = {
        "file": sdist.as_uri(),
        "folder": folder,
        "page": f"{sandbox.url}/repository/pypi-group/packages/onlysdist/1.0/{sdist.name}",
        "login": f"https://bob:hunter2-hunter2@localhost:1/{sdist.name}",
    }
    with raises_error(BUILD_WITH_CREDENTIALS) as caught:
        make(requirement.format(**places))
    assert "hunter2" not in str(caught.value)
    assert not seen.exists()


@pytest.mark.parametrize(
    "requirement",
    [
        "-e {root}",
        "-r requirements.txt",
        "--no-binary :all:",
        "--index-url https://localhost:1/",
        "{root}",
        "both @ https://localhost:1/${{UV_INDEX_RELEASEKIT_PASSWORD}}/both-1.0-py3-none-any.whl",
        'both; sys_platform == "x\n-e {root}\n"',
    ],
)
def test_what_uv_would_read_as_more_than_a_requirement_is_refused(
    make: Make, root: Path, requirement: str
) -> None:
    with raises_error(INVALID_BUILD_REQUIREMENT) as caught:
        make("both", requirement.format(root=root))
    assert caught.value.status == 1


def test_requirement_of_another_system_may_have_any_address(make: Make) -> None:
    elsewhere = "onlysdist @ git+https://localhost:1/x.git ; sys_platform == 'win32'"
    assert make("both", elsewhere).requirements == ("both==1.0",)


def test_what_is_installed_does_not_run_beside_the_credentials(
    make: Make, sandbox: Sandbox, seen: Path
) -> None:
    environment = make("curious", UV_COMPILE_BYTECODE="1", UV_PUBLISH_TOKEN="hunter2-hunter2")
    assert environment.requirements == ("curious==1.0",)
    text = seen.read_text()  # its .pth file ran, as one does whenever a Python starts
    assert "hunter2" not in text
    assert sandbox.password not in text
    folder = environment.python.parents[1]
    assert list(folder.glob("lib/python*/site-packages/__pycache__/curious.*.pyc"))


def test_another_index_of_the_project_is_not_sent_the_password(
    make: Make, root: Path, sandbox: Sandbox
) -> None:
    other = sandbox.simple_url("pypi-hosted").replace("127.0.0.1", "localhost")
    (root / "pyproject.toml").write_text(f'[[tool.uv.index]]\nname="RELEASEKIT"\nurl="{other}"\n')
    with raises_error(BUILD_REQUIREMENTS_FAILED, match="401"):
        make("onlysdist")
    requests = [
        r for r in sandbox.state.requests_log if r.path.startswith("/repository/pypi-hosted")
    ]
    assert requests
    assert [request for request in requests if request.username] == []


@pytest.mark.parametrize("name", ["UV_PROJECT", "UV_WORKING_DIR", "UV_WORKING_DIRECTORY"])
def test_a_directory_that_uv_has_for_other_jobs_is_not_looked_for(make: Make, name: str) -> None:
    assert make("both", **{name: "/gone"}).requirements == ("both==1.0",)


@everybody_reads
def test_without_credentials_an_sdist_is_built_in_an_environment_without_secrets(
    make: Make, seen: Path
) -> None:
    secrets = {
        "NETRC": "/hunter2-hunter2",
        "UV_PUBLISH_TOKEN": "hunter2-hunter2",
        "UV_PUBLISH_PASSWORD": "hunter2-hunter2",
        "PIP_EXTRA_INDEX_URL": "",
    }
    environment = make("onlysdist", login=False, **secrets)
    assert environment.requirements == ("onlysdist==1.0",)
    environ = json.loads(seen.read_text())
    assert "UV_DEFAULT_INDEX" in environ
    assert "hunter2" not in seen.read_text()


CUTOFFS = {
    "for all": ('exclude-newer = "7 days"', {"UV_EXCLUDE_NEWER": "false"}, ""),
    "for one": (
        'exclude-newer-package = { both = "7 days" }',
        {},
        "exclude-newer-package = { both = false }",
    ),
}


@pytest.mark.parametrize(("setting", "variables", "fixed"), list(CUTOFFS.values()), ids=CUTOFFS)
def test_an_index_without_upload_times_is_named_and_the_fix_works(
    make: Make,
    root: Path,
    sandbox: Sandbox,
    setting: str,
    variables: dict[str, str],
    fixed: str,
) -> None:
    """The pages of Nexus have none; uv 0.13 then takes no file at all, with a warning for each."""
    (root / "pyproject.toml").write_text(f"[tool.uv]\n{setting}\n")
    with raises_error(NO_UPLOAD_TIMES) as caught:
        make("both")
    name = setting.partition(" ")[0]
    lines = str(caught.value).splitlines()
    assert lines[:2] == [
        "error E290: uv takes no file of both: the index has no upload times, which "
        f"`{name}` needs",
        f"  where: {sandbox.upload_url('pypi-group')}",
    ]
    fix = "export UV_EXCLUDE_NEWER=false" if variables else "write there: both = false"
    assert fix in str(caught.value)
    (root / "pyproject.toml").write_text(f"[tool.uv]\n{fixed or setting}\n")
    assert make("both", **variables).requirements == ("both==1.0",)


def test_what_another_cause_keeps_from_a_solution_is_no_matter_of_upload_times(
    make: Make, root: Path
) -> None:
    (root / "pyproject.toml").write_text('[tool.uv]\nexclude-newer = "7 days"\n')
    with raises_error(BUILD_REQUIREMENTS_FAILED):
        make("nobody-has-this")
