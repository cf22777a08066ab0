"""Holding the numbers against the reviews themselves, and mending what differs."""

import logging
from collections import Counter
from datetime import date
from typing import TypeVar

from sqlalchemy import TextClause, select, text
from sqlalchemy.orm import Session

from services.reviews.domain import words
from services.reviews.domain.tally import FIGURES, HOUR_BOUNDS, HOURS, RECOMMENDED_FROM, STARS, Difference, Target
from services.reviews.models import Rating
from services.reviews.operations.counting import move

K = TypeVar("K")
log = logging.getLogger(__name__)

SLICES = 30

_OF = {
    words.PRACTITIONER: "r.practitioner_id = :practitioner",
    words.SERVICE: "r.service_id = :service",
    words.PAIR: "r.practitioner_id = :practitioner AND r.service_id = :service",
}
_HELD = "target = :kind AND practitioner_id = :practitioner AND service_id = :service"
_HOURS = "extract(epoch FROM greatest(r.response_at - coalesce(r.visible_at, r.created_at), interval '0')) / 3600"


def _figure(name: str) -> str:
    """Return the aggregate over reviews `r` that a figure stands for."""
    if name in STARS:
        return f"count(*) FILTER (WHERE r.rating / 100 = {name.removeprefix('c')})"
    if name in HOURS:
        bounds = (0, *HOUR_BOUNDS, None)
        number = HOURS.index(name)
        upper = f" AND {_HOURS} < {bounds[number + 1]}" if bounds[number + 1] is not None else ""
        return f"count(r.response_at) FILTER (WHERE {_HOURS} >= {bounds[number]}{upper})"
    return {
        "count": "count(*)",
        "sum_hundredths": "coalesce(sum(r.rating), 0)",
        "verified": "count(*) FILTER (WHERE r.is_verified)",
        "helpful_total": "coalesce(sum(r.helpful), 0)",
        "with_response": "count(r.response_at)",
        "recommended": f"count(*) FILTER (WHERE r.rating >= {RECOMMENDED_FROM})",
    }[name]


def _counted(select_: str, of: str, *, tables: str = "reviews r", group: str = "") -> TextClause:
    return text(f"SELECT {select_} FROM {tables} WHERE r.status = 'published' AND {of} {group}")  # noqa: S608 - our own names.


_DAY = "(r.created_at AT TIME ZONE 'UTC')::date"
_FIGURES = {kind: _counted(", ".join(f"{_figure(name)} AS {name}" for name in FIGURES), of) for kind, of in _OF.items()}
_DAYS = {
    kind: _counted(f"greatest({_DAY}, :folded) AS part, count(*) AS a, sum(r.rating) AS b", of, group="GROUP BY 1")
    for kind, of in _OF.items()
}
_QUESTIONS = {
    kind: _counted(
        "a.question_id AS part, count(*) AS a, sum(coalesce(a.boolean_answer::int, a.rating_answer)) AS b",
        f"{of} AND a.text_answer IS NULL",
        tables="review_answers a JOIN reviews r ON r.id = a.review_id",
        group="GROUP BY 1",
    )
    for kind, of in _OF.items()
}
_HELD_DAYS = text(f"""
    SELECT greatest(day, :folded) AS part, sum(count) AS a, sum(sum_hundredths) AS b
    FROM ratings_daily WHERE {_HELD} GROUP BY 1
""")  # noqa: S608 - our own names.
_HELD_QUESTIONS = text(f"SELECT question_id AS part, count AS a, total AS b FROM ratings_question WHERE {_HELD}")  # noqa: S608 - our own names.


def recount(session: Session, key: Target, *, folded_before: date) -> bool:
    """Count one target's reviews anew and mend its numbers; return whether they were wrong.

    Days before `folded_before` are compared as one. The target's row is locked first: whoever moves its numbers at the
    same time has either done so completely or not begun. Emits RatingChanged if the rating was wrong.
    """
    row = session.get(Rating, tuple(key), with_for_update=True, populate_existing=True)
    if row is None:
        return False
    named = {"kind": key.kind, "practitioner": key.practitioner_id, "service": key.service_id}
    days = {**named, "folded": folded_before}
    truth = session.execute(_FIGURES[key.kind], named).mappings().one()
    difference = Difference()
    _note(difference.targets, key, {name: int(truth[name]) - getattr(row, name) for name in FIGURES})
    for into, names, counted, held, values in (
        (difference.days, ("count", "sum_hundredths"), _DAYS[key.kind], _HELD_DAYS, days),
        (difference.questions, ("count", "total"), _QUESTIONS[key.kind], _HELD_QUESTIONS, named),
    ):
        found = {one.part: (int(one.a), int(one.b)) for one in session.execute(counted, values)}
        kept = {one.part: (int(one.a), int(one.b)) for one in session.execute(held, values)}
        for part in found.keys() | kept.keys():
            true, told = found.get(part, (0, 0)), kept.get(part, (0, 0))
            _note(into, (key, part), {name: a - b for name, a, b in zip(names, true, told, strict=True)})
    session.expire(row)
    if not (difference.targets or difference.days or difference.questions):
        return False
    log.warning("numbers had drifted", extra={"target": key.kind, "id": key.practitioner_id or key.service_id})
    move(session, difference)
    return True


def slice_of(session: Session, *, day: int) -> list[Target]:
    """Return the targets that are checked on this day of thirty."""
    number = Rating.practitioner_id + Rating.service_id
    rows = select(Rating.target, Rating.practitioner_id, Rating.service_id).where(number % SLICES == day)
    return [Target(*row) for row in session.execute(rows)]


def _note(into: dict[K, Counter[str]], key: K, figures: dict[str, int]) -> None:
    moved = Counter({name: value for name, value in figures.items() if value})
    if moved:
        into[key] = moved
