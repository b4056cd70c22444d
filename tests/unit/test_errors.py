from __future__ import annotations

import ast
import pickle
import string
from collections import Counter
from pathlib import Path

import pytest

import releasekit
from raising import raises_error
from releasekit import __main__ as start
from releasekit import errors
from releasekit.errors import Entry, NotBuilt, ReleasekitError, Status
from releasekit.errors.access import MISSING_CREDENTIALS
from releasekit.errors.failed import (
    CANNOT_WRITE,
    INTERNAL_ERROR,
    INTERRUPTED,
    LIMIT_REACHED,
    STALE_INDEX,
)
from releasekit.errors.limits import find_limit, refuse_limit
from releasekit.errors.refused import BUILD_FAILED, TAGS_DISAGREE, WHEEL_OF_ANOTHER_SDIST
from releasekit.errors.usage import FOREIGN_MODULES, NO_RECORD, NOT_A_REPOSITORY
from releasekit.explain import ENTRIES
from releasekit.http import failures

PACKAGE = Path(releasekit.__file__).parent
MODULES = (*(errors.refused, errors.usage, errors.access, errors.setup, errors.ci, errors.failed),)
ENTRY_NAMES = {
    name: entry
    for module in MODULES
    for name, entry in vars(module).items()
    if isinstance(entry, Entry)
}
TEMPLATES = ("title", "where", "why", "fix")
CODES = [entry.code for entry in ENTRIES]


def find_fields(entry: Entry) -> set[str]:
    texts = (getattr(entry, name) for name in TEMPLATES)
    parsed = (part for text in texts for part in string.Formatter().parse(text))
    return {name for _, name, _, _ in parsed if name}


class Raise:
    """A call in the code that makes an error: ReleasekitError(ENTRY, field=...)."""

    def __init__(self, path: Path, call: ast.Call) -> None:
        assert isinstance(call.func, ast.Name)
        self.place = f"{path.relative_to(PACKAGE.parent)}:{call.lineno}"
        self.kind = call.func.id
        (entry,) = call.args
        self.entry = ast.unparse(entry).rpartition(".")[2]  # also usage.NO_RECORD
        self.fields = {str(keyword.arg) for keyword in call.keywords}


def find_raises() -> list[Raise]:
    kinds = {"ReleasekitError", *(kind.__name__ for kind in ReleasekitError.__subclasses__())}
    assert failures.Failure.__name__ in kinds
    return [
        Raise(path, node)
        for path in sorted(PACKAGE.parent.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in kinds
        if node.args  # other classes have such names, too
    ]


RAISES = find_raises()


def find_entries(found: Raise) -> list[str]:
    """Return the entries that a call may mean: a variable is one of its function or module."""
    if found.entry in ENTRY_NAMES:
        return [found.entry]
    file, _, line = found.place.partition(":")
    tree = ast.parse((PACKAGE.parent / file).read_text(encoding="utf-8"))
    functions = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.lineno <= int(line) <= (node.end_lineno or 0)
    ]
    named_in_calls = {other.entry for other in RAISES if other.place.startswith(f"{file}:")}
    for part in (functions[0], tree):
        if names := [name for name in find_names(part) if name not in named_in_calls]:
            return names
    return []


def find_names(tree: ast.AST) -> list[str]:
    nodes = [node for node in ast.walk(tree) if isinstance(getattr(node, "ctx", None), ast.Load)]
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    names |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return sorted(names & set(ENTRY_NAMES))


@pytest.mark.parametrize("found", RAISES, ids=lambda found: found.place)
def test_what_is_raised_has_the_fields_that_its_texts_need(found: Raise) -> None:
    if found.entry in ENTRY_NAMES:
        assert found.fields == find_fields(ENTRY_NAMES[found.entry])
    else:  # one call for several entries has what all of them need
        needed = [find_fields(ENTRY_NAMES[name]) for name in find_entries(found)]
        assert found.fields == set().union(*needed)


def test_every_entry_is_raised() -> None:
    raised = {
        name
        for path in PACKAGE.parent.rglob("*.py")
        for name in find_names(ast.parse(path.read_text(encoding="utf-8")))
    }
    # Shown before anything is imported, and by the CI templates.
    elsewhere = {name for name, entry in vars(errors.ci).items() if isinstance(entry, Entry)}
    elsewhere = elsewhere - {"OTHER_TEMPLATE"} | {"FOREIGN_MODULES"}
    assert set(ENTRY_NAMES) - raised == elsewhere


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            start.REFUSAL.format(names="types", files="/p/types.py", command="releasekit build"),
            ReleasekitError(
                FOREIGN_MODULES, names="types", files="/p/types.py", command="releasekit build"
            ),
        ),
        (
            start.NO_MEMORY.format(place="/p", reason="no more memory can be allocated"),
            find_limit(MemoryError(), "/p"),
        ),
    ],
)
def test_texts_that_are_shown_without_an_import_are_those_of_the_catalogue(
    text: str, error: ReleasekitError
) -> None:
    assert text == f"{error}\n"


def test_an_entry_is_always_of_one_kind() -> None:
    kinds: dict[str, set[str]] = {}
    for found in RAISES:
        if found.entry in ENTRY_NAMES:
            kinds.setdefault(found.entry, set()).add(found.kind)
    assert {name: kind for name, kind in kinds.items() if len(kind) > 1} == {}


def test_codes_are_unique() -> None:
    assert len(set(CODES)) == len(CODES)


@pytest.mark.parametrize("entry", ENTRIES, ids=CODES)
def test_entry_is_whole(entry: Entry) -> None:
    assert all(getattr(entry, name) for name in (*TEMPLATES, "explanation"))
    assert entry.explanation.endswith(".")
    assert entry.status.value in (1, 2, 3, 130)


@pytest.mark.parametrize("entry", ENTRIES, ids=CODES)
def test_no_field_holds_a_secret(entry: Entry) -> None:
    assert not {"password", "credentials", "token"} & find_fields(entry)


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


# A code is never used again, and what CI jobs do goes by the status: both are promises.
@pytest.mark.parametrize(
    ("entry", "code", "status"),
    [
        (BUILD_FAILED, "E111", Status.REFUSED),
        (NO_RECORD, "E207", Status.USAGE),
        (MISSING_CREDENTIALS, "E231", Status.USAGE),
        (STALE_INDEX, "E306", Status.FAILED),
        (INTERNAL_ERROR, "E399", Status.FAILED),
        (INTERRUPTED, "E901", Status.INTERRUPTED),
    ],
)
def test_code_gives_the_status(entry: Entry, code: str, status: Status) -> None:
    assert (entry.code, entry.status) == (code, status)


def test_lines_of_an_answer_stand_below_each_other() -> None:
    error = ReleasekitError(
        STALE_INDEX,
        url="https://h.example.com/",
        files="a.whl\nb.whl",
        seconds=30.0,
        hosted="they are uploaded",
    )
    assert str(error) == (
        "error E306: the index does not serve the release yet\n"
        "  where: https://h.example.com/\n"
        "  why:   a.whl\n"
        "         b.whl\n"
        "         (waited 30 s; they are uploaded)\n"
        "  next:  releasekit verify; if it stays like this, invalidate the group's cache in "
        "Nexus,\n"
        "         and see that the hosted repository is a member of the group"
    )


def test_empty_answer_is_shown_too() -> None:
    error = ReleasekitError(NOT_A_REPOSITORY, root="/r", reason="")
    assert str(error).splitlines()[:3] == [
        "error E206: no git commit to release",
        "  where: /r",
        "  why:   git says: ",
    ]


def test_braces_and_brackets_in_data_are_data() -> None:
    error = ReleasekitError(CANNOT_WRITE, path="/{reason}", reason="{path} [[index]]")
    answers = error.answers()
    assert (answers["where"], answers["why"]) == ("/{reason}", "{path} [[index]]")


def test_data_in_a_command_is_quoted_for_the_shell() -> None:
    error = ReleasekitError(
        WHEEL_OF_ANOTHER_SDIST, wheels="w", made_from="a", sdist="it's one.tar.gz", sha256="b"
    )
    assert error.answers()["next"] == (
        "releasekit build --wheel-from 'it'\"'\"'s one.tar.gz', "
        "with the sdist that is to be released"
    )
    tags = ReleasekitError(TAGS_DISAGREE, root="/r", commit="c", tags="t", first="v1;x")
    assert tags.answers()["next"] == (
        "choose one: releasekit release --tag 'v1;x' (in CI: RELEASEKIT_TAG=v1;x)"
    )


def test_an_error_comes_whole_from_another_process() -> None:
    error = NotBuilt(NO_RECORD, path="/p", reason="there is no such file")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is NotBuilt
    assert (copy.entry, copy.fields, str(copy)) == (error.entry, error.fields, str(error))


def test_representation_names_the_error_and_no_data() -> None:
    error = ReleasekitError(CANNOT_WRITE, path="/p", reason="secret")
    assert repr(error) == "ReleasekitError(E321)"
    assert error.args == ("E321",)


def test_kinds_are_few_and_each_is_caught() -> None:
    kinds = Counter(
        name.id
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) or is_suppress(node)
        for name in ast.walk(node.type or node if isinstance(node, ast.ExceptHandler) else node)
        if isinstance(name, ast.Name)
    )
    wanted = {kind.__name__ for kind in ReleasekitError.__subclasses__()}
    assert {name for name in wanted if not kinds[name]} == set()


def is_suppress(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "contextlib.suppress"


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("failed to write to file `/c/a b`: No space left on device (os error 28)", "/c/a b"),
        (
            "failed to copy file from /uv/f.py to /c/f: No space left on device (os error 28)",
            "/c/f",
        ),
        ("failed to copy file from /uv/f to /c/f: Disk quota exceeded (os error 122)", "/c/f"),
        ("No space left on device (os error 28)", "/place"),
    ],
)
def test_the_file_that_uv_could_not_write_is_named(said: str, place: str) -> None:
    with raises_error(LIMIT_REACHED) as caught:
        refuse_limit(f"error: Failed to install\n  cause: {said}\n", "/place")
    assert caught.value.answers()["where"] == place
