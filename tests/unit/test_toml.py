"""Which parser of TOML is taken."""

import runpy
import sys
from types import ModuleType

import pytest

from releasekit import toml


def test_python_3_10_has_the_parser_of_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    package = ModuleType("tomli")
    monkeypatch.setitem(sys.modules, "tomli", package)
    monkeypatch.setattr(sys, "version_info", (3, 10, 0))
    assert runpy.run_path(toml.__file__)["tomllib"] is package
