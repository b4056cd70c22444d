from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from packaging.version import Version

from releasekit.archives import read_dist
from releasekit.checks.declared import Packing, find_packing
from releasekit.checks.model import DistFacts, ProjectFacts
from releasekit.inspect.gather import (
    find_content_problems,
    find_missing_files,
    find_record_problems,
    gather_facts,
    render_description,
)
from releasekit.model.dists import parse_metadata
from samples import METADATA, SDIST, WHEEL, write_sdist, write_wheel
from support import ProjectDir

INFO = "demo-1.0.dist-info"

# --- facts --------------------------------------------------------------------------------------


def known(*versioned: str) -> ProjectFacts:
    return ProjectFacts(release_version=Version("1.0"), versioned=versioned)


def test_facts_of_a_faultless_build(repository: ProjectDir, tmp_path: Path) -> None:
    repository.write("setup.py", "from setuptools import setup\nsetup()\n")
    repository.commit_all()
    files = {"PKG-INFO": METADATA, "a.txt": "a", "d/b.txt": "b", "setup.py": ""}
    dists = [read_dist(write_wheel(tmp_path)), read_dist(write_sdist(tmp_path, files=files))]
    here, project = Path.cwd(), known("a.txt", "d/b.txt", "setup.py")
    found = gather_facts(dists, project, repository.root)
    members = (
        ("demo.py", f"{INFO}/METADATA", f"{INFO}/WHEEL", f"{INFO}/RECORD"),
        tuple(f"demo-1.0/{name}" for name in files),
    )
    assert [tuple(member.name for member in facts.members) for facts in found] == list(members)
    assert [[one.dist for one in facts.others] for facts in found] == [[dists[1]], [dists[0]]]
    assert [replace(facts, members=(), others=()) for facts in found] == [
        DistFacts(dist=dist, metadata=parse_metadata(METADATA.encode())[0], project=project)
        for dist in dists
    ]
    assert Path.cwd() == here


def test_facts_of_a_faulty_build(repository: ProjectDir, tmp_path: Path) -> None:
    metadata = f"{METADATA}Foo: x\nDescription-Content-Type: text/x-rst\n\n.. nothing::\n"
    dists = [
        read_dist(write_wheel(tmp_path, metadata=metadata, record="demo.py,,\n")),
        read_dist(write_sdist(tmp_path, files={"PKG-INFO": METADATA})),
    ]
    wheel, sdist = gather_facts(dists, known("a.txt", "d/b.txt"), repository.root)
    assert wheel.metadata_problems == ("unknown or malformed field foo",)
    problem = '1: (ERROR/3) Unknown directive type "nothing".'
    assert wheel.description_problem == problem
    assert len(wheel.record_problems) > 1
    assert wheel.missing_files == ()
    assert sdist.missing_files == ("a.txt", "d/b.txt")
    assert sdist.record_problems == ()


def test_damaged_archives_are_facts_too(tmp_path: Path) -> None:
    for name in (WHEEL, SDIST):
        (tmp_path / name).write_bytes(b"damaged")
    dists = [read_dist(tmp_path / WHEEL), read_dist(tmp_path / SDIST)]
    wheel, sdist = gather_facts(dists)
    assert (wheel.metadata, sdist.metadata) == (None, None)
    assert wheel.archive_problem == "File is not a zip file"
    assert sdist.archive_problem == "Not a gzipped file (b'da')"


# --- descriptions -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "content_type", "problem"),
    [
        pytest.param(None, None, None, id="none"),
        pytest.param("UNKNOWN\n", None, None, id="what old setuptools writes for none"),
        pytest.param("Title\n=====\n", None, None, id="reStructuredText by default"),
        pytest.param("Title\n=", "text/markdown; charset=UTF-8", None, id="Markdown"),
        pytest.param("Title\n=", "Text/Plain", None, id="plain text"),
        pytest.param(
            "Title\n=====\n\nx\n==\n\n.. nothing::\n",
            "text/x-rst",
            '7: (ERROR/3) Unknown directive type "nothing".',
            id="unknown directive",
        ),
    ],
)
def test_description_is_rendered(
    text: str | None, content_type: str | None, problem: str | None
) -> None:
    assert render_description(text, content_type) == problem


# --- RECORD -------------------------------------------------------------------------------------


def test_true_record_has_no_problems(tmp_path: Path) -> None:
    assert find_record_problems(write_wheel(tmp_path), ()) == ()


def test_untrue_record_has_a_problem_for_each_member(tmp_path: Path) -> None:
    record = f"demo.py,sha256=AAAA,12\n{INFO}/METADATA,,\n{INFO}/RECORD,,\n"
    assert find_record_problems(write_wheel(tmp_path, record=record), ()) == (
        "hash / size of demo.py didn't match RECORD",
        f"hash / size of {INFO}/METADATA is not included in RECORD",
        f"{INFO}/WHEEL is not mentioned in RECORD",
    )


# --- files in git -------------------------------------------------------------------------------


VERSIONED = ("a.txt", "d/b.txt", "größe mit.txt", ".gitignore", "pyproject.toml", "MANIFEST.in")


@pytest.mark.parametrize(
    ("settings", "packed", "missing"),
    [
        pytest.param(
            {},
            ("d/b.txt", "generated.py", "pyproject.toml", "MANIFEST.in"),
            ("a.txt", "größe mit.txt"),
            id="what git has is to be there; more may be",
        ),
        pytest.param({}, VERSIONED, (), id="all is there"),
        pytest.param(
            {"pyproject.toml": '[tool.check-manifest]\nignore = ["a.*", "pyproject.toml"]\n'},
            ("d/b.txt",),
            ("MANIFEST.in", "größe mit.txt"),
            id="check-manifest's own settings",
        ),
        pytest.param(
            {"MANIFEST.in": "prune d\nexclude MANIFEST.in\nglobal-exclude *.txt\n"},
            (),
            ("pyproject.toml",),
            id="what the project leaves out by name",
        ),
    ],
)
def test_versioned_files_that_the_sdist_lacks_are_found(
    tmp_path: Path, settings: dict[str, str], packed: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    root = tmp_path / "project"
    root.mkdir()
    for name, text in settings.items():
        (root / name).write_text(text)
    names = [f"demo-1.0/{name}" for name in ("PKG-INFO", *packed)]
    assert find_missing_files(names, root, ProjectFacts(versioned=VERSIONED)) == missing


@pytest.mark.parametrize(
    ("pyproject", "missing"),
    [
        pytest.param({"build-backend": "setuptools.build_meta"}, (), id="setuptools"),
        pytest.param({}, (), id="without a backend it is setuptools"),
        pytest.param({"build-backend": "hatchling.build"}, ("a.txt", "d/b.txt"), id="hatchling"),
        pytest.param({"build-backend": "acme.build"}, ("a.txt", "d/b.txt"), id="an unknown one"),
    ],
)
def test_manifest_in_counts_for_backends_that_read_it(
    tmp_path: Path, pyproject: dict[str, str], missing: tuple[str, ...]
) -> None:
    (tmp_path / "MANIFEST.in").write_text("global-exclude *.txt\n")
    project = ProjectFacts(
        versioned=("a.txt", "d/b.txt"), packing=find_packing({"build-system": pyproject})
    )
    assert find_missing_files(["demo-1.0/PKG-INFO"], tmp_path, project) == missing


@pytest.mark.parametrize(
    ("patterns", "missing"),
    [
        pytest.param([], ["a.txt", "d/b.txt", "d/e/b.txt", "x/d/c"], id="none"),
        pytest.param(["*.txt"], ["x/d/c"], id="a name anywhere"),
        pytest.param(["/d"], ["a.txt", "x/d/c"], id="a directory at the top"),
        pytest.param(["d/"], ["a.txt"], id="a directory anywhere"),
        pytest.param(["d/*.txt"], ["a.txt", "d/e/b.txt", "x/d/c"], id="a path"),
        pytest.param(["/a.txt", "x"], ["d/b.txt", "d/e/b.txt"], id="two"),
    ],
)
def test_what_the_backend_leaves_out_is_left_out_on_purpose(
    tmp_path: Path, patterns: list[str], missing: list[str]
) -> None:
    project = ProjectFacts(
        versioned=("a.txt", "d/b.txt", "d/e/b.txt", "x/d/c"),
        packing=Packing(reads_manifest=False, left_out=tuple(patterns)),
    )
    assert list(find_missing_files(["demo-1.0/PKG-INFO"], tmp_path, project)) == missing


@pytest.mark.parametrize(("settings", "selected"), [("", False), ('select = ["W009"]', True)])
def test_code_that_the_project_selects_is_marked(
    tmp_path: Path, settings: str, selected: bool
) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.check-wheel-contents]\n{settings}\n")
    wheel = write_wheel(tmp_path, files={"demo.py": "1\n", "other.py": "2\n"})
    (problem,) = find_content_problems(wheel, tmp_path)
    assert (problem.code, problem.selected) == ("W009", selected)
