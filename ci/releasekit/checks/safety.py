"""RK4xx: what must not leave the company, or must not reach a machine."""

import posixpath
import re
from collections import Counter
from collections.abc import Iterator

from releasekit.checks.model import (
    MEGABYTE,
    SHOWN,
    Check,
    DistFacts,
    Fault,
    Member,
    Severity,
    in_dist,
)
from releasekit.plural import list_some, plural

# Paths of tests, examples and documentation, where keys are mostly made to be seen.
FOR_TESTS = re.compile(
    r"(?:^|/)(?:(?:[\w.-]*[_.-])?(?:unit)?tests?|testing|testdata|fixtures?"
    r"|examples?|samples?|demos?|docs?|benchmarks?)(?:/|_[\w.-]*$)|(?:^|/)(?:test_[^/]*|conftest\.py|[^/]*_test\.\w+)$"
    # celery's t/unit/, grpcio's test_creds/, urllib3's dummyserver/: keys that are no secret.
    r"|(?:^|/)(?:t|tests?[_.-][\w.-]*|dummy\w*|mocks?|fakes?)/",
    re.IGNORECASE,
)


def _find_secrets(facts: DistFacts) -> Iterator[Fault]:
    fix = "take it out of the project, and revoke it: whoever has a copy of the repository has it"
    yield from _list_secrets(facts, fix, for_tests=False)
    # A file .git, in a submodule or a worktree, holds the path of the directory and no more.
    if git := [member.name for member in facts.members if ".git" in member.name.split("/")[:-1]]:
        count = plural(len(git), "file of git is", "files of git are")
        yield Fault(
            message=f"{count} packed: history, addresses, perhaps a password",
            fix="exclude .git in the build backend's configuration (MANIFEST.in: prune .git)",
            place=in_dist(facts, git[0]),
        )


def _find_secrets_of_tests(facts: DistFacts) -> Iterator[Fault]:
    return _list_secrets(facts, "see that it opens nothing; else revoke it", for_tests=True)


def _list_secrets(facts: DistFacts, fix: str, *, for_tests: bool) -> Iterator[Fault]:
    for secret in facts.secrets:
        if bool(FOR_TESTS.search(secret.member)) is for_tests:
            yield Fault(
                message=f"{secret.what} is packed",
                fix=fix,
                place=in_dist(facts, secret.member, secret.line),
            )


def _find_unsafe_members(facts: DistFacts) -> Iterator[Fault]:
    found = [
        (member.name, why)
        for member in (*facts.members, *facts.folders)
        if (why := _explain_unsafe(member))
    ]
    messages = [f"the member {name!r} {why}" for name, why in found[:SHOWN]]
    if more := len(found[SHOWN:]):
        messages.append(f"{more} more members are like these")
    for message in messages:
        yield Fault(
            message=message,
            fix="build again with a build backend that is known; do not unpack this file",
            place=in_dist(facts),
        )


def _explain_unsafe(member: Member) -> str:
    """Return the first reason why a member must not be unpacked, "" if there is none."""
    name, target = member.name, posixpath.normpath(member.link or "")
    reasons = {
        "has an absolute path": name.startswith("/") or re.match("[A-Za-z]:", name),
        "leads out of the directory that it is unpacked into": ".." in name.split("/"),
        "has a character that file names have not on every system": re.search(
            r"[\\\x00-\x1f\x7f]", name
        ),
        "is neither a file nor a directory nor a link": member.special,
        "is a link out of the directory that it is unpacked into": target.startswith("/")
        or target.split("/")[0] == "..",
    }
    return next((why for why, holds in reasons.items() if holds), "")


def _find_doubled_members(facts: DistFacts) -> Iterator[Fault]:
    names = Counter(member.name for member in facts.members)
    doubled = sorted(name for name, count in names.items() if count > 1)
    if doubled and facts.dist.path.suffix in (".whl", ".zip"):
        count = plural(len(doubled), "name is", "names are")
        yield Fault(
            message=f"{count} in it more than once: {list_some(doubled, SHOWN)}",
            fix="build again, and add nothing to a dist that is built",
            place=in_dist(facts, doubled[0]),
        )


def _find_unreadable_archive(facts: DistFacts) -> Iterator[Fault]:
    if facts.archive_problem is not None:
        yield Fault(
            message=f"the archive cannot be read to its end: {facts.archive_problem}",
            fix="build again; if it came through CI, see that the artifact arrived whole",
            place=in_dist(facts),
        )


def _find_large_dist(facts: DistFacts) -> Iterator[Fault]:
    size, limit = facts.dist.size, facts.project.size_limit
    if size > limit:
        largest = max(facts.members, key=lambda member: member.size, default=None)
        most = f"; the largest file in it is {largest.name}" if largest else ""
        yield Fault(
            message=f"{size / MEGABYTE:.1f} MB are more than {limit / MEGABYTE:g} MB{most}",
            fix="leave out what is not needed at run time, or raise size-limit",
            place=in_dist(facts),
        )


def _find_pointers(facts: DistFacts) -> Iterator[Fault]:
    if names := [member.name for member in facts.members if member.stands_for == "pointer"]:
        count = plural(
            len(names),
            "file is a Git LFS pointer, not the file itself",
            "files are Git LFS pointers, not the files themselves",
        )
        yield Fault(
            message=f"{count}: {list_some(names, SHOWN)}",
            fix="install git-lfs (git lfs install), see that git lfs pull works here, and build "
            "again",
            place=in_dist(facts, names[0]),
        )


def _find_encrypted(facts: DistFacts) -> Iterator[Fault]:
    if names := [member.name for member in facts.members if member.stands_for == "encrypted"]:
        count = plural(len(names), "file is", "files are")
        yield Fault(
            message=f"{count} encrypted by git-crypt: {list_some(names, SHOWN)}",
            fix="git-crypt unlock, and build again; or leave it out of the dists",
            place=in_dist(facts, names[0]),
        )


SAFETY_CHECKS = (
    Check(
        code="RK401",
        title="secret packed",
        severity=Severity.ERROR,
        explanation="Finds secrets, except among tests and examples.",
        why="everybody who can install the package can read it, and an index forgets nothing",
        fix="Take the secret out of the project and revoke it at once: removing the file does not "
        "take it back. Found are .pypirc, .netrc, .env, .npmrc and .git-credentials with something "
        "in them, .git, private keys, and tokens that have a form of their own. The finding names "
        "the place, never the secret.",
        example="prune .git\nglobal-exclude .env .pypirc   # MANIFEST.in",
        find=_find_secrets,
    ),
    Check(
        code="RK402",
        title="unsafe file name",
        severity=Severity.ERROR,
        fixed=True,
        explanation="Finds names and links that lead out of the directory that they are unpacked "
        "into.",
        why="unpacking it writes to places that nobody has chosen",
        fix="No build backend makes such a file: find out where this one comes from.",
        find=_find_unsafe_members,
    ),
    Check(
        code="RK403",
        title="file name twice",
        severity=Severity.ERROR,
        explanation="Finds names that a zip file has twice: tools differ in which of them they "
        "take.",
        why="one tool checks the first of them, and another installs the second",
        fix="Build again, and add nothing to a dist that is built.",
        find=_find_doubled_members,
    ),
    Check(
        code="RK404",
        title="archive not readable",
        severity=Severity.ERROR,
        fixed=True,
        explanation="Finds an archive that cannot be read, or that unpacks to too much.",
        why="what cannot be read cannot be checked, and does not install",
        fix="Build again. Where the file came through CI, see that the artifact arrived whole. "
        "An archive that unpacks to more than a hundred times its size is not read to its end.",
        find=_find_unreadable_archive,
    ),
    Check(
        code="RK405",
        title="larger than the limit",
        severity=Severity.WARNING,
        explanation="Finds a dist that is larger than configuration allows.",
        why="every install and every mirror pays for it, and indexes refuse it above their limit",
        fix="Leave out what is not needed at run time. The key size-limit is in megabytes.",
        example="[tool.releasekit]\nsize-limit = 250",
        find=_find_large_dist,
    ),
    Check(
        code="RK406",
        title="key or token among tests",
        severity=Severity.NOTE,
        explanation="Finds keys and tokens among tests and examples, which may be made for them.",
        why="it is mostly made for a test, and sometimes it is not",
        fix="See that it opens nothing. If it does, treat it as RK401 says.",
        find=_find_secrets_of_tests,
    ),
    Check(
        code="RK407",
        title="Git LFS pointer packed",
        severity=Severity.ERROR,
        explanation="Finds files that are only pointers of Git LFS.",
        why="the file itself is missing: it is some lines of text wherever this is installed",
        fix="A build takes the files from the clone, or has git lfs download them. Install git-lfs "
        "where the build runs, see that `git lfs pull` works there (it needs the remote, and "
        "access to it), and build again.",
        example="git lfs install\ngit lfs pull",
        find=_find_pointers,
    ),
    Check(
        code="RK408",
        title="encrypted file packed",
        severity=Severity.ERROR,
        explanation="Finds files that git-crypt has encrypted.",
        why="nobody can read the file where this is installed",
        fix="Unlock the repository and build again: the build uses the key of the clone. A file "
        "that nobody needs there is better left out, above all if it is a secret.",
        example="git-crypt unlock",
        find=_find_encrypted,
    ),
)
