"""Entry points of a wheel, and whether its own files have what they name. Nothing is imported."""

import ast
import configparser
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from releasekit.checks.model import DeadEntryPoint

# MODULE or MODULE:ATTRIBUTE, and extras (packaging user guide, "Entry points specification").
VALUE = re.compile(r"([\w.]+)\s*(?::\s*([\w.]+)\s*)?(?:\[.*\]\s*)?")
# What of NAME.data is installed to the top.
DATA = re.compile(r"^[^/]+\.data/(?:purelib|platlib)/")
MODULE = re.compile(r"\.(?:pyc?|(?:[\w-]+\.)*(?:so|pyd))$")


def find_dead(
    names: Sequence[str], read: Callable[[str], str], requires: Sequence[str]
) -> tuple[DeadEntryPoint, ...]:
    """Return the entry points that do not resolve in a wheel with these members.

    `read` reads one. What may be a module of a dependency, by its name, is let pass, and so are
    names that a module may make as it runs.
    """
    lists = (n for n in names if n.count("/") == 1 and n.endswith(".dist-info/entry_points.txt"))
    if (listed := next(lists, None)) is None:
        return ()
    modules = _Modules(names, read)
    dead = []
    for group, name, value in _parse(read(listed)):
        match = VALUE.fullmatch(value.strip())
        foreign = modules.find_foreign(match[1]) if match else ""
        if match is None:
            why = "this is not MODULE:ATTRIBUTE"
        elif group in ("console_scripts", "gui_scripts") and match[2] is None:
            why = "a script needs a function, as in MODULE:FUNCTION"
        elif foreign and _may_come_from(foreign, requires):
            why = ""
        else:
            why = modules.explain(match[1], match[2])
        if why:
            dead.append(
                DeadEntryPoint(group=group, name=name, value=value, why=why, foreign=foreign)
            )
    return tuple(dead)


def list_modules(files: Iterable[str]) -> Iterator[str]:
    """Yield the dotted names of the modules among files that are installed, without packages."""
    for name in files:
        installed = DATA.sub("", name)
        if (path := MODULE.sub("", installed)) != installed:
            yield path.removesuffix("/__init__").replace("/", ".")


def _parse(text: str) -> list[tuple[str, str, str]]:
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(text)
    except configparser.Error:
        return []
    return [(group, *pair) for group in parser.sections() for pair in parser.items(group)]


def _may_come_from(module: str, requires: Sequence[str]) -> bool:
    """Tell whether a dependency may bring a module: it has one of its names, or one alike."""
    words = [re.sub(r"[-_]", "", part).lower() for part in module.split(".")]
    needs = (re.split(r"[^\w.-]", need.strip(), maxsplit=1)[0] for need in requires)
    names = [re.sub(r"[-_.]", "", name).lower() for name in needs]
    return any(word in name for word in words for name in names)


class _Modules:
    """The modules and packages of a wheel, by their dotted names."""

    def __init__(self, names: Sequence[str], read: Callable[[str], str]) -> None:
        self._read = read
        self._left = 4 << 20  # characters to parse; what comes after is taken to be right
        modules = {name: module for name in names for module in list_modules([name])}
        self._sources = {m: name for name, m in modules.items() if name.endswith(".py")}
        self._packages = {m for name, m in modules.items() if re.search(r"/__init__\.[^/]+$", name)}
        parts = [module.split(".") for module in modules.values()]
        self._known = {".".join(part[:n]) for part in parts for n in range(1, len(part) + 1)}
        folders = (DATA.sub("", name).rpartition("/")[0] for name in names)
        self._folders = {folder.replace("/", ".") for folder in folders}
        self._list_names = functools.cache(self._read_names)
        self._is_namespace = functools.cache(self._read_namespace)

    def find_foreign(self, module: str) -> str:
        """Return the module of an entry point if another wheel may have it; "" if it cannot.

        No regular package of this wheel is above it: packages without `__init__` (PEP 420), and old
        namespace packages, are spread over many wheels.
        """
        above = module
        while above := above.rpartition(".")[0]:
            if above in self._packages and not self._is_namespace(above):
                return ""
        return "" if module in self._known else module

    def explain(self, module: str, attribute: str | None) -> str:
        """Return why a module or its attribute is not there; "" if it is, or may be."""
        if attribute is None and module in self._folders:
            return ""  # a directory of data is imported as a namespace package (PEP 420)
        if module not in self._known:
            return f"the wheel has no module {module}"
        first = (attribute or "").partition(".")[0]
        if not first or f"{module}.{first}" in self._known:
            return ""
        names = self._list_names(module)
        # By these a module may bind any other name as it runs, or put another in its place.
        at_run_time = ("*", "__getattr__", "globals", "locals", "vars", "setattr", "exec")
        if names is None or not names.isdisjoint((first, *at_run_time, "sys.modules")):
            return ""
        return f"the module {module} has no {first}"

    def _read_namespace(self, package: str) -> bool:
        """Tell whether the `__init__` says that this is an old namespace package.

        See "Packaging namespace packages" in the packaging user guide.
        """
        source = self._sources.get(package)
        calls = r"\b(?:extend_path|declare_namespace)\b"
        return source is not None and re.search(calls, self._read(source)) is not None

    def _read_names(self, module: str) -> frozenset[str] | None:
        """Return the names that a module binds at its top level; None where nobody can tell."""
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
