"""Structured questions, kept by staff."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from services.reviews.domain.errors import QuestionInUse, QuestionNotFound, QuestionTypeImmutable
from services.reviews.models import Answer, Question


def create_question(session: Session, fields: Mapping[str, Any]) -> Question:
    """Ask something new."""
    question = Question(**fields)
    session.add(question)
    session.flush()
    return question


def locked_question(session: Session, question_id: int) -> Question:
    """Return the question, locked against changes and new answers. Raises QuestionNotFound."""
    question = session.get(Question, question_id, with_for_update=True)
    if question is None:
        raise QuestionNotFound
    return question


def change_question(session: Session, question: Question, changes: Mapping[str, Any]) -> None:
    """Ask it differently. Raises QuestionTypeImmutable once it was answered."""
    if changes.get("question_type", question.question_type) != question.question_type and _answered(session, question):
        raise QuestionTypeImmutable
    for name, value in changes.items():
        setattr(question, name, value)
    session.flush()


def delete_question(session: Session, question: Question) -> None:
    """Ask it no more, as if it had never been asked. Raises QuestionInUse once it was answered."""
    if _answered(session, question):
        raise QuestionInUse
    session.delete(question)


def _answered(session: Session, question: Question) -> bool:
    return bool(session.scalar(select(exists().where(Answer.question_id == question.id))))
