"""What `init` writes: the settings of a project, and the pipeline of its CI."""
