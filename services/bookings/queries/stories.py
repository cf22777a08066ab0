"""What belongs to a booking's story: its history, its journey, the credits of a purchase, and numbers."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.orm import Session, aliased

from services.bookings.domain import words
from services.bookings.domain.errors import BookingNotFound
from services.bookings.models import Booking, BookingHistory, FavoriteTotal, Practitioner, Service, User
from services.bookings.queries import presenting
from services.bookings.queries.bookings import children_rows, naming, visible_to
from services.bookings.queries.lists import among
from services.bookings.queries.rows import SUMMARY_ROWS
from shared.errors import Invalid
from shared.identity import Identity

RANGE_DAYS_MAX = 366

HISTORY_ROWS: Select[Any] = (
    select(
        BookingHistory.id,
        BookingHistory.at,
        BookingHistory.action,
        BookingHistory.from_status,
        BookingHistory.to_status,
        BookingHistory.actor_role,
        User.full_name.label("actor_name"),
        BookingHistory.reason,
        BookingHistory.changes,
    )
    .select_from(BookingHistory)
    .outerjoin(User, User.id == BookingHistory.actor_id)
)


def find_visible(session: Session, reference: str, *, by: Identity) -> Any:
    """Return id, client_id and parent_id of the booking that the caller means. Raises BookingNotFound."""
    found = session.execute(
        select(Booking.id, Booking.client_id, Booking.parent_id, Booking.kind).where(naming(reference), visible_to(by))
    ).first()
    if found is None:
        raise BookingNotFound
    return found


def journey(session: Session, reference: str, *, by: Identity, now: datetime) -> dict[str, Any]:
    """Return the sessions that belong to the booking's purchase, with how far it is. Raises BookingNotFound."""
    found = find_visible(session, reference, by=by)
    root_id = found.parent_id or found.id
    root = session.execute(SUMMARY_ROWS.where(Booking.id == root_id)).mappings().one()
    rows: Sequence[Mapping[str, Any]] = children_rows(session, [root_id]) or [dict(root)]
    shown = presenting.each(rows, by=by, now=now)
    counted = [one for one in shown if one["status"] != words.CANCELED]
    completed = sum(one["status"] == words.COMPLETED for one in counted)
    to_come = sorted((one for one in counted if one["is_upcoming"]), key=lambda one: one["start_time"])
    return {
        "journey_type": root["kind"],
        "bookings": shown,
        "total_count": len(counted),
        "completed_count": completed,
        "upcoming_count": len(to_come),
        "needs_scheduling_count": sum(one["status"] == words.DRAFT for one in counted),
        "progress_percentage": round(100 * completed / len(counted), 1) if counted else 0.0,
        "next_session": to_come[0] if to_come else None,
        "expires_at": root["valid_until"],
    }


_Parent = aliased(Booking)


def _counted(clause: Any) -> Any:
    return func.count(case((clause, 1)))


_CREDITS = (
    select(
        func.min(Booking.id).label("id"),
        Booking.parent_id.label("parent_booking_id"),
        _Parent.public_uuid.label("parent_booking_uuid"),
        _Parent.kind.label("kind"),
        _Parent.service_name_snapshot.label("name"),
        Booking.client_id.label("client_id"),
        Booking.service_id.label("service_id"),
        Booking.practitioner_id.label("practitioner_id"),
        func.max(Booking.service_type).label("service_type"),
        func.max(Booking.location_type).label("location_type"),
        func.max(Booking.service_name_snapshot).label("service_name_snapshot"),
        func.max(Booking.service_duration_snapshot).label("service_duration_snapshot"),
        func.max(Booking.practitioner_name_snapshot).label("practitioner_name_snapshot"),
        (func.count() - func.count(Booking.replaces_id)).label("total"),
        _counted(among(Booking.status, (words.CONFIRMED, words.PENDING))).label("scheduled"),
        _counted(and_(Booking.status == words.DRAFT, Booking.status_detail == words.UNSCHEDULED)).label("remaining"),
        _counted(and_(Booking.status == words.CANCELED, Booking.status_detail == words.CREDIT_EXPIRED)).label(
            "expired"
        ),
        func.max(Booking.allocated_cents).label("value_per_session"),
        func.min(case((Booking.status == words.DRAFT, Booking.valid_until))).label("expires_at"),
        func.min(case((Booking.status == words.DRAFT, Booking.id))).label("next_draft_booking_id"),
    )
    .select_from(Booking)
    .join(_Parent, _Parent.id == Booking.parent_id)
    .where(
        among(_Parent.kind, words.CREDIT_KINDS),
        among(_Parent.status, (words.CONFIRMED, words.IN_PROGRESS, words.COMPLETED)),
    )
    .group_by(
        Booking.parent_id,
        _Parent.id,
        Booking.client_id,
        Booking.service_id,
        Booking.practitioner_id,
    )
    .subquery("credits")
)

CREDITS = _CREDITS.c
CREDIT_ROWS: Select[Any] = (
    select(
        *CREDITS,
        *(getattr(Service, name).label(f"service_{name}") for name in ("public_uuid", "name", "short_description")),
        *(getattr(Service, name).label(f"service_{name}") for name in ("duration_minutes", "price_cents", "slug")),
        Service.image_url.label("service_image_url"),
        Service.service_type.label("service_known_type"),
        Service.location_type.label("service_location_type"),
        *(
            getattr(Practitioner, name).label(f"practitioner_{name}")
            for name in ("public_uuid", "display_name", "slug", "bio", "profile_image_url")
        ),
    )
    .select_from(_CREDITS)
    .outerjoin(Service, Service.id == CREDITS.service_id)
    .outerjoin(Practitioner, Practitioner.id == CREDITS.practitioner_id)
)


def credit_shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the credits of one service in a purchase."""
    used = row["total"] - row["scheduled"] - row["remaining"] - row["expired"]
    return {
        **row,
        "used": max(0, used),
        "service": presenting.service(row),
        "practitioner": presenting.practitioner(row),
    }


def statistics(
    session: Session, *, by: Identity, role: str, practitioner_id: int | None, first: date, last: date, now: datetime
) -> dict[str, Any]:
    """Return one's bookings in numbers, those with a time or made within the days from `first` to `last` (UTC)."""
    if last < first or (last - first).days > RANGE_DAYS_MAX:
        raise Invalid.field("to", f"Must lie within {RANGE_DAYS_MAX} days after from.")
    start = datetime.combine(first, time(), tzinfo=UTC)
    end = datetime.combine(last, time(), tzinfo=UTC) + timedelta(days=1)
    whose = Booking.client_id == by.user_id if role == words.CLIENT else Booking.practitioner_id == practitioner_id
    day = now.astimezone(ZoneInfo("UTC")).replace(hour=0, minute=0, second=0, microsecond=0)
    is_parent = and_(Booking.sessions_total.is_not(None), Booking.parent_id.is_(None))
    at = func.coalesce(Booking.start_time, Booking.created_at)
    confirmed = Booking.status == words.CONFIRMED
    row = session.execute(
        select(
            _counted(and_(confirmed, Booking.start_time > now)).label("upcoming"),
            _counted(Booking.status == words.PENDING).label("pending_payment"),
            _counted(Booking.status == words.COMPLETED).label("completed"),
            _counted(Booking.status == words.CANCELED).label("canceled"),
            _counted(Booking.status == words.NO_SHOW).label("no_show"),
            _counted(Booking.status == words.DRAFT).label("unscheduled"),
            _counted(
                and_(
                    Booking.status.in_(words.OPEN),
                    Booking.start_time >= day,
                    Booking.start_time < day + timedelta(days=1),
                )
            ).label("today"),
            func.coalesce(func.sum(Booking.paid_cents - Booking.refunded_cents), 0).label("gross_amount"),
            func.count().label("all"),
        ).where(whose, ~is_parent, at >= start, at < end)
    ).one()
    counted = dict(row._mapping)
    held = counted["completed"] + counted["no_show"]
    return {
        **counted,
        "gross_amount": int(counted["gross_amount"]),
        "as_": role,
        "cancellation_rate": _rate(counted["canceled"], counted["all"]),
        "no_show_rate": _rate(counted["no_show"], held),
        "from_": first,
        "to": last,
    }


def _rate(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0


def user_statistics(session: Session, *, by: Identity, now: datetime) -> dict[str, Any]:
    """Return what a dashboard shows of the caller: one grouped query and two reads by key."""
    row = session.execute(
        select(
            func.count().label("total"),
            _counted(Booking.status == words.COMPLETED).label("completed"),
            _counted(and_(Booking.status == words.CONFIRMED, Booking.start_time >= now)).label("upcoming"),
            func.max(Booking.created_at).label("last"),
        ).where(Booking.client_id == by.user_id)
    ).one()
    joined = session.scalar(select(User.date_joined).where(User.id == by.user_id))
    favorites = dict(
        session.execute(
            select(FavoriteTotal.kind, FavoriteTotal.total).where(FavoriteTotal.user_id == by.user_id)
        ).all()
    )
    return {
        "total_bookings": row.total,
        "completed_bookings": row.completed,
        "upcoming_bookings": row.upcoming,
        "favorite_practitioners": favorites.get("practitioner", 0),
        "favorite_services": favorites.get("service", 0),
        "wellness_score": min(100, 10 * row.completed + 5 * row.upcoming),
        "member_since": joined,
        "last_booking": row.last,
    }
