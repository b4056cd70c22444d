"""The methods to release a project that are compared."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uv

from bench.measure import Commands
from bench.subjects import Checkout
from bench.targets import Server

UV = uv.find_uv_bin()
HOOKS = """\
import os, sys
from pyproject_hooks import BuildBackendHookCaller
hooks = BuildBackendHookCaller(os.getcwd(), sys.argv[1])
os.makedirs("dist", exist_ok=True)
hooks.build_sdist("dist")
hooks.build_wheel("dist")
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """One release of a project by one method."""

    checkout: Checkout
    version: str
    server: Server
    tools: Path
    """Where the programs of the bench's environment of tools are."""
    tempdir: Path
    """An empty directory."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """A method to release."""

    name: str
    title: str
    render: Callable[[Round], Commands]
    needs: tuple[str, ...] = ()
    """What has to be installed for it, beside releasekit and uv."""


def _release(round_: Round) -> Commands:
    return ((sys.executable, "-m", "releasekit", "release", "-q"),)


def _by_hand(round_: Round) -> Commands:
    environment, tools = round_.tempdir / "env", round_.tools
    return (
        (f"{tools}/python", "-m", "build"),
        ("sh", "-c", f"{tools}/twine check dist/*"),
        (f"{tools}/check-manifest",),
        ("sh", "-c", f"{tools}/check-wheel-contents dist/*.whl"),
        ("sh", "-c", f"{tools}/twine upload --non-interactive dist/*"),
        (f"{tools}/python", "-m", "venv", str(environment)),
        (
            *(f"{environment}/bin/pip", "install", "--quiet", "--no-deps"),
            *("--index-url", round_.server.simple_url),
            f"{round_.checkout.project}=={round_.version}",
        ),
    )


def _uv(round_: Round) -> Commands:
    return ((UV, "build", "--quiet"), (UV, "publish", "--quiet"))


def _careful(round_: Round) -> Commands:
    """Do by hand with uv what a careful user does, without any check."""
    environment, project = round_.tempdir / "env", round_.checkout.project
    python, index = f"{environment}/bin/python", round_.server.simple_url
    login = f"https://{round_.server.username}:{round_.server.password}@"
    install = (UV, "pip", "install", "--quiet", "--python", python, "--refresh-package", project)
    return (
        *_uv(round_),
        (UV, "venv", "--quiet", "--python", sys.executable, str(environment)),
        (
            *(*install, "--default-index", index.replace("https://", login)),
            f"{project}=={round_.version}",
        ),
        (python, "-c", f"import {project.replace('-', '_')}"),
    )


def _hatch(round_: Round) -> Commands:
    hatch = f"{round_.tools}/hatch"
    return ((hatch, "build"), (hatch, "publish", "--no-prompt"))


def _hooks(round_: Round) -> Commands:
    return ((f"{round_.tools}/python", "-c", HOOKS, round_.checkout.backend),)


METHODS = (
    Method(name="release", title="`releasekit release`, all of it", render=_release),
    Method(
        name="hand",
        title="by hand: build, twine check, check-manifest, check-wheel-contents, twine upload, "
        "pip install",
        render=_by_hand,
        needs=("build", "twine", "check-manifest", "check-wheel-contents"),
    ),
    Method(name="uv", title="`uv build && uv publish`", render=_uv),
    Method(
        name="careful",
        title="`uv build && uv publish`, then a clean environment, `uv pip install` from the "
        "group, and an import",
        render=_careful,
    ),
    Method(name="hatch", title="`hatch build && hatch publish`", render=_hatch, needs=("hatch",)),
    Method(
        name="hooks",
        title="the backend's two hooks alone",
        render=_hooks,
        needs=("pyproject-hooks", "setuptools>=80", "hatchling>=1.27"),
    ),
)


def find_variables(server: Server) -> dict[str, str]:
    """Return the variables that lead every one of these programs to the server."""
    return {
        **server.environ,
        "TWINE_REPOSITORY_URL": server.upload_url,
        "UV_PUBLISH_URL": server.upload_url,
        "UV_PUBLISH_USERNAME": server.username,
        "UV_PUBLISH_PASSWORD": server.password,
        "HATCH_INDEX_REPO": server.upload_url,
        "HATCH_INDEX_USER": server.username,
        "HATCH_INDEX_AUTH": server.password,
    }


def find_cache_variables(folder: Path) -> dict[str, str]:
    """Return the variables that keep all caches of these programs below a directory."""
    names = {
        "UV_CACHE_DIR": "uv",
        "PIP_CACHE_DIR": "pip",
        "RELEASEKIT_CACHE_DIR": "releasekit",
        "HATCH_DATA_DIR": "hatch-data",
        "HATCH_CACHE_DIR": "hatch-cache",
    }
    return {variable: str(folder / name) for variable, name in names.items()}
