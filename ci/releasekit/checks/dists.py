"""RK123, RK2xx and RK3xx: sdists and wheels."""

import re
from collections.abc import Collection, Iterable, Iterator

from releasekit.checks.entry_points import DATA
from releasekit.checks.model import SHOWN, Check, DistFacts, Fault, Severity, in_dist, in_project
from releasekit.plural import list_some, plural

MODULE = re.compile(r"([A-Za-z_]\w*)\.(?:pyi?|(?:[\w-]+\.)*(?:so|pyd))")
# What a package holds for developers. Other dot files may be its data.
INSIDE = re.compile(r"(?:^|/)(?:\.git[a-z]+|\.keep|_?tests?|conftest\.py|test_[^/]*\.py)(?:/|$)")
# What stands beside the packages for developers alone.
OUTSIDE = re.compile(
    r"\.|(?:[\w.]+-|\w*_)?(?:docs?|documentation|examples?|samples?|demos|bench\w*|perf\w*|tests?"
    r"|testing|testdata|fixtures|profiling|scripts?|tools?|tasks?|bin|ci|misc|contrib|typestubs|stubs"
    r"|docker|release|changes?|news\w*)/"
    r"|(?:setup|noxfile|tasks|fabfile|dodo|manage|make|build|run_?tests?|bootstrap|release|conf"
    r"|bench\w*|hatch_build|pavement|__init__)\.py$",
    re.IGNORECASE,
)


def list_sources(
    names: Iterable[str],
    *,
    packed: Iterable[str],
    installed: Iterable[str],
    versioned: Iterable[str],
) -> list[str]:
    """Return those of the names that belong to the packages, as modules or as their data.

    Where the packages stand, what is installed tells, and where the sdist has it: `packed` are the
    files of the sdist without its top directory, `installed` those of wheels, `versioned` those in
    git.
    """
    tops: set[str] = set()
    for name in installed:
        top, _, rest = name.partition("/")
        if MODULE.fullmatch(name) or (MODULE.fullmatch(rest.rpartition("/")[2]) and "." not in top):
            tops.add(top)
    folders: dict[str, str] = {}
    for name in sorted(packed, key=lambda name: name.count("/")):
        parts = name.split("/")
        for top in tops.intersection(parts):
            above = "/".join(parts[: parts.index(top)])
            if above and OUTSIDE.match(name):
                continue  # docs/demo/, beside the package
            # Below src/ all is for the packages; at the top of the repository only they are.
            inside = f"{top}/" if top != parts[-1] else ""
            folders.setdefault(top, f"{above}/" if above else inside)
    packages = {
        name.partition("/")[0]
        for name in versioned
        if re.fullmatch(r"[A-Za-z_]\w*/__init__\.py", name)
    }
    found = list(filter(None, folders.values()))
    return [name for name in names if _belongs(name, found, packages)]


def _belongs(name: str, folders: Collection[str], packages: Collection[str]) -> bool:
    if folder := next((one for one in folders if name.startswith(one)), ""):
        return not INSIDE.search(name.removeprefix(folder))
    if INSIDE.search(name) or OUTSIDE.match(name):
        return False
    top, slash, _ = name.partition("/")
    return top in packages if slash else MODULE.fullmatch(name) is not None


def _list_missing(facts: DistFacts, *, of_packages: bool) -> list[str]:
    if not (names := facts.missing_files):
        return []
    sources = list_sources(
        names,
        packed=[member.name.partition("/")[2] for member in facts.members],
        installed=[member.name for other in facts.others for member in other.members],
        versioned=facts.project.versioned,
    )
    # check-manifest's own problem stands in parentheses.
    of_the_packages = {*sources, *(name for name in names if name.startswith("("))}
    return [name for name in names if (name in of_the_packages) is of_packages]


def _find_missing_files(facts: DistFacts) -> Iterator[Fault]:
    if missing := _list_missing(facts, of_packages=True):
        count = plural(len(missing), "file in git is", "files in git are")
        yield Fault(
            message=f"{count} not in the sdist: {list_some(missing, SHOWN)}",
            fix=_include(facts),
            place=in_dist(facts),
        )


def _find_left_out_files(facts: DistFacts) -> Iterator[Fault]:
    if left_out := _list_missing(facts, of_packages=False):
        count = plural(len(left_out), "file for developers is", "files for developers are")
        yield Fault(
            message=f"{count} in git and not in the sdist: {list_some(left_out, SHOWN)}",
            fix=f"nothing, if nobody tests or packages from the sdist; else {_include(facts)}",
            place=in_dist(facts),
        )


def _include(facts: DistFacts) -> str:
    return (
        f"include them {facts.project.packing.include}, "
        "or list them in [tool.check-manifest] ignore"
    )


# check-wheel-contents: bytecode; names such as tests, docs and build at the top.
STRAY = ("W001", "W005")
# More of such names, from W009's findings.
BESIDE = (
    *("bench", "benchmark", "benchmarks", "ci", "testdata", "testing", "tools"),
    *("conftest.py", "fabfile.py", "noxfile.py", "setup.py", "tasks.py"),
)
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
    has_data = any(".data/" in member.name for member in facts.members)
    for problem in facts.content_problems:
        paths, known = list(problem.paths), frozenset(problem.paths)
        if not problem.selected:
            if problem.code == "W007" and has_data:
                continue  # programs and data are a wheel's content, too
            paths = [path for path in paths if _is_fault(problem.code, path, known)]
        if problem.code not in STRAY and (paths or not known):
            named = f": {list_some(paths, SHOWN)}" if paths else ""
            yield Fault(
                message=f"check-wheel-contents {problem.code}: {problem.text}{named}",
                fix="fix the packaging, or ignore the code in [tool.check-wheel-contents]",
                place=in_dist(facts),
            )


def _is_fault(code: str, path: str, known: frozenset[str]) -> bool:
    """Tell whether a path of a problem is a fault of the packaging.

    Among public projects, all that W002, W004 and W009 said else was meant to be so.
    """
    if code == "W002":  # a module of a package of the wheel again, as in build/lib/NAME/
        parts = path.split("/")
        below = ("/".join(parts[start:]) for start in range(1, len(parts) - 1))
        return path.endswith(".py") and any(name in known for name in below)
    if code == "W003":  # a stub at the top: PEP 561 has no better place for a module's
        return not path.endswith(".pyi")
    if code == "W004":  # nothing of the top-level name can be imported; below may be templates
        top = DATA.sub("", path).partition("/")[0]
        return not top.partition(".py")[0].removesuffix("-stubs").isidentifier()
    return code != "W009"


def _find_bare_linux_tag(facts: DistFacts) -> Iterator[Fault]:
    for platform in sorted({tag.platform for tag in facts.dist.named.tags}):
        if platform.startswith("linux_"):
            yield Fault(
                message=f"the tag {platform} promises that it runs on every Linux",
                fix="set repair-wheel-command: auditwheel finds the manylinux or musllinux tag",
                place=in_dist(facts),
            )


def _find_stray_packages(facts: DistFacts) -> Iterator[Fault]:
    own = facts.dist.named.name.replace("-", "_")
    beside = "installed beside everybody's packages"
    cache = "a cache of this machine is in the wheel"
    stray = {
        f"{beside} (check-wheel-contents {problem.code})": [
            path for path in problem.paths if path.strip("/") != own
        ]
        for problem in facts.content_problems
        if problem.code in STRAY
    }
    if facts.is_wheel:
        tops = {member.name.partition("/")[0] for member in facts.members}
        stray[beside] = [n for n in BESIDE if n in tops and n.removesuffix(".py") != own]
        stray[cache] = [name for name in CACHES if name in tops]
    for what, names in stray.items():
        if names:
            yield Fault(
                message=f"{list_some(names, SHOWN)}: {what}",
                fix="leave it out: name the packages that belong into the wheel"
                if what == cache
                else "leave them out: name the packages, or exclude these (setuptools: "
                "[tool.setuptools.packages.find])",
                place=in_dist(facts),
            )


def _find_missing_py_typed(facts: DistFacts) -> Iterator[Fault]:
    names = [member.name for member in facts.members]
    marked = any(name.endswith(("/py.typed", "-stubs/__init__.pyi")) for name in names)
    if not facts.is_wheel or facts.metadata is None or marked:
        return
    typed = "Typing :: Typed"
    place = in_dist(facts)
    source = next((n for n in facts.project.versioned if n.endswith("/py.typed")), None)
    if typed in facts.metadata.get("classifiers", []):
        message = f'the classifier "{typed}" promises py.typed, and the wheel has none'
        place = in_project(facts, "classifiers", near=typed)
    elif source is not None and not source.startswith(("test", "docs/", "examples/")):
        message = f"git has {source}, and the wheel has no py.typed"
    else:
        return
    yield Fault(
        message=message,
        fix='add py.typed to the package data (setuptools: package-data = { demo = ["py.typed"] })',
        place=place,
    )


def _find_dead_entry_points(facts: DistFacts) -> Iterator[Fault]:
    for point in facts.dead_entry_points:
        if point.foreign not in facts.project.dependency_modules:
            yield Fault(
                message=f"{point.group}: {point.name} = {point.value} does not resolve: "
                f"{point.why}",
                fix="correct it in [project.scripts] or [project.entry-points], or pack the module",
                place=in_project(facts, "scripts", "entry-points", "gui-scripts", near=point.value),
            )


DIST_CHECKS = (
    Check(
        code="RK123",
        title="files for developers not in the sdist",
        severity=Severity.NOTE,
        explanation="Finds files in git that the sdist lacks and no build needs: dot files, tests, "
        "documentation, what CI reads.",
        why="who tests or packages the project from its sdist lacks them; an installer needs none",
        fix="Nothing, if nobody does so. Else include them as for RK201.",
        find=_find_left_out_files,
        needs_project=True,
    ),
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
