"""Parts of a release, made by several build jobs: joined to one record, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from releasekit.errors import ReleasekitError
from releasekit.errors.refused import BUILT_TWICE, PARTS_DISAGREE, WHEEL_OF_ANOTHER_SDIST
from releasekit.model.dists import DistKind, parse_filename
from releasekit.model.record import BuildFacts, Record, RecordedFile


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
        raise ReleasekitError(PARTS_DISAGREE, parts="\n".join(said))
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
                WHEEL_OF_ANOTHER_SDIST,
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
            BUILT_TWICE, filename=", ".join(sorted(names)), found="\n".join(found)
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
