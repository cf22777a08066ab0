"""Reports of reviews that may break the rules, and what follows when many agree."""

from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.reviews.domain import weights, words
from services.reviews.domain.errors import AlreadyReported, OwnReview, ReviewNotFound, TooManyReports
from services.reviews.events import ReviewReported
from services.reviews.models import Report, ReporterStats, Review
from services.reviews.operations import publishing
from services.reviews.operations.finding import is_reviewed
from services.reviews.settings import settings
from shared.identity import Identity
from shared.messaging import record

REPORTS_A_DAY = 20


def report(session: Session, review: Review, *, reason: str, details: str, by: Identity, now: datetime) -> Report:
    """Report a locked review; it is hidden when enough people whom we believe agree.

    Raises ReviewNotFound, OwnReview, AlreadyReported, TooManyReports. Emits ReviewReported, and what hiding emits.
    """
    if not review.is_published:
        raise ReviewNotFound
    if review.author_id == by.user_id:
        raise OwnReview
    _require_first(session, review, by=by, now=now)
    by_the_reviewed = is_reviewed(session, review, by)
    made = Report(
        review_id=review.id,
        user_id=by.user_id,
        reason=reason,
        details=details,
        weight=weights.weight(reason, outcomes=outcomes_of(session, by.user_id), by_the_reviewed=by_the_reviewed),
        counts=not by_the_reviewed and not by.is_staff,
        by_staff=by.is_staff,
        created_at=now,
        updated_at=now,
    )
    session.add(made)
    review.reports_open += 1
    review.report_score += made.weight
    review.staff_reported = review.staff_reported or by.is_staff
    review.first_reported_at = review.first_reported_at or now
    session.flush()
    told = ReviewReported(
        review_uuid=review.public_uuid,
        reason=reason,
        score=review.report_score,
        status=review.status,
        practitioner_id=review.practitioner_id,
    )
    record(session, told, subject=review)
    if _is_enough(session, review):
        publishing.move(session, review, words.AUTO_HIDE, by=None, now=now, reason=reason)
    return made


def close_reports(session: Session, review: Review, *, upheld: bool, by: Identity, now: datetime, notes: str) -> None:
    """Decide every open report of a locked review, and remember how each reporter fared."""
    still_open = (
        select(Report).where(Report.review_id == review.id, Report.resolution.is_(None)).order_by(Report.user_id)
    )
    for one in session.scalars(still_open).all():
        one.resolution = words.UPHELD if upheld else words.DISMISSED
        one.resolved_by, one.resolved_at, one.resolution_notes = by.user_id, now, notes
        if one.user_id is not None:
            _remember(session, one.user_id, upheld=upheld)
    review.reports_open, review.report_score, review.staff_reported = 0, Decimal(0), False
    review.first_reported_at = None


def outcomes_of(session: Session, user_id: int) -> str:
    """Return how the reporter's last hundred reports were decided."""
    return session.scalar(select(ReporterStats.outcomes).where(ReporterStats.user_id == user_id)) or ""


def _remember(session: Session, user_id: int, *, upheld: bool) -> None:
    stats = session.get(ReporterStats, user_id, with_for_update=True)
    if stats is None:
        stats = ReporterStats(user_id=user_id, outcomes="")
        session.add(stats)
    stats.outcomes = weights.remembered(stats.outcomes, upheld=upheld)
    session.flush()


def _require_first(session: Session, review: Review, *, by: Identity, now: datetime) -> None:
    mine = session.execute(
        select(
            func.count().filter(Report.review_id == review.id).label("here"),
            func.count().filter(Report.created_at > now - timedelta(days=1)).label("today"),
        ).where(Report.user_id == by.user_id)
    ).one()
    if mine.here:
        raise AlreadyReported
    if mine.today >= REPORTS_A_DAY and not by.is_staff:
        raise TooManyReports(retry_after=3600)


def _is_enough(session: Session, review: Review) -> bool:
    """Whether the review is hidden without staff: never twice, and never by its practitioner or few people alone."""
    if review.was_restored or not review.is_published or review.report_score < settings().auto_hide_score:
        return False
    people = select(func.count()).where(Report.review_id == review.id, Report.resolution.is_(None), Report.counts)
    return (session.scalar(people) or 0) >= weights.REPORTERS_LEAST
