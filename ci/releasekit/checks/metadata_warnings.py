"""RK108 to RK116: metadata that a reader of the index misses, or that leads astray."""

import contextlib
import re
import string
from collections.abc import Iterator

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from releasekit.checks.model import Check, DistFacts, Fault, Severity, in_project
from releasekit.plural import list_some

# Labels of URLs, and those that PEP 753 takes for the same.
ALIASES = {
    "source": ("repository", "sourcecode", "github"),
    "documentation": ("docs",),
    "changelog": ("changes", "whatsnew", "history", "releasenotes"),
    "issues": ("bugs", "issue", "tracker", "issuetracker", "bugtracker"),
    "funding": ("sponsor", "donate", "donation"),
}
# By the suffixes of a README.
CONTENT_TYPES = {
    "md": "text/markdown",
    "markdown": "text/markdown",
    "rst": "text/x-rst",
    "txt": "text/plain",
}


def normalize_label(label: str) -> str:
    """Return a label as it is compared: without punctuation, in lower case, not by an alias."""
    removed = str.maketrans("", "", string.punctuation + string.whitespace)
    plain = label.translate(removed).lower()
    return next((known for known, aliases in ALIASES.items() if plain in aliases), plain)


def _find_unclear_license(facts: DistFacts) -> Iterator[Fault]:
    metadata = facts.metadata
    if metadata is None or metadata.get("license_expression"):
        return  # RK103 judges the expression
    if any(name.startswith("License ::") for name in metadata.get("classifiers", [])):
        return
    text = metadata.get("license", "").strip()
    message = "the metadata states no license"
    if text and text != "UNKNOWN":
        with contextlib.suppress(InvalidLicenseExpression):
            canonicalize_license_expression(text)
            return
        first = text.splitlines()[0]
        shown = f"{first[:60]}…" if len(text) > 60 else first
        message = f'the license "{shown}" is no SPDX expression'
    yield Fault(
        message=message,
        fix=facts.project.declared.spell_addition('license = "…"', "license_expression", "…")
        + ": an SPDX expression, or LicenseRef-Proprietary",
        place=in_project(facts, "license"),
    )


def _find_missing_license_file(facts: DistFacts) -> Iterator[Fault]:
    """Find what license files lack; what several dists of a release lack is one fault."""
    dists = sorted((facts, *facts.others), key=lambda one: (one.is_wheel, one.dist.filename))
    for problem, fix in _list_license_faults(facts):
        # One after the other: of many wheels only the first goes through them all.
        lacking = (d for d in dists if d is facts or (problem, fix) in _list_license_faults(d))
        if next(lacking) is facts:
            yield Fault(
                message=f"{problem} in "
                + list_some([dist.dist.filename for dist in (facts, *lacking)]),
                fix=fix,
                place=in_project(facts, "license-files", "license"),
            )


def _list_license_faults(facts: DistFacts) -> Iterator[tuple[str, str]]:
    metadata = facts.metadata or {}
    named = metadata.get("license_files", [])
    paths = {member.name for member in facts.members}
    for name in named:
        if not any(path.endswith(f"/{name}") for path in paths):
            fix = "fix license-files in [project], or update the build backend"
            yield f"the license file {name} is named, and is not", fix
    stated = [metadata.get("license_expression", ""), metadata.get("license", "")]
    stated += [name for name in metadata.get("classifiers", []) if name.startswith("License ::")]
    own = ("LicenseRef-", "Proprietary", "Private :: ", "License :: Other/Proprietary")
    if named or not any(stated) or any(text.startswith(own) for text in stated):
        return
    # What PEP 639 suggests that tools look for, and the spellings in use.
    texts = r"(?i)(?:^|/)(?:(?:LICEN[CS]E|COPYING|UNLICENSE|NOTICE)[^/]*$|licen[cs]es/[^/])"
    if not any(re.search(texts, path) for path in paths):
        fix = "add the text as LICENSE"
        if facts.project.declared.spell_addition("", "", "").endswith("[project]"):
            # setuptools and poetry pack it by its name (setup.cfg: license_files).
            fix += ', and license-files = ["LICENSE"] to [project]'
        yield "a license is stated, and no file with its text is", fix


def _find_missing_labels(facts: DistFacts) -> Iterator[Fault]:
    if (metadata := facts.metadata) is None:
        return
    old = {"home_page": "homepage", "download_url": "download"}
    labels = {label for field, label in old.items() if metadata.get(field)}
    labels |= {normalize_label(label) for label in metadata.get("project_urls", {})}
    for wanted in facts.project.required_urls:
        if normalize_label(wanted) not in labels:
            yield Fault(
                message=f"the project URL {wanted} is missing, which required-urls asks for",
                fix=f'add [project.urls] {wanted} = "https://…"',
                place=in_project(facts, "urls"),
            )


def _find_missing_content_type(facts: DistFacts) -> Iterator[Fault]:
    metadata = facts.metadata or {}
    description = metadata.get("description", "").strip()
    if description in ("", "UNKNOWN") or metadata.get("description_content_type"):
        return
    name = _find_readme(facts)
    suffix = name.lower().rpartition(".")[2]
    content_type = CONTENT_TYPES.get(suffix, "text/markdown, text/x-rst or text/plain")
    setting = f"long_description_content_type = {content_type}"
    fix = f'set readme = "{name}" in [project] (setup.cfg, setup.py: {setting})'
    yield Fault(
        message="the description has no content type: an index takes it for reStructuredText"
        + (", which it is" if suffix == "rst" else ""),
        fix=fix if suffix in CONTENT_TYPES else f"say what it is: {setting} (setup.cfg, setup.py)",
        place=in_project(facts, "readme"),
        is_note=suffix == "rst",
    )


def _find_readme(facts: DistFacts) -> str:
    """Return the name of the project's README: one that its configuration names goes first."""
    names = list(facts.project.versioned)
    for dist in (facts, *facts.others):
        names += [] if dist.is_wheel else [m.name.partition("/")[2] for m in dist.members]
    found = [name for name in dict.fromkeys(names) if re.fullmatch(r"(?i)README(?:\.\w+)?", name)]
    texts = facts.project.declared.texts.values()
    named = (name for name in found if any(name in text for text in texts))
    return next(named, found[0] if found else "")


def _find_missing_summary(facts: DistFacts) -> Iterator[Fault]:
    if _lacks(facts, "summary"):
        yield Fault(
            message="the metadata names no summary",
            fix=facts.project.declared.spell_addition('description = "…"', "description", "…")
            + ", one line",
            place=in_project(facts, "description"),
        )


def _find_missing_author(facts: DistFacts) -> Iterator[Fault]:
    if _lacks(facts, "author", "author_email", "maintainer", "maintainer_email"):
        yield Fault(
            message="the metadata names no author and no maintainer",
            fix=facts.project.declared.spell_addition(
                'authors = [{ name = "…", email = "…" }]',
                *("author", "…"),
                poetry='authors = ["NAME <EMAIL>"] to [tool.poetry]',
            ),
            place=in_project(facts, "authors"),
        )


def _find_missing_requires_python(facts: DistFacts) -> Iterator[Fault]:
    if _lacks(facts, "requires_python"):
        yield Fault(
            message="the metadata names no Python that it needs",
            fix=facts.project.declared.spell_addition(
                'requires-python = ">=3.10"',
                *("python_requires", ">=3.10"),
                poetry='python = ">=3.10" to [tool.poetry.dependencies]',
            ),
            place=in_project(facts, "requires-python"),
        )


def _lacks(facts: DistFacts, *keys: str) -> bool:
    """Tell whether metadata has none of these fields; old setuptools writes UNKNOWN for none."""
    metadata = facts.metadata
    return metadata is not None and all(metadata.get(key) in (None, "", "UNKNOWN") for key in keys)


def _find_unknown_classifiers(facts: DistFacts) -> Iterator[Fault]:
    for classifier in facts.unknown_classifiers:
        yield Fault(
            message=f'there is no classifier "{classifier}"',
            fix="take one from the list of trove-classifiers (a new one: update that package)",
            place=in_project(facts, "classifiers", near=classifier),
        )


def _find_deprecated_classifiers(facts: DistFacts) -> Iterator[Fault]:
    for classifier, instead in facts.deprecated_classifiers:
        names = " or ".join(f'"{name}"' for name in instead)
        yield Fault(
            message=f'the classifier "{classifier}" is deprecated',
            fix=f"replace it by {names}" if names else "remove it",
            place=in_project(facts, "classifiers", near=classifier),
        )


METADATA_WARNINGS = (
    Check(
        code="RK108",
        title="required URL missing",
        severity=Severity.WARNING,
        explanation="Finds required URL labels that are not there, compared as PEP 753 says.",
        why="your configuration asks for it: who looks for the source or the tracker finds none",
        fix="Add the URL under that label or a well-known alias of it (Repository is Source, Docs "
        "is Documentation). The key required-urls says which labels are wanted.",
        example='[project.urls]\nSource = "https://git.example.com/team/demo"',
        find=_find_missing_labels,
    ),
    Check(
        code="RK109",
        title="content type missing",
        severity=Severity.WARNING,
        explanation="Finds a description that does not say what markup it is.",
        why="an index takes the description for reStructuredText, and shows Markdown as it is",
        fix="Name the README as a file, and its suffix tells the content type. If it is "
        "reStructuredText, the finding is a note.",
        example='[project]\nreadme = "README.md"',
        find=_find_missing_content_type,
    ),
    Check(
        code="RK110",
        title="no summary",
        severity=Severity.WARNING,
        explanation="Finds metadata without a summary.",
        why="lists and searches show the name alone",
        fix="Say in one line what the package is for.",
        example='[project]\ndescription = "Rates of exchange for billing"',
        find=_find_missing_summary,
    ),
    Check(
        code="RK111",
        title="neither author nor maintainer",
        severity=Severity.WARNING,
        explanation="Finds metadata that names neither an author nor a maintainer.",
        why="nobody knows whom to ask when it breaks",
        fix="Name a person or, better in a company, the team and its address.",
        example='[project]\nauthors = [{ name = "Team Billing", email = "billing@example.com" }]',
        find=_find_missing_author,
    ),
    Check(
        code="RK112",
        title="license not clear",
        severity=Severity.WARNING,
        explanation="Finds metadata that states no license, or one that is no SPDX expression.",
        why="who may use it, and how, cannot be told, neither by people nor by license scanners",
        fix="State an SPDX expression. For what is your company's alone, SPDX has LicenseRef- and "
        "a name of your own.",
        example='[project]\nlicense = "LicenseRef-Proprietary"   # or "MIT", "Apache-2.0 OR MIT"',
        find=_find_unclear_license,
    ),
    Check(
        code="RK113",
        title="license file missing",
        severity=Severity.WARNING,
        explanation="Finds license files that are named and absent, and a license without any "
        "file.",
        why="most licenses ask that their text goes with every copy",
        fix="Put the text into the project's directory, and name it.",
        example='[project]\nlicense-files = ["LICENSE"]',
        find=_find_missing_license_file,
    ),
    Check(
        code="RK114",
        title="requires-python missing",
        severity=Severity.WARNING,
        explanation="Finds metadata that does not say which Python it needs.",
        why="an old Python installs it, and fails when it runs",
        fix="Name the oldest Python that you test with.",
        example='[project]\nrequires-python = ">=3.10"',
        find=_find_missing_requires_python,
    ),
    Check(
        code="RK115",
        title="unknown classifier",
        severity=Severity.WARNING,
        explanation="Finds classifiers that are not in the list of trove-classifiers.",
        why="public indexes refuse the upload, and no filter finds the package by it",
        fix="Take the spelling from the list that trove-classifiers keeps.",
        example="python -m trove_classifiers",
        find=_find_unknown_classifiers,
    ),
    Check(
        code="RK116",
        title="deprecated classifier",
        severity=Severity.WARNING,
        explanation="Finds classifiers that are deprecated in the list of trove-classifiers.",
        why="it says something else by now, or will be refused one day",
        fix="Replace it by what the finding names.",
        find=_find_deprecated_classifiers,
    ),
)
