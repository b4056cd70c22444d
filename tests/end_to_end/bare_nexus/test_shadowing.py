"""A public package cannot shadow one of ours."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

from contract.upstream import Reply, Upstream
from end_to_end.bare_nexus.server import (
    PUBLISHER,
    Administrator,
    Bare,
    Interruption,
    SetUp,
    differences,
    take_the_rule_off,
)
from samples import METADATA, write_wheel

BLOCKED = "Routing rules block the requested item from this repository"


def wheel(folder: Path, project: str, version: str) -> Path:
    module = project.replace("-", "_")
    metadata = METADATA.replace("demo\n", f"{project}\n", 1).replace("1.0", version)
    return write_wheel(
        folder,
        files={f"{module}.py": f'VERSION = "{version}"\n'},
        metadata=metadata,
        filename=f"{module}-{version}-py3-none-any.whl",
    )


@pytest.fixture(scope="module")
def shadowed(
    set_up: SetUp, bare: Bare, upstream: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """A project of ours, of which the public index has version 99.0."""
    folder, name = tmp_path_factory.mktemp("wheels"), "acme-core"
    ours = wheel(folder, name, "1.0")
    form = {":action": "file_upload", "name": name, "version": "1.0"}
    content = {"content": (ours.name, ours.read_bytes())}
    sent = bare.send("POST", "repository/pypi-hosted/", user=PUBLISHER, data=form, files=content)
    assert sent.status_code == 200, sent.reason
    theirs = wheel(folder, name, "99.0")
    digest = hashlib.sha256(theirs.read_bytes()).hexdigest()
    for spelled in ("acme-core", "Acme_Core", "ACME.Core", "acme--core", "aCMe._-core"):
        link = f'href="../../files/{theirs.name}#sha256={digest}">{theirs.name}'
        upstream.page(spelled, link)
    upstream.answers[f"/files/{theirs.name}"] = Reply(body=theirs.read_bytes())
    return name


@pytest.fixture(scope="module")
def pip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with a pip of its own."""
    place = tmp_path_factory.mktemp("pip") / "venv"
    command = (find_uv_bin(), "venv", "-q", "--seed", "-p", sys.executable, str(place))
    subprocess.run(command, check=True)
    return place / "bin" / "pip"


def download(pip: Path, bare: Bare, requirement: str, place: Path) -> list[str]:
    """Let pip choose from the group, and name what it got."""
    done = subprocess.run(
        (
            *(str(pip), "--isolated", "download", "-q", "--no-deps", "--no-cache-dir"),
            *("--cert", str(bare.ca_bundle), "-d", str(place)),
            *("--index-url", f"{bare.url}/repository/pypi-group/simple/", requirement),
        ),
        env={"PATH": os.environ["PATH"], "HOME": str(place), "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return sorted(path.name for path in place.glob("*.whl"))


OURS, THEIRS = "acme_core-1.0-py3-none-any.whl", "acme_core-99.0-py3-none-any.whl"
SPELLINGS = ("acme-core", "Acme_Core", "ACME.Core", "acme--core", "aCMe._-core")


@pytest.mark.parametrize("spelled", SPELLINGS)
def test_a_public_package_cannot_shadow_ours(
    administrator: Administrator, shadowed: str, bare: Bare, pip: Path, tmp_path: Path, spelled: str
) -> None:
    assert administrator.plan().changes == ()
    assert download(pip, bare, spelled, tmp_path) == [OURS]
    for path in (f"simple/{spelled}/", f"simple/{spelled}", f"simple/{spelled}/?x=%0A"):
        answer = bare.send("GET", f"repository/pypi-proxy/{path}")
        assert (answer.status_code, answer.reason) == (403, BLOCKED), path
    answer = bare.send("GET", f"repository/pypi-proxy/packages/{spelled}/99.0/{THEIRS}?x=%0A")
    assert (answer.status_code, answer.reason) == (403, BLOCKED)


def test_other_projects_come_through_the_proxy(
    administrator: Administrator, bare: Bare, upstream: Upstream
) -> None:
    upstream.page("acmelib", 'href="acmelib-1.zip">acmelib-1.zip')
    answer = bare.send("GET", "repository/pypi-group/simple/acmelib/")
    assert "acmelib-1.zip" in answer.text


def test_blocking_reaches_what_the_group_lists_already_also_after_an_interruption(
    administrator: Administrator, shadowed: str, bare: Bare, pip: Path, tmp_path: Path
) -> None:
    take_the_rule_off(bare)
    bare.ask("POST", "repositories/pypi-group/invalidate-cache")
    unsafe, safe = tmp_path / "unsafe", tmp_path / "safe"
    unsafe.mkdir()
    safe.mkdir()
    assert download(pip, bare, shadowed, unsafe) == [THEIRS]  # and the group keeps the page
    with pytest.raises(KeyboardInterrupt):
        administrator.apply(Interruption(1))  # the rule is at work, the page is not renewed
    page = bare.send("GET", f"repository/pypi-group/simple/{shadowed}/")
    assert THEIRS in page.text
    assert list(differences(administrator.plan())) == [
        "routing rule pypi-proxy-own-names: description"
    ]
    administrator.apply()
    assert THEIRS not in bare.send("GET", f"repository/pypi-group/simple/{shadowed}/").text
    assert download(pip, bare, shadowed, safe) == [OURS]
