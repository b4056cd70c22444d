"""RK117 and RK119 to RK122: requirements that do not resolve, imports and smoke tests that fail.

What they judge was found by `commands.prove`, in a clean environment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from releasekit.checks.facts import DistFacts, FailedTest, in_dist, in_project
from releasekit.checks.model import Check, Fault, Severity

MODULE = re.compile(r"ModuleNotFoundError: No module named '([\w.]+)'")
DEPENDENCIES = ("dependencies", "optional-dependencies")


def find_foreign_dependencies(facts: DistFacts) -> Iterator[Fault]:
    """Find dependencies with a name of the company's own that are another package."""
    for found in facts.project.foreign_dependencies:
        yield Fault(
            message=f"{found.index} serves {found.name}, which `own-names` has, but {found.hosted} "
            "does not have that file",
            fix="block the name in the proxy ([[provision]] does so for `own-names`), or publish "
            "it, or remove it from `own-names`",
            place=in_project(facts, *DEPENDENCIES, near=found.name),
        )


def find_unresolved(facts: DistFacts) -> Iterator[Fault]:
    """Find requirements, of the wheel or of one of its extras, that no version satisfies."""
    for found in facts.project.unresolved:
        if found.wheel == facts.dist.filename:
            of_extra = f" of the extra {found.extra}" if found.extra else ""
            where = f" against {found.index}" if found.index else ""
            python = found.python
            if found.index:
                yield Fault(
                    message=f"the requirements{of_extra} do not resolve{where} (Python {python}): "
                    f"{found.reason}",
                    fix="correct the requirement, or add what it needs to the group (a release of "
                    "it, or a proxy that has it); for another Python see `pythons`",
                    place=in_project(facts, *DEPENDENCIES),
                )
            else:
                yield Fault(
                    message=f"it does not install on Python {python}: {found.reason}",
                    fix="release it with a Python that it supports, or name those in `pythons`",
                    place=in_project(facts, "requires-python"),
                )


def find_failed_imports(facts: DistFacts) -> Iterator[Fault]:
    """Find packages that cannot be imported in a clean environment with their dependencies."""
    for failure in _list_failures(facts, "RK120"):
        missing = MODULE.search(failure.reason)
        fix = (
            "correct the package; if the import needs a display, a licence or a device, lower RK120"
            " with `severity` and a reason"
        )
        if missing and missing[1].partition(".")[0] != failure.subject.partition(".")[0]:
            fix = (
                f"add what provides {missing[1]} to the dependencies, or import it later; if it is "
                "a part of Python that this one lacks, leave its version out of requires-python"
            )
        elif missing:
            fix = f"include {missing[1]} in the wheel: the backend's configuration leaves it out"
        yield Fault(
            message=f"import {failure.subject} fails (Python {failure.python}): {failure.reason}",
            fix=fix,
            place=in_dist(facts),
        )


def find_failed_smoke_tests(facts: DistFacts) -> Iterator[Fault]:
    """Find smoke tests that fail, or take too long, in a clean environment."""
    for failure in _list_failures(facts, "RK121"):
        yield Fault(
            message=f"the smoke test `{failure.subject}` fails (Python {failure.python}): "
            f"{failure.reason}",
            fix="reports/smoke.log has its whole output; correct the package, or the command in "
            "`smoke` (no shell runs it, and not in the project's directory)",
            place=in_dist(facts),
        )


def find_built_dependencies(facts: DistFacts) -> Iterator[Fault]:
    """Find dependencies of which the index has no wheel, so that everybody has to build them."""
    for name in facts.project.built_dependencies:
        yield Fault(
            message=f"the index has no wheel of a dependency: {name} was built from its sdist",
            fix="put a wheel of it into the group: else everybody who installs the package "
            "builds it",
            place=in_project(facts, *DEPENDENCIES),
        )


def _list_failures(facts: DistFacts, code: str) -> Iterator[FailedTest]:
    for failure in facts.project.test_failures:
        if (failure.code, failure.wheel) == (code, facts.dist.filename):
            yield failure


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
    find=find_foreign_dependencies,
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
        find=find_unresolved,
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
        find=find_failed_imports,
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
        find=find_failed_smoke_tests,
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
        find=find_built_dependencies,
        needs_project=True,
    ),
)
PROOF_CODES = ("RK117", *(check.code for check in PROOF_CHECKS))
"""What was found by installing, importing and running: no file of the release tells it alone."""
