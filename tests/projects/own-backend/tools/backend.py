"""flit's backend, which writes a file first."""

from pathlib import Path

from flit_core import buildapi

build_sdist = buildapi.build_sdist


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    Path("own_backend", "made.py").write_text("MADE = True\n", encoding="utf-8")
    return buildapi.build_wheel(wheel_directory, config_settings, metadata_directory)
