"""Which files of a repository belong to its packages, and which only its developers need."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MODULE = re.compile(r"([A-Za-z_]\w*)\.(?:pyi?|(?:[\w-]+\.)*(?:so|pyd))")
INSIDE = re.compile(r"(?:^|/)(?:\.git[a-z]+|\.keep|_?tests?|conftest\.py|test_[^/]*\.py)(?:/|$)")
"""What a package holds for developers. Other dot files may be its data."""
OUTSIDE = re.compile(
    r"\.|(?:[\w.]+-|\w*_)?(?:docs?|documentation|examples?|samples?|demos|bench\w*|perf\w*|tests?"
    r"|testing|testdata|fixtures|profiling|scripts?|tools?|tasks?|bin|ci|misc|contrib|typestubs|stubs"
    r"|docker|release|changes?|news\w*)/"
    r"|(?:setup|noxfile|tasks|fabfile|dodo|manage|make|build|run_?tests?|bootstrap|release|conf"
    r"|bench\w*|hatch_build|pavement|__init__)\.py$",
    re.IGNORECASE,
)
"""What stands beside the packages for developers alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """Where the packages of a project stand in its repository."""

    folders: tuple[str, ...]
    """What is installed from there, or beside it below src/, with a slash at the end."""
    packages: frozenset[str]
    """Packages at the top of the repository."""

    def belongs(self, name: str) -> bool:
        """Tell whether a file belongs to the packages, as a module or as their data."""
        if folder := next((one for one in self.folders if name.startswith(one)), ""):
            return not INSIDE.search(name.removeprefix(folder))
        top, slash, _ = name.partition("/")
        if INSIDE.search(name) or OUTSIDE.match(name):
            return False
        return top in self.packages if slash else MODULE.fullmatch(name) is not None


def find_sources(
    packed: Sequence[str], installed: Iterable[str], versioned: Iterable[str]
) -> Sources:
    """Find out where the packages stand, by what is installed and where the sdist has it.

    `packed` are the files of the sdist without its top directory, `installed` those of wheels,
    `versioned` those in git.
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
    packages = {name.partition("/")[0] for name in versioned if IS_PACKAGE.fullmatch(name)}
    return Sources(folders=tuple(filter(None, folders.values())), packages=frozenset(packages))


IS_PACKAGE = re.compile(r"[A-Za-z_]\w*/__init__\.py")
