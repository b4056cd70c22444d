"""The proof that a release works: installed from the index in a clean environment."""
