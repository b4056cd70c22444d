"""Suggested commands: through the door that was used, with -C and the options that were given."""

from __future__ import annotations

import ast
import shlex
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import releasekit
from releasekit.cli import make_parser
from releasekit.commands import COMMANDS
from releasekit.errors import COMMAND
from releasekit.request import REPEATED, Door, render_commands
from releasekit.sessions import DEFAULT_NAMES

PACKAGE = Path(releasekit.__file__).parent
GATHER = "gather --from a --from 'b c'"
AT_NOX = "nox -s check -- --explain RK101"
PIP = "pip-config --to user"
FIRST = "--first-password 'a b' --accept-eula"
WHEEL = "build --wheel-from s.tar.gz"
EULA = f"provision {FIRST}"
LEFT_OUT = {"json", "verbose", "quiet", "apply", "jobs", "explain", "word"}
"""How much is shown, what carries a plan out, how many projects at once, what is looked for."""


def parse(line: str) -> Namespace:
    return make_parser().parse_args(shlex.split(line))


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The directory that somebody stands in, without links in its path."""
    folder = tmp_path.resolve() / "here"
    (folder / "sub dir").mkdir(parents=True)
    return folder


BY_NOX = "by nox"
BY_FILE = "by nox -f"
SESSIONS = tuple((name, name) for name in DEFAULT_NAMES)


def make_door(here: Path, kind: str) -> Door:
    by_hand = Door(commands=COMMANDS, started_in=here, folder=here)
    if kind == BY_NOX:
        return replace(by_hand, noxfile=str(here / "noxfile.py"), sessions=SESSIONS)
    if kind == BY_FILE:  # nox goes there
        folder = here / "sub dir"
        noxfile = str(folder / "other.py")
        sessions = (("plan", "kit-plan"),)
        return replace(by_hand, folder=folder, noxfile=noxfile, sessions=sessions)
    return by_hand


@pytest.mark.parametrize(
    ("kind", "line", "root", "suggested", "typed"),
    [
        ("", "build", "", "[[verify]]", "releasekit verify"),
        (BY_NOX, "build", "", "[[verify]]", "nox -s verify"),
        (BY_NOX, "doctor", "", "[[doctor --probe]]", "nox -s doctor -- --probe"),
        (BY_NOX, "build", "", "[[provision --apply]]", "releasekit provision --apply"),
        ("", "build -C 'sub dir'", "sub dir", "[[verify]]", "releasekit verify -C 'sub dir'"),
        ("", "build -C ./'sub dir'/", "sub dir", "[[verify]]", "releasekit verify -C './sub dir/'"),
        ("", "build -C . -C '*'", "sub dir", "[[verify]]", "releasekit verify -C 'sub dir'"),
        ("", "build -C ..", "..", "[[verify]]", "releasekit verify -C .."),
        ("", "build", "..", "[[verify]]", "releasekit verify -C PARENT"),
        (BY_NOX, "build -C 'sub dir'", "sub dir", "[[plan]]", "nox -s plan -- -C 'sub dir'"),
        (BY_FILE, "build", "sub dir", "[[plan]]", "nox -f 'sub dir/other.py' -s kit-plan"),
        (BY_FILE, "build", "sub dir", "[[search x]]", "releasekit search x -C 'sub dir'"),
        (
            "",
            "release -r company --tag v1 --fresh --dry-run -j 2 -q --json",
            "",
            "[[build]], [[verify]], [[publish]], [[provision]]",
            "releasekit build -r company --tag v1 --fresh, releasekit verify -r company --tag v1 "
            "--fresh, releasekit publish -r company --tag v1 --dry-run, releasekit provision",
        ),
        ("", "release --tag v1", "", "[[release --tag v2]]", "releasekit release --tag v2"),
        ("", GATHER, "", "[[gather]]", f"releasekit {GATHER}"),
        ("", "gather --from a", "", "[[build --sdist]]", "releasekit build --sdist"),
        ("", "search x --python e", "", "[[search 'x*']]", "releasekit search 'x*' --python e"),
        ("", PIP, "", "[[pip-config --apply]]", "releasekit pip-config --apply --to user"),
        ("", "provision --apply --accept-eula", "", "[[provision]]", "releasekit provision"),
        ("", EULA, "", "[[provision --apply]]", f"releasekit provision --apply {FIRST}"),
        ("", "search x", "", "[[search WORD --python .v]]", "releasekit search x --python .v"),
        ("", WHEEL, "", "[[build -v]]", "releasekit build -v --wheel-from s.tar.gz"),
        ("", WHEEL, "", "[[build --sdist]]", "releasekit build --sdist"),
        ("", "build --sdist", "", "[[build --wheel-from S]]", "releasekit build --wheel-from S"),
        ("", "sandbox --port 8081", "", "[[sandbox]]", "releasekit sandbox --port 8081"),
        ("", "build --tag=-v1", "", "[[verify]]", "releasekit verify --tag=-v1"),
        ("", "doctor --probe -r a", "", "[[doctor]]", "releasekit doctor -r a --probe"),
        ("", "build", "", "[[git tag v1]] && [[git push]]", "git tag v1 && git push"),
        ("", "build -C 'sub dir'", "sub dir", "[[git tag v1]]", "git -C 'sub dir' tag v1"),
        (BY_NOX, "build -C 'sub dir'", "sub dir", "[[git add -A]]", "git -C 'sub dir' add -A"),
        (BY_FILE, "build", "sub dir", "[[git stash]]", "git -C 'sub dir' stash"),
        (BY_NOX, "check -C 'sub dir'", "sub dir", "[[check --explain RK101]]", AT_NOX),
        ("", "build", "", "[[index]] and [[it's]]", "[[index]] and [[it's]]"),
        ("", "build", "", "no command", "no command"),
    ],
)  # fmt: skip
def test_suggested_command_is_as_it_has_to_be_typed(
    here: Path, kind: str, line: str, root: str, suggested: str, typed: str
) -> None:
    door, about = make_door(here, kind), (here / root).resolve()
    rendered = render_commands(suggested, door, parse(line), about)
    assert rendered == typed.replace("PARENT", str(here.parent))


def test_files_that_are_checked_are_named_again_from_where_somebody_stands(here: Path) -> None:
    files = [str(here / "a b.whl"), "/elsewhere/c.whl"]
    options = parse(shlex.join(["check", *files, "--reports", str(here / "out")]))
    typed = render_commands("[[check]]", make_door(here, ""), options, here)
    assert typed == "releasekit check --reports out 'a b.whl' /elsewhere/c.whl"


def find_options(command: str) -> set[str]:
    """Return the names of the options that a command takes."""
    positional = ["x"] if command == "search" else []
    return set(vars(make_parser().parse_args([command, *positional])))


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_each_option_is_repeated_or_left_out_on_purpose(command: str) -> None:
    assert find_options(command) - REPEATED.keys() - LEFT_OUT == {"command", "directories"}


def find_texts() -> Iterator[tuple[str, str]]:
    """Yield each command in a text of the kit, and the file that it stands in."""
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if id(node) in documents:
                continue
            text = ""
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
            elif isinstance(node, ast.JoinedStr):
                values = (v.value if isinstance(v, ast.Constant) else "x" for v in node.values)
                text = "".join(map(str, values))
            for match in COMMAND.finditer(text):
                yield str(path.relative_to(PACKAGE)), match[1]


NAMES = {"git", "{command}", *(command.name for command in COMMANDS)}
SUGGESTED = sorted({one for one in find_texts() if one[1].split(" ")[0] in NAMES})


def test_what_stands_in_double_brackets_is_a_command() -> None:
    others = {one for one in find_texts() if one[1].split(" ")[0] not in NAMES}
    computed = ("cli.py", "x")  # its options are in a test of its own
    assert others == {computed, ("consumer/uv_toml.py", "index")}


ALL_OPTIONS = {
    "directories": ["sub dir"],
    "repository": "a company",
    "tag": "v1 x",
    "fresh": True,
    "dry_run": True,
    "gather_from": ["a b", "c"],
    "reports": Path("/x/out put"),
    "probe": True,
    "first_password": "pass word",
    "accept_eula": True,
    "python": "/venv 2",
    "to": "an env",
    "port": 8081,
}
EXAMPLES = {"first": "v1", "sdist": "y.tar.gz", "tag": "v1", "example": "v1", "command": "search z"}


@pytest.mark.parametrize(("place", "text"), SUGGESTED)
@pytest.mark.parametrize("kind", ["", BY_NOX, BY_FILE])
def test_every_command_in_a_text_is_typed_with_all_options_of_the_first_one(
    here: Path, place: str, text: str, kind: str
) -> None:
    words = shlex.split(text.format_map(EXAMPLES))
    chosen, root = Namespace(**ALL_OPTIONS, files=[]), here / "sub dir"
    typed = shlex.split(
        render_commands(f"[[{shlex.join(words)}]]", make_door(here, kind), chosen, root)
    )
    if words[0] == "git":
        assert typed == ["git", "-C", "sub dir", *words[1:]], place
        return
    arguments = (
        typed[1:] if typed[0] == "releasekit" else [words[0], *typed[typed.index("--") + 1 :]]
    )
    options = vars(make_parser().parse_args(arguments))  # it can be typed
    if "--explain" in words:
        return
    is_session = typed[0] == "nox"
    assert options["directories"] == ([] if is_session and kind == BY_FILE else ["sub dir"])
    command = next(command for command in COMMANDS if command.name == words[0])
    for name, (flag, is_used_by) in REPEATED.items():
        if name in ALL_OPTIONS and is_used_by(command, words) and flag not in words:
            wanted = ALL_OPTIONS[name]
            assert options[name] == wanted, (place, name)
