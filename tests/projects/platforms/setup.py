import os

from setuptools import setup  # type: ignore[import-untyped]

platform = os.environ.get("WHEEL_PLATFORM")
setup(options={"bdist_wheel": {"plat_name": platform}} if platform else {})
