"""A simple index: its pages, its files, and uploads to it."""
