"""The record of a build, `reports/release.json`: facts only, never a verdict.

Every new key is a new `schema_version`. A file with a newer one is refused whole (E220, status 2)
before anything in it is used: an older releasekit cannot know what it would leave out. See
docs/schema-versions.md.
"""

from __future__ import annotations

import contextlib
import hmac
import json
from collections.abc import Sequence
from typing import Annotated, Literal

from packaging.utils import canonicalize_name
from packaging.version import Version
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from releasekit.model.dists import Dist, DistKind, NotADistError, parse_filename
from releasekit.redact import escape_json

SCHEMA_VERSION = 2
"""The newest version that this releasekit reads; a release is written as version 1."""


class NewerSchemaError(ValueError):
    """A file was written by a newer releasekit, with the schema version `found`."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(f"schema version {found} is newer than {known}")
        self.found, self.known = found, known


def _check_filename(filename: str) -> str:
    if "/" in filename or "\\" in filename:
        raise ValueError("a file name has no path in it")
    try:
        parse_filename(filename)
    except NotADistError as error:
        raise ValueError(str(error)) from error
    return filename


def _check_name(name: str) -> str:
    canonicalize_name(name, validate=True)  # InvalidName is a ValueError
    return name


def _check_version(version: str) -> str:
    Version(version)  # InvalidVersion is a ValueError
    return version


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class RecordedFile(BaseModel):
    """A dist that was built: name, size in bytes and SHA-256."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    filename: Annotated[str, AfterValidator(_check_filename)]
    size: Annotated[int, Field(ge=0)]
    sha256: Sha256

    @property
    def kind(self) -> DistKind:
        """Return whether it is an sdist or a wheel."""
        return parse_filename(self.filename).kind


class BuildFacts(BaseModel):
    """One build: what it made, from what, and with what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: Annotated[tuple[str, ...], Field(min_length=1)]
    made_from: Sha256 | None
    """SHA-256 of the sdist that the wheels among the files were made from."""
    requirements: tuple[str, ...]
    """Build requirements as they were resolved, pinned, sorted."""
    tools: dict[str, str]


class DevelopmentFacts(BaseModel):
    """How a development version was made, which the commit does not state."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    written_to: str
    """The key, and the file of the temporary checkout that it was written to."""
    stated: Annotated[str, AfterValidator(_check_version)]
    """The version that stands there in the commit."""
    after: str | None
    """The last release tag."""
    commits: Annotated[int, Field(ge=0)]
    """Commits since that tag, or since the beginning."""


class Record(BaseModel):
    """What was built, from which commit: by one build, or by several that were gathered.

    One build job may make a part of a release only; `find_gaps` tells whether it is whole.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1, 2] = 1
    project: Annotated[str, AfterValidator(_check_name)]
    version: Annotated[str, AfterValidator(_check_version)]
    tag: str | None
    commit: str
    dirty: bool
    files: Annotated[tuple[RecordedFile, ...], Field(min_length=1)]
    builds: tuple[BuildFacts, ...]
    development: DevelopmentFacts | None = None
    """Since version 2; a record without it is written as version 1."""

    @model_validator(mode="after")
    def _check_one_release(self) -> Record:
        named = [parse_filename(file.filename) for file in self.files]
        if [dist.kind for dist in named].count(DistKind.SDIST) > 1:
            raise ValueError("a release has one sdist")
        for file, dist in zip(self.files, named, strict=True):
            if (dist.name, dist.version) != (self.normalized_name, Version(self.version)):
                raise ValueError(f"{file.filename} is no file of {self.requirement}")
        made = [filename for build in self.builds for filename in build.files]
        if sorted(made) != sorted(file.filename for file in self.files):
            raise ValueError("every file is made by one of the builds")
        return self

    @property
    def requirement(self) -> str:
        """Return the release as a requirement: name==version."""
        return f"{self.project}=={self.version}"

    @property
    def normalized_name(self) -> str:
        """Return the name as it stands in index addresses (PEP 503)."""
        return canonicalize_name(self.project)

    @property
    def sdist(self) -> RecordedFile | None:
        """Return the sdist; a part of a release may have none."""
        return next((file for file in self.files if file.kind is DistKind.SDIST), None)

    @property
    def wheels(self) -> tuple[RecordedFile, ...]:
        """Return the wheels."""
        return tuple(file for file in self.files if file.kind is DistKind.WHEEL)

    def find_build(self, filename: str) -> BuildFacts:
        """Return the build that made a file."""
        return next(build for build in self.builds if filename in build.files)

    def is_of(self, other: Record) -> bool:
        """Tell whether both are of one release of one commit."""
        return self._identity() == other._identity()

    def _identity(self) -> tuple[object, ...]:
        name, version = self.normalized_name, Version(self.version)
        return name, version, self.tag, self.commit, self.dirty


def render_record(record: Record) -> str:
    """Return the record as JSON text."""
    if record.development is None:
        return escape_json(record.model_dump_json(indent=2, exclude={"development"})) + "\n"
    newer = record.model_copy(update={"schema_version": 2})
    return escape_json(newer.model_dump_json(indent=2)) + "\n"


def parse_record(text: str) -> Record:
    """Return the record of a JSON text; raises NewerSchemaError and pydantic's ValidationError."""
    refuse_newer_schema(text, SCHEMA_VERSION)
    return Record.model_validate_json(text)


def refuse_newer_schema(text: str, known: int) -> None:
    """Raise NewerSchemaError for a JSON text of a newer version than is known."""
    with contextlib.suppress(json.JSONDecodeError):  # pydantic says where
        document = json.loads(text)
        found = document.get("schema_version") if isinstance(document, dict) else None
        if isinstance(found, int) and found > known:
            raise NewerSchemaError(found, known)


def find_changes(record: Record, dists: Sequence[Dist]) -> tuple[str, ...]:
    """Return what differs between the record and the files at hand, a sentence each."""
    at_hand = {dist.filename: dist for dist in dists}
    changes = []
    for file in record.files:
        dist = at_hand.get(file.filename)
        if dist is None:
            changes.append(f"{file.filename} is missing")
        elif not hmac.compare_digest(dist.sha256, file.sha256):
            changes.append(f"{file.filename} has SHA-256 {dist.sha256}, recorded is {file.sha256}")
    return tuple(changes)
