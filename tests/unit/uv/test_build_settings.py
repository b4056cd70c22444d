"""What of uv's settings decides where build requirements come from, with the real uv."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from raising import raises_error
from releasekit.build.environment import EnvironmentOptions, open_build_environment
from releasekit.errors.access import BUILD_WITH_CREDENTIALS
from releasekit.errors.refused import BUILD_REQUIREMENTS_REFUSED, SOURCE_NOT_FOLLOWED
from releasekit.errors.usage import BROKEN_SETTINGS
from samples import METADATA, write_wheel
from support import ProjectDir

Make = Callable[..., tuple[str, ...]]
PUBLIC = 'no-index = true\nfind-links = ["flat/public"]\n'
"""An index that has version 1.0, by a path from the directory of the settings file."""
ACME = '[[tool.uv.index]]\nname = "acme"\nurl = "{}"\nformat = "flat"\nexplicit = true\n'


def write_version(folder: Path, version: str, name: str = "helper") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = METADATA.replace("demo", name).replace("Version: 1.0", f"Version: {version}")
    filename = f"{name}-{version}-py3-none-any.whl"
    return write_wheel(folder, filename=filename, metadata=text, files={f"{name}.py": ""})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project beside which a public index has helper 1.0, and a private one helper 9.0."""
    root = tmp_path / "project"
    write_version(root / "flat" / "public", "1.0")
    write_version(root / "flat" / "private", "9.0")
    return root


@pytest.fixture
def make(root: Path, tmp_path: Path, environ: dict[str, str]) -> Make:
    """Make a build environment, and return what is installed in it."""
    clean = {name: value for name, value in environ.items() if not name.startswith(("UV_", "PIP_"))}

    def make(*requires: str, root: Path = root, **variables: str) -> tuple[str, ...]:
        options = EnvironmentOptions(
            environ={**clean, "UV_CACHE_DIR": str(tmp_path / "uv"), **variables},
            cache=tmp_path / "cache",
            constraints=None,
            log=lambda line: None,
        )
        with open_build_environment(set(requires), root, options) as environment:
            return environment.requirements

    return make


def write_settings(root: Path, text: str) -> None:
    (root / "pyproject.toml").write_text(text)


@pytest.mark.parametrize(
    "settings",
    [
        'required-version = ">=0.1,<0.2"\n',
        "no-build = true\nno-binary = true\n",
        'resolution = "lowest"\nlink-mode = "symlink"\ncompile-bytecode = true\n',
        'constraint-dependencies = ["helper<1"]\noverride-dependencies = ["helper==5"]\n',
        'python-preference = "only-managed"\npython-downloads = "never"\n',
        "package = false\nmanaged = false\n",
        "environments = [\"sys_platform == 'win32'\"]\n",
        'allow-insecure-host = ["localhost"]\nhttp-proxy = "http://localhost:1"\noffline = true\n',
        "pip = { all-extras = true }\n",
        'pip = { extra = ["x"], group = ["y"] }\n',
        'pip = { target = "inside" }\n',
        'pip = { prefix = "inside" }\n',
        'pip = { python = "3.1", system = true, break-system-packages = true }\n',
        'pip = { python-platform = "windows", python-version = "3.14" }\n',
        "pip = { require-hashes = true, no-deps = true, strict = true }\n",
        'pip = { no-binary = ["helper"], only-binary = [":none:"] }\n',
        'pip = { output-file = "inside", reinstall = true, no-build-isolation = true }\n',
    ],
)
def test_settings_that_are_not_about_where_packages_come_from_change_nothing(
    make: Make, root: Path, settings: str
) -> None:
    write_settings(root, f"[tool.uv]\n{settings}{PUBLIC}")
    before = sorted(root.rglob("*"))
    assert make("helper") == ("helper==1.0",)
    assert sorted(root.rglob("*")) == before


@pytest.mark.parametrize(
    ("settings", "installed"),
    [
        pytest.param('find-links = ["flat/private"]\nno-index = true\n', "9.0", id="find-links"),
        pytest.param(f'pip = {{ find-links = ["flat/private"] }}\n{PUBLIC}', "9.0", id="uv pip"),
        pytest.param(
            'index = [{ url = "flat/private", format = "flat", default = true }]\n',
            "9.0",
            id="index",
        ),
        pytest.param(
            f'build-constraint-dependencies = ["helper<2"]\n{PUBLIC}'.replace("public", "both"),
            "1.0",
            id="build-constraint-dependencies",
        ),
    ],
)
def test_settings_about_where_packages_come_from_are_passed_on(
    make: Make, root: Path, settings: str, installed: str
) -> None:
    write_version(root / "flat" / "both", "1.0")
    write_version(root / "flat" / "both", "9.0")
    write_settings(root, f"[tool.uv]\n{settings}")
    assert make("helper") == (f"helper=={installed}",)


BACKEND = """
import pathlib, shutil

def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "helper-9.0-py3-none-any.whl"
    return pathlib.Path(shutil.copy(name, folder)).name
"""
PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def make_helper(folder: Path, environ: dict[str, str]) -> Path:
    """Make a git repository that helper 9.0 is built from, without any other package."""
    write_version(folder, "9.0")
    (folder / "backend.py").write_text(BACKEND)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    repository = ProjectDir(root=folder, environ=environ)
    repository.git("init", "-q")
    repository.commit_all()
    return folder


@pytest.mark.parametrize(
    "source",
    [
        pytest.param('{{ index = "acme" }}', id="index"),
        pytest.param('{{ git = "{repository}" }}', id="git"),
        pytest.param('[{{ index = "acme", marker = "python_version > \'3\'" }}]', id="marker"),
        pytest.param(
            '[{{ index = "acme" , marker = "python_version > \'3\'" }}, '
            '{{ path = "x", marker = "python_version < \'3\'" }}]',
            id="another for another Python",
        ),
    ],
)
@pytest.mark.parametrize("requirement", ["helper", "Helper>=1", "helper ; python_version > '3'"])
def test_source_of_a_build_requirement_is_followed(
    make: Make, root: Path, environ: dict[str, str], source: str, requirement: str
) -> None:
    repository = make_helper(root / "git", environ).as_uri()
    write_settings(
        root,
        f"[tool.uv]\n{PUBLIC.replace('no-index = true', '')}[tool.uv.sources]\n"
        f"helper = {source.format(repository=repository)}\n{ACME.format('flat/private')}",
    )
    assert re.match(r"helper(==9.0| @ git\+file:.*)", "".join(make(requirement)))


@pytest.mark.parametrize(
    "source",
    [
        pytest.param('[{ index = "acme", extra = "fast" }]', id="of an extra"),
        pytest.param('[{ index = "acme", group = "dev" }]', id="of a group"),
        pytest.param('[{ index = "acme", marker = "python_version < \'3\'" }]', id="of a Python"),
    ],
)
def test_source_that_is_not_for_builds_here_is_not_followed(
    make: Make, root: Path, source: str
) -> None:
    acme = ACME.format("flat/private")
    write_settings(root, f"[tool.uv]\n{PUBLIC}[tool.uv.sources]\nhelper = {source}\n{acme}")
    assert make("helper") == ("helper==1.0",)


@pytest.mark.parametrize(
    "source",
    [
        '{ path = "../helper" }',
        '{ path = "flat/private/helper-9.0-py3-none-any.whl" }',
        '{ path = "../helper", editable = true }',
        "{ workspace = true }",
    ],
)
def test_source_that_is_a_directory_of_this_machine_is_refused_by_name(
    make: Make, root: Path, source: str
) -> None:
    write_settings(root, f"[tool.uv]\n{PUBLIC}[tool.uv.sources]\nhelper = {source}\n")
    with raises_error(SOURCE_NOT_FOLLOWED) as caught:
        make("helper")
    assert "helper" in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ("index = 'x'\n", "index"),
        ("pip = 1\n", "pip"),
        ("[tool.uv.pip]\nfind-links = 'x'\n", "find-links"),
        ("sources = []\n", "sources"),
        ("[tool.uv.sources]\nhelper = 'acme'\n", "sources.helper"),
    ],
)
def test_malformed_settings_are_named(make: Make, root: Path, settings: str, key: str) -> None:
    write_settings(root, f"[tool.uv]\n{settings}")
    with raises_error(BROKEN_SETTINGS) as caught:
        make("helper")
    assert caught.value.answers()["why"] == f"{key} has another form than uv reads"


def test_index_that_is_not_declared_is_not_worth_a_second_run(make: Make, root: Path) -> None:
    write_settings(root, f"[tool.uv]\n{PUBLIC}[tool.uv.sources]\nhelper = {{ index = 'acme' }}\n")
    with raises_error(BUILD_REQUIREMENTS_REFUSED) as caught:
        make("helper")
    assert "undeclared index: `acme`" in caught.value.answers()["why"]


def test_source_of_another_requirement_is_no_matter(make: Make, root: Path) -> None:
    write_settings(root, f"[tool.uv]\n{PUBLIC}[tool.uv.sources]\nother = {{ workspace = true }}\n")
    assert make("helper") == ("helper==1.0",)


@pytest.mark.parametrize("settings", ["", "no-sources = true\n"])
def test_who_wants_no_sources_gets_none(make: Make, root: Path, settings: str) -> None:
    source = 'helper = { index = "acme" }'
    acme = ACME.format("flat/private")
    write_settings(root, f"[tool.uv]\n{settings}{PUBLIC}[tool.uv.sources]\n{source}\n{acme}")
    variables = {} if settings else {"UV_NO_SOURCES": "1"}
    assert make("helper", **variables) == ("helper==1.0",)


def test_login_in_a_source_keeps_uv_from_building(make: Make, root: Path) -> None:
    url = "https://bob:hunter2-hunter2@localhost:1/helper.git"
    write_settings(root, f'[tool.uv]\n{PUBLIC}[tool.uv.sources]\nhelper = {{ git = "{url}" }}\n')
    with raises_error(BUILD_WITH_CREDENTIALS) as caught:
        make("helper")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("member", [True, False])
def test_workspace_decides_for_its_members(make: Make, root: Path, member: bool) -> None:
    """As `uv build` has it: settings and sources of the root, and what the member says itself."""
    members = 'members = ["packages/*"]' if member else 'members = ["others/*"]'
    source = 'helper = { index = "acme" }'
    acme = ACME.format("flat/private")
    public = PUBLIC.replace("no-index = true", "") if member else PUBLIC
    write_settings(
        root, f"[tool.uv]\n{public}workspace = {{ {members} }}\nsources = {{ {source} }}\n{acme}"
    )
    project = root / "packages" / "one"
    project.mkdir(parents=True)
    write_settings(project, '[project]\nname = "one"\nversion = "1.0"\n')
    found = make("helper", root=project)
    assert found == (("helper==9.0",) if member else ("helper==1.0",))


def test_user_s_settings_hold_below_the_project_s(make: Make, root: Path, tmp_path: Path) -> None:
    """Their machine's proxy and directories too, but nothing about their own environments."""
    home = tmp_path / "home-of-the-user"
    (home / ".config" / "uv").mkdir(parents=True)
    write_version(home / ".config" / "uv" / "flat" / "public", "2.0")
    (home / ".config" / "uv" / "uv.toml").write_text(
        f'required-version = "==0.1"\n{PUBLIC}[pip]\ntarget = "inside"\nall-extras = true\n'
    )
    assert make("helper", HOME=str(home), XDG_CONFIG_HOME="") == ("helper==2.0",)
    write_settings(root, '[tool.uv]\nfind-links = ["flat/private"]\n')
    assert make("helper", HOME=str(home), XDG_CONFIG_HOME="") == ("helper==9.0",)
    (root / "uv.toml").write_text(PUBLIC)
    assert make("helper", HOME=str(home), XDG_CONFIG_HOME="") == ("helper==2.0",)
    named = tmp_path / "named.toml"
    named.write_text(f'no-index = true\nfind-links = ["{root}/flat/private"]\n')
    assert make("helper", UV_CONFIG_FILE=str(named), HOME=str(home)) == ("helper==9.0",)
