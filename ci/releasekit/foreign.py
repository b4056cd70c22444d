"""Keep modules of the project out of the process that has the credentials.

`python -m X` puts the current directory first on sys.path, and PYTHONPATH may name it: a project's
`build.py` becomes our `build`. Console scripts and `python -I` do not do that. This module is
imported before the directory is taken off the path, so it imports nothing that Python has not
loaded itself by then.
"""

import os
import sys

TYPE_CHECKING = False  # as typing has it, which is not imported yet
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec


def drop_directory(folder: str) -> None:
    """Take `folder` off sys.path where `python -m` or PYTHONPATH put it, and nowhere else.

    What an installed .pth file names stays: it stands behind the standard library and the
    installed packages, and replaces none of them.
    """
    head = 1 + len(os.environ.get("PYTHONPATH", "").split(os.pathsep))
    sys.path[:head] = [entry for entry in sys.path[:head] if not _is_same(entry or ".", folder)]


def find_foreign(folder: str) -> dict[str, str]:
    """Return the modules that were imported from `folder` itself, by name, with their files.

    Left out are the kit and what Python would find there without `folder` at the head of sys.path.
    """
    located = {
        name: _locate(getattr(module, "__spec__", None))
        for name, module in list(sys.modules.items())
        if "." not in name and name not in ("__main__", "__mp_main__", "releasekit")
    }
    inside = {
        name: path
        for name, path in located.items()
        if path and _is_same(os.path.dirname(path), folder)  # noqa: PTH120
    }
    return {name: path for name, path in inside.items() if _find_now(name) != path}


def find_replacing(folder: str) -> dict[str, str]:
    """Return those of the foreign modules that stand in the place of an installed module."""
    return {name: path for name, path in find_foreign(folder).items() if _find_now(name)}


def _find_now(name: str) -> str | None:
    for finder in sys.meta_path:
        if spec := finder.find_spec(name, None):
            return _locate(spec) or name  # one of Python's own has no file
    return None


def _locate(spec: "ModuleSpec | None") -> str | None:
    """Return the file of a module, or the directory of a package."""
    if spec is None or spec.submodule_search_locations is None:
        return spec.origin if spec and spec.has_location else None
    return next(iter(spec.submodule_search_locations), None)


def _is_same(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)  # noqa: PTH121 - pathlib is not imported yet
    except OSError:  # zip files and directories that do not exist
        return False
