"""Public projects, released to a real Nexus at their own tags: `nox -s corpus`."""
