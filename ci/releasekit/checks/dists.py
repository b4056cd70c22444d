"""RK2xx and RK3xx: sdists and wheels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from releasekit.checks.entry_points import DATA
from releasekit.checks.facts import ContentProblem, DistFacts, in_dist, in_project
from releasekit.checks.model import SHOWN, Check, Fault, Severity, shorten
from releasekit.checks.sources import find_sources
from releasekit.plural import plural


def _find_missing_files(facts: DistFacts) -> Iterator[Fault]:
    """Find what belongs to the packages: files beside what is packed, and modules."""
    missing, _ = _split_missing(facts)
    if missing:
        count = plural(len(missing), "file in git is", "files in git are")
        yield Fault(
            message=f"{count} not in the sdist: {shorten(missing)}",
            fix=_include(facts),
            place=in_dist(facts),
        )


def _find_left_out_files(facts: DistFacts) -> Iterator[Fault]:
    _, left_out = _split_missing(facts)
    if left_out:
        count = plural(len(left_out), "file for developers is", "files for developers are")
        yield Fault(
            message=f"{count} in git and not in the sdist: {shorten(left_out)}",
            fix=f"nothing, if nobody tests or packages from the sdist; else {_include(facts)}",
            place=in_dist(facts),
        )


def _include(facts: DistFacts) -> str:
    how = facts.project.packing.include
    return f"include them {how}, or list them in [tool.check-manifest] ignore"


def _split_missing(facts: DistFacts) -> tuple[list[str], list[str]]:
    """Return the missing files that belong to what is packed, and those for developers alone."""
    packed = [member.name.partition("/")[2] for member in facts.members]
    installed = [member.name for other in facts.others for member in other.members]
    sources = find_sources(packed, installed, facts.project.versioned)
    # check-manifest's own problem stands in parentheses.
    both: tuple[list[str], list[str]] = ([], [])
    for name in facts.missing_files:
        both[0 if name.startswith("(") or sources.belongs(name) else 1].append(name)
    return both


RK123 = Check(
    code="RK123",
    title="files for developers not in the sdist",
    severity=Severity.NOTE,
    explanation="Finds files in git that the sdist lacks and no build needs: dot files, tests, "
    "documentation, what CI reads.",
    why="who tests or packages the project from its sdist lacks them; an installer needs none",
    fix="Nothing, if nobody does so. Else include them as for RK201.",
    find=_find_left_out_files,
    needs_project=True,
)

SDIST_CHECKS = (
    Check(
        code="RK201",
        title="file missing from the sdist",
        severity=Severity.WARNING,
        explanation="Finds files in git that the sdist lacks (check-manifest's comparison), if "
        "they belong to its packages; see RK123 for the others.",
        why="who builds from the sdist (a distribution, an auditor) gets less than git has",
        fix="Include the files, by the key of the build backend that the finding names, or say "
        "that they are left out on purpose: check-manifest's own settings, MANIFEST.in (for "
        "setuptools) and the keys by which other backends exclude files are honoured.",
        example='[tool.check-manifest]\nignore = ["docs/drafts/*"]',
        find=_find_missing_files,
        needs_project=True,
    ),
)

TYPED = "Typing :: Typed"
STRAY = ("W001", "W005")
"""check-wheel-contents: bytecode; names such as tests, docs and build at the top."""
BESIDE = (
    *("bench", "benchmark", "benchmarks", "ci", "testdata", "testing", "tools"),
    *("conftest.py", "fabfile.py", "noxfile.py", "setup.py", "tasks.py"),
)
"""More of such names, from W009's findings."""
CACHES = (".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".tox", ".nox")


def _find_untrue_record(facts: DistFacts) -> Iterator[Fault]:
    problems = list(facts.record_problems[:SHOWN])
    if more := len(facts.record_problems[SHOWN:]):
        problems.append(f"{more} more of its lines or files")
    for problem in problems:
        yield Fault(
            message=f"RECORD is untrue: {problem}",
            fix="build the wheel again, and change nothing in it afterwards",
            place=in_dist(facts, "RECORD"),
        )


def _find_content_problems(facts: DistFacts) -> Iterator[Fault]:
    """Find what check-wheel-contents finds, but for what RK304 tells, and for what is no fault."""
    for problem in facts.content_problems:
        paths = problem.paths if problem.selected else _find_faults(problem, facts)
        if paths is not None and problem.code not in STRAY:
            named = f": {shorten(paths)}" if paths else ""
            yield Fault(
                message=f"check-wheel-contents {problem.code}: {problem.text}{named}",
                fix="fix the packaging, or ignore the code in [tool.check-wheel-contents]",
                place=in_dist(facts),
            )


def _find_faults(problem: ContentProblem, facts: DistFacts) -> Sequence[str] | None:
    """Return those paths of a problem that are faults of the packaging; None if it is no fault.

    Among public projects, all that W002, W004 and W009 said else was meant to be so.
    """
    paths, judge = problem.paths, FAULTS.get(problem.code)
    if problem.code == "W007":  # programs and data are a wheel's content, too
        return None if any(".data/" in member.name for member in facts.members) else paths
    known = frozenset(paths)
    return paths if judge is None else [path for path in paths if judge(path, known)] or None


def _is_copy_of_package(path: str, known: frozenset[str]) -> bool:
    """Tell whether a module is that of a package of the wheel again, as in build/lib/NAME/."""
    parts = path.split("/")
    below = ("/".join(parts[start:]) for start in range(1, len(parts) - 1))
    return path.endswith(".py") and any(name in known for name in below)


def _is_no_stub(path: str, _known: frozenset[str]) -> bool:
    """Tell whether a file at the top is no stub: PEP 561 has no better place for a module's."""
    return not path.endswith(".pyi")


def _cannot_be_imported(path: str, _known: frozenset[str]) -> bool:
    """Tell whether nothing of a top-level name can be imported; below it may be templates."""
    top = DATA.sub("", path).partition("/")[0]
    return not top.partition(".py")[0].removesuffix("-stubs").isidentifier()


FAULTS: Mapping[str, Callable[[str, frozenset[str]], bool]] = {
    "W002": _is_copy_of_package,
    "W003": _is_no_stub,
    "W004": _cannot_be_imported,
    "W009": lambda _path, _known: False,
}
"""By the codes of check-wheel-contents."""


def _find_bare_linux_tag(facts: DistFacts) -> Iterator[Fault]:
    for platform in sorted({tag.platform for tag in facts.dist.named.tags}):
        if platform.startswith("linux_"):
            yield Fault(
                message=f"the tag {platform} promises that it runs on every Linux",
                fix="set repair-wheel-command: auditwheel finds the manylinux or musllinux tag",
                place=in_dist(facts),
            )


def _find_stray_packages(facts: DistFacts) -> Iterator[Fault]:
    """Find tests, caches and the like where packages of the wheel stand."""
    for problem in facts.content_problems:
        own = facts.dist.named.name.replace("-", "_")
        paths = tuple(path for path in problem.paths if path.strip("/") != own)
        if problem.code in STRAY and paths:
            yield Fault(
                message=f"{shorten(paths)}: installed beside everybody's packages "
                f"(check-wheel-contents {problem.code})",
                fix="leave them out: name the packages, or exclude these (setuptools: "
                "[tool.setuptools.packages.find])",
                place=in_dist(facts),
            )
    tops = {member.name.partition("/")[0] for member in facts.members}
    own = facts.dist.named.name.replace("-", "_")
    beside = [name for name in BESIDE if name in tops and name.removesuffix(".py") != own]
    if facts.is_wheel and beside:
        yield Fault(
            message=f"{shorten(beside)}: installed beside everybody's packages",
            fix="leave them out: name the packages, or exclude these (setuptools: "
            "[tool.setuptools.packages.find])",
            place=in_dist(facts),
        )
    if facts.is_wheel and (caches := [name for name in CACHES if name in tops]):
        yield Fault(
            message=f"{shorten(caches)}: a cache of this machine is in the wheel",
            fix="leave it out: name the packages that belong into the wheel",
            place=in_dist(facts),
        )


def _find_missing_py_typed(facts: DistFacts) -> Iterator[Fault]:
    names = [member.name for member in facts.members]
    marked = any(name.endswith(("/py.typed", "-stubs/__init__.pyi")) for name in names)
    if not facts.is_wheel or facts.metadata is None or marked:
        return
    source = next((n for n in facts.project.versioned if n.endswith("/py.typed")), None)
    if TYPED in facts.metadata.get("classifiers", []):
        message, field = (
            f'the classifier "{TYPED}" promises py.typed, and the wheel has none',
            TYPED,
        )
    elif source is not None and not source.startswith(("test", "docs/", "examples/")):
        message, field = f"git has {source}, and the wheel has no py.typed", ""
    else:
        return
    yield Fault(
        message=message,
        fix='add py.typed to the package data (setuptools: package-data = { demo = ["py.typed"] })',
        place=in_project(facts, "classifiers", near=field) if field else in_dist(facts),
    )


def _find_dead_entry_points(facts: DistFacts) -> Iterator[Fault]:
    for point in facts.dead_entry_points:
        if point.foreign in facts.project.dependency_modules:
            continue
        yield Fault(
            message=f"{point.group}: {point.name} = {point.value} does not resolve: {point.why}",
            fix="correct it in [project.scripts] or [project.entry-points], or pack the module",
            place=in_project(facts, "scripts", "entry-points", "gui-scripts", near=point.value),
        )


WHEEL_CHECKS = (
    Check(
        code="RK301",
        title="RECORD untrue",
        severity=Severity.ERROR,
        fixed=True,
        explanation="Finds a wheel whose RECORD does not describe its members (installer's own "
        "check).",
        why="installers that verify refuse the wheel; the others leave files behind on removal",
        fix="Build the wheel again, and change nothing in it after the backend has made it.",
        find=_find_untrue_record,
    ),
    Check(
        code="RK302",
        title="wheel contents",
        severity=Severity.WARNING,
        explanation="Finds what check-wheel-contents finds, if it is a fault of the packaging: "
        "copies of a whole package (W002) and top-level names that cannot be imported (W004), and "
        "not equal files, modules among data, or several packages (W009). A code that the "
        "project selects itself is reported as it is. RK304 reports W001 and W005.",
        why="files that are missing, doubled or misplaced show only where it is installed",
        fix="check-wheel-contents explains each of its codes. Its own configuration is honoured: "
        "ignore what is meant to be so, or name the packages that the wheel is to have.",
        example='[tool.check-wheel-contents]\nignore = ["W002"]\ntoplevel = ["demo"]',
        find=_find_content_problems,
    ),
    Check(
        code="RK303",
        title="bare Linux tag",
        severity=Severity.WARNING,
        explanation="Finds a wheel for any Linux: the platform tags of PEP 600 and PEP 656 say "
        "which.",
        why="it says nothing of the C library: it installs, and fails on older systems",
        fix="Build in a manylinux or musllinux image, and let auditwheel repair the wheel.",
        example="[tool.releasekit]\n"
        'repair-wheel-command = "auditwheel repair -w {dest_dir} {wheel}"',
        find=_find_bare_linux_tag,
    ),
    Check(
        code="RK304",
        title="tests or caches in the wheel",
        severity=Severity.WARNING,
        explanation="Finds tests, caches and the like beside the packages of the wheel.",
        why="`import tests` finds them in every environment, and two packages overwrite each other",
        fix="Name the packages that belong into the wheel, or move the code below src/.",
        example='[tool.setuptools.packages.find]\ninclude = ["demo*"]',
        find=_find_stray_packages,
    ),
    Check(
        code="RK305",
        title="py.typed missing",
        severity=Severity.WARNING,
        explanation="Finds a wheel that promises types and has no py.typed (PEP 561).",
        why="type checkers take every import of the package as untyped, without a word",
        fix="Put an empty py.typed into the package, and see that it is packed.",
        example='[tool.setuptools.package-data]\ndemo = ["py.typed"]',
        find=_find_missing_py_typed,
    ),
    Check(
        code="RK306",
        title="entry point does not resolve",
        severity=Severity.WARNING,
        explanation="Finds entry points that name what the wheel does not have.",
        why="the command is installed, and ends with an ImportError",
        fix="Correct the module or the function. Nothing is imported to find this out: the files "
        "of the wheel are read. Names that a module makes as it runs are let pass, and so are "
        "modules of the dependencies.",
        example='[project.scripts]\ndemo = "demo.cli:main"',
        find=_find_dead_entry_points,
    ),
)
