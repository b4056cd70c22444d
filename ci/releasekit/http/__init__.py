"""HTTP: one client per run, with deadlines, size limits, retries and named failures."""
