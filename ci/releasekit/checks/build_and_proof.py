"""RK117 to RK122: what the build backend warns of, and what the proof of a release found.

Requirements that do not resolve, imports and smoke tests that fail were found by `commands.prove`,
in a clean environment.
"""

import re
from collections.abc import Iterator

from releasekit.checks.declared import Place
from releasekit.checks.model import (
    BackendWarning,
    Check,
    DistFacts,
    FailedTest,
    Fault,
    Severity,
    in_dist,
    in_project,
)
from releasekit.plural import list_some

# A line of Python's warnings: FILE:LINE: CATEGORY: TEXT.
WARNING = re.compile(r"^(?:(.*?):(\d+): |.*\bWARNING\b[: ]+)?(\w*Warning): (\S.*)$")
# What differs between warnings of one cause.
NAME = re.compile(r"'[^']+'")
DEPENDENCIES = ("dependencies", "optional-dependencies")


def parse_warnings(log: str) -> tuple[BackendWarning, ...]:
    """Return the warnings of a build, each once: an sdist and a wheel say much the same."""
    lines, found = log.splitlines(), []
    for number, line in enumerate(lines):
        match = WARNING.match(line.strip()) if "Warning: " in line else None
        if match and match[3] != "ResourceWarning":
            # setuptools runs setup.py as a string (build_meta.py, run_setup).
            in_setup_py = re.search(r"(?:^|/)setup\.py$|^<string>$", match[1] or "")
            found.append(
                BackendWarning(
                    category=match[3],
                    text=match[4].strip(),
                    fix=_find_fix(lines[number + 1 : number + 60]),
                    line=int(match[2]) if in_setup_py else None,
                )
            )
    return tuple(dict.fromkeys(found))


def _find_fix(lines: list[str]) -> str:
    """Return the paragraph in setuptools' box that says what to do, on one line.

    What it announces by a colon belongs to it. Without such a paragraph it is the first. The box
    (setuptools/warnings.py) has at most 35 lines in setuptools 84.
    """
    edges = [number for number, line in enumerate(lines) if re.match(r"\s*\*{20,}\s*$", line)]
    if len(edges) < 2 or any(WARNING.match(line) for line in lines[: edges[0]]):
        return ""
    paragraphs = [""]
    for line in lines[edges[0] + 1 : edges[1]]:
        text = line.strip()
        if text and not text.startswith("#"):
            paragraphs[-1] = f"{paragraphs[-1]} {text}".strip()
        elif paragraphs[-1] and not paragraphs[-1].endswith(":"):
            paragraphs.append("")
    # What setuptools adds to each deprecation says nothing of this one.
    common = r"By [\w-]+, you need to update|This deprecation is overdue|See http"
    said = [text for text in paragraphs if text and not re.match(common, text)]
    advises = r"(?i)\b(?:please|instead|you can|ensure|make sure|avoid|should)\b"
    return next((text for text in said if re.search(advises, text)), said[0] if said else "")


def _find_backend_warnings(facts: DistFacts) -> Iterator[Fault]:
    groups: dict[tuple[str, str], list[BackendWarning]] = {}
    for warning in facts.project.backend_warnings:
        # Without a fix the names are all that it says: each may have a cause of its own.
        text = NAME.sub("", warning.text) if warning.fix else warning.text
        groups.setdefault((text, NAME.sub("", warning.fix)), []).append(warning)
    # Categories that say nothing; pyproject-hooks 1.3 gives the first to every warning.
    unnamed = ("BuildBackendWarning", "UserWarning", "Warning")
    for first, *others in groups.values():
        names = [name for other in others for name in NAME.findall(other.text)]
        more = f" (and {list_some(names)})" if names else ""
        kind = "" if first.category in unnamed else f"{first.category}: "
        yield Fault(
            message=f"the build backend warns: {kind}{first.text}{more}",
            fix=first.fix or "change what it names; reports/build.log has the whole text",
            place=_find_place(facts, first),
        )


def _find_place(facts: DistFacts, warning: BackendWarning) -> Place:
    """Return the line that a warning is about, or the file alone: a wrong line is worse."""
    if warning.line:
        return Place(file="setup.py", line=warning.line)
    if warning.text.startswith("License classifiers"):
        return in_project(facts, "classifiers", near="License ::")
    declared = facts.project.declared
    return (
        declared.find_named(warning.text)
        or declared.find_named(warning.fix)
        or Place(file=in_project(facts).file)
    )


def _find_foreign_dependencies(facts: DistFacts) -> Iterator[Fault]:
    for found in facts.project.foreign_dependencies:
        yield Fault(
            message=f"{found.index} serves {found.name}, which `own-names` has, but {found.hosted} "
            "does not have that file",
            fix="block the name in the proxy ([[provision]] does so for `own-names`), or publish "
            "it, or remove it from `own-names`",
            place=in_project(facts, *DEPENDENCIES, near=found.name),
        )


def _find_unresolved(facts: DistFacts) -> Iterator[Fault]:
    for found in _list_failures(facts, "RK119"):
        if found.index:
            of_extra = f" of the extra {found.subject}" if found.subject else ""
            yield Fault(
                message=f"the requirements{of_extra} do not resolve against {found.index} "
                f"(Python {found.python}): {found.reason}",
                fix="correct the requirement, or add what it needs to the group (a release of "
                "it, or a proxy that has it); for another Python see `pythons`",
                place=in_project(facts, *DEPENDENCIES),
            )
        else:
            yield Fault(
                message=f"it does not install on Python {found.python}: {found.reason}",
                fix="release it with a Python that it supports, or name those in `pythons`",
                place=in_project(facts, "requires-python"),
            )


def _find_failed_imports(facts: DistFacts) -> Iterator[Fault]:
    for failure in _list_failures(facts, "RK120"):
        missing = re.search(r"ModuleNotFoundError: No module named '([\w.]+)'", failure.reason)
        if missing is None:
            fix = (
                "correct the package; if the import needs a display, a licence or a device, lower "
                "RK120 with `severity` and a reason"
            )
        elif missing[1].partition(".")[0] == failure.subject.partition(".")[0]:
            fix = f"include {missing[1]} in the wheel: the backend's configuration leaves it out"
        else:
            fix = (
                f"add what provides {missing[1]} to the dependencies, or import it later; if it is "
                "a part of Python that this one lacks, leave its version out of requires-python"
            )
        yield Fault(
            message=f"import {failure.subject} fails (Python {failure.python}): {failure.reason}",
            fix=fix,
            place=in_dist(facts),
        )


def _find_failed_smoke_tests(facts: DistFacts) -> Iterator[Fault]:
    for failure in _list_failures(facts, "RK121"):
        yield Fault(
            message=f"the smoke test `{failure.subject}` fails (Python {failure.python}): "
            f"{failure.reason}",
            fix="reports/smoke.log has its whole output; correct the package, or the command in "
            "`smoke` (no shell runs it, and not in the project's directory)",
            place=in_dist(facts),
        )


def _list_failures(facts: DistFacts, code: str) -> list[FailedTest]:
    failures, wheel = facts.project.test_failures, facts.dist.filename
    return [one for one in failures if (one.code, one.wheel) == (code, wheel)]


def _find_built_dependencies(facts: DistFacts) -> Iterator[Fault]:
    for name in facts.project.built_dependencies:
        yield Fault(
            message=f"the index has no wheel of a dependency: {name} was built from its sdist",
            fix="put a wheel of it into the group: else everybody who installs the package "
            "builds it",
            place=in_project(facts, *DEPENDENCIES),
        )


RK117 = Check(
    code="RK117",
    title="another package of that name",
    severity=Severity.WARNING,
    explanation="Finds dependencies with a name of the company's own that the group serves from "
    "elsewhere.",
    why="whoever registers such a name in a public index has their code run by everybody who "
    "installs the package",
    fix="Block the names of `own-names` in the proxy: `releasekit provision` does so. Only names "
    "in `own-names` are looked at, and only where a group is configured.",
    find=_find_foreign_dependencies,
    needs_project=True,
)
RK118 = Check(
    code="RK118",
    title="the build backend warns",
    severity=Severity.WARNING,
    explanation="Finds what the build backend warned of.",
    why="what is deprecated today fails one day, on a build machine that nobody has touched",
    fix="Follow the backend's advice, which is the finding's fix; the whole text stands in "
    "reports/build.log.",
    find=_find_backend_warnings,
    needs_project=True,
)
PROOF_CHECKS = (
    Check(
        code="RK119",
        title="requirements do not resolve",
        severity=Severity.ERROR,
        explanation="Finds requirements, of the wheel or of one of its extras, that cannot be "
        "resolved against the group for a Python in `pythons`.",
        why="nobody can install the version, and it cannot be replaced once it is published",
        fix="Correct the requirement, or see that the group has what it needs: a release of it in "
        "the hosted repository, or a proxy that has it. The message has the resolver's reason. "
        "Without a group, the hosted repository and the index that uv or pip are configured with "
        "are asked. Before a release into a sandbox, without a group, nothing is found.",
        find=_find_unresolved,
        needs_project=True,
    ),
    Check(
        code="RK120",
        title="the package cannot be imported",
        severity=Severity.ERROR,
        explanation="Finds packages and modules of the wheel that cannot be imported in a clean "
        "environment, with the dependencies and outside the checkout.",
        why="a dependency that is not declared, or a file that is not in the wheel, is there on "
        "every machine of the developers, and on no other",
        fix="Declare the dependency, or include the file. If an import needs a display, a licence "
        "or a device, lower the check, with the reason.",
        example="[tool.releasekit.severity]\n"
        'RK120 = { severity = "warning", reason = "needs a licence server" }',
        find=_find_failed_imports,
        needs_project=True,
    ),
    Check(
        code="RK121",
        title="the smoke test fails",
        severity=Severity.ERROR,
        explanation="Finds commands of `smoke` that fail, or take longer than `smoke-timeout`, in "
        "a clean environment.",
        why="the project itself says that the package works if this command does",
        fix="Correct the package or the command. It is run without a shell, outside the checkout "
        "and without credentials; reports/smoke.log has its output.",
        example='[tool.releasekit]\nsmoke = "demo --version"',
        find=_find_failed_smoke_tests,
        needs_project=True,
    ),
    Check(
        code="RK122",
        title="dependency without a wheel",
        severity=Severity.WARNING,
        explanation="Finds dependencies of which the index has no wheel for a Python in "
        "`pythons`, so that everybody who installs the package builds them.",
        why="a build runs code of the dependency, and needs its compilers and libraries",
        fix="Build a wheel of it once, and publish it to the hosted repository.",
        find=_find_built_dependencies,
        needs_project=True,
    ),
)
# What was found by installing, importing and running: no file of the release tells it alone.
PROOF_CODES = ("RK117", *(check.code for check in PROOF_CHECKS))
