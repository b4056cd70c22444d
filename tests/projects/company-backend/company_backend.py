"""The company's rules for builds: flit's, so far."""

from flit_core.buildapi import build_sdist, build_wheel

__all__ = ["build_sdist", "build_wheel"]
