"""What pip and uv on a consumer's machine need, the files that say it, and the search."""
