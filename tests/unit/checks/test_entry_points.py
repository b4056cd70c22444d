"""What resolves in a wheel and what does not: a false alarm is a defect."""

from __future__ import annotations

import pytest

from releasekit.checks.entry_points import find_dead, list_modules
from releasekit.checks.model import DeadEntryPoint

LIST = "demo-1.0.dist-info/entry_points.txt"


def explain(
    value: str,
    files: dict[str, str],
    *,
    group: str = "console_scripts",
    requires: tuple[str, ...] = (),
) -> list[str]:
    """Return why the one entry point of a wheel does not resolve."""
    members = {**files, LIST: f"[{group}]\ndemo = {value}\n"}
    dead = find_dead(list(members), members.__getitem__, requires)
    assert all((entry.group, entry.name, entry.value) == (group, "demo", value) for entry in dead)
    return [entry.why for entry in dead]


PACKAGE = {"demo/__init__.py": "", "demo/cli.py": "def main(): ...\n"}


@pytest.mark.parametrize(
    ("value", "files"),
    [
        pytest.param("demo.cli:main", PACKAGE, id="function"),
        pytest.param("demo.cli : main", PACKAGE, id="spaces"),
        pytest.param("demo.cli:main [cli]", PACKAGE, id="an extra"),
        pytest.param("demo.cli:main[cli,other]", PACKAGE, id="extras without a space"),
        pytest.param("demo:cli.main", PACKAGE, id="attribute of a submodule"),
        pytest.param(
            "demo:main", {**PACKAGE, "demo/__init__.py": "from .cli import main"}, id="re-export"
        ),
        pytest.param(
            "demo:run",
            {**PACKAGE, "demo/__init__.py": "from .cli import main as run"},
            id="re-export by another name",
        ),
        pytest.param("demo:main", {**PACKAGE, "demo/__init__.py": "from .cli import *"}, id="star"),
        pytest.param("demo:main.run", {"demo.py": "class main:\n  def run(): ..."}, id="method"),
        pytest.param("demo:main", {"demo.py": "async def main(): ..."}, id="coroutine"),
        pytest.param("demo:main", {"demo.py": "main = print"}, id="assigned"),
        pytest.param("demo:main", {"demo.py": "a, (main, *b) = f()"}, id="unpacked"),
        pytest.param(
            "demo:main",
            {"demo.py": "try:\n  import x\nexcept ImportError:\n  def main(): ...\n"},
            id="in a branch",
        ),
        pytest.param("demo:main", {"demo.py": "def __getattr__(name): ..."}, id="PEP 562"),
        pytest.param("demo:main", {"demo.py": "globals()['main'] = print"}, id="globals()"),
        pytest.param("demo:main", {"demo.py": "exec('main = print')"}, id="exec()"),
        pytest.param(
            "demo:main", {"demo.py": "import sys\nsys.modules[__name__] = x()"}, id="replaced"
        ),
        pytest.param("demo:main", {"demo.py": "not Python 3 ("}, id="syntax of another Python"),
        pytest.param("demo.cli:main", {"demo/__init__.py": "", "demo/cli.pyc": ""}, id="bytecode"),
        pytest.param(
            "demo.cli:main",
            {"demo/cli.cpython-311-x86_64-linux-gnu.so": ""},
            id="compiled for a CPython",
        ),
        pytest.param("demo.cli:main", {"demo/cli.abi3.so": ""}, id="compiled for the stable ABI"),
        pytest.param("demo.cli:main", {"demo/cli.cp311-win_amd64.pyd": ""}, id="for Windows"),
        pytest.param("acme.demo.cli:main", {"acme/demo/cli.py": "main = 1"}, id="namespace"),
        pytest.param(
            "demo.cli:main", {"demo-1.0.data/purelib/demo/cli.py": "main = 1"}, id="NAME.data"
        ),
    ],
)
def test_entry_point_that_resolves_is_let_pass(value: str, files: dict[str, str]) -> None:
    assert explain(value, files) == []


@pytest.mark.parametrize(
    ("value", "files", "why"),
    [
        pytest.param("demo.cli:run", PACKAGE, "the module demo.cli has no run", id="function"),
        pytest.param("demo.cil:main", PACKAGE, "the wheel has no module demo.cil", id="module"),
        pytest.param(
            "src.demo.cli:main", PACKAGE, "the wheel has no module src.demo.cli", id="src"
        ),
        pytest.param("demo:main", PACKAGE, "the module demo has no main", id="no re-export"),
        pytest.param(
            "demo:main",
            {"demo.py": "def other():\n  main = 1\nclass A:\n  def main(): ...\n"},
            "the module demo has no main",
            id="inside of a function or a class",
        ),
        pytest.param(
            "demo.cli:main", {"demo/cli.pyi": ""}, "the wheel has no module demo.cli", id="a stub"
        ),
        pytest.param(
            "demo.cli",
            PACKAGE,
            "a script needs a function, as in MODULE:FUNCTION",
            id="script without a function",
        ),
        pytest.param("demo/cli.py:main", PACKAGE, "this is not MODULE:ATTRIBUTE", id="a path"),
        pytest.param("demo.cli:main()", PACKAGE, "this is not MODULE:ATTRIBUTE", id="a call"),
    ],
)
def test_entry_point_that_does_not_resolve_is_reported(
    value: str, files: dict[str, str], why: str
) -> None:
    assert explain(value, files) == [why]


@pytest.mark.parametrize("value", ["demo", "demo.cli", "demo.data"])
def test_plugin_may_be_a_module_a_package_or_a_directory(value: str) -> None:
    files = {**PACKAGE, "demo/data/x.txt": ""}
    assert explain(value, files, group="demo.plugins") == []


@pytest.mark.parametrize(
    ("requires", "why"),
    [
        pytest.param(("acme-tools>=1",), [], id="a dependency of that name"),
        pytest.param((), ["the wheel has no module acme.tools"], id="no dependency"),
        pytest.param(("other",), ["the wheel has no module acme.tools"], id="another dependency"),
        pytest.param(
            ('other; extra == "tools"',), ["the wheel has no module acme.tools"], id="a marker"
        ),
    ],
)
def test_module_may_come_from_a_dependency(requires: tuple[str, ...], why: list[str]) -> None:
    assert explain("acme.tools:main", PACKAGE, requires=requires) == why


NATIVE = {"acme/demo/__init__.py": ""}
REGULAR = {**NATIVE, "acme/__init__.py": ""}
PKGUTIL = {
    **NATIVE,
    "acme/__init__.py": "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n",
}
PKG_RESOURCES = {
    **NATIVE,
    "acme/__init__.py": "__import__('pkg_resources').declare_namespace(__name__)\n",
}
LACKS = ["the wheel has no module acme.tools.cli"]


@pytest.mark.parametrize(
    ("files", "requires", "why"),
    [
        pytest.param(NATIVE, ("acme-tools",), [], id="namespace without __init__"),
        pytest.param(NATIVE, ("acme.tools[x]>=1",), [], id="a name with a dot and an extra"),
        pytest.param(NATIVE, ("tools",), [], id="named after the package alone"),
        pytest.param(PKGUTIL, ("acme-tools",), [], id="namespace of pkgutil"),
        pytest.param(PKG_RESOURCES, ("acme-tools",), [], id="namespace of pkg_resources"),
        pytest.param(REGULAR, ("acme-tools",), LACKS, id="regular package"),
        pytest.param(NATIVE, (), LACKS, id="namespace, no dependency"),
        pytest.param(
            {**NATIVE, "acme/tools/__init__.py": ""},
            ("acme-tools",),
            LACKS,
            id="regular package in a namespace",
        ),
    ],
)
def test_dependency_may_share_a_namespace(
    files: dict[str, str], requires: tuple[str, ...], why: list[str]
) -> None:
    assert explain("acme.tools.cli:main", files, requires=requires) == why


@pytest.mark.parametrize(
    ("files", "foreign"),
    [
        pytest.param(NATIVE, "acme.tools.cli", id="namespace"),
        pytest.param({"demo.py": ""}, "acme.tools.cli", id="nothing of that name"),
        pytest.param(REGULAR, "", id="regular package"),
    ],
)
def test_module_that_another_wheel_may_have_is_named(files: dict[str, str], foreign: str) -> None:
    members = {**files, LIST: "[console_scripts]\na = acme.tools.cli:main\n"}
    dead = find_dead(list(members), members.__getitem__, ())
    assert [entry.foreign for entry in dead] == [foreign]


def test_modules_of_installed_files_are_listed() -> None:
    files = ["a/__init__.py", "a/b.py", "a/c.abi3.so", "a/d.txt", "../../bin/run", "e.py"]
    assert list(list_modules(files)) == ["a", "a.b", "a.c", "e"]


def test_each_entry_point_of_a_list_is_judged() -> None:
    text = (
        "[console_scripts]\na = demo.cli:main\nb = demo.cli:other\n\n"
        "[gui_scripts]\nc = demo\n[demo.plugins]\nd.e = demo\n"
    )
    members = {**PACKAGE, LIST: text}
    assert find_dead(list(members), members.__getitem__, ()) == (
        DeadEntryPoint(
            group="console_scripts",
            name="b",
            value="demo.cli:other",
            why="the module demo.cli has no other",
        ),
        DeadEntryPoint(
            group="gui_scripts",
            name="c",
            value="demo",
            why="a script needs a function, as in MODULE:FUNCTION",
        ),
    )


@pytest.mark.parametrize("text", ["", "no section\n", "[a]\nx\n", "\0"])
def test_list_without_entry_points_has_none_that_are_dead(text: str) -> None:
    assert find_dead([LIST], lambda _: text, ()) == ()
