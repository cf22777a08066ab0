"""What is due by the clock. Each function does one batch in the caller's transaction and tells how much that was."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import exists, func, select, text
from sqlalchemy.orm import Session

from services.reviews.domain import words
from services.reviews.domain.figures import PRIOR_MEAN
from services.reviews.domain.tally import Target
from services.reviews.events import ReviewRequestDue
from services.reviews.models import Booking, Practitioner, Rating, RatingPrior, Review, Service, User
from services.reviews.operations import publishing
from services.reviews.operations.counting import PRIOR, announce
from shared.messaging import record

OPENED, ASKED, WEIGHED = 500, 200, 1_000
ASK_AFTER = (timedelta(hours=24), timedelta(days=7), timedelta(days=14))
"""When a client is asked for the first and for the second time, and from when on not at all."""
FOLDED_AFTER = timedelta(days=400)
LEAST_CHANGE = Decimal("0.02")

_WEIGH = text(f"""
    WITH prior AS ({PRIOR}), stale AS (
        SELECT r.target, r.practitioner_id, r.service_id,
               round((p.weight * p.mean + r.sum_hundredths / 100.0) / greatest(p.weight + r.count, 1), 3) AS weighted
        FROM ratings r, prior p
        WHERE r.weighted
            <> round((p.weight * p.mean + r.sum_hundredths / 100.0) / greatest(p.weight + r.count, 1), 3)
        LIMIT :most FOR UPDATE OF r SKIP LOCKED
    )
    UPDATE ratings r SET weighted = s.weighted, version = r.version + 1
    FROM stale s
    WHERE (r.target, r.practitioner_id, r.service_id) = (s.target, s.practitioner_id, s.service_id)
    RETURNING r.*
""")  # noqa: S608 - our own numbers.

_FOLD = text("""
    WITH gone AS (
        DELETE FROM ratings_daily WHERE day < :before AND day <> date_trunc('month', day)::date RETURNING *
    )
    INSERT INTO ratings_daily (target, practitioner_id, service_id, day, count, sum_hundredths)
    SELECT target, practitioner_id, service_id, date_trunc('month', day)::date, sum(count), sum(sum_hundredths)
    FROM gone GROUP BY 1, 2, 3, 4
    ON CONFLICT (target, practitioner_id, service_id, day) DO UPDATE SET
        count = ratings_daily.count + excluded.count,
        sum_hundredths = ratings_daily.sum_hundredths + excluded.sum_hundredths
""")


def open_sealed(session: Session, *, now: datetime) -> int:
    """Publish sealed reviews whose time has come. Emits what publishing emits."""
    due = session.scalars(
        select(Review)
        .where(Review.status == words.SEALED, Review.visible_at <= now)
        .order_by(Review.visible_at)
        .limit(OPENED)
        .with_for_update(skip_locked=True, key_share=True)
    ).all()
    for review in sorted(due, key=lambda one: (one.practitioner_id, one.service_id or 0)):
        publishing.move(session, review, words.OPEN, by=None, now=now)
    return len(due)


def ask_clients(session: Session, *, now: datetime) -> int:
    """Ask clients who have not reviewed a completed booking, a day and a week later. Emits ReviewRequestDue."""
    first, second, last = ASK_AFTER
    is_due = (Booking.requests_sent == 0) & (Booking.completed_at <= now - first) | (
        (Booking.requests_sent == 1) & (Booking.completed_at <= now - second)
    )
    due = session.execute(
        select(Booking, Service.name, Practitioner.display_name)
        .outerjoin(Service, Service.id == Booking.service_id)
        .outerjoin(Practitioner, Practitioner.id == Booking.practitioner_id)
        .where(
            Booking.status == words.COMPLETED,
            Booking.requests_sent < 2,
            Booking.completed_at > now - last,
            is_due,
            ~Booking.is_refunded,
            ~exists().where(Review.booking_id == Booking.booking_id),
            ~exists().where(User.id == Booking.user_id, User.deleted_at.is_not(None)),
            Practitioner.user_id.is_distinct_from(Booking.user_id),
        )
        .order_by(Booking.completed_at)
        .limit(ASKED)
        .with_for_update(of=Booking, skip_locked=True)
    ).all()
    for booking, service_name, practitioner_name in due:
        # What was completed a week ago before we knew of it is asked about once.
        booking.requests_sent = 2 if (booking.completed_at or now) <= now - second else 1
        told = ReviewRequestDue(
            booking_id=booking.booking_id,
            booking_uuid=booking.public_uuid,
            user_id=booking.user_id,
            service_id=booking.service_id,
            service_name=service_name or "",
            practitioner_id=booking.practitioner_id,
            practitioner_name=practitioner_name or "",
            number=booking.requests_sent,
        )
        record(session, told, about=("booking", booking.booking_id))
    return len(due)


def renew_prior(session: Session, *, weight: int) -> None:
    """Take the mean of all published reviews as what few reviews are drawn towards, if it moved noticeably."""
    total = session.execute(
        select(func.sum(Rating.sum_hundredths), func.sum(Rating.count)).where(Rating.target == words.PRACTITIONER)
    ).one()
    held = session.get(RatingPrior, 1, with_for_update=True)
    mean = held.mean if held else PRIOR_MEAN
    summed, count = total
    if count:
        found = (Decimal(summed) / Decimal(100 * count)).quantize(Decimal("0.001"))
        mean = found if abs(found - mean) >= LEAST_CHANGE else mean
    if held is None:
        session.add(RatingPrior(id=1, mean=mean, weight=weight))
    else:
        held.mean, held.weight = mean, weight


def weigh(session: Session) -> int:
    """Bring weighted ratings into step with the prior. Emits RatingChanged."""
    rows = [dict(row) for row in session.execute(_WEIGH, {"most": WEIGHED}).mappings()]
    keyed = {Target(row["target"], row["practitioner_id"], row["service_id"]): row for row in rows}
    announce(session, {key: row for key, row in keyed.items() if key.kind != words.PAIR})
    return len(rows)


def fold_days(session: Session, *, today: date) -> None:
    """Keep long past days as months; the month in which the limit falls stays in days."""
    session.execute(_FOLD, {"before": folded_before(today)})


def folded_before(today: date) -> date:
    """Return the day before which days are kept as months."""
    return (today - FOLDED_AFTER).replace(day=1)
