"""Done means it works, on a real Nexus: what is refused before the upload, and who is to blame."""

from __future__ import annotations

import hashlib
import json
import secrets
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from contract.nexus_admin import NexusAdmin
from front import Front, Reply, Request, run_front
from releasekit_nexus import Nexus
from samples import METADATA, write_sdist, write_wheel
from support import Command, MakeProject, ProjectDir, Ran, outcome

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

BACKEND = """\
import base64, hashlib, zipfile
def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "{name}-1.0.dist-info"
    files = {{"{name}.py": "", f"{{name}}/METADATA": open("PKG-INFO").read(),
        f"{{name}}/WHEEL": "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\n"
        "Tag: py3-none-any\\n"}}
    record = f"{{name}}/RECORD,,\\n"
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()
        record += f"{{path}},sha256={{digest.rstrip('=')}},{{len(text)}}\\n"
    with zipfile.ZipFile(f"{{folder}}/{name}-1.0-py3-none-any.whl", "w") as archive:
        for path, text in {{**files, f"{{name}}/RECORD": record}}.items():
            archive.writestr(path, text)
    return "{name}-1.0-py3-none-any.whl"
"""
BROKEN_BACKEND = "raise RuntimeError('no MySQL here')\n"


@dataclass(frozen=True, kw_only=True)
class Site:
    """A project that nobody else has, and the packages that a Nexus has for it."""

    nexus: Nexus
    admin: NexusAdmin
    project: ProjectDir
    name: str
    folder: Path

    def write(self, *, code: str = "", settings: str = "", **lists: list[str]) -> None:
        """Write the project: its module, its settings, and tables of requirements."""
        text = (self.project.root / "pyproject.toml").read_text(encoding="utf-8")
        requires = f"dependencies = {json.dumps(lists.pop('dependencies', []))}\n"
        extras = "".join(f"{name} = {json.dumps(needs)}\n" for name, needs in lists.items())
        text = text.replace("[project.urls]", f"{requires}\n[project.urls]", 1)
        text = text.replace('name = "plain"', f'name = "{self.name}"')
        text += f'\n[tool.flit.module]\nname = "plain"\n[project.optional-dependencies]\n{extras}'
        self.project.write("pyproject.toml", f"{text}\n[tool.releasekit]\n{settings}")
        self.project.write("plain.py", f'"""A module."""\n{code}')
        self.project.commit_all()
        self.project.git("tag", "-f", "v1.2.3")

    def add(
        self, name: str, *, sdist: bool = False, python: str = ">=3.10", backend: str = BACKEND
    ) -> str:
        """Publish a package of version 1.0, and return its name."""
        name = f"{name}_{self.name.rpartition('-')[2]}"
        metadata = METADATA.replace("Name: demo", f"Name: {name}").replace(">=3.10", python)
        if sdist:
            table = '[build-system]\nrequires = []\nbuild-backend = "backend"\n'
            files = {
                "pyproject.toml": f'{table}backend-path = ["."]\n',
                "backend.py": backend.format(name=name),
            }
            files["PKG-INFO"] = metadata
            path = write_sdist(self.folder, filename=f"{name}-1.0.tar.gz", files=files)
        else:
            filename = f"{name}-1.0-py3-none-any.whl"
            files = {f"{name}.py": ""}
            path = write_wheel(self.folder, filename=filename, metadata=metadata, files=files)
        answer = requests.post(
            self.nexus.upload_url(self.nexus.hosted),
            data={
                ":action": "file_upload",
                "name": name,
                "version": "1.0",
                "filetype": "sdist" if sdist else "bdist_wheel",
                "metadata_version": "2.1",
            },
            files={"content": (path.name, path.read_bytes())},
            auth=(self.nexus.username, self.nexus.password),
            verify=str(self.nexus.ca_bundle),
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
        return name

    def remove(self, name: str) -> None:
        """Remove a package of version 1.0."""
        token: str | None = ""
        while token is not None:
            query = f"repository={self.nexus.hosted}{token and '&continuationToken='}{token}"
            page = self.admin.ask("GET", f"assets?{query}")
            for asset in page["items"]:
                if asset["path"].endswith(f"/{name}-1.0-py3-none-any.whl"):
                    self.admin.ask("DELETE", f"assets/{asset['id']}")
            token = page["continuationToken"]
        self.admin.invalidate(self.nexus.group)


@pytest.fixture
def site(nexus: Nexus, make_project: MakeProject, tmp_path: Path) -> Iterator[Site]:
    folder = tmp_path / "packages"
    folder.mkdir()
    with requests.Session() as session:
        yield Site(
            nexus=nexus,
            admin=NexusAdmin(nexus, session),
            project=make_project(tag=None),
            name=f"plain-{secrets.token_hex(4)}",
            folder=folder,
        )


def count_posts(nexus: Nexus) -> int:
    return read_log(nexus).count('"POST /repository/')


def read_log(nexus: Nexus) -> str:
    return (nexus.data / "log" / "request.log").read_text(encoding="utf-8")


def codes(site: Site) -> dict[str, str]:
    """The findings of the proof: code and message."""
    text = (site.project.root / "reports" / "findings.json").read_text(encoding="utf-8")
    found = json.loads(text)["findings"]
    return {one["code"]: one["message"] for one in found if one["code"] in PROOF}


PROOF = ("RK117", "RK119", "RK120", "RK121", "RK122")


def unsatisfiable(site: Site) -> None:
    rates = site.add("rates")
    site.write(dependencies=[f"{rates}>=99"])


def unknown(site: Site) -> None:
    site.write(dependencies=[f"nobody-has-this-{site.name}"])


def wrong_python(site: Site) -> None:
    site.write(dependencies=[site.add("new", python=">=3.99")])


def wrong_own_python(site: Site) -> None:
    text = (site.project.root / "pyproject.toml").read_text(encoding="utf-8")
    site.project.write("pyproject.toml", text.replace(">=3.10", ">=3.99"))
    site.write()


def missing_extra(site: Site) -> None:
    site.write(good=[site.add("good")], bad=[f"nobody-has-this-{site.name}"])


REFUSED: dict[str, tuple[Callable[[Site], None], str, str]] = {
    "unsatisfiable": (unsatisfiable, "RK119", "only rates-"),
    "unknown": (unknown, "RK119", "there are no versions of nobody-has-this-"),
    "wrong Python of a dependency": (wrong_python, "RK119", "requires Python >=3.99"),
    "wrong Python": (wrong_own_python, "RK119", "the package requires Python >=3.99"),
    "missing extra": (missing_extra, "RK119", "the requirements of the extra bad do not resolve"),
    "undeclared import": (
        lambda site: site.write(code="import yaml_nobody_has"),
        "RK120",
        "import plain fails (Python {python}): ModuleNotFoundError: No module named "
        "'yaml_nobody_has'",
    ),
    "import error": (lambda site: site.write(code="1/0"), "RK120", "ZeroDivisionError"),
    "endless message": (
        lambda site: site.write(code="raise ValueError('x' * 1_000_000)"),
        "RK120",
        "xxx... (1000012 characters)",
    ),
    "exit at import": (
        lambda site: site.write(code="import sys; sys.exit(0)"),
        "RK120",
        "SystemExit: 0",
    ),
    "smoke failure": (
        lambda site: site.write(settings="smoke = \"python -c 'raise SystemExit(3)'\""),
        "RK121",
        "it ended with status 3",
    ),
    "smoke that hangs": (
        lambda site: site.write(
            settings="smoke-timeout = 3\nsmoke = \"python -c 'import time; time.sleep(99)'\""
        ),
        "RK121",
        "it takes longer than 3 s",
    ),
}


@pytest.mark.parametrize(("write", "code", "said"), list(REFUSED.values()), ids=list(REFUSED))
def test_what_does_not_work_is_never_uploaded(
    site: Site, releasekit: Command, write: Callable[[Site], None], code: str, said: str
) -> None:
    write(site)
    before = count_posts(site.nexus)
    ran = releasekit("release", project=site.project, server=site.nexus)
    assert ran.status == 1, ran
    found = codes(site)
    assert list(found) == [code]
    python = ".".join(map(str, sys.version_info[:2]))
    assert said.format(python=python) in found[code]
    assert count_posts(site.nexus) == before
    assert outcome(site.project)["stopped_in"] == "check"


def test_an_extra_that_no_package_has_is_noted(site: Site, releasekit: Command) -> None:
    needed, more = site.add("needed"), site.add("more")
    site.write(dependencies=[f"{needed}[fast]"], extra=[f"{more}[none]"])
    ran = releasekit("check", project=site.project, server=site.nexus)
    assert ran.status == 0, ran
    for name, extra in {needed: "fast", more: "none"}.items():
        said = f"{name.replace('_', '-')}==1.0 has no extra {extra}, which is required"
        assert f"note      {said}" in ran.out


def test_a_release_is_installed_with_its_dependencies_and_tested(
    site: Site, releasekit: Command
) -> None:
    needed, more = site.add("needed"), site.add("more")
    smoke = "smoke = \"python -c 'import plain; print(plain.__doc__)'\""
    site.write(code=f"import {needed}", settings=smoke, dependencies=[needed], more=[more])
    ran = releasekit("release", project=site.project, server=site.nexus)
    assert ran.status == 0, ran
    python = ".".join(map(str, sys.version_info[:2]))
    works = f"with 1 dependency, imports plain, 1 smoke test (Python {python})"
    assert codes(site) == {}
    assert ran.out.count(works) == 2
    reports = site.project.root / "reports"
    assert "A module.\n" in (reports / "smoke.log").read_text()
    lock = tomllib.loads((reports / "pylock.toml").read_text())
    (package,) = lock["packages"]
    (wheel,) = package["wheels"]
    sha256 = hashlib.sha256((site.folder / f"{needed}-1.0-py3-none-any.whl").read_bytes())
    assert wheel["hashes"] == {"sha256": sha256.hexdigest()}
    assert wheel["url"].startswith(site.nexus.upload_url(site.nexus.group))
    proof = json.loads((reports / "proof.json").read_text())
    assert proof["requirements_from"] == site.nexus.upload_url(site.nexus.group)
    assert [test["result"] for test in proof["tests"]] == ["passed"]


def test_an_sdist_alone_is_built_without_credentials_and_is_a_warning(
    site: Site, releasekit: Command
) -> None:
    built = site.add("sdist", sdist=True)
    site.write(code=f"import {built}", dependencies=[built])
    ran = releasekit("release", project=site.project, server=site.nexus)
    assert ran.status == 0, ran
    assert list(codes(site)) == ["RK122"]
    assert f"{built}-1.0-py3-none-any.whl was built from its sdist" in codes(site)["RK122"]
    assert "with 1 dependency, imports plain" in ran.out


def test_an_sdist_that_only_an_extra_needs_is_a_warning_and_is_downloaded_once(
    site: Site, releasekit: Command
) -> None:
    built = site.add("sdist", sdist=True)
    site.write(more=[built])
    for _ in range(2):
        assert releasekit("check", project=site.project, server=site.nexus).status == 0
        assert list(codes(site)) == ["RK122"]
    assert read_log(site.nexus).count(f"{built}-1.0.tar.gz") == 1


@pytest.mark.parametrize(
    ("requirement", "code"),
    [("needed (>=1", "RK103"), ("needed @ https://127.0.0.1:1/needed-1.0.tar.gz", "RK106")],
    ids=["invalid", "from an address"],
)
def test_a_requirement_that_is_for_no_index_is_the_package_s_fault(
    site: Site, releasekit: Command, requirement: str, code: str
) -> None:
    site.write(dependencies=[requirement])
    ran = releasekit("check", project=site.project, server=site.nexus)
    assert ran.status == 1, ran
    assert f"  error    {code}  " in ran.out
    if code == "RK103":
        assert "its metadata are invalid: " in codes(site)["RK119"]
    else:
        assert "needed is required from an address, not from an index" in ran.out


def test_an_sdist_that_cannot_be_built_is_named(site: Site, releasekit: Command) -> None:
    built = site.add("sdist", sdist=True, backend="raise SystemExit('no compiler')")
    site.write(dependencies=[built])
    assert releasekit("check", project=site.project, server=site.nexus).status == 1
    said = f"{built.replace('_', '-')} has only an sdist, and building it failed: no compiler"
    assert said in codes(site)["RK119"]


def test_an_extra_that_cannot_be_built_here_is_not_refused(site: Site, releasekit: Command) -> None:
    """SQLAlchemy's extra mysql is one: mysqlclient has an sdist alone, which needs MySQL."""
    built = site.add("mysql", sdist=True, backend=BROKEN_BACKEND)
    site.write(mysql=[built], good=[site.add("good")])
    ran = releasekit("release", project=site.project, server=site.nexus)
    assert ran.status == 0, ran
    assert codes(site) == {}
    said = f"(the extra mysql: {built.replace('_', '-')} has only an sdist, and building it failed"
    assert any(said in note for note in outcome(site.project)["notes"])


def test_a_dependency_that_is_removed_after_the_check_is_named(
    site: Site, releasekit: Command
) -> None:
    gone = site.add("gone")
    site.write(dependencies=[gone])
    for step in ("check", "publish"):
        ran = releasekit(step, project=site.project, server=site.nexus)
        assert ran.status == 0, ran
    site.remove(gone)
    ran = releasekit("verify", project=site.project, server=site.nexus)
    assert ran.status == 3, ran
    assert "error E310: the release cannot be installed with its dependencies any more" in ran.out
    assert gone.replace("_", "-") in ran.out
    # A half-finished release is not stopped by a world that has changed.
    ran = releasekit("release", project=site.project, server=site.nexus)
    assert ran.status == 3, ran
    assert "  warning  RK119  " in ran.out
    assert outcome(site.project)["stopped_in"] == "verify"
    site.add("gone")
    assert releasekit("release", project=site.project, server=site.nexus).status == 0


@pytest.fixture
def front(nexus: Nexus, tmp_path: Path) -> Iterator[Front]:
    with run_front(nexus, tmp_path / "front.pem") as running:
        yield running


def test_every_transfer_that_is_cut_during_verify_is_the_network_s_fault(
    site: Site, front: Front, releasekit: Command
) -> None:
    site.write(dependencies=[site.add("needed")])
    for step in ("check", "publish"):
        assert releasekit(step, project=site.project, server=front).status == 0
    paths: list[str] = []

    def note(request: Request, forward: Callable[[], Reply]) -> Reply:
        paths.append(request.path)
        return forward()

    front.spoil = note
    settings = {"RELEASEKIT_TIMEOUT": "5", "RELEASEKIT_STALE_LIMIT": "1"}
    assert verify(releasekit, site, front, settings).status == 0
    for path in dict.fromkeys(paths):

        def cut(request: Request, forward: Callable[[], Reply], path: str = path) -> Reply:
            reply = forward()
            if request.path != path:
                return reply
            body = reply.body[: len(reply.body) // 2]
            return Reply(headers=reply.headers, body=body, length=len(reply.body) + 1)

        front.spoil = cut
        ran = verify(releasekit, site, front, settings)
        assert ran.status == 3, (path, ran)
        assert front.url in ran.out
    assert len(set(paths)) >= 4


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [(401, 2, "E234"), (407, 2, "E247"), (402, 2, "E253"), (503, 3, "E338")],
)
def test_a_wheel_that_uv_does_not_get_is_blamed_on_what_answers(
    site: Site, front: Front, releasekit: Command, answer: int, status: int, code: str
) -> None:
    site.write(dependencies=[site.add("needed")])

    front.spoil = lambda request, forward: (
        Reply(status=answer, reason="No") if request.is_wheel else forward()
    )
    ran = releasekit("check", project=site.project, server=front)
    assert ran.status == status, ran
    assert f"error {code}: " in ran.out
    assert f"  where: {front.url}/repository/pypi-group/packages/needed" in ran.out


def test_every_request_is_counted_and_uv_reads_no_page_twice(
    site: Site, front: Front, releasekit: Command
) -> None:
    site.write(dependencies=[site.add("needed")])
    assert releasekit("build", project=site.project).status == 0  # the build's environment is kept
    seen: list[tuple[Request, int]] = []
    broken = ""

    def note(request: Request, forward: Callable[[], Reply]) -> Reply:
        is_broken = bool(broken) and broken in request.path and request.is_of_uv
        reply = Reply(status=503, reason="Unavailable") if is_broken else forward()
        seen.append((request, reply.status))
        return reply

    front.spoil = note
    for step, status in {"check": 0, "publish": 0, "verify": 0, "verify ": 3}.items():
        broken = "/simple/needed" if status else ""
        seen.clear()
        assert releasekit(step.strip(), project=site.project, server=front).status == status
        failed = sum(answer >= 400 for _, answer in seen)
        assert outcome(site.project)["requests"] == {"sent": len(seen), "failed": failed}
        by_uv = [(request.method, request.path) for request, _ in seen if request.is_of_uv]
        assert bool(by_uv) == (step != "publish")
        assert status or len(set(by_uv)) == len(by_uv)


def verify(releasekit: Command, site: Site, front: Front, settings: dict[str, str]) -> Ran:
    return releasekit("verify", project=site.project, server=front, **settings)


def test_a_proof_of_other_files_is_refused(site: Site, releasekit: Command) -> None:
    site.write()
    assert releasekit("build", project=site.project).status == 0
    ran = releasekit("publish", project=site.project, server=site.nexus)
    assert ran.status == 2
    assert "error E228: these files are not proven to work\n" in ran.out
    assert releasekit("check", project=site.project, server=site.nexus).status == 0
    wrong = {"RELEASEKIT_PROOF_SHA256": "0" * 64}
    ran = releasekit("publish", project=site.project, server=site.nexus, **wrong)
    assert ran.status == 1
    assert "error E144: the proof is about other files\n" in ran.out
    path = site.project.root / "reports" / "proof.json"
    proof = json.loads(path.read_text())
    proof["files"] = dict.fromkeys(proof["files"], "0" * 64)
    path.write_text(json.dumps(proof))
    ran = releasekit("publish", project=site.project, server=site.nexus)
    assert ran.status == 1
    assert "error E144: the proof is about other files\n" in ran.out
    assert releasekit("check", project=site.project, server=site.nexus).status == 0
    assert releasekit("publish", project=site.project, server=site.nexus).status == 0
