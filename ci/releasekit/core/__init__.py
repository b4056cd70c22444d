"""Pure values and functions: standard library, packaging and pydantic only."""
