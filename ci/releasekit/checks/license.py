"""Licenses (PEP 639): an SPDX expression, and the files that go with it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from releasekit.checks.facts import DistFacts, in_project
from releasekit.checks.model import Fault

LICENSE_FILE = re.compile(r"(?:^|/)(?:LICEN[CS]E|COPYING|UNLICENSE|NOTICE)[^/]*$", re.IGNORECASE)
"""What PEP 639 suggests that tools look for, and the spellings in use."""
LICENSE_FOLDER = re.compile(r"(?:^|/)licen[cs]es/[^/]", re.IGNORECASE)
OWN = ("LicenseRef-", "Proprietary", "Private :: ", "License :: Other/Proprietary")


def find_unclear_license(facts: DistFacts) -> Iterator[Fault]:
    """Find metadata that states no license, or one that is no SPDX expression."""
    metadata = facts.metadata
    if metadata is None or metadata.get("license_expression"):
        return  # RK103 judges the expression
    text = metadata.get("license", "").strip()
    if any(name.startswith("License ::") for name in metadata.get("classifiers", [])):
        return
    if not text or text == "UNKNOWN":
        message = "the metadata states no license"
    elif _is_expression(text):
        return
    else:
        first = text.splitlines()[0]
        shown = f"{first[:60]}…" if len(text) > 60 else first
        message = f'the license "{shown}" is no SPDX expression'
    yield Fault(
        message=message,
        fix='add license = "…" to [project]: an SPDX expression, or LicenseRef-Proprietary',
        place=in_project(facts, "license"),
    )


def find_missing_license_file(facts: DistFacts) -> Iterator[Fault]:
    """Find license files that are named and absent, and a license without any file."""
    metadata = facts.metadata
    if metadata is None:
        return
    named = metadata.get("license_files", [])
    paths = {member.name for member in facts.members}
    for name in named:
        if not any(path.endswith(f"/{name}") for path in paths):
            yield Fault(
                message=f"{facts.dist.filename} names the license file {name}, and lacks it",
                fix="fix license-files in [project], or update the build backend",
                place=in_project(facts, "license-files", "license"),
            )
    stated = [metadata.get("license_expression", ""), metadata.get("license", "")]
    stated += [name for name in metadata.get("classifiers", []) if name.startswith("License ::")]
    if named or not any(stated) or any(text.startswith(OWN) for text in stated):
        return
    if not any(LICENSE_FILE.search(path) or LICENSE_FOLDER.search(path) for path in paths):
        yield Fault(
            message=f"{facts.dist.filename} states a license, and has no file with its text",
            fix='add the text as LICENSE, and license-files = ["LICENSE"] to [project]',
            place=in_project(facts, "license-files", "license"),
        )


def _is_expression(text: str) -> bool:
    try:
        canonicalize_license_expression(text)
    except InvalidLicenseExpression:
        return False
    return True
