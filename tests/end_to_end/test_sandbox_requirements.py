"""Where requirements come from if a release goes to a sandbox, which has none of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nexus_double import Sandbox as Double
from nexus_double import run_sandbox as run_double
from releasekit.sandbox import Sandbox, run_sandbox
from samples import write_modules
from support import PYTHON, Command, MakeProject, ProjectDir, outcome, requests, uploads

PYPROJECT = """\
[build-system]
requires = ["acme-backend"]
build-backend = "acme_backend"

[tool.releasekit]
"""
BACKEND = """
import io, tarfile, zipfile

METADATA = (
    "Metadata-Version: 2.1\\nName: plain\\nVersion: 1.2.3\\nHome-page: https://p.example.com\\n"
    "Requires-Dist: acme-there\\nRequires-Dist: acme-gone\\n"
)
WHEEL = "Wheel-Version: 1.0\\nGenerator: acme 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"

def build_sdist(sdist_directory, config_settings=None):
    with tarfile.open(f"{sdist_directory}/plain-1.2.3.tar.gz", "w:gz") as archive:
        archive.add("pyproject.toml", "plain-1.2.3/pyproject.toml")
        entry = tarfile.TarInfo("plain-1.2.3/PKG-INFO")
        entry.size = len(METADATA)
        archive.addfile(entry, io.BytesIO(METADATA.encode()))
    return "plain-1.2.3.tar.gz"

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    import base64, hashlib
    info = "plain-1.2.3.dist-info"
    files = {f"{info}/METADATA": METADATA, f"{info}/WHEEL": WHEEL}
    record = f"{info}/RECORD,,\\n"
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        record += f"{name},sha256={digest.decode()},{len(text)}\\n"
    with zipfile.ZipFile(f"{wheel_directory}/plain-1.2.3-py3-none-any.whl", "w") as archive:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return "plain-1.2.3-py3-none-any.whl"
"""
NOT_VERIFIED = "not verified: whether the requirements can be installed (the index that uv is "
READER = {"RELEASEKIT_READER_USERNAME": "sandbox"}
NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the company's proxy serves: the backend, and one of two dependencies."""
    folder = tmp_path_factory.mktemp("upstream")
    write_modules(folder, acme_backend=BACKEND, acme_there="")
    return folder


@pytest.fixture
def company(upstream: Path) -> Iterator[Double]:
    """The company's Nexus, which nobody reads without credentials."""
    with run_double(remote=upstream, anonymous=False) as running:
        yield running


@pytest.fixture
def other_index(upstream: Path) -> Iterator[Double]:
    """An index of others, which has all of that too."""
    with run_double(remote=upstream) as running:
        yield running


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox in another terminal."""
    folder = tmp_path / "sandbox"
    folder.mkdir()
    with run_sandbox(folder, hosted="pypi-hosted", group="pypi-group") as running:
        yield running


def write(make_project: MakeProject, **settings: object) -> ProjectDir:
    made = make_project(tag=None)
    lines = "".join(f"{key.replace('_', '-')} = {json.dumps(v)}\n" for key, v in settings.items())
    made.write("pyproject.toml", PYPROJECT + lines)
    for name in ("plain.py", "README.md"):
        (made.root / name).unlink()
    made.commit_all()
    made.git("tag", "v1.2.3")
    return made


def named(make_project: MakeProject, company: Double, **settings: object) -> ProjectDir:
    """A project whose files name a Nexus."""
    bundle = str(company.ca_bundle)
    return write(make_project, url=company.url, group=company.group, ca_bundle=bundle, **settings)


def use_index(index: Double) -> dict[str, str]:
    """What makes uv use an index."""
    return {"UV_DEFAULT_INDEX": index.simple_url(), "SSL_CERT_FILE": str(index.ca_bundle)}


def findings(project: ProjectDir) -> list[str]:
    text = (project.root / "reports" / "findings.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return [found["message"] for found in document["findings"] if found["code"] == "RK119"]


def pages(index: Double) -> set[str]:
    """The projects whose pages were asked for."""
    paths = [request.path for request in requests(index)]
    return {path.split("/")[4] for path in paths if "/simple/" in path}


@pytest.mark.parametrize("kind", ["embedded", "in another terminal"])
def test_requirements_come_from_the_group_that_the_project_names(
    make_project: MakeProject, company: Double, sandbox: Sandbox, releasekit: Command, kind: str
) -> None:
    project = named(make_project, company)
    variables = {"RELEASEKIT_URL": "sandbox"} if kind == "embedded" else sandbox.environ()
    ran = releasekit(
        *("release", "--fresh"),
        project=project,
        **{**variables, **READER, "UV_DEFAULT_INDEX": ""},
        RELEASEKIT_READER_PASSWORD=company.password,
    )
    assert ran.status == 1, ran
    (found,) = findings(project)
    group = company.upload_url(company.group)
    assert found.startswith(f"the requirements do not resolve against {group} ({PYTHON}): ")
    assert "there are no versions of acme-gone" in found
    assert pages(company) == {"pip", "acme-backend", "acme-there", "acme-gone"}
    assert uploads(company) == 0
    assert {request.username for request in requests(company)} <= {"sandbox", None}
    assert company.password not in ran.out + ran.err


def test_the_credentials_of_the_sandbox_are_not_sent_to_the_group(
    make_project: MakeProject, company: Double, sandbox: Sandbox, releasekit: Command
) -> None:
    project = named(make_project, company)
    environ = {**sandbox.environ(), "UV_DEFAULT_INDEX": NOBODY, "UV_HTTP_RETRIES": "0"}
    ran = releasekit("release", "--fresh", project=project, **environ)
    assert ran.status == 3
    assert {(request.status, request.username) for request in requests(company)} == {(401, None)}
    group = company.upload_url(company.group)
    assert f"the index that pip or uv is configured with, not from {group} (" in ran.out


@pytest.mark.parametrize("url", ["", NOBODY])
def test_without_a_group_they_come_from_the_index_of_pip_or_uv_and_are_not_verified(
    make_project: MakeProject, other_index: Double, releasekit: Command, url: str
) -> None:
    project = write(make_project, **({"url": url, "group": "pypi-group"} if url else {}))
    environ = {"RELEASEKIT_URL": "sandbox", **use_index(other_index)}
    ran = releasekit("release", "--fresh", project=project, **environ)
    assert ran.status == 0, ran
    assert pages(other_index) <= {"acme-backend", "acme-there", "acme-gone"}
    assert findings(project) == []
    notes = outcome(project)["notes"]
    assert notes[-1].startswith(NOT_VERIFIED)
    unreachable = [note for note in notes if f"not from {NOBODY}/repository/pypi-group/" in note]
    assert bool(unreachable) == bool(url)


@pytest.mark.parametrize("names", [["acme-*"], ["other", "Acme.Backend"]])
def test_own_names_are_never_fetched_from_the_index_of_pip_or_uv(
    make_project: MakeProject, other_index: Double, releasekit: Command, names: list[str]
) -> None:
    project = write(make_project, own_names=names)
    ran = releasekit("release", "--fresh", project=project, **use_index(other_index))
    assert ran.status == 2
    assert requests(other_index) == ()
    assert ran.out[ran.out.index("error E") :] == (
        "error E222: no group to take the build requirement acme-backend from, which own-names "
        "has\n"
        f"  where: {project.root}\n"
        "  why:   without a group, requirements come from the index that uv is configured with,\n"
        "         which may have a package of that name that is not yours\n"
        "  next:  set url and group in pyproject.toml to the group that has it, and\n"
        "         RELEASEKIT_READER_USERNAME and RELEASEKIT_READER_PASSWORD if it is closed\n"
    )


def test_own_names_come_from_the_group_that_the_project_names(
    make_project: MakeProject, company: Double, releasekit: Command
) -> None:
    project = named(make_project, company, own_names=["acme-*"])
    variables = {"RELEASEKIT_READER_PASSWORD": company.password, "UV_DEFAULT_INDEX": "", **READER}
    ran = releasekit("release", "--fresh", project=project, RELEASEKIT_URL="sandbox", **variables)
    assert ran.status == 1, ran
    assert "there are no versions of acme-gone" in findings(project)[0]


def test_without_a_group_an_extra_is_not_verified_either(
    make_project: MakeProject, releasekit: Command
) -> None:
    project = make_project(tag=None)
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    extra = '[project.optional-dependencies]\nmysql = ["acme-nobody-has-this"]\n'
    project.write("pyproject.toml", f"{text}\n{extra}")
    project.commit_all()
    project.git("tag", "v1.2.3")
    ran = releasekit("release", project=project)
    assert ran.status == 0, ran
    assert findings(project) == []
    assert any("(the extra mysql: Because acme-" in note for note in outcome(project)["notes"])
