"""Behind a company's walls: nothing but the company's Nexus can be reached."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nexus_double import Sandbox, run_sandbox
from samples import write_modules
from support import Command, MakeProject, ProjectDir, Ran, published, requests

NO_DEFAULT_INDEX = {"UV_DEFAULT_INDEX": ""}
WALLS = {
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9"),
    **NO_DEFAULT_INDEX,
}
"""Every connection to the outside ends at a port where nobody listens."""
PYPROJECT = """\
[build-system]
requires = ["corp-backend"]
build-backend = "corp_backend"
"""
BACKEND = """
import io, os, tarfile, zipfile

print("backend sees:", dict(os.environ))
METADATA = "Metadata-Version: 2.1\\nName: plain\\nVersion: 1.2.3\\nHome-page: https://p.example.com\\n"

def get_requires_for_build_wheel(config_settings=None):
    return ["corp-plugin"]

def build_sdist(sdist_directory, config_settings=None):
    with tarfile.open(f"{sdist_directory}/plain-1.2.3.tar.gz", "w:gz") as archive:
        archive.add("pyproject.toml", "plain-1.2.3/pyproject.toml")
        entry = tarfile.TarInfo("plain-1.2.3/PKG-INFO")
        entry.size = len(METADATA)
        archive.addfile(entry, io.BytesIO(METADATA.encode()))
    return "plain-1.2.3.tar.gz"

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    import corp_plugin
    corp_plugin.write(wheel_directory, METADATA)
    return "plain-1.2.3-py3-none-any.whl"
"""
PLUGIN = """
import base64, hashlib, zipfile

WHEEL = "Wheel-Version: 1.0\\nGenerator: corp 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"

def write(folder, metadata):
    info = "plain-1.2.3.dist-info"
    files = {f"{info}/METADATA": metadata, f"{info}/WHEEL": WHEEL}
    record = f"{info}/RECORD,,\\n"
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        record += f"{name},sha256={digest.decode()},{len(text)}\\n"
    with zipfile.ZipFile(f"{folder}/plain-1.2.3-py3-none-any.whl", "w") as archive:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(name), text)
"""


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the company's proxy serves: a backend that no public index has, and its plugin."""
    folder = tmp_path_factory.mktemp("upstream")
    write_modules(folder, corp_backend=BACKEND, corp_plugin=PLUGIN)
    return folder


@pytest.fixture
def company(upstream: Path) -> Iterator[Sandbox]:
    """A company's index, which nobody reads without credentials."""
    with run_sandbox(remote=upstream, anonymous=False) as running:
        yield running


@pytest.fixture
def project(make_project: MakeProject) -> ProjectDir:
    made = make_project(tag=None)
    made.write("pyproject.toml", PYPROJECT)
    for name in ("plain.py", "README.md"):
        (made.root / name).unlink()
    made.commit_all()
    made.git("tag", "v1.2.3")
    return made


def find_repositories(company: Sandbox, name: str) -> list[str]:
    """The repositories that served or refused a project's page, to whomever."""
    paths = (request.path for request in requests(company))
    return [path.split("/")[2] for path in paths if path.endswith(f"/simple/{name}/")]


def error(ran: Ran) -> str:
    return ran.out[ran.out.index("error E") :]


def test_build_requirements_come_from_the_group_with_its_ca_and_credentials(
    project: ProjectDir, company: Sandbox, releasekit: Command
) -> None:
    ran = releasekit("release", "--fresh", project=project, server=company, **WALLS)
    assert ran.status == 0, ran
    assert len(published(company)) == 2
    assert set(find_repositories(company, "corp-backend")) == {company.group}
    assert set(find_repositories(company, "corp-plugin")) == {company.group}
    said = (project.root / "reports" / "build.log").read_text(encoding="utf-8")
    assert "backend sees:" in said
    assert company.password not in said
    assert "UV_INDEX_" not in said
    record = (project.root / "reports" / "release.json").read_text(encoding="utf-8")
    assert '"corp-backend==1.0",\n        "corp-plugin==1.0"' in record


def test_backend_of_the_companys_own_comes_from_hosted_and_what_it_needs_through_the_proxy(
    make_project: MakeProject, releasekit: Command, tmp_path: Path
) -> None:
    download = ("pip", "download", "-q", "--no-deps", "-d", str(tmp_path / "mirror"), "flit-core")
    subprocess.run((sys.executable, "-m", *download), check=True)
    with run_sandbox(remote=tmp_path / "mirror", anonymous=False) as company:
        for kind in ("company-backend", "needs-company-backend"):
            project = make_project(kind)
            ran = releasekit("release", "--fresh", project=project, server=company, **WALLS)
            assert ran.status == 0, ran
        assert len(published(company)) == 4
        assert set(find_repositories(company, "flit-core")) == {company.group}
    record = (project.root / "reports" / "release.json").read_text(encoding="utf-8")
    assert '"company-backend==1.2.3",\n        "flit-core==' in record


def test_a_group_that_wants_credentials_and_a_job_without_any(
    project: ProjectDir, company: Sandbox, releasekit: Command
) -> None:
    ran = releasekit(
        *("build", "--fresh"), project=project, server=company, TWINE_PASSWORD="", **WALLS
    )
    assert ran.status == 2
    assert error(ran).startswith(
        "error E233: reading this needs a user name and a password\n"
        f"  where: {company.upload_url(company.group)}\n"
        "  why:   the server answered 401 Unauthorized, and there are no credentials for reading"
    )
    assert (
        "  next:  set RELEASEKIT_READER_USERNAME and RELEASEKIT_READER_PASSWORD to a user who may "
        "read;\n"
    ) in error(ran)


@pytest.mark.parametrize(
    ("path", "text", "variables", "index"),
    [
        pytest.param(
            ".config/pip/pip.conf",
            "[global]\nindex-url = https://bob:hunter2@127.0.0.1:9/simple\n",
            {},
            "the index that pip is configured with",
            id="pip.conf",
        ),
        pytest.param(
            ".netrc",
            "",
            {"PIP_INDEX_URL": "https://bob:hunter2@127.0.0.1:9/simple"},
            "the index that pip is configured with",
            id="PIP_INDEX_URL",
        ),
        pytest.param(
            ".config/uv/uv.toml",
            '[[index]]\nurl = "https://bob:hunter2@127.0.0.1:9/simple"\ndefault = true\n',
            {},
            "the index that uv is configured with",
            id="uv.toml",
        ),
    ],
)
def test_pip_and_uv_may_be_configured_otherwise(
    project: ProjectDir,
    company: Sandbox,
    releasekit: Command,
    tmp_path: Path,
    path: str,
    text: str,
    variables: dict[str, str],
    index: str,
) -> None:
    (tmp_path / "home" / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "home" / path).write_text(text, encoding="utf-8")
    home = {"HOME": str(tmp_path / "home"), "UV_HTTP_RETRIES": "0", **NO_DEFAULT_INDEX}
    ran = releasekit(
        *("build", "--fresh", "-v"), project=project, server=company, **home, **variables
    )
    assert ran.status == 3
    assert f"where they are fetched from: {index}\n" in error(ran)
    assert find_repositories(company, "corp-backend") == []
    log = (project.root / "reports" / "build.log").read_text(encoding="utf-8")
    assert "127.0.0.1:9" in log
    assert "hunter2" not in "".join((ran.out, ran.err, log))
