"""Findings about tiny projects that real backends build: what is right, and what is noise."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from twine import utils

from samples import METADATA, write_wheel
from support import Command, MakeProject, ProjectDir

SETUPTOOLS = (
    '[build-system]\nrequires = ["setuptools>=77"]\nbuild-backend = "setuptools.build_meta"\n'
)
PROJECT = """
[project]
name = "acme-demo"
version = "1.2.3"
description = "d"
readme = "README.md"
requires-python = ">=3.10"
license = "MIT"
license-files = ["LICENSE"]
authors = [{ name = "Team" }]
urls = { Homepage = "https://example.com/demo" }
"""
FILES = {"README.md": "# d\n", "LICENSE": "MIT\n", ".gitignore": "dist/\nreports/\n"}


def write_project(
    make_project: MakeProject,
    files: Mapping[str, str],
    *,
    pyproject: str = "",
    without: tuple[str, ...] = (),
) -> ProjectDir:
    """A tagged project that has these files, and FILES without some."""
    project = make_project(tag=None)
    for path in project.root.iterdir():
        if path.is_file():
            path.unlink()
    common = {name: text for name, text in FILES.items() if name not in without}
    written = {**common, "pyproject.toml": pyproject or SETUPTOOLS + PROJECT, **files}
    for name, text in written.items():
        path = project.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    project.commit_all()
    project.git("tag", "v1.2.3")
    return project


def find(project: ProjectDir, *codes: str) -> list[dict[str, Any]]:
    """The findings of the last run, those with these codes or all."""
    text = (project.root / "reports" / "findings.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return [one for one in document["findings"] if not codes or one["code"] in codes]


@pytest.mark.parametrize("command", ["main", "gone"])
def test_entry_point_into_a_dependency_by_another_name(
    make_project: MakeProject, releasekit: Command, tmp_path: Path, command: str
) -> None:
    """What the dependency installs counts, not what it is called."""
    metadata = METADATA.replace("Name: demo", "Name: unlike-demo")
    write_wheel(
        tmp_path,
        filename="unlike_demo-1.0-py3-none-any.whl",
        metadata=metadata,
        files={"acme/tools/main.py": "def run(): ...\n"},
    )
    project = write_project(
        make_project,
        {"src/acme/demo/__init__.py": ""},
        pyproject=f'{SETUPTOOLS}{PROJECT}dependencies = ["unlike-demo"]\n'
        f'scripts = {{ demo = "acme.tools.{command}:run" }}\n'
        f'[tool.uv]\nfind-links = ["{tmp_path}"]\n',
    )
    ran = releasekit("check", project=project)
    assert ran.status == 0, ran
    why = [one["message"].rpartition(": ")[2] for one in find(project, "RK306")]
    assert why == ([] if command == "main" else ["the wheel has no module acme.tools.gone"])


ABSENT = """
[tool.setuptools]
include-package-data = true
packages = ["demo"]
package-dir = { "" = "src" }
"""


def test_one_cause_is_one_warning_of_the_backend(
    make_project: MakeProject, releasekit: Command
) -> None:
    """Setuptools warns of each directory; the key `packages` is the one cause."""
    files = {f"src/demo/{name}/a.txt": "" for name in ("sql", "pages", "icons")}
    project = write_project(
        make_project,
        {"src/demo/__init__.py": "", "MANIFEST.in": "graft src\n", **files},
        pyproject=SETUPTOOLS + PROJECT + ABSENT,
    )
    ran = releasekit("check", project=project)
    assert ran.status == 0, ran
    (found,) = find(project, "RK118")
    lines = (SETUPTOOLS + PROJECT + ABSENT).splitlines()
    assert (found["file"], found["line"]) == (
        "pyproject.toml",
        lines.index('packages = ["demo"]') + 1,
    )
    names = {name for name in ("demo.sql", "demo.pages", "demo.icons") if name in found["message"]}
    assert len(names) == 3
    assert "is absent from the `packages` configuration. (and " in found["message"]
    assert "please make sure that" in found["fix"]


def test_warning_of_the_backend_names_the_line_that_it_is_about(
    make_project: MakeProject, releasekit: Command
) -> None:
    setup_cfg = "[metadata]\nlicense_file = LICENSE\n\n[bdist_wheel]\nuniversal = 1\n"
    setup_py = "import warnings\n\nfrom setuptools import setup\n\n"
    setup_py += 'warnings.warn("odd thing")\nsetup()\n'
    classified = PROJECT.replace(
        'license = "MIT"',
        'classifiers = [\n  "Topic :: Internet",\n  "License :: OSI Approved :: MIT License",\n]',
    )
    project = write_project(
        make_project,
        {"src/demo/__init__.py": "", "setup.cfg": setup_cfg, "setup.py": setup_py},
        pyproject=SETUPTOOLS + classified,
    )
    ran = releasekit("check", project=project)
    assert ran.status == 0, ran
    places = {(one["file"], one["line"]) for one in find(project, "RK118")}
    line = next(
        number
        for number, text in enumerate((SETUPTOOLS + classified).splitlines(), 1)
        if "License ::" in text
    )
    assert places == {("setup.cfg", 5), ("setup.py", 5), ("pyproject.toml", line)}


def backend(requires: str, name: str, more: str = "") -> str:
    return f'[build-system]\nrequires = ["{requires}"]\nbuild-backend = "{name}"\n{PROJECT}{more}'


SKBUILD = "cmake_minimum_required(VERSION 3.15)\nproject(acme_demo LANGUAGES NONE)\n"
MESON = "project('acme-demo', version: '1.2.3')\npy = import('python').find_installation()\n"
MESON += "py.install_sources('acme_demo/__init__.py', subdir: 'acme_demo')\n"
EXTRA = "extra.py"
DATA = "acme_demo/data.json"


@pytest.mark.parametrize(
    ("name", "requires", "more", "files", "missing", "key", "fixed"),
    [
        pytest.param(
            *("setuptools.build_meta", "setuptools>=77", "", {}, EXTRA, "in MANIFEST.in"),
            {"MANIFEST.in": f"include {EXTRA}\n"},
            id="setuptools",
        ),
        pytest.param(
            *("hatchling.build", "hatchling", "", {".gitignore": "*.json\ndist/\nreports/\n"}),
            *(DATA, "by `artifacts` in [tool.hatch.build.targets.sdist]"),
            f'[tool.hatch.build.targets.sdist]\nartifacts = ["{DATA}"]\n',
            id="hatchling",
        ),
        pytest.param(
            *("hatchling.build", "hatchling"),
            '[tool.hatch.build.targets.sdist]\ninclude = ["acme_demo/*.py"]\n',
            *({}, DATA, "by `include` in [tool.hatch.build.targets.sdist]"),
            f'[tool.hatch.build.targets.sdist]\ninclude = ["acme_demo/*.py", "{DATA}"]\n',
            id="hatchling, include",
        ),
        pytest.param(
            *("flit_core.buildapi", "flit_core>=3.11,<4", "", {}, EXTRA),
            *("by `include` in [tool.flit.sdist]", f'[tool.flit.sdist]\ninclude = ["{EXTRA}"]\n'),
            id="flit",
        ),
        pytest.param(
            *("poetry.core.masonry.api", "poetry-core>=2", "", {}, EXTRA),
            'by `include = [{ path = "…", format = "sdist" }]` in [tool.poetry]',
            f'[tool.poetry]\ninclude = [{{ path = "{EXTRA}", format = "sdist" }}]\n',
            id="poetry",
        ),
        pytest.param(
            *("pdm.backend", "pdm-backend", "", {}, EXTRA),
            "by `source-includes` in [tool.pdm.build]",
            f'[tool.pdm.build]\nsource-includes = ["{EXTRA}"]\n',
            id="pdm",
        ),
        pytest.param(
            *("uv_build", "uv_build", '[tool.uv.build-backend]\nmodule-root = ""\n', {}, EXTRA),
            "by `source-include` in [tool.uv.build-backend]",
            f'[tool.uv.build-backend]\nmodule-root = ""\nsource-include = ["{EXTRA}"]\n',
            id="uv",
        ),
        pytest.param(
            *("scikit_build_core.build", "scikit-build-core"),
            "[tool.scikit-build]\nwheel.cmake = false\n",
            {"CMakeLists.txt": SKBUILD, ".gitignore": "*.json\ndist/\nreports/\n"},
            *(DATA, "by `sdist.include` in [tool.scikit-build]"),
            f'[tool.scikit-build]\nwheel.cmake = false\nsdist.include = ["{DATA}"]\n',
            id="scikit-build-core",
        ),
        pytest.param(
            *("mesonpy", "meson-python", ""),
            {"meson.build": MESON, ".gitattributes": f"{DATA} export-ignore\n"},
            *(DATA, "by removing `export-ignore` from .gitattributes"),
            {".gitattributes": ""},
            id="meson-python",
        ),
    ],
)
def test_missing_file_is_fixed_by_the_key_of_the_backend_in_use(
    make_project: MakeProject,
    releasekit: Command,
    name: str,
    requires: str,
    more: str,
    files: dict[str, str],
    missing: str,
    key: str,
    fixed: str | dict[str, str],
) -> None:
    """The key that the finding names is the one that brings the file into the sdist."""
    common = {
        "acme_demo/__init__.py": '"""Demo."""\n',
        ".github/workflows/ci.yml": "",
        ".pre-commit-config.yaml": "",
        "docs/index.rst": "",
        "azure-pipelines.yml": "",
        missing: "",
    }
    if name == "setuptools.build_meta":
        more += '[tool.setuptools]\npackages = ["acme_demo"]\n'
    project = write_project(
        make_project, {**common, **files}, pyproject=backend(requires, name, more)
    )
    project.git("add", "-f", missing)
    project.git("commit", "-qm", "force", "--allow-empty")
    project.git("tag", "-f", "v1.2.3")
    ran = releasekit("check", project=project)
    assert ran.status == 0, ran
    (found,) = find(project, "RK201")
    assert found["message"] == f"1 file in git is not in the sdist: {missing}"
    assert found["fix"].startswith(f"include them {key}")
    assert len(find(project, "RK123")) <= 1
    changed = (
        fixed if isinstance(fixed, dict) else {"pyproject.toml": backend(requires, name, fixed)}
    )
    for path, text in changed.items():
        project.write(path, text)
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    ran = releasekit("check", project=project)
    assert ran.status == 0, ran
    assert find(project, "RK201") == []


@pytest.mark.skipif(sys.platform == "darwin", reason="APFS has no such names")
def test_names_that_are_not_utf_8_are_compared_and_shown(
    make_project: MakeProject, releasekit: Command
) -> None:
    project = write_project(
        make_project,
        {"acme_demo/__init__.py": "", ".gitignore": "dist/\nreports/\n/docs/b*\n"},
        pyproject=backend("hatchling", "hatchling.build"),
    )
    docs = project.root / "docs"
    docs.mkdir()
    for name in (b"a\xe9.txt", b"b\xe9.txt"):
        (docs / os.fsdecode(name)).touch()
    project.git("add", "-Af", ".")
    project.git("commit", "-qm", "names")
    project.git("tag", "-f", "v1.2.3")
    ran = releasekit("check", project=project)
    assert ran.status == 0, ran
    (found,) = find(project, "RK123")
    assert "not in the sdist: docs/b\\xe9.txt" in found["message"]
    assert "docs/b\\xe9.txt" in ran.out


@pytest.mark.parametrize(
    ("repository", "found"),
    [
        pytest.param("", 0, id="sandbox"),
        pytest.param("https://nexus.example.com/repository/pypi-hosted/", 0, id="an own index"),
        pytest.param(utils.DEFAULT_REPOSITORY.rstrip("/"), 1, id="twine's default"),
        pytest.param(utils.TEST_REPOSITORY.rstrip("/"), 1, id="twine's default for tests"),
    ],
)
def test_private_classifier_is_an_error_for_public_repositories_alone(
    make_project: MakeProject, releasekit: Command, tmp_path: Path, repository: str, found: int
) -> None:
    classified = 'classifiers = ["Private :: Do Not Upload"]\n'
    project = write_project(
        make_project,
        {"acme_demo.py": '"""Demo."""\n'},
        pyproject=backend("flit_core>=3.11,<4", "flit_core.buildapi", classified),
    )
    section = f"[there]\nrepository = {repository}\nusername = u\npassword = p\n"
    (tmp_path / ".pypirc").write_text(f"[distutils]\nindex-servers = there\n{section}")
    options = ("-r", "there") if repository else ()
    ran = releasekit("check", *options, project=project, HOME=str(tmp_path))
    assert ran.status == found, ran
    assert len(find(project, "RK105")) == found
    if found:
        assert "error E121: 1 finding of severity error: RK105" in ran.out


SETUP_CFG = """
[metadata]
name = acme-demo
version = 1.2.3
description = d
long_description = file: {readme}
url = https://example.com/demo
author = Team
license_expression = MIT

[options]
py_modules = acme_demo
python_requires = >=3.10
"""


@pytest.mark.parametrize(
    ("readme", "severity", "fix"),
    [
        pytest.param(
            "README.rst",
            "note",
            'set readme = "README.rst" in [project] (setup.cfg, setup.py: '
            "long_description_content_type = text/x-rst)",
            id="reStructuredText, for which it is taken",
        ),
        pytest.param(
            "README.md",
            "warning",
            'set readme = "README.md" in [project] (setup.cfg, setup.py: '
            "long_description_content_type = text/markdown)",
            id="Markdown",
        ),
        pytest.param(
            "ABOUT",
            "warning",
            "say what it is: long_description_content_type = text/markdown, text/x-rst or "
            "text/plain (setup.cfg, setup.py)",
            id="neither",
        ),
    ],
)
def test_content_type_is_that_of_the_readme_in_use(
    make_project: MakeProject, releasekit: Command, readme: str, severity: str, fix: str
) -> None:
    files = {"acme_demo.py": "", readme: "A demo\n", "setup.cfg": SETUP_CFG.format(readme=readme)}
    other = {} if readme == "ABOUT" else {"README.txt": "not this one\n"}
    project = write_project(
        make_project, {**files, **other}, pyproject=SETUPTOOLS, without=("README.md",)
    )
    ran = releasekit("check", project=project)
    assert ran.status == 0, ran
    (found,) = find(project, "RK109")
    assert (found["severity"], found["fix"]) == (severity, fix)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        pytest.param("", "a license is stated, and no file with its text is", id="no file"),
        pytest.param(
            'license-files = ["LICENSE"]\n[tool.acme]\nlacks = true\n',
            "the license file LICENSE is named, and is not",
            id="a file that is not packed",
        ),
    ],
)
def test_missing_license_is_one_finding_for_all_dists(
    make_project: MakeProject, releasekit: Command, more: str, message: str
) -> None:
    """Here the backend of the project packs no license into either dist."""
    info = PROJECT.replace('license-files = ["LICENSE"]\n', "")
    build = '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n'
    project = write_project(
        make_project,
        {"own.py": (Path(__file__).parent / "license_backend.py").read_text("utf-8")},
        pyproject=build + info + more,
        without=("LICENSE",),
    )
    ran = releasekit("check", project=project)
    assert ran.status == 0, ran
    messages = [one["message"] for one in find(project, "RK113")]
    dists = "acme_demo-1.2.3.tar.gz, acme_demo-1.2.3-py3-none-any.whl"
    assert messages == [f"{message} in {dists}"]
    ran = releasekit("check", "dist", project=project)
    assert ran.out.count("RK113") == 1


@pytest.mark.parametrize(
    ("code", "why"),
    [
        pytest.param(
            "def f():\n    raise ValueError('first line\\nsecond line')\nf()\n",
            ["ValueError: first line", "second line"],
            id="exception",
        ),
        pytest.param(
            "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n"
            "    raise RuntimeError('no rates') from error\n",
            ["RuntimeError: no rates"],
            id="exception with a cause",
        ),
        pytest.param("1 +\n", ["SyntaxError: invalid syntax"], id="syntax"),
        pytest.param("raise SystemExit('no rates')\n", [], id="no traceback"),
    ],
)
def test_reason_of_the_backend_goes_before_its_traceback(
    make_project: MakeProject, releasekit: Command, code: str, why: list[str]
) -> None:
    project = write_project(make_project, {"setup.py": code}, pyproject=SETUPTOOLS)
    ran = releasekit("check", project=project)
    assert ran.status == 1, ran
    assert "error E111: the build backend failed to make the sdist\n" in ran.out
    lines = ran.out[ran.out.index("  why:") : ran.out.index("  next:")].splitlines()
    said = [line.removeprefix("  why:").strip() for line in lines]
    assert said[: len(why)] == why
    if why:
        assert said[-1].startswith(("File ", "^", "1 +", "f()", "raise", "exec"))
    else:
        assert said[-1] == "no rates"


SETUP_PY = """
from pathlib import Path

from setuptools import setup


def read(name):
    path = Path(name)
    return path.read_text() if path.exists() else ""


setup(
    name="acme-demo",
    version="1.2.3",
    description="d",
    long_description=read("{readme}"),
    long_description_content_type="text/markdown",
    install_requires=read("requirements.txt").split(),
    url="https://example.com/demo",
    author="Team",
    python_requires=">=3.10",
    py_modules=["acme_demo"],
)
"""


@pytest.mark.parametrize(
    ("readme", "manifest", "said", "lacks"),
    [
        pytest.param(
            *("README.md", "include requirements.txt\nexclude README.md\n"),
            *("Description is empty in the wheel", "README.md"),
            id="excluded",
        ),
        pytest.param(
            *("ABOUT.md", "include requirements.txt\n"),
            *("Description is empty in the wheel", "ABOUT.md"),
            id="another name",
        ),
        pytest.param(
            *("README.md", "", "Requires-Dist is empty in the wheel", "requirements.txt"),
            id="requirements",
        ),
    ],
)
def test_wheel_of_an_sdist_that_lacks_a_file_is_another_project(
    make_project: MakeProject,
    releasekit: Command,
    readme: str,
    manifest: str,
    said: str,
    lacks: str,
) -> None:
    files = {"acme_demo.py": "", "setup.py": SETUP_PY.replace("{readme}", readme)}
    files |= {"requirements.txt": "packaging\n", readme: "# Demo\n", "MANIFEST.in": manifest}
    project = write_project(make_project, files, pyproject=SETUPTOOLS)
    ran = releasekit("check", project=project)
    assert ran.status == 1, ran
    (found,) = find(project, "RK124")
    assert found["message"] == (
        f"the wheel does not say the same as the sdist: {said}, and the sdist lacks {lacks}"
    )
    assert found["fix"] == "the wheel is built from the sdist: include it in MANIFEST.in"
    project.write("MANIFEST.in", "include requirements.txt ABOUT.md\n")
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    ran = releasekit("check", project=project)
    assert ran.status == 0, ran
    assert find(project, "RK124") == []


NEEDS = "import nothing_of_that_name\nmain = print\n"
OF_AN_EXTRA: dict[str, tuple[str, str, bool]] = {
    "needs the extra": ("acme_demod:main [d]", NEEDS, True),
    "needs it below": ("acme_demod.server:main [d]", NEEDS, True),
    "is for everybody": ("acme_demod:main", NEEDS, False),
    "needs an extra that there is not": ("acme_demod:main [e]", NEEDS, False),
    "is broken": ("acme_demod:main [d]", "main = 1/0\n", False),
}


@pytest.mark.parametrize(
    ("command", "code", "passes"), list(OF_AN_EXTRA.values()), ids=list(OF_AN_EXTRA)
)
def test_package_that_only_an_extra_needs_may_lack_what_the_extra_brings(
    make_project: MakeProject, releasekit: Command, command: str, code: str, passes: bool
) -> None:
    """As black has it: `blackd = blackd:main [d]`."""
    project = write_project(
        make_project,
        {
            "acme_demo/__init__.py": "",
            "acme_demod/__init__.py": code,
            "acme_demod/server.py": "main = print\n",
        },
        pyproject=f'{SETUPTOOLS}{PROJECT}scripts = {{ demod = "{command}" }}\n'
        "optional-dependencies = { d = [] }\n"
        '[tool.setuptools]\npackages = ["acme_demo", "acme_demod"]\n',
    )
    ran = releasekit("check", project=project)
    assert [one["code"] for one in find(project, "RK120")] == ([] if passes else ["RK120"]), ran
    note = (
        "not verified: whether acme_demod can be imported: its entry points say that it needs "
        "the extra d (ModuleNotFoundError: No module named 'nothing_of_that_name')"
    )
    assert (note in ran.out) == passes
    assert ("imports acme_demo (Python" in ran.out) == passes


def test_package_with_the_name_of_the_project_is_for_everybody(
    make_project: MakeProject, releasekit: Command
) -> None:
    project = write_project(
        make_project,
        {"acme_demo/__init__.py": NEEDS, "acme_more/__init__.py": ""},
        pyproject=f'{SETUPTOOLS}{PROJECT}scripts = {{ demo = "acme_demo:main [d]" }}\n'
        "optional-dependencies = { d = [] }\n"
        '[tool.setuptools]\npackages = ["acme_demo", "acme_more"]\n',
    )
    ran = releasekit("check", project=project)
    assert [one["code"] for one in find(project, "RK120")] == ["RK120"], ran
