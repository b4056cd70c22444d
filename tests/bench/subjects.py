"""The projects that are released: written here, so that each round has a version of its own."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

SETUPTOOLS = ("setuptools>=80", "setuptools.build_meta")
FLIT = ("flit-core>=3.12", "flit_core.buildapi")
HATCHLING = ("hatchling>=1.27", "hatchling.build")
PYPROJECT = """\
[build-system]
requires = ["{requires}"]
build-backend = "{backend}"

[project]
name = "{name}"
version = "0"
description = "A project that is built to see how long that takes"
readme = "README.md"
license = "LicenseRef-Proprietary"
authors = [{{ name = "Team Example" }}]
requires-python = ">=3.10"

[project.urls]
Homepage = "https://{name}.example.com"
"""
C_SOURCE = """\
#include <Python.h>

static PyObject *answer(PyObject *self, PyObject *nothing) { return PyLong_FromLong(42); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, "Return 42."}, {NULL}};
static PyModuleDef module = {PyModuleDef_HEAD_INIT, "_answer", NULL, -1, methods};
PyMODINIT_FUNC PyInit__answer(void) { return PyModule_Create(&module); }
"""
EXTENSION = """
[tool.setuptools]
packages = ["{package}"]

[[tool.setuptools.ext-modules]]
name = "{package}._answer"
sources = ["{package}/answer.c"]
"""
MANY = 2000
DEPENDENCIES = tuple(f"bench-dependency-{number}" for number in range(20))
"""Packages of version 1.0 that a server gets before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """A kind of project."""

    name: str
    title: str
    write: Callable[[Path, str], None]
    """Write its files below a directory, but for the README; it gets the project's name."""
    dependencies: tuple[str, ...] = ()
    """What it requires; only a Nexus has them."""


def _write_pyproject(root: Path, name: str, requires: str, backend: str, end: str = "") -> Path:
    package = name.replace("-", "_")
    text = PYPROJECT.format(name=name, requires=requires, backend=backend)
    root.joinpath("pyproject.toml").write_text(text + end.format(package=package), encoding="utf-8")
    modules = root / package
    modules.mkdir()
    modules.joinpath("__init__.py").write_text(f'"""The package {package}."""\n')
    return modules


def _write_small(root: Path, name: str) -> None:
    _write_pyproject(root, name, *SETUPTOOLS)


def _write_hatchling(root: Path, name: str) -> None:
    _write_pyproject(root, name, *HATCHLING)


def _write_flit(root: Path, name: str) -> None:
    _write_pyproject(root, name, *FLIT)


def _write_dependent(root: Path, name: str) -> None:
    modules = _write_pyproject(root, name, *FLIT)
    path = root / "pyproject.toml"
    needs = f"dependencies = {json.dumps(DEPENDENCIES)}\n\n[project.urls]"
    path.write_text(path.read_text("utf-8").replace("[project.urls]", needs), encoding="utf-8")
    imports = "".join(f"import {needed.replace('-', '_')}\n" for needed in DEPENDENCIES)
    modules.joinpath("__init__.py").write_text(f'"""The package {name}."""\n\n{imports}')


def _write_many(root: Path, name: str) -> None:
    modules = _write_pyproject(root, name, *SETUPTOOLS)
    for number in range(MANY):
        text = f'"""Module {number}."""\n\n\ndef count() -> int:\n    return {number}\n'
        modules.joinpath(f"module_{number}.py").write_text(text)


def _write_extension(root: Path, name: str) -> None:
    modules = _write_pyproject(root, name, *SETUPTOOLS, EXTENSION)
    modules.joinpath("answer.c").write_text(C_SOURCE)


QUICK = Subject(name="hatchling", title="a small hatchling project", write=_write_hatchling)
SUBJECTS = (
    Subject(name="small", title="a small setuptools project", write=_write_small),
    QUICK,
    Subject(name="flit", title="a small flit project", write=_write_flit),
    Subject(
        name="dependent",
        title=f"a small flit project, {len(DEPENDENCIES)} dependencies",
        write=_write_dependent,
        dependencies=DEPENDENCIES,
    ),
    Subject(name="many", title=f"setuptools, {MANY:,} modules", write=_write_many),
    Subject(name="extension", title="setuptools, a C extension", write=_write_extension),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkout:
    """A git repository with one of the projects."""

    root: Path
    project: str
    environ: Mapping[str, str]

    @property
    def backend(self) -> str:
        """The build backend's name."""
        text = self.root.joinpath("pyproject.toml").read_text("utf-8")
        return text.partition('build-backend = "')[2].partition('"')[0]

    def git(self, *arguments: str) -> None:
        """Run git in it."""
        subprocess.run(
            ("git", *arguments), cwd=self.root, env=self.environ, check=True, capture_output=True
        )

    def begin_version(self, version: str) -> None:
        """Commit and tag a new version, and remove all that earlier builds left."""
        self.git("clean", "-qfdx")
        write_version(self.root / "pyproject.toml", version)
        self.git("commit", "-qam", f"Version {version}")
        self.git("tag", f"v{version}")


def write_version(path: Path, version: str) -> None:
    """Write a new version into a pyproject.toml."""
    text = re.sub(r'(?m)^version = ".*"$', f'version = "{version}"', path.read_text("utf-8"))
    path.write_text(text, encoding="utf-8")


def write_checkout(
    subject: Subject, root: Path, project: str, environ: Mapping[str, str]
) -> Checkout:
    """Write a project into a new git repository."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    subject.write(root, project)
    root.joinpath("README.md").write_text(f"# {project}\n\nTo be measured.\n")
    root.joinpath(".gitignore").write_text(
        "/build/\n/dist/\n/reports/\n*.egg-info/\n*.so\n__pycache__/\n"
    )
    checkout = Checkout(root=root, project=project, environ=environ)
    checkout.git("init", "-q", "-b", "main")
    checkout.git("add", "-A")
    checkout.git("commit", "-qm", "First")
    return checkout
