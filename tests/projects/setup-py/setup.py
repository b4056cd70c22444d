from os import path

from setuptools import find_packages, setup

here = path.abspath(path.dirname(__file__))
with open(path.join(here, "README.rst")) as readme:
    long_description = readme.read()

setup(
    name="setup-py",
    version="0.1.2",
    description="An old project: setup.py alone, data files, no url",
    long_description=long_description,
    author="Die Datenbänkler",
    packages=find_packages(),
    include_package_data=True,
    entry_points={"console_scripts": ["setup-py-query=setup_py.query:main"]},
)
