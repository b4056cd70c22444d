"""A diagnosis: facts about a server and a project become rows, without asking anybody."""

from releasekit.core.diagnosis.model import (
    QUESTIONS,
    Diagnosis,
    Question,
    Row,
    State,
    list_findings,
)

__all__ = ["QUESTIONS", "Diagnosis", "Question", "Row", "State", "list_findings"]
