"""The settings of a project: keys and values, their sources, severities, and the target."""
