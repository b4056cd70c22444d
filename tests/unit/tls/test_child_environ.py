"""The environment of the programs that the kit starts."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from releasekit.network import open_network
from releasekit.tls.child_environ import LOOPBACK, child_environ

GIT_VARIABLES = (
    *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_DIR"),
    *("GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"),
    *("GIT_GRAFT_FILE", "GIT_SHALLOW_FILE", "GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE"),
)


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        pytest.param({}, LOOPBACK, id="none"),
        pytest.param({"NO_PROXY": ".a"}, f".a,{LOOPBACK}", id="upper case"),
        pytest.param({"no_proxy": ".a"}, f".a,{LOOPBACK}", id="lower case"),
        pytest.param({"NO_PROXY": ".a", "no_proxy": ".a"}, f".a,{LOOPBACK}", id="both, the same"),
        pytest.param({"NO_PROXY": ".a", "no_proxy": ".b"}, f".a,.b,{LOOPBACK}", id="both"),
    ],
)
def test_children_reach_loopback_without_a_proxy(mine: dict[str, str], theirs: str) -> None:
    with open_network(environ={"HTTPS_PROXY": "http://proxy", **mine}) as network:
        found = {name: network.environ[name] for name in ("HTTPS_PROXY", "NO_PROXY", "no_proxy")}
    assert found == {"HTTPS_PROXY": "http://proxy", "NO_PROXY": theirs, "no_proxy": theirs}


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        pytest.param("TWINE_USERNAME", False, id="twine's user"),
        pytest.param("TWINE_PASSWORD", False, id="twine's password"),
        pytest.param("TWINE_REPOSITORY_URL", False, id="all of twine's"),
        pytest.param("RELEASEKIT_ADMIN_PASSWORD", False, id="password of administration"),
        pytest.param("RELEASEKIT_CLIENT_CERT", False, id="all of the kit's"),
        *(pytest.param(name, False, id=name) for name in GIT_VARIABLES),
        *(
            pytest.param(n, False, id=n)
            for n in ("PYTHONPATH", "PYTHONINSPECT", "PYTHONWARNINGS", "PYTHONUTF8", "PYTHON3XYZ")
        ),
        *(pytest.param(n, True, id=n) for n in ("GIT_SSH_COMMAND", "GIT_CONFIG_COUNT")),
        *(pytest.param(n, True, id=n) for n in ("GIT_CONFIG_PARAMETERS", "GIT_ASKPASS")),
        *(pytest.param(n, True, id=n) for n in ("PYTHON_KEYRING_BACKEND", "PYTHON_CPU_COUNT")),
        *(pytest.param(n, True, id=n) for n in ("MY_PYTHONPATH", "PIP_INDEX_URL", "UV_INDEX")),
        *(pytest.param(n, True, id=n) for n in ("MY_TWINE_X", "HTTPS_PROXY", "HOME")),
    ],
)
def test_children_get_no_credentials_and_no_foreign_repository(
    name: str, kept: bool, tmp_path: Path
) -> None:
    ours = child_environ({"PATH": "/bin"}, tmp_path / "ca.pem")
    added = {name: "hunter2"} if kept else {}
    mine = {"PATH": "/bin", name: "hunter2"}
    assert child_environ(mine, tmp_path / "ca.pem") == {**ours, **added}
    with open_network(environ=mine) as network:
        assert network.environ.get(name) == added.get(name)


def test_git_has_no_variable_of_a_repository_that_is_not_known_here() -> None:
    listed = subprocess.run(
        ("git", "rev-parse", "--local-env-vars"), capture_output=True, check=True, text=True
    )
    local = {n for n in listed.stdout.split() if not n.startswith("GIT_CONFIG")}
    # Two of git's own, which nothing but git itself sets for a moment.
    assert local - set(GIT_VARIABLES) <= {"GIT_INTERNAL_SUPER_PREFIX", "GIT_REF_STORAGE_FORMAT"}
