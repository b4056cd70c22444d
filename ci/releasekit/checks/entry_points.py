"""Entry points of a wheel, and whether its own files have what they name. Nothing is imported."""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from packaging.requirements import InvalidRequirement, Requirement

from releasekit.checks.facts import DeadEntryPoint

VALUE = re.compile(r"([\w.]+)\s*(?::\s*([\w.]+)\s*)?(?:\[.*\]\s*)?")
"""MODULE or MODULE:ATTRIBUTE, and extras (packaging user guide, "Entry points specification")."""
MODULE = re.compile(r"\.(?:pyc?|(?:[\w-]+\.)*(?:so|pyd))$")
DATA = re.compile(r"^[^/]+\.data/(?:purelib|platlib)/")
"""What of NAME.data is installed to the top."""
NAMESPACE = re.compile(r"\b(?:extend_path|declare_namespace)\b")
"""How the `__init__` of an old namespace package says so (packaging user guide, "Packaging
namespace packages")."""
SCRIPTS = ("console_scripts", "gui_scripts")
SOURCE_LIMIT = 4 << 20
"""Characters of source that are parsed for a wheel; what comes after is taken to be right."""
AT_RUN_TIME = ("*", "__getattr__", "globals", "locals", "vars", "setattr", "exec", "sys.modules")
"""Names by which a module may bind any other name as it runs, or put another in its place."""

Read = Callable[[str], str]


def find_dead(
    names: Sequence[str], read: Read, requires: Sequence[str]
) -> tuple[DeadEntryPoint, ...]:
    """Return the entry points that do not resolve in a wheel with these members.

    `read` reads one. What may be a module of a dependency, by its name, is let pass, and so are
    names that a module may make as it runs.
    """
    lists = (n for n in names if n.count("/") == 1 and n.endswith(".dist-info/entry_points.txt"))
    listed = next(lists, None)
    if listed is None:
        return ()
    modules = _Modules(names, read)
    return tuple(
        DeadEntryPoint(
            group=group, name=name, value=value, why=why, foreign=modules.find_foreign(value)
        )
        for group, name, value in _parse(read(listed))
        if (why := _explain(group, value, modules, requires))
    )


def list_modules(files: Iterable[str]) -> Iterator[str]:
    """Yield the dotted names of the modules among files that are installed, without packages."""
    for name in files:
        installed = DATA.sub("", name)
        path = MODULE.sub("", installed)
        if path != installed:
            yield path.removesuffix("/__init__").replace("/", ".")


def _parse(text: str) -> Iterator[tuple[str, str, str]]:
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    for group in parser.sections():
        for name, value in parser.items(group):
            yield group, name, value


def _explain(group: str, value: str, modules: _Modules, requires: Sequence[str]) -> str | None:
    match = VALUE.fullmatch(value.strip())
    if match is None:
        return "this is not MODULE:ATTRIBUTE"
    module, attribute = match[1], match[2]
    if group in SCRIPTS and attribute is None:
        return "a script needs a function, as in MODULE:FUNCTION"
    if modules.find_foreign(value) and _may_come_from(module, requires):
        return None
    if attribute is None and module in modules.folders:
        return None  # a directory of data is imported as a namespace package (PEP 420)
    if module not in modules:
        return f"the wheel has no module {module}"
    if attribute is None:
        return None
    first = attribute.partition(".")[0]
    if f"{module}.{first}" in modules or modules.may_define(module, first):
        return None
    return f"the module {module} has no {first}"


def _may_come_from(module: str, requires: Sequence[str]) -> bool:
    """Tell whether a dependency may bring a module: it has one of its names, or one alike."""
    words = [re.sub(r"[-_]", "", part).lower() for part in module.split(".")]
    names = [re.sub(r"[-_.]", "", _read_name(need)).lower() for need in requires]
    return any(word in name for word in words for name in names)


def _read_name(requirement: str) -> str:
    try:
        return Requirement(requirement).name
    except InvalidRequirement:
        return requirement


class _Modules:
    """The modules and packages of a wheel, by their dotted names."""

    def __init__(self, names: Sequence[str], read: Read) -> None:
        self._read = read
        self._left = SOURCE_LIMIT
        self._names: dict[str, frozenset[str] | None] = {}
        self._sources: dict[str, str] = {}
        self._known: set[str] = set()
        self._packages: set[str] = set()
        self._namespaces: dict[str, bool] = {}
        self.folders: set[str] = set()
        for name in names:
            installed = DATA.sub("", name)
            self.folders.add(installed.rpartition("/")[0].replace("/", "."))
            module = next(list_modules([installed]), "")
            if MODULE.sub("", installed).endswith("/__init__"):
                self._packages.add(module)
            if name.endswith(".py"):
                self._sources[module] = name
            while module and module not in self._known:
                self._known.add(module)
                module = module.rpartition(".")[0]

    def __contains__(self, module: str) -> bool:
        return module in self._known

    def find_foreign(self, value: str) -> str:
        """Return the module of an entry point if another wheel may have it; "" if it cannot.

        No regular package of this wheel is above it: packages without `__init__` (PEP 420), and old
        namespace packages, are spread over many wheels.
        """
        match = VALUE.fullmatch(value.strip())
        if match is None or match[1] in self._known:
            return ""
        above = match[1].rpartition(".")[0]
        while above:
            if above in self._packages and not self._is_namespace(above):
                return ""
            above = above.rpartition(".")[0]
        return match[1]

    def _is_namespace(self, package: str) -> bool:
        if package not in self._namespaces:
            source = self._sources.get(package)
            text = self._read(source) if source else ""
            self._namespaces[package] = NAMESPACE.search(text) is not None
        return self._namespaces[package]

    def may_define(self, module: str, name: str) -> bool:
        """Tell whether a module binds a name at its top level, or may do so as it runs."""
        if module not in self._names:
            self._names[module] = self._read_names(module)
        names = self._names[module]
        return names is None or name in names or not names.isdisjoint(AT_RUN_TIME)

    def _read_names(self, module: str) -> frozenset[str] | None:
        if module not in self._sources or self._left <= 0:
            return None
        source = self._read(self._sources[module])
        self._left -= len(source)
        try:
            return frozenset(_find_names(ast.parse(source).body))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _find_names(body: Sequence[ast.AST]) -> Iterator[str]:
    todo = list(body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name  # what is inside of it is no name of the module
            continue
        if isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield ast.unparse(node) if node.attr == "modules" else ""
        todo += ast.iter_child_nodes(node)
