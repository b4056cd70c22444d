"""A package with a compiled part."""
