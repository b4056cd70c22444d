"""A package whose version is written when it is built."""
