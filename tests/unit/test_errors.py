from __future__ import annotations

import string
from dataclasses import fields

import pytest

from releasekit import errors
from releasekit.errors import ReleasekitError, Status

CLASSES = ReleasekitError.__subclasses__()
QUESTIONS = ("what", "where", "why", "next")

STATUSES = {
    Status.USAGE: """
        CannotNameFiles BadQuery BrokenSettings CredentialsNeeded InsecureIndex NoSuchEnvironment
        InvalidConfiguration MissingCredentials UnknownPypircSection NotAProject NotARepository
        BadCertificateFile UntrustedCertificate WrongCredentials NotPermitted NoSuchRepository
        BadDirectory NoSdist BuildBesideCredentials HalfGivenReader
        MissingPublisherPassword
        BadCertificateFile UntrustedCertificate ClientCertificateRefused WrongCredentials
        UnusableProxy
        NotPermitted NoSuchRepository NoRecord NoNexus MissingAdminCredentials NotAllowedByNexus
        NotDists UnknownCheck NothingPublished OwnNameElsewhere SandboxIsNoNexus
    """,
    Status.REFUSED: """
        NothingFound SettingsDiffer InvalidBuildRequirement NotADevelopmentVersion NotAPlainFile
        NoReleaseTag TagIsNoVersion TagsDisagree TagNotOnHead DirtyTree BuildFailed RepairFailed
        ChecksRefused FilesChanged RecordOfAnotherCommit Conflict OtherBytesServed PackageBroken
        NotInCommit CannotProve ServerDiffers ServerBlocked
        IncompleteRelease PartsDisagree BuiltTwice WheelOfAnotherSdist
        NotInCommit CannotProve DiagnosisRefused ServerDiffers ServerBlocked
    """,
    Status.FAILED: """
        BuildRequirementsFailed Unreachable UnexpectedAnswer UploadFailed UploadRefused StaleIndex
        InstallUnavailable MissingProgram NotListed CannotCache CannotWrite NoServer GitFailed
        OutputLost ProcessKilled ProgramKilled LimitReached BuildEnvironmentChanged
        LicenseNotAccepted
        InternalError DiagnosisFailed NexusRefused NotANexus NotAsWritten ServerUnsettled
    """,
    Status.INTERRUPTED: "Interrupted",
}
SITUATIONS = {name: status for status, names in STATUSES.items() for name in names.split()}


def make(kind: type[ReleasekitError]) -> ReleasekitError:
    return kind(**{f.name: 7 if f.type in ("int", "float") else f.name for f in fields(kind)})


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_status_of_a_situation(kind: type[ReleasekitError]) -> None:
    assert kind.status is SITUATIONS[kind.__name__]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_error_answers_all_four_questions_with_all_it_knows(kind: type[ReleasekitError]) -> None:
    used = {
        name
        for question in QUESTIONS
        for _, name, _, _ in string.Formatter().parse(getattr(kind, question))
        if name
    }
    assert used == {field.name for field in fields(kind)}
    assert all(make(kind).answers()[question] for question in QUESTIONS)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_no_field_holds_a_secret(kind: type[ReleasekitError]) -> None:
    assert not {"password", "credentials", "token"} & {field.name for field in fields(kind)}


def test_every_situation_is_in_the_table() -> None:
    assert {kind.__name__ for kind in CLASSES} == set(SITUATIONS)


@pytest.mark.parametrize(
    ("status", "number", "word"),
    [
        (Status.DONE, 0, "done"),
        (Status.REFUSED, 1, "refused"),
        (Status.USAGE, 2, "usage"),
        (Status.FAILED, 3, "failed"),
        (Status.INTERRUPTED, 130, "interrupted"),
    ],
)
def test_status_has_a_number_and_a_word(status: Status, number: int, word: str) -> None:
    assert (int(status), status.word) == (number, word)


def test_lines_of_an_answer_stand_below_each_other() -> None:
    error = errors.StaleIndex(
        url="https://h.example.com/",
        files="a.whl\nb.whl",
        seconds=30.0,
        hosted="they are uploaded",
        mend="nox -s verify,\nlater",
    )
    assert str(error) == (
        "error: the index does not serve the release yet\n"
        "  where: https://h.example.com/\n"
        "  why:   a.whl\n"
        "         b.whl\n"
        "         (waited 30 s; they are uploaded)\n"
        "  next:  nox -s verify,\n"
        "         later"
    )


def test_empty_answer_is_shown_too() -> None:
    error = errors.NotARepository(root="/r", reason="", mend="")
    assert str(error) == (
        "error: no git commit to release\n  where: /r\n  why:   git says: \n  next:  "
    )


def test_braces_in_data_are_data() -> None:
    error = errors.CannotWrite(path="/{reason}", reason="{path}")
    assert error.answers()["where"] == "/{reason}"
    assert error.answers()["why"] == "{path}"


@pytest.mark.parametrize(
    ("said", "limited"),
    [
        ("  cause: Resource temporarily unavailable (os error 11)", "processes and threads"),
        ("error: x\n  cause: Too many open files (os error 24)\n", "open files"),
        ("error: tcp connect error\n  cause: Connection refused (os error 111)", None),
        ("error: no such package", None),
        (
            "Traceback:\n  x\nBlockingIOError: [Errno 11] Resource unavailable\n",
            "processes and threads",
        ),
        ("Traceback:\n  x\nOSError: [Errno 28] No space left on device: 'x'", "space on the disk"),
        ("OSError: [Errno 28] No space left on device\nTypeError: the real one", None),
        ("Traceback:\n  x\nMemoryError\n", "memory"),
        ("Traceback:\n  x\nRuntimeError: can't start new thread", "processes and threads"),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'x'", None),
    ],
)
def test_a_limit_of_which_a_program_tells(said: str, limited: str | None) -> None:
    limit = errors.find_limit_in(said, "/project")
    assert (limit.limited if limit else None) == limited
    assert limit is None or limit.reason in said
