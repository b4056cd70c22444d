"""The same on every platform."""
