"""What reviews answer to structured questions."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.reviews.domain import words
from services.reviews.models import Answer, Question, Review
from shared.errors import Invalid

_COLUMN = {words.RATING: "rating_answer", words.TEXT: "text_answer", words.BOOLEAN: "boolean_answer"}


def read_answers(
    session: Session, sent: Sequence[Mapping[str, Any]], *, has_service: bool
) -> dict[int, dict[str, Any]]:
    """Return the answers by question, each with the one value of its question's type.

    Required questions are required only where any answer is sent. Raises Invalid, naming each answer by its place.
    """
    if not sent:
        return {}
    kinds = [words.BOTH, words.SERVICE if has_service else words.PRACTITIONER, words.PRACTITIONER]
    asked = {
        question.id: question
        for question in session.scalars(
            select(Question)
            .where(Question.is_active, Question.applies_to.in_(kinds))
            .order_by(Question.position, Question.id)
            .with_for_update(read=True, key_share=True)
        )
    }
    errors: dict[str, list[str]] = {}
    read: dict[int, dict[str, Any]] = {}
    for place, answer in enumerate(sent):
        question = asked.get(answer["question_id"])
        if question is None or question.id in read:
            told = "Answered twice." if question is not None else "There is no such question."
            errors[f"answers.{place}.question_id"] = [told]
            continue
        read[question.id] = {}
        column = _COLUMN[question.question_type]
        given = {name for name in _COLUMN.values() if answer.get(name) not in (None, "")}
        if given != {column}:
            errors[f"answers.{place}.{column}"] = [f"Answer with {column}, and nothing else."]
        else:
            read[question.id] = {column: answer[column]}
    missing = [question for question in asked.values() if question.is_required and question.id not in read]
    if missing and not errors:
        errors["answers"] = [f"Question {question.id} must be answered." for question in missing]
    if errors:
        raise Invalid(errors=errors)
    return read


def write_answers(session: Session, review: Review, answers: Mapping[int, Mapping[str, Any]]) -> bool:
    """Let the review answer exactly this; return whether anything changed. The numbers are the caller's to move."""
    held = {one.question_id: one for one in session.scalars(select(Answer).where(Answer.review_id == review.id))}
    changed = False
    for question_id in held.keys() - answers.keys():
        session.delete(held[question_id])
        changed = True
    for question_id, value in answers.items():
        answer = held.get(question_id)
        if answer is None:
            session.add(Answer(review_id=review.id, question_id=question_id, **value))
            changed = True
        elif any(getattr(answer, name) != value.get(name) for name in _COLUMN.values()):
            for name in _COLUMN.values():
                setattr(answer, name, value.get(name))
            changed = True
    session.flush()
    return changed
