"""Every check on real files: a dist that has the fault, and one that has not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from packaging.version import Version

from releasekit.archives import read_dist
from releasekit.checks.catalog import CHECKS, CODES
from releasekit.checks.declared import Place, parse_declared
from releasekit.checks.model import (
    BackendWarning,
    FailedTest,
    Finding,
    ForeignDependency,
    ProjectFacts,
)
from releasekit.inspect.gather import gather_facts
from samples import METADATA, SDIST, WHEEL, run_checks, write_sdist, write_wheel

PYPROJECT = """\
[build-system]
requires = []
[project]
name = "demo"
version = "1.0"
dependencies = [
  "other",
]
classifiers = [
  "Private :: Do Not Upload",
]
[project.urls]
Homepage = "https://demo.example.com"
"""
DECLARED = parse_declared({"pyproject.toml": PYPROJECT})
NO_PROJECT = ProjectFacts()
KEY = "-----BEGIN " + "PRIVATE KEY-----\n" + "A1b2" * 16 + "\n"
INFO = "demo-1.0.dist-info"
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 90405214\n"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A dist with a fault, and the finding: message, place and fix."""

    write: Callable[[Path], Path]
    message: str
    fix: str
    file: str
    line: int | None = None
    beside: Callable[[Path], Path] | None = None
    """Another dist of that version."""
    project: ProjectFacts = field(default_factory=lambda: ProjectFacts(declared=DECLARED))


def wheel(metadata: str = METADATA, **files: str) -> Callable[[Path], Path]:
    members = {"demo.py": "ANSWER = 42\n", **{n.replace("__", "/"): t for n, t in files.items()}}
    return lambda folder: write_wheel(folder, metadata=metadata, files=members)


def failing(code: str, subject: str, reason: str) -> ProjectFacts:
    failure = FailedTest(code=code, wheel=WHEEL, python="3.11", subject=subject, reason=reason)
    return ProjectFacts(declared=DECLARED, test_failures=(failure,))


def without(field_name: str) -> str:
    return "".join(
        line for line in METADATA.splitlines(True) if not line.startswith(f"{field_name}:")
    )


def packed(files: dict[str, str], metadata: str = METADATA) -> Callable[[Path], Path]:
    return lambda folder: write_wheel(folder, metadata=metadata, files=files)


def sdist(files: dict[str, str]) -> Callable[[Path], Path]:
    return lambda folder: write_sdist(folder, files={"PKG-INFO": METADATA, **files})


def damaged(folder: Path) -> Path:
    path = folder / WHEEL
    path.write_bytes(b"damaged")
    return path


def doubled(folder: Path) -> Path:
    import zipfile

    path = write_wheel(folder)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("demo.py", "ANSWER = 43\n")
    return path


REVOKE = "take it out of the project, and revoke it: whoever has a copy of the repository has it"
INVALID = "fix that field in the project's configuration, or update the build backend"
PYPROJECT_FILE = "pyproject.toml"

CASES = {
    "RK101": Case(
        write=wheel(without("Project-URL")),
        message="the metadata names no url: neither a home page nor a project URL",
        fix='add [project.urls] Homepage = "https://…" (setup.cfg: url = …, setup.py: url="…")',
        file=PYPROJECT_FILE,
        line=12,
    ),
    "RK102": Case(
        write=wheel(),
        message=f"the release is 2.0, {WHEEL} is not",
        fix="set the version to 2.0, or tag the commit that has it",
        file=PYPROJECT_FILE,
        line=5,
        project=ProjectFacts(declared=DECLARED, release_version=Version("2.0")),
    ),
    "RK103": Case(
        write=wheel(f"{METADATA}Foo: x\n"),
        message="invalid metadata: unknown or malformed field foo",
        fix=INVALID,
        file=WHEEL,
    ),
    "RK104": Case(
        write=wheel(f"{METADATA}Description-Content-Type: text/x-rst\n\n.. nothing::\n"),
        message='the description does not render: 1: (ERROR/3) Unknown directive type "nothing".',
        fix="fix the README's markup, or declare its content type (readme = …)",
        file=PYPROJECT_FILE,
        line=3,
    ),
    "RK105": Case(
        write=wheel(f"{METADATA}Classifier: Private :: Do Not Upload\n"),
        message='the classifier "Private :: Do Not Upload" says that this is not to be published, '
        "and the repository is public",
        fix="release it to an index of your own, or remove the classifier",
        file=PYPROJECT_FILE,
        line=10,
        project=ProjectFacts(declared=DECLARED, into_public=True),
    ),
    "RK106": Case(
        write=wheel(f"{METADATA}Requires-Dist: other @ https://example.com/other.whl\n"),
        message="other is required from an address, not from the index",
        fix="publish other to the index and require a version of it",
        file=PYPROJECT_FILE,
        line=7,
    ),
    "RK107": Case(
        write=lambda folder: write_wheel(
            folder,
            metadata=METADATA.replace("Version: 1.0", "Version: 1.0+x"),
            filename="demo-1.0+x-py3-none-any.whl",
        ),
        message="the tag v1.0+x releases a local version, 1.0+x",
        fix="tag 1.0; what stands after + names a private variant of a release",
        file=PYPROJECT_FILE,
        line=5,
        project=ProjectFacts(declared=DECLARED, tag="v1.0+x"),
    ),
    "RK108": Case(
        write=wheel(),
        message="the project URL Source is missing, which required-urls asks for",
        fix='add [project.urls] Source = "https://…"',
        file=PYPROJECT_FILE,
        line=12,
        project=ProjectFacts(declared=DECLARED, required_urls=("Source", "home page")),
    ),
    "RK109": Case(
        write=wheel(f"{METADATA}\nA demo.\n"),
        message="the description has no content type: an index takes it for reStructuredText",
        fix='set readme = "README.md" in [project] (setup.cfg, setup.py: '
        "long_description_content_type = text/markdown)",
        file=PYPROJECT_FILE,
        line=3,
        project=ProjectFacts(declared=DECLARED, versioned=("demo.py", "README.md")),
    ),
    "RK110": Case(
        write=wheel(without("Summary")),
        message="the metadata names no summary",
        fix='add description = "…" to [project], one line',
        file=PYPROJECT_FILE,
        line=3,
    ),
    "RK111": Case(
        write=wheel(without("Author-email")),
        message="the metadata names no author and no maintainer",
        fix='add authors = [{ name = "…", email = "…" }] to [project]',
        file=PYPROJECT_FILE,
        line=3,
    ),
    "RK112": Case(
        write=wheel(without("License-Expression")),
        message="the metadata states no license",
        fix='add license = "…" to [project]: an SPDX expression, or LicenseRef-Proprietary',
        file=PYPROJECT_FILE,
        line=3,
    ),
    "RK113": Case(
        write=wheel(METADATA.replace("LicenseRef-Proprietary", "MIT")),
        message=f"a license is stated, and no file with its text is in {WHEEL}",
        fix='add the text as LICENSE, and license-files = ["LICENSE"] to [project]',
        file=PYPROJECT_FILE,
        line=3,
    ),
    "RK114": Case(
        write=wheel(without("Requires-Python")),
        message="the metadata names no Python that it needs",
        fix='add requires-python = ">=3.10" to [project]',
        file=PYPROJECT_FILE,
        line=3,
    ),
    "RK115": Case(
        write=wheel(f"{METADATA}Classifier: Framework :: Nothing\n"),
        message='there is no classifier "Framework :: Nothing"',
        fix="take one from the list of trove-classifiers (a new one: update that package)",
        file=PYPROJECT_FILE,
        line=9,
    ),
    "RK116": Case(
        write=wheel(f"{METADATA}Classifier: Natural Language :: Ukranian\n"),
        message='the classifier "Natural Language :: Ukranian" is deprecated',
        fix='replace it by "Natural Language :: Ukrainian"',
        file=PYPROJECT_FILE,
        line=9,
    ),
    "RK117": Case(
        write=wheel(),
        message="https://nexus.example.com/group serves other, which `own-names` has, but "
        "https://nexus.example.com/hosted does not have that file",
        fix="block the name in the proxy ([[provision]] does so for `own-names`), or publish it, "
        "or remove it from `own-names`",
        file=PYPROJECT_FILE,
        line=7,
        project=ProjectFacts(
            declared=DECLARED,
            foreign_dependencies=(
                ForeignDependency(
                    name="other",
                    index="https://nexus.example.com/group",
                    hosted="https://nexus.example.com/hosted",
                ),
            ),
        ),
    ),
    "RK118": Case(
        write=wheel(),
        message="the build backend warns: SomeWarning: this is old",
        fix="do it anew",
        file=PYPROJECT_FILE,
        project=ProjectFacts(
            declared=DECLARED,
            backend_warnings=(
                BackendWarning(category="SomeWarning", text="this is old", fix="do it anew"),
            ),
        ),
    ),
    "RK119": Case(
        write=wheel(),
        message="the requirements of the extra cli do not resolve against "
        "https://nexus.example.com/group (Python 3.11): there are no versions of other",
        fix="correct the requirement, or add what it needs to the group (a release of it, or a "
        "proxy that has it); for another Python see `pythons`",
        file=PYPROJECT_FILE,
        line=6,
        project=ProjectFacts(
            declared=DECLARED,
            test_failures=(
                FailedTest(
                    code="RK119",
                    wheel=WHEEL,
                    python="3.11",
                    index="https://nexus.example.com/group",
                    subject="cli",
                    reason="there are no versions of other",
                ),
            ),
        ),
    ),
    "RK120": Case(
        write=wheel(),
        message="import demo fails (Python 3.11): ModuleNotFoundError: No module named 'yaml.x'",
        fix="add what provides yaml.x to the dependencies, or import it later; if it is a part of "
        "Python that this one lacks, leave its version out of requires-python",
        file=WHEEL,
        project=failing("RK120", "demo", "ModuleNotFoundError: No module named 'yaml.x'"),
    ),
    "RK121": Case(
        write=wheel(),
        message="the smoke test `demo --version` fails (Python 3.11): it ended with status 1",
        fix="reports/smoke.log has its whole output; correct the package, or the command in "
        "`smoke` (no shell runs it, and not in the project's directory)",
        file=WHEEL,
        project=failing("RK121", "demo --version", "it ended with status 1"),
    ),
    "RK122": Case(
        write=wheel(),
        message="the index has no wheel of a dependency: other-1.0-py3-none-any.whl was built "
        "from its sdist",
        fix="put a wheel of it into the group: else everybody who installs the package builds it",
        file=PYPROJECT_FILE,
        line=6,
        project=ProjectFacts(declared=DECLARED, built_dependencies=("other-1.0-py3-none-any.whl",)),
    ),
    "RK123": Case(
        write=sdist({"demo.py": ""}),
        message="1 file for developers is in git and not in the sdist: notes.txt",
        fix="nothing, if nobody tests or packages from the sdist; else include them in "
        "MANIFEST.in, or list them in [tool.check-manifest] ignore",
        file=SDIST,
        project=ProjectFacts(declared=DECLARED, versioned=("demo.py", "notes.txt")),
    ),
    "RK124": Case(
        write=wheel(without("Summary")),
        message="the wheel does not say the same as the sdist: Summary is empty in the wheel",
        fix="see what the build reads that the sdist lacks, or that differs between machines",
        file=PYPROJECT_FILE,
        line=3,
        beside=write_sdist,
    ),
    "RK201": Case(
        write=sdist({"demo.py": ""}),
        message="1 file in git is not in the sdist: other.py",
        fix="include them in MANIFEST.in, or list them in [tool.check-manifest] ignore",
        file=SDIST,
        project=ProjectFacts(declared=DECLARED, versioned=("demo.py", "other.py")),
    ),
    "RK301": Case(
        write=lambda folder: write_wheel(
            folder, record=f"{INFO}/METADATA,,\n{INFO}/RECORD,,\n{INFO}/WHEEL,sha256=x,1\n"
        ),
        message="RECORD is untrue: demo.py is not mentioned in RECORD",
        fix="build the wheel again, and change nothing in it afterwards",
        file=f"{WHEEL}/RECORD",
    ),
    "RK302": Case(
        write=packed({"demo.py": "1\n", "my-demo.py": "2\n"}),
        message="check-wheel-contents W004: Module is not located at importable path: my-demo.py",
        fix="fix the packaging, or ignore the code in [tool.check-wheel-contents]",
        file=WHEEL,
    ),
    "RK303": Case(
        write=lambda folder: write_wheel(folder, filename="demo-1.0-py3-none-linux_x86_64.whl"),
        message="the tag linux_x86_64 promises that it runs on every Linux",
        fix="set repair-wheel-command: auditwheel finds the manylinux or musllinux tag",
        file="demo-1.0-py3-none-linux_x86_64.whl",
    ),
    "RK304": Case(
        write=packed({"demo.py": "1\n", "tests/__init__.py": "2\n"}),
        message="tests/: installed beside everybody's packages (check-wheel-contents W005)",
        fix="leave them out: name the packages, or exclude these (setuptools: "
        "[tool.setuptools.packages.find])",
        file=WHEEL,
    ),
    "RK305": Case(
        write=wheel(f"{METADATA}Classifier: Typing :: Typed\n"),
        message='the classifier "Typing :: Typed" promises py.typed, and the wheel has none',
        fix='add py.typed to the package data (setuptools: package-data = { demo = ["py.typed"] })',
        file=PYPROJECT_FILE,
        line=9,
    ),
    "RK306": Case(
        write=packed(
            {
                "demo.py": "def main(): ...\n",
                f"{INFO}/entry_points.txt": "[console_scripts]\na = demo:main\nb = demo:run\n",
            }
        ),
        message="console_scripts: b = demo:run does not resolve: the module demo has no run",
        fix="correct it in [project.scripts] or [project.entry-points], or pack the module",
        file=PYPROJECT_FILE,
        line=3,
    ),
    "RK401": Case(
        write=packed({"demo.py": "1\n", "demo.txt": f"\n{KEY}"}),
        message="a private key is packed",
        fix=REVOKE,
        file=f"{WHEEL}/demo.txt",
        line=2,
    ),
    "RK402": Case(
        write=packed({"../demo.py": "1\n"}),
        message="the member '../demo.py' leads out of the directory that it is unpacked into",
        fix="build again with a build backend that is known; do not unpack this file",
        file=WHEEL,
    ),
    "RK403": Case(
        write=doubled,
        message="1 name is in it more than once: demo.py",
        fix="build again, and add nothing to a dist that is built",
        file=f"{WHEEL}/demo.py",
    ),
    "RK404": Case(
        write=damaged,
        message="the archive cannot be read to its end: File is not a zip file",
        fix="build again; if it came through CI, see that the artifact arrived whole",
        file=WHEEL,
    ),
    "RK405": Case(
        write=packed({"demo.py": "1\n" * 1000}),
        message="0.0 MB are more than 0.0001 MB; the largest file in it is demo.py",
        fix="leave out what is not needed at run time, or raise size-limit",
        file=WHEEL,
        project=ProjectFacts(declared=DECLARED, size_limit=100),
    ),
    "RK406": Case(
        write=packed({"demo.py": "1\n", "demo/tests/server.pem": KEY}),
        message="a private key is packed",
        fix="see that it opens nothing; else revoke it",
        file=f"{WHEEL}/demo/tests/server.pem",
        line=1,
    ),
    "RK407": Case(
        write=packed({"demo.py": "1\n", "demo/model.bin": POINTER}),
        message="1 file is a Git LFS pointer, not the file itself: demo/model.bin",
        fix="install git-lfs (git lfs install), see that git lfs pull works here, and build again",
        file=f"{WHEEL}/demo/model.bin",
    ),
    "RK408": Case(
        write=packed({"demo.py": "1\n", "demo/secret.txt": "\0GITCRYPT\0abc"}),
        message="1 file is encrypted by git-crypt: demo/secret.txt",
        fix="git-crypt unlock, and build again; or leave it out of the dists",
        file=f"{WHEEL}/demo/secret.txt",
    ),
}


def test_every_check_has_a_case() -> None:
    assert tuple(CASES) == CODES


@pytest.mark.parametrize(("code", "case"), CASES.items(), ids=CASES)
def test_fault_is_found(code: str, case: Case, tmp_path: Path) -> None:
    check = next(check for check in CHECKS if check.code == code)
    paths = [write(tmp_path) for write in (case.write, case.beside) if write]
    facts = gather_facts([read_dist(path) for path in paths], case.project, tmp_path)
    found = [finding for finding in run_checks(CHECKS, facts) if finding.code == code]
    assert found[:1] == [
        Finding(
            code=code,
            severity=check.severity,
            message=case.message,
            place=Place(file=case.file, line=case.line),
            fix=case.fix,
        )
    ]
    assert len(found) == 1 or code == "RK301"


def test_faultless_dists_have_no_findings(tmp_path: Path) -> None:
    dists = [read_dist(write_wheel(tmp_path)), read_dist(write_sdist(tmp_path))]
    project = ProjectFacts(
        declared=DECLARED,
        release_version=Version("1.0"),
        tag="v1.0",
        required_urls=("homepage",),
        versioned=("demo.py",),
    )
    assert run_checks(CHECKS, gather_facts(dists, project, tmp_path)) == ()
