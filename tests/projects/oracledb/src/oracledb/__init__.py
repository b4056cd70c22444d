"""Work with Oracle, at version 0.1.2."""
