"""A simple index: its pages, its files, uploads to it, and what differs between servers."""
