"""Reviews in full, and what belongs to a page of them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, any_, bindparam, select
from sqlalchemy.orm import Session

from services.reviews.domain.errors import ReviewNotFound
from services.reviews.models import ModerationEntry, Report, Review, Revision, Vote
from services.reviews.queries import presenting
from services.reviews.queries.rows import ANSWERED, DETAILED, QUEUED, REPORTED
from services.reviews.settings import settings
from shared.identity import Identity
from shared.listing.statements import Compiled, Row, compiled, run

Reader = Connection | Session


def _planned_once(statement: Select[*tuple[Any, ...]]) -> Compiled:
    return compiled(statement, is_preparable=True)


def _rows(reader: Reader, statement: Compiled, **values: Any) -> list[Row]:
    if isinstance(reader, Connection):
        return run(reader, statement, values)
    reader.flush()
    return run(reader.connection(), statement, values)


_ONE = _planned_once(DETAILED.where(Review.public_uuid == bindparam("reference")))
_QUEUED = _planned_once(QUEUED.where(Review.public_uuid == bindparam("reference")))
_ANSWERS = _planned_once(ANSWERED.where(ANSWERED.selected_columns.review_id == any_(bindparam("ids"))))
_REPORTS = _planned_once(
    REPORTED.where(Report.review_id == any_(bindparam("ids")), Report.resolution.is_(None)).order_by(
        Report.created_at, Report.id
    )
)
_VOTES = _planned_once(
    select(Vote.review_id, Vote.is_helpful).where(
        Vote.user_id == bindparam("me"), Vote.review_id == any_(bindparam("ids"))
    )
)


def votes_of(reader: Reader, ids: Sequence[int], *, by: Identity) -> dict[int, bool]:
    """Return how the caller voted on these reviews; nothing is asked for strangers."""
    if not by.is_signed_in or not ids:
        return {}
    return {row["review_id"]: row["is_helpful"] for row in _rows(reader, _VOTES, me=by.user_id, ids=list(ids))}


def answers_of(reader: Reader, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Return what each of these reviews answers."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    if ids:
        for row in _rows(reader, _ANSWERS, ids=list(ids)):
            found[row["review_id"]].append(presenting.answered(row))
    return found


def details(
    reader: Reader, rows: Sequence[Mapping[str, Any]], *, by: Identity, now: datetime, with_votes: bool = True
) -> list[dict[str, Any]]:
    """Return rows of `DETAILED` as the caller may see them: two statements more, whatever the page."""
    ids = [row["id"] for row in rows]
    answers = answers_of(reader, ids)
    votes = votes_of(reader, ids, by=by) if with_votes else {}
    window = settings().edit_window
    return [
        presenting.detailed(row, answers=answers[row["id"]], votes=votes, by=by, now=now, window=window) for row in rows
    ]


def one_review(reader: Reader, reference: UUID, *, by: Identity, now: datetime) -> tuple[dict[str, Any], int]:
    """Return a review in full, and its version. Raises ReviewNotFound."""
    rows = _rows(reader, _ONE, reference=reference)
    if not rows:
        raise ReviewNotFound
    [row] = rows
    [shown] = details(reader, rows, by=by, now=now)
    is_author = by.is_signed_in and row["author_id"] == by.user_id
    if not (shown["is_published"] or is_author or by.is_staff):
        raise ReviewNotFound
    return shown, row["version"]


def queue_items(
    reader: Reader, rows: Sequence[Mapping[str, Any]], *, by: Identity, now: datetime
) -> list[dict[str, Any]]:
    """Return rows of `QUEUED` with their open reports."""
    reports: dict[int, list[dict[str, Any]]] = defaultdict(list)
    ids = [row["id"] for row in rows]
    if ids:
        for row in _rows(reader, _REPORTS, ids=ids):
            reports[row["review_id"]].append(presenting.reported(row))
    shown = details(reader, rows, by=by, now=now, with_votes=False)
    return [presenting.queued(row, review, reports[row["id"]]) for row, review in zip(rows, shown, strict=True)]


def queue_item(reader: Reader, reference: UUID, *, by: Identity, now: datetime) -> dict[str, Any]:
    """Return one review as it waits for staff. Raises ReviewNotFound."""
    rows = _rows(reader, _QUEUED, reference=reference)
    if not rows:
        raise ReviewNotFound
    return queue_items(reader, rows, by=by, now=now)[0]


def revisions(session: Session, reference: UUID, *, by: Identity) -> list[dict[str, Any]]:
    """Return the earlier texts of a review, newest first, for its author and staff. Raises ReviewNotFound."""
    review = session.scalar(select(Review).where(Review.public_uuid == reference))
    if review is None or not (by.is_staff or review.author_id == by.user_id):
        raise ReviewNotFound
    earlier = select(Revision).where(Revision.review_id == review.id).order_by(Revision.id.desc())
    return [{"rating": one.rating, "comment": one.comment, "at": one.at} for one in session.scalars(earlier)]


def moderation_log(session: Session, reference: UUID) -> list[dict[str, Any]]:
    """Return what was decided about a review, oldest first. Raises ReviewNotFound."""
    review_id = session.scalar(select(Review.id).where(Review.public_uuid == reference))
    if review_id is None:
        raise ReviewNotFound
    names = ("id", "action", "from_status", "to_status", "reason", "notes", "by", "at")
    entries = select(ModerationEntry).where(ModerationEntry.review_id == review_id).order_by(ModerationEntry.id)
    return [{name: getattr(entry, name) for name in names} for entry in session.scalars(entries)]
