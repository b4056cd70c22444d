"""What pip and uv on a consumer's machine are told, and the files that tell it."""
