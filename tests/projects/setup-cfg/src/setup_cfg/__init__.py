"""A package that knows its version."""

__version__ = "1.2.3"
