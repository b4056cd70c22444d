"""Gathers the facts that checks judge: opens archives, and runs the tools that know them."""
