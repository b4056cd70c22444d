"""Release Python packages to a private Sonatype Nexus: one command, the same everywhere."""
