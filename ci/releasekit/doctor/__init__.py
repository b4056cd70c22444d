"""A diagnosis: each question to a server or about a project is asked, and judged to a row."""
