"""The TOML parser of the standard library, or for Python 3.10 the package that it was made of."""

import sys

if sys.version_info >= (3, 11):
    import tomllib as tomllib
else:
    import tomli as tomllib  # noqa: F401 - others import it from here
