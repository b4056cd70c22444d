"""RK124: whether a wheel describes the same project as its sdist."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from releasekit.checks.facts import DistFacts, in_project
from releasekit.checks.model import Check, Fault, Severity
from releasekit.model.agreement import FIELDS, find_disagreements
from releasekit.plural import list_some

README = re.compile(r"README(?:\.\w+)?", re.IGNORECASE)
OUTSIDE = re.compile(r"""["'](\.\./(?:[\w.-]+/)*[\w.-]+\.(?:md|rst|txt))["']""")
"""A description beside the project, which no sdist can have."""
TEXTS = re.compile(r"(?:^|/)[^./]+$|\.(?:md|rst|txt)$", re.IGNORECASE)
"""Files that descriptions are made of."""
DATA = re.compile(r"\.(?:txt|in|json|toml|py|ya?ml)$")
"""Files that the other fields are read from."""


def _find_other_description(facts: DistFacts) -> Iterator[Fault]:
    sdist = next((one for one in facts.others if not one.is_wheel), None)
    if not facts.is_wheel or sdist is None or not (sdist.metadata and facts.metadata):
        return
    is_pure = all(tag.platform == "any" for tag in facts.dist.named.tags)
    fields = find_disagreements(sdist.metadata, facts.metadata, is_pure=is_pure)
    if not fields:
        return
    lacks = list(dict.fromkeys(_find_lacking(fields, sdist)))
    what = f", and the sdist lacks {list_some(lacks)}" if lacks else ""
    include = f"include it {sdist.project.packing.include}"
    yield Fault(
        message=f"the wheel does not say the same as the sdist: {'; '.join(fields.values())}{what}",
        fix=f"the wheel is built from the sdist: {include}"
        if lacks
        else "see what the build reads that the sdist lacks, or that differs between machines",
        place=in_project(facts, *(FIELDS[field] for field in fields)),
    )


def _find_lacking(fields: Collection[str], sdist: DistFacts) -> Iterator[str]:
    """Yield files that the sdist lacks and that the configuration names, or else a README."""
    packed = {member.name.partition("/")[2] for member in sdist.members}
    texts = list(sdist.project.declared.texts.values())
    missing = [name for name in sdist.project.versioned if name not in packed]
    kinds = [TEXTS] if "description" in fields else []
    kinds += [DATA] if set(fields) - {"description", "description_content_type"} else []
    found = [
        name
        for name in missing
        if any(kind.search(name) for kind in kinds) and any(_names(text, name) for text in texts)
    ]
    if "description" in fields and not found:
        found = [name for text in texts for name in OUTSIDE.findall(text)]
        found = found or [name for name in missing if README.fullmatch(name)]
    yield from found


def _names(text: str, name: str) -> bool:
    """Tell whether a configuration names a file: in quotes, or as setup.cfg does."""
    return re.search(rf"""["'\s:]{re.escape(name)}(?:["'\s,]|$)""", text) is not None


RK124 = Check(
    code="RK124",
    title="sdist and wheel differ",
    severity=Severity.ERROR,
    explanation="Finds a wheel whose metadata is not that of its sdist: another description, "
    "other requirements, another license. What an sdist declares as dynamic (PEP 643) may differ "
    "where the machine may decide it.",
    why="who installs the wheel gets another project than who builds the sdist",
    fix="The wheel is built from the sdist. Mostly setup.py reads a file that is in git and not "
    "in the sdist, and goes on without it: include that file.",
    example="include README.md requirements.txt   # MANIFEST.in",
    find=_find_other_description,
)
