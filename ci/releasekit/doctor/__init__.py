"""A diagnosis: each question to a server or about a project is asked, and judged to a row."""

from releasekit.doctor.model import (
    QUESTIONS,
    Diagnosed,
    Diagnosis,
    Question,
    Row,
    State,
)

__all__ = ["QUESTIONS", "Diagnosed", "Diagnosis", "Question", "Row", "State"]
