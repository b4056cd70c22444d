"""What a build made, `reports/release.json`, and the proof that it works, `reports/proof.json`.

The record has facts only, never a verdict. The proof names the bytes that it is about, so that
`publish` can refuse others; it guards against other jobs, not against the one that built.

Every new key is a new `schema_version`. A file with a newer one is refused whole (E220, status 2)
before anything in it is used: an older releasekit cannot know what it would leave out. See
docs/schema-versions.md.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from packaging.utils import canonicalize_name
from packaging.version import Version
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from releasekit.errors import ReleasekitError, refused
from releasekit.model.dists import Dist, DistKind, parse_filename
from releasekit.redact import escape_json


class NewerSchemaError(ValueError):
    """A file was written by a newer releasekit, with the schema version `found`."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(f"schema version {found} is newer than {known}")
        self.found, self.known = found, known


def _check_filename(filename: str) -> str:
    if "/" in filename or "\\" in filename:
        raise ValueError("a file name has no path in it")
    parse_filename(filename)  # NotADistError is a ValueError
    return filename


def _check_name(name: str) -> str:
    canonicalize_name(name, validate=True)  # InvalidName is a ValueError
    return name


def _check_version(version: str) -> str:
    Version(version)  # InvalidVersion is a ValueError
    return version


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RecordedFile(_Facts):
    """A dist that was built: name, size in bytes and SHA-256."""

    filename: Annotated[str, AfterValidator(_check_filename)]
    size: Annotated[int, Field(ge=0)]
    sha256: Sha256

    @property
    def kind(self) -> DistKind:
        return parse_filename(self.filename).kind


class BuildFacts(_Facts):
    """One build: what it made, from the sdist with which SHA-256, and by what.

    The build requirements are pinned as they were resolved, and sorted.
    """

    files: Annotated[tuple[str, ...], Field(min_length=1)]
    made_from: Sha256 | None
    requirements: tuple[str, ...]
    tools: dict[str, str]


class DevelopmentFacts(_Facts):
    """How a development version was made, which the commit does not state.

    It was written to a key of a file in the temporary checkout, where the commit states another
    one. It counts the commits after a release tag, or all of them.
    """

    written_to: str
    stated: Annotated[str, AfterValidator(_check_version)]
    after: str | None
    commits: Annotated[int, Field(ge=0)]


class Record(_Facts):
    """What was built, from which commit: by one build, or by several that were gathered.

    One build job may make a part of a release only; `find_gaps` tells whether it is whole. A record
    without a development version is written as version 1.
    """

    schema_version: Literal[1, 2] = 1
    project: Annotated[str, AfterValidator(_check_name)]
    version: Annotated[str, AfterValidator(_check_version)]
    tag: str | None
    commit: str
    dirty: bool
    files: Annotated[tuple[RecordedFile, ...], Field(min_length=1)]
    builds: tuple[BuildFacts, ...]
    development: DevelopmentFacts | None = None

    @model_validator(mode="after")
    def _check_one_release(self) -> Record:
        if [file.kind for file in self.files].count(DistKind.SDIST) > 1:
            raise ValueError("a release has one sdist")
        for file in self.files:
            dist = parse_filename(file.filename)
            if (dist.name, dist.version) != (self.normalized_name, Version(self.version)):
                raise ValueError(f"{file.filename} is no file of {self.requirement}")
        made = [filename for build in self.builds for filename in build.files]
        if sorted(made) != sorted(file.filename for file in self.files):
            raise ValueError("every file is made by one of the builds")
        return self

    @property
    def requirement(self) -> str:
        return f"{self.project}=={self.version}"

    @property
    def normalized_name(self) -> str:
        return canonicalize_name(self.project)

    @property
    def sdist(self) -> RecordedFile | None:
        return next((file for file in self.files if file.kind is DistKind.SDIST), None)

    @property
    def wheels(self) -> tuple[RecordedFile, ...]:
        return tuple(file for file in self.files if file.kind is DistKind.WHEEL)

    @property
    def identity(self) -> tuple[object, ...]:
        """Return what two records of one release of one commit have in common."""
        return self.normalized_name, Version(self.version), self.tag, self.commit, self.dirty


def render_record(record: Record) -> str:
    """Return the record as JSON text."""
    newer = record.model_copy(update={"schema_version": 2 if record.development else 1})
    unused = None if record.development else {"development"}
    return escape_json(newer.model_dump_json(indent=2, exclude=unused)) + "\n"


def parse_record(text: str) -> Record:
    """Return the record of a JSON text; raises NewerSchemaError and pydantic's ValidationError."""
    _refuse_newer_schema(text, 2)
    return Record.model_validate_json(text)


def _refuse_newer_schema(text: str, known: int) -> None:
    with contextlib.suppress(json.JSONDecodeError):  # pydantic says where
        document = json.loads(text)
        found = document.get("schema_version") if isinstance(document, dict) else None
        if isinstance(found, int) and found > known:
            raise NewerSchemaError(found, known)


def find_changes(record: Record, dists: Sequence[Dist]) -> tuple[str, ...]:
    """Return what differs between the record and the files at hand, a sentence each."""
    at_hand = {dist.filename: dist.sha256 for dist in dists}
    changes = []
    for file in record.files:
        if (found := at_hand.get(file.filename)) is None:
            changes.append(f"{file.filename} is missing")
        elif found != file.sha256:
            changes.append(f"{file.filename} has SHA-256 {found}, recorded is {file.sha256}")
    return tuple(changes)


def name_part(record: Record) -> str:
    """Return a file name for the record of a build that no build of other bytes has.

    So the records of several jobs, and of two jobs that made one file by mistake, lie side by side
    where a CI system unpacks the artifacts of all of them in one directory.
    """
    file = record.files[0]
    return f"{file.filename}-{file.sha256[:12]}.json"


def is_superseded(part: Record, by: Record) -> bool:
    """Tell whether a new build in the same workspace makes the record of an older one worthless."""
    new = {file.filename: file for file in by.files}
    sources = (None, by.sdist.sha256) if by.sdist else None
    return (
        part.identity != by.identity
        or any(new.get(file.filename, file) != file for file in part.files)
        or (sources is not None and any(build.made_from not in sources for build in part.builds))
    )


def join_parts(parts: Mapping[str, Record]) -> Record:
    """Return one record of all parts; the keys say where each was found.

    Raises PARTS_DISAGREE, BUILT_TWICE and WHEEL_OF_ANOTHER_SDIST.
    """
    first = next(iter(parts.values()))
    if not all(part.identity == first.identity for part in parts.values()):
        said = (f"{where}: {_describe(part)}" for where, part in parts.items())
        raise ReleasekitError(refused.PARTS_DISAGREE, parts="\n".join(said))
    files: dict[str, RecordedFile] = {}
    builds: list[BuildFacts] = []
    for part in parts.values():
        for build in part.builds:
            # A file with the same bytes as before travelled on with another job's artifacts.
            new = tuple(name for name in build.files if name not in files)
            builds += [build.model_copy(update={"files": new})] if new else []
        files = {file.filename: file for file in part.files} | files
    _refuse_second_builds(parts, files)
    ordered = sorted(files.values(), key=lambda f: (f.kind is DistKind.WHEEL, f.filename))
    written = next((part.development for part in parts.values() if part.development), None)
    joined = first.model_copy(
        update={"files": tuple(ordered), "builds": tuple(builds), "development": written}
    )
    for build in builds:
        if joined.sdist and build.made_from not in (None, joined.sdist.sha256):
            raise ReleasekitError(
                refused.WHEEL_OF_ANOTHER_SDIST,
                wheels=", ".join(build.files),
                made_from=str(build.made_from),
                sdist=joined.sdist.filename,
                sha256=joined.sdist.sha256,
            )
    return joined


def _describe(record: Record) -> str:
    changed = ", with changes" if record.dirty else ""
    return f"{record.requirement} of {record.commit[:10]} ({record.tag or 'no tag'}{changed})"


def _refuse_second_builds(parts: Mapping[str, Record], files: Mapping[str, RecordedFile]) -> None:
    made = [(where, file) for where, part in parts.items() for file in part.files]
    twice = {file.filename for _, file in made if file != files[file.filename]}
    sdists = {filename for filename, file in files.items() if file.kind is DistKind.SDIST}
    if names := twice or (sdists if len(sdists) > 1 else None):
        found = (f"{f.filename} {f.sha256} ({where})" for where, f in made if f.filename in names)
        raise ReleasekitError(
            refused.BUILT_TWICE, filename=", ".join(sorted(names)), found="\n".join(found)
        )


def find_gaps(record: Record, expected: Sequence[str]) -> tuple[str, ...]:
    """Return what the record lacks of a whole release, or has too much, a sentence each.

    `expected` are patterns of wheel tags; without any, a release has at least one wheel.
    """
    gaps = [] if record.sdist else ["the sdist is missing"]
    wheels = [wheel.filename for wheel in record.wheels]
    if not expected:
        return (*gaps, *([] if wheels else ["there is no wheel"]))
    missing = (p for p in expected if not any(match_wheel(wheel, p) for wheel in wheels))
    strange = (w for w in wheels if not any(match_wheel(w, pattern) for pattern in expected))
    gaps += [f"the wheel {pattern} is missing" for pattern in missing]
    gaps += [f"{wheel} is none of those that `wheels` expects" for wheel in strange]
    return tuple(gaps)


def match_wheel(filename: str, pattern: str) -> bool:
    """Tell whether a wheel's tags match a pattern such as "cp311-*-manylinux*_x86_64".

    As they stand in the file name ("py2.py3-none-any"), or one by one ("py3-none-any").
    """
    compressed = "-".join(filename.removesuffix(".whl").split("-")[-3:])
    tags = {compressed.lower(), *map(str, parse_filename(filename).tags)}
    return any(fnmatchcase(tag, pattern.lower()) for tag in tags)


# Why a wheel was not tested before a release into a sandbox.
UNRESOLVED = "its requirements could not be resolved: no group is known"


class WheelResult(_Facts):
    """What came of one wheel with one Python, as "3.11", and why it is waived or was not tested.

    There is no Python for a wheel that none here fits, and no wheel for a Python without one.
    """

    python: str | None
    wheel: str | None
    result: Literal["passed", "waived", "not tested"]
    reason: str = ""


class Proof(_Facts):
    """What was tested of the files of which record: their SHA-256 says so.

    The index that the requirements were resolved against is an address or a name; "" for none.
    """

    schema_version: Literal[1] = 1
    project: str
    version: str
    record: Sha256
    files: Annotated[dict[str, Sha256], Field(min_length=1)]
    requirements_from: str
    tests: tuple[WheelResult, ...]

    @property
    def is_complete(self) -> bool:
        """Tell whether requirements were resolved, or there are none."""
        return all(test.reason != UNRESOLVED for test in self.tests)


def prove_record(
    record: Record, tests: tuple[WheelResult, ...], *, requirements_from: str
) -> Proof:
    """Return the proof for the files of a record."""
    return Proof(
        project=record.project,
        version=record.version,
        record=hash_record(record),
        files={file.filename: file.sha256 for file in record.files},
        requirements_from=requirements_from,
        tests=tests,
    )


def hash_record(record: Record) -> str:
    """Return the SHA-256 of a record, as `render_record` writes it."""
    return hashlib.sha256(render_record(record).encode()).hexdigest()


def render_proof(proof: Proof) -> str:
    """Return the proof as JSON text."""
    return escape_json(proof.model_dump_json(indent=2)) + "\n"


def parse_proof(text: str) -> Proof:
    """Return the proof of a JSON text; raises NewerSchemaError and pydantic's ValidationError."""
    _refuse_newer_schema(text, 1)
    return Proof.model_validate_json(text)


def find_differences(proof: Proof, record: Record) -> tuple[str, ...]:
    """Return what a proof says of other bytes than the record has, a sentence each."""
    files = {file.filename: file.sha256 for file in record.files}
    found = [
        f"{name} has SHA-256 {sha256}, the proof is about {proof.files.get(name, 'no such file')}"
        for name, sha256 in files.items()
        if proof.files.get(name) != sha256
    ]
    found += [f"{name} is not in the release" for name in proof.files if name not in files]
    if not found and proof.record != hash_record(record):
        found.append("reports/release.json is not the record that was proven")
    return tuple(found)
