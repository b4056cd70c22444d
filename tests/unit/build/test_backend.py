from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.version import Version

from building import Built, build_dists
from raising import raises_error
from releasekit.build import backend
from releasekit.build.backend import BuildOptions
from releasekit.errors.failed import BUILD_REQUIREMENTS_FAILED, PROGRAM_KILLED
from releasekit.errors.refused import BUILD_FAILED
from releasekit.network import open_network
from samples import METADATA, write_wheel
from unit.conftest import Answer, Server

EPOCH = 1_700_000_000

# A backend without requirements: builds need no index, and show what they get.
BACKEND = """
import io, os, pathlib, tarfile, zipfile

NAME = "demo-1.0"
SHOWN = ("SETUPTOOLS_SCM_PRETEND_VERSION", "SOURCE_DATE_EPOCH", "PYTHONHASHSEED", "TZ",
         "VIRTUAL_ENV", "PATH", "PIP_FIND_LINKS", "PYTHONNOUSERSITE")

def build_sdist(sdist_directory, config_settings=None):
    print("building the sdist")
    filename = NAME + ".tar.gz"
    with tarfile.open(os.path.join(sdist_directory, filename), "w:gz") as archive:
        for name in ("pyproject.toml", "backend.py", "PKG-INFO"):
            archive.add(name, f"{NAME}/{name}")
    return filename

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    filename = NAME + "-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, filename), "w") as archive:
        archive.write("PKG-INFO", NAME + ".dist-info/METADATA")
        archive.writestr("files", "\\n".join(sorted(os.listdir("."))))
        for name in SHOWN:
            archive.writestr(name, os.environ.get(name, "(not set)"))
    return filename
"""
PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A project with a backend of its own."""
    root = tmp_path / "source"
    root.mkdir()
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "backend.py").write_text(BACKEND)
    (root / "PKG-INFO").write_text(METADATA)
    (root / "not-in-the-sdist.txt").write_text("x")
    return root


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build environments that tests may share."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def options(environ: dict[str, str], shared_cache: Path) -> BuildOptions:
    return BuildOptions(
        environ={**environ, "UV_CACHE_DIR": str(shared_cache / "uv")},
        cache=shared_cache,
        constraints=None,
        epoch=EPOCH,
        version=Version("1.0"),
        log=lambda line: None,
    )


def read(wheel: Path, name: str) -> str:
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(name).decode()


# --- what is built ------------------------------------------------------------------------------


def test_wheel_is_built_from_the_sdist(source: Path, out: Path, options: BuildOptions) -> None:
    lines: list[str] = []
    built = build_dists(source, out, replace(options, log=lines.append))
    sdist, wheel = out / "demo-1.0.tar.gz", out / "demo-1.0-py3-none-any.whl"
    assert built == Built(sdist=sdist, wheel=wheel, requirements=())
    assert set(out.iterdir()) == {sdist, wheel}
    assert read(wheel, "files").split() == ["PKG-INFO", "backend.py", "pyproject.toml"]
    assert "building the sdist" in lines


@pytest.mark.parametrize(
    ("version", "expected"), [(Version("1.0"), "1.0"), (None, "(not set)")], ids=str
)
def test_backend_gets_the_version_and_a_fixed_world(
    source: Path, out: Path, options: BuildOptions, version: Version | None, expected: str
) -> None:
    wheel = build_dists(source, out, replace(options, version=version)).wheel
    names = ("SETUPTOOLS_SCM_PRETEND_VERSION", "SOURCE_DATE_EPOCH", "PYTHONHASHSEED", "TZ")
    assert [read(wheel, name) for name in names] == [expected, str(EPOCH), "0", "UTC"]
    assert read(wheel, "PYTHONNOUSERSITE") == "1"
    environment = read(wheel, "VIRTUAL_ENV")
    assert environment.startswith(str(options.cache))
    assert read(wheel, "PATH") == f"{environment}/bin:{options.environ['PATH']}"


def test_backend_gets_what_the_user_exports(source: Path, out: Path, options: BuildOptions) -> None:
    environ = {**options.environ, "PIP_FIND_LINKS": "/nowhere"}
    wheel = build_dists(source, out, replace(options, environ=environ)).wheel
    assert read(wheel, "PIP_FIND_LINKS") == "/nowhere"


def test_backend_sees_no_file_of_the_user_s_own_site(
    source: Path, out: Path, options: BuildOptions
) -> None:
    """A sitecustomize of the user's, and what PYTHONPATH names, are not in the tag."""
    home = Path(options.environ["HOME"])
    for folder in ("on-path", f".local/lib/python3.{sys.version_info.minor}/site-packages"):
        (home / folder).mkdir(parents=True)
        (home / folder / "stranger.py").write_text("")
        (home / folder / "usercustomize.py").write_text("raise SystemExit('user code ran')")
    looks = "import importlib.util as u; print('stranger:', u.find_spec('stranger'))\n"
    (source / "backend.py").write_text(looks + BACKEND)
    lines: list[str] = []
    environ = {**options.environ, "PYTHONPATH": str(home / "on-path")}
    with open_network(environ=environ) as network:
        build_dists(source, out, replace(options, environ=network.environ, log=lines.append))
    assert {line for line in lines if line.startswith("stranger")} == {"stranger: None"}
    assert "user code ran" not in lines


def test_backend_that_prints_the_environment_shows_no_secret(
    source: Path, out: Path, options: BuildOptions
) -> None:
    (source / "backend.py").write_text(f"import os; print(dict(os.environ))\n{BACKEND}")
    secrets = ("TWINE_PASSWORD", "RELEASEKIT_ADMIN_PASSWORD", "RELEASEKIT_CLIENT_CERT")
    lines: list[str] = []
    environ = {**options.environ, **dict.fromkeys(secrets, "hunter2"), "MARK": "ours"}
    with open_network(environ=environ) as network:
        build_dists(source, out, replace(options, environ=network.environ, log=lines.append))
    said = "\n".join(lines)
    assert "'MARK': 'ours'" in said
    assert "hunter2" not in said
    assert not [name for name in ("TWINE_PASSWORD", "RELEASEKIT_") if name in said]


def test_what_the_backend_warns_of_stands_in_the_log(
    source: Path, out: Path, options: BuildOptions
) -> None:
    (source / "backend.py").write_text(f"import warnings; warnings.warn('odd\\nlayout')\n{BACKEND}")
    lines: list[str] = []
    build_dists(source, out, replace(options, log=lines.append))
    said = [line for line in lines if line.endswith(("Warning: odd", "layout"))]
    assert said[1::2] == ["layout"] * 4  # two hooks for each dist
    assert [line.rpartition("backend.py")[2] for line in said[::2]] == [
        ":1: BuildBackendWarning: odd"
    ] * 4


# --- what it is built with ----------------------------------------------------------------------


@pytest.fixture
def helper(tmp_path: Path) -> Path:
    """A wheel that a build may require."""
    (tmp_path / "helper").mkdir()
    metadata = METADATA.replace("Name: demo", "Name: demo-helper")
    filename = "demo_helper-1.0-py3-none-any.whl"
    return write_wheel(
        tmp_path / "helper", filename=filename, metadata=metadata, files={"helper.py": ""}
    )


def require(source: Path, requirement: str) -> None:
    (source / "pyproject.toml").write_text(PYPROJECT.replace("[]", f'["{requirement}"]', 1))


def test_requirement_by_name_is_recorded_with_its_version(
    source: Path, out: Path, options: BuildOptions, helper: Path
) -> None:
    require(source, "demo_helper==1.*")
    environ = {**options.environ, "UV_FIND_LINKS": str(helper.parent), "UV_OFFLINE": "1"}
    built = build_dists(source, out, replace(options, environ=environ))
    assert built.requirements == ("demo-helper==1.0",)


def test_requirement_by_address_is_recorded_with_it(
    source: Path, out: Path, options: BuildOptions, helper: Path
) -> None:
    requirement = f"demo-helper @ {helper.as_uri()}"
    require(source, requirement)
    assert build_dists(source, out, options).requirements == (requirement,)


def test_credentials_in_the_address_of_a_requirement_are_not_recorded(
    source: Path,
    out: Path,
    options: BuildOptions,
    helper: Path,
    serve: Callable[[None], Server],
) -> None:
    server = serve(None)
    server.answers = [Answer(body=helper.read_bytes())]
    address = f"{server.url}/{helper.name}"
    lines: list[str] = []
    require(source, f"demo-helper @ {address.replace('//', '//bob:hunter2@')}")
    built = build_dists(source, out, replace(options, log=lines.append))
    assert "Basic Ym9iOmh1bnRlcjI=" in server.authorizations
    assert [line.partition(" @ ")[0] for line in built.requirements] == ["demo-helper"]
    assert "hunter2" not in "\n".join((*built.requirements, *lines))


def test_credentials_in_the_address_of_a_requirement_are_in_no_list_of_processes(
    source: Path,
    out: Path,
    options: BuildOptions,
    helper: Path,
    serve: Callable[[None], Server],
) -> None:
    server = serve(None)
    server.answers = [Answer(body=helper.read_bytes())]
    require(source, f"demo-helper @ {server.url.replace('//', '//bob:hunter2@')}/{helper.name}")
    shown: list[str] = []

    def look(line: str) -> None:
        """Look at all processes while uv says what it does."""
        shown.append(subprocess.check_output(("ps", "-A", "-ww", "-o", "args"), text=True))

    build_dists(source, out, replace(options, log=look))
    assert [text for text in shown if " pip install " in text]
    assert [text for text in shown if "hunter2" in text] == []


def test_credentials_in_the_address_of_a_requirement_show_in_no_refusal(
    source: Path, out: Path, options: BuildOptions
) -> None:
    require(source, "demo-helper @ http://bob:hunter2@127.0.0.1:1/demo_helper-1.0-py3-none-any.whl")
    environ = {**options.environ, "UV_OFFLINE": "1"}
    with raises_error(BUILD_REQUIREMENTS_FAILED) as caught:
        build_dists(source, out, replace(options, environ=environ))
    assert caught.value.answers()["what"] == (
        "the build requirements could not be installed: "
        "demo-helper @ http://127.0.0.1:1/demo_helper-1.0-py3-none-any.whl"
    )
    assert "hunter2" not in str(caught.value)


def test_settings_for_uv_that_it_does_not_know_are_no_requirement(
    source: Path, out: Path, options: BuildOptions
) -> None:
    """uv warns of them where it sees them."""
    (source / "pyproject.toml").write_text(f'{PYPROJECT}[tool.uv]\nodd = "a==1"\n')
    assert build_dists(source, out, options).requirements == ()


# --- pinned build requirements -----------------------------------------------------------------


@pytest.fixture
def helpers(tmp_path: Path) -> Path:
    """A helper that needs another one, of which there are two versions."""
    folder = tmp_path / "helpers"
    folder.mkdir()
    for name, version, needs in (("top", "1.0", "deep"), ("deep", "1.0", ""), ("deep", "2.0", "")):
        metadata = f"Metadata-Version: 2.1\nName: demo-{name}\nVersion: {version}\n"
        metadata += f"Requires-Dist: demo-{needs}\n" if needs else ""
        filename = f"demo_{name}-{version}-py3-none-any.whl"
        write_wheel(folder, filename=filename, metadata=metadata, files={f"{name}.py": ""})
    return folder


def pin(options: BuildOptions, helpers: Path, text: str) -> BuildOptions:
    constraints = helpers.parent / "constraints.txt"
    constraints.write_text(text)
    environ = {**options.environ, "UV_FIND_LINKS": str(helpers), "UV_OFFLINE": "1"}
    return replace(options, environ=environ, constraints=constraints)


@pytest.mark.parametrize(
    ("constraints", "requirements"),
    [
        pytest.param("", ("demo-deep==2.0", "demo-top==1.0"), id="nothing pinned"),
        pytest.param("demo-deep==1.0\n", ("demo-deep==1.0", "demo-top==1.0"), id="one below"),
    ],
)
def test_constraints_pin_what_build_requirements_need(
    source: Path,
    out: Path,
    options: BuildOptions,
    helpers: Path,
    constraints: str,
    requirements: tuple[str, ...],
) -> None:
    require(source, "demo-top")
    built = build_dists(source, out, pin(options, helpers, constraints))
    assert built.requirements == requirements


def test_constraint_with_a_hash_is_held_against_the_bytes(
    source: Path, out: Path, options: BuildOptions, helpers: Path
) -> None:
    require(source, "demo-top")
    wheel = (helpers / "demo_deep-1.0-py3-none-any.whl").read_bytes()
    right, wrong = hashlib.sha256(wheel).hexdigest(), "0" * 64
    pinned = pin(options, helpers, f"demo-deep==1.0 --hash=sha256:{right}\n")
    assert "demo-deep==1.0" in build_dists(source, out, pinned).requirements
    pinned = pin(options, helpers, f"demo-deep==1.0 --hash=sha256:{wrong}\n")
    with raises_error(BUILD_REQUIREMENTS_FAILED) as caught:
        build_dists(source, out, pinned)
    assert "Hash mismatch" in str(caught.value.fields["tail"])


# --- repeated builds ----------------------------------------------------------------------------


def test_sdist_and_wheel_of_setuptools_are_the_same_under_three_umasks(
    tmp_path: Path, options: BuildOptions
) -> None:
    """The one test here that needs the package index."""
    requires = '[build-system]\nrequires = ["setuptools>=80"]\n'
    project = 'build-backend = "setuptools.build_meta"\n[project]\nname = "demo"\nversion = "1.0"\n'
    contents, before = [], os.umask(0o022)
    try:
        for umask in (0o022, 0o077, 0o002):
            os.umask(umask)
            source, out = tmp_path / f"source-{umask}", tmp_path / f"out-{umask}"
            (source / "demo").mkdir(parents=True)
            (source / "demo" / "__init__.py").write_text("")
            (source / "run.sh").write_text("#!/bin/sh\n")
            (source / "run.sh").chmod(0o777 & ~umask)
            (source / "MANIFEST.in").write_text("include run.sh\n")
            (source / "pyproject.toml").write_text(requires + project)
            out.mkdir()
            built = build_dists(source, out, options)
            contents.append((built.sdist.read_bytes(), built.wheel.read_bytes()))
    finally:
        os.umask(before)
    assert contents[0] == contents[1] == contents[2]
    (requirement,) = built.requirements
    assert requirement.startswith("setuptools==")
    with tarfile.open(built.sdist) as archive:
        modes = {entry.name: oct(entry.mode) for entry in archive}
    assert modes["demo-1.0/run.sh"] == "0o755"
    assert modes["demo-1.0/demo"] == "0o755"
    assert modes["demo-1.0/pyproject.toml"] == "0o644"


# --- failures -----------------------------------------------------------------------------------


def refuse(source: Path, out: Path, options: BuildOptions) -> str:
    with raises_error(BUILD_FAILED, BUILD_REQUIREMENTS_FAILED) as caught:
        build_dists(source, out, options)
    return caught.value.answers()["why"]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        pytest.param(
            "import sys\ndef build_sdist(*a):\n print('MANIFEST is odd'); sys.exit(3)\n",
            "MANIFEST is odd",
            id="the backend's last words",
        ),
        pytest.param("1/0", "ZeroDivisionError: division by zero", id="traceback"),
        pytest.param(
            "def build_sdist(d, c=None):\n open(d + '/demo-1.0.tar.gz', 'w').write('x')\n"
            " return 'demo-1.0.tar.gz'\n",
            "demo-1.0.tar.gz cannot be unpacked: file could not be opened successfully:",
            id="no archive",
        ),
        pytest.param(
            "import tarfile\ndef build_sdist(d, c=None):\n"
            " with tarfile.open(d + '/demo-1.0.tar.gz', 'w:gz'): pass\n return 'demo-1.0.tar.gz'\n",
            "demo-1.0.tar.gz cannot be unpacked: it holds no directory",
            id="empty archive",
        ),
        pytest.param(
            "import tarfile\ndef build_sdist(d, c=None):\n"
            " with tarfile.open(d + '/demo-1.0.tar.gz', 'w:gz') as a:\n"
            "  a.addfile(tarfile.TarInfo('../outside'))\n return 'demo-1.0.tar.gz'\n",
            "demo-1.0.tar.gz cannot be unpacked: '../outside' would be extracted to",
            id="a member that would land outside",
        ),
    ],
)
def test_failed_build_says_why(
    source: Path, out: Path, options: BuildOptions, code: str, why: str
) -> None:
    (source / "backend.py").write_text(code)
    assert why in refuse(source, out, options)


@pytest.mark.parametrize(
    ("pyproject", "backend", "why"),
    [
        pytest.param(
            PYPROJECT.replace('"backend"', '"nowhere"'),
            BACKEND,
            "Backend 'nowhere' is not available.",
            id="a backend that is not there",
        ),
        pytest.param(
            PYPROJECT.replace('"backend"', '"backend:api"'),
            BACKEND,
            "AttributeError: module 'backend' has no attribute 'api'",
            id="an object that is not there",
        ),
        pytest.param(
            PYPROJECT,
            "def build_wheel(*a): ...\n",
            "AttributeError: module 'backend' has no attribute 'build_sdist'",
            id="no hook for sdists",
        ),
        pytest.param(
            PYPROJECT,
            "import os\ndef build_sdist(*a): os._exit(4)\n",
            "python ended with status 4",
            id="silent end",
        ),
        pytest.param(
            PYPROJECT,
            "import os\ndef build_sdist(*a):\n print('so far', flush=True)\n os._exit(0)\n",
            "ended its process, with status 0, before it was done (os._exit?)",
            id="silent end without a failure",
        ),
        pytest.param(
            PYPROJECT,
            "import os\ndef get_requires_for_build_sdist(*a): os._exit(0)\n",
            "ended its process, with status 0, before it was done (os._exit?)",
            id="silent end in another hook",
        ),
        pytest.param(
            PYPROJECT,
            "def build_sdist(*a): return 'demo-1.0.tar.gz'\n",
            "the build backend names demo-1.0.tar.gz, and has made no such file",
            id="a file that is not there",
        ),
    ],
)
def test_backend_that_cannot_build_is_refused_with_the_real_reason(
    source: Path, out: Path, options: BuildOptions, pyproject: str, backend: str, why: str
) -> None:
    (source / "pyproject.toml").write_text(pyproject)
    (source / "backend.py").write_text(backend)
    said = refuse(source, out, options)
    assert said.splitlines()[0].endswith(why)
    assert ("so far" in said) == ("so far" in backend)
    assert "FileNotFoundError" not in said
    assert "ended with status 0" not in said


@pytest.mark.parametrize(
    ("pyproject", "why"),
    [
        pytest.param("[build-system", "Failed to parse", id="no TOML"),
        pytest.param("[build-system]\n", "`requires` is a required property", id="no requires"),
    ],
)
def test_build_system_that_cannot_be_read_is_refused(
    source: Path, out: Path, options: BuildOptions, pyproject: str, why: str
) -> None:
    (source / "pyproject.toml").write_text(pyproject)
    assert why in refuse(source, out, options)


def test_requirement_that_cannot_be_had_is_named(
    source: Path, out: Path, options: BuildOptions, tmp_path: Path
) -> None:
    (source / "pyproject.toml").write_text(PYPROJECT.replace("[]", '["demo-nowhere==9"]', 1))
    environ = {**options.environ, "UV_OFFLINE": "1", "UV_DEFAULT_INDEX": tmp_path.as_uri()}
    with raises_error(BUILD_REQUIREMENTS_FAILED) as caught:
        build_dists(source, out, replace(options, environ=environ))
    answers = caught.value.answers()
    assert answers["what"] == ("the build requirements could not be installed: demo-nowhere==9")
    assert "demo-nowhere" in answers["why"]


def test_setuptools_scm_that_does_not_answer_is_stopped(
    source: Path,
    out: Path,
    options: BuildOptions,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It asks git, which may wait for a server."""
    (tmp_path / "scm").mkdir()
    write_wheel(
        tmp_path / "scm",
        filename="setuptools_scm-9.0-py3-none-any.whl",
        metadata="Metadata-Version: 2.1\nName: setuptools-scm\nVersion: 9.0\n",
        files={"setuptools_scm.py": "import time; time.sleep(60)\n"},
    )
    require(source, "setuptools-scm")
    monkeypatch.setattr(backend, "SCM_SECONDS", 0.5)
    environ = {"UV_FIND_LINKS": str(tmp_path / "scm"), "UV_OFFLINE": "1"}
    with raises_error(PROGRAM_KILLED) as caught:
        build_dists(source, out, replace(options, environ={**options.environ, **environ}))
    assert caught.value.answers()["why"] == "it gave no answer within 0.5 s"


# --- cached environments ------------------------------------------------------------------------


@pytest.fixture
def cached(source: Path, out: Path, options: BuildOptions, tmp_path: Path) -> BuildOptions:
    """Options with a cache in which the project's environment is."""
    options = replace(options, cache=tmp_path / "cache")
    build_dists(source, out, options)
    return options


def environment_of(options: BuildOptions) -> Path:
    assert options.cache
    (path,) = (path for path in (options.cache / "build-envs").iterdir() if path.is_dir())
    return path


def when_made(environment: Path) -> int:
    return (environment / "lib").stat().st_mtime_ns


def record_of(environment: Path) -> Path:
    return environment.with_name(f"{environment.name}.json")


def drop_record(environment: Path) -> None:
    record_of(environment).unlink()


def spoil_record(text: str) -> Callable[[Path], None]:
    def spoil(environment: Path) -> None:
        record_of(environment).write_text(text)

    return spoil


def replace_record_by_a_pipe(environment: Path) -> None:
    record_of(environment).unlink()
    os.mkfifo(record_of(environment))


def name_requirements(text: str) -> Callable[[Path], None]:
    def spoil(environment: Path) -> None:
        record = json.loads(record_of(environment).read_text())
        record["requirements"] = json.loads(text)
        record_of(environment).write_text(json.dumps(record))

    return spoil


def site_packages(environment: Path) -> Path:
    (folder,) = environment.glob("lib/python*/site-packages")
    return folder


def install_more(environment: Path) -> None:
    (site_packages(environment) / "stranger.py").write_text("import os\n")


def change_a_file(environment: Path) -> None:
    with (environment / "pyvenv.cfg").open("a") as file:
        file.write("include-system-site-packages = true\n")


def change_a_letter(environment: Path) -> None:
    """Keep the size, and the times where they are all that is looked at."""
    path = environment / "pyvenv.cfg"
    found = path.stat()
    path.write_text(path.read_text().replace("home", "Home"))
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def add_bytecode(environment: Path) -> None:
    folder = site_packages(environment) / "__pycache__"
    folder.mkdir(exist_ok=True)
    (folder / "stranger.cpython-311.pyc").write_bytes(b"")


def add_a_path_file(environment: Path) -> None:
    (site_packages(environment) / "stranger.pth").write_text("/nowhere\n")


def add_a_folder(environment: Path) -> None:
    (site_packages(environment) / "namespace").mkdir()


def add_a_pipe(environment: Path) -> None:
    os.mkfifo(site_packages(environment) / "pipe.py")


def link_out(environment: Path) -> None:
    (environment / "lib64").unlink()
    (environment / "lib64").symlink_to("/nowhere")


def make_executable(environment: Path) -> None:
    (environment / "pyvenv.cfg").chmod(0o755)


def take_a_file(environment: Path) -> None:
    (environment / "bin" / "activate").unlink()


def drop_python(environment: Path) -> None:
    python = environment / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3")


def test_whole_environment_is_used_again(source: Path, out: Path, cached: BuildOptions) -> None:
    made = when_made(environment_of(cached))
    build_dists(source, out, cached)
    assert when_made(environment_of(cached)) == made


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(drop_record, id="no record"),
        pytest.param(drop_python, id="no Python"),
        *(
            pytest.param(spoil_record(text), id=f"record {text}")
            for text in ("[", "null", "[1]", "{}", '"abc"', '["a==1", null]', '{"a": "b"}')
        ),
        *(
            pytest.param(name_requirements(text), id=f"requirements {text}")
            for text in ("null", "[1]", '"abc"', '["a==1", null]')
        ),
        pytest.param(install_more, id="something was installed into it"),
        pytest.param(change_a_file, id="a file was changed"),
        pytest.param(take_a_file, id="a file was taken from it"),
        pytest.param(change_a_letter, id="a file of the same size"),
        pytest.param(make_executable, id="a mode"),
        pytest.param(add_bytecode, id="bytecode"),
        pytest.param(add_a_path_file, id="a .pth file"),
        pytest.param(add_a_folder, id="an empty directory"),
        pytest.param(add_a_pipe, id="a named pipe"),
        pytest.param(link_out, id="a link that leads out of it"),
        pytest.param(replace_record_by_a_pipe, id="a named pipe for a record"),
    ],
)
def test_broken_environment_is_made_again(
    source: Path, out: Path, cached: BuildOptions, harm: Callable[[Path], None]
) -> None:
    environment = environment_of(cached)
    made = when_made(environment)
    harm(environment)
    build_dists(source, out, cached)
    assert environment_of(cached) == environment
    assert when_made(environment) > made
    assert json.loads(record_of(environment).read_text())["requirements"] == []
    python = environment / "bin" / "python"
    subprocess.run(
        (python, "-c", "import sys; sys.exit(sys.prefix == sys.base_prefix)"), check=True
    )


@pytest.mark.parametrize(
    ("variables", "shared"),
    [
        pytest.param({"UV_DEFAULT_INDEX": "https://i.example.com/"}, False, id="index of uv"),
        pytest.param({"PIP_INDEX_URL": "https://i.example.com/"}, False, id="index of pip"),
        pytest.param({"UNRELATED": "1"}, True, id="anything else"),
    ],
)
def test_another_index_has_another_environment(
    source: Path, out: Path, cached: BuildOptions, variables: dict[str, str], shared: bool
) -> None:
    build_dists(source, out, replace(cached, environ={**cached.environ, **variables}))
    assert cached.cache
    folders = [path for path in (cached.cache / "build-envs").iterdir() if path.is_dir()]
    assert (len(folders) == 1) is shared


UV_INDEX = 'index-url = "https://i.example.com/"\n'


@pytest.mark.parametrize(
    ("changes", "environments"),
    [
        # Two: the sdist of this project, of which the wheel is built, has no uv.toml in it.
        pytest.param({"uv.toml": UV_INDEX}, 2, id="uv.toml"),
        pytest.param({"pyproject.toml": f"{PYPROJECT}[tool.uv]\n{UV_INDEX}"}, 2, id="tool.uv"),
        pytest.param(
            {"pyproject.toml": f'{PYPROJECT}[[tool.uv.index]]\nurl = "https://i.example.com/"\n'},
            2,
            id="index of tool.uv",
        ),
        pytest.param({"pyproject.toml": f"{PYPROJECT}[tool.ruff]\n"}, 1, id="another tool"),
        pytest.param({"README.md": UV_INDEX}, 1, id="another file"),
    ],
)
def test_what_the_project_tells_uv_has_an_environment_of_its_own(
    source: Path, out: Path, cached: BuildOptions, changes: dict[str, str], environments: int
) -> None:
    for name, text in changes.items():
        (source / name).write_text(text)
    build_dists(source, out, cached)
    assert cached.cache
    folders = [path for path in (cached.cache / "build-envs").iterdir() if path.is_dir()]
    assert len(folders) == environments


def test_without_a_cache_nothing_is_kept(source: Path, out: Path, options: BuildOptions) -> None:
    wheel = build_dists(source, out, replace(options, cache=None)).wheel
    assert not Path(read(wheel, "VIRTUAL_ENV")).exists()
