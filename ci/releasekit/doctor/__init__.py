"""A diagnosis: facts about a server and a project become rows, without asking anybody."""

from releasekit.doctor.model import (
    QUESTIONS,
    Diagnosis,
    Question,
    Row,
    State,
    list_findings,
)

__all__ = ["QUESTIONS", "Diagnosis", "Question", "Row", "State", "list_findings"]
