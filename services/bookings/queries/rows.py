"""A booking beside the names of everybody and everything in it: one statement, whatever the page."""

from typing import Any

from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from services.bookings.domain import words
from services.bookings.models import Booking, Location, Practitioner, Service, SessionSeat, User

_Child = aliased(Booking)
_Parent = aliased(Booking)

_SUMMARY = (
    *("id", "public_uuid", "kind", "status", "status_detail", "payment_status", "start_time", "end_time"),
    *("actual_start_time", "actual_end_time", "timezone", "title", "price_charged_cents", "final_amount_cents"),
    *("service_id", "service_type", "location_type", "service_session_id", "client_id", "practitioner_id"),
    *("practitioner_user_id", "parent_id", "series_id", "sessions_total", "valid_until", "hold_expires_at"),
    *("free_cancellation_hours", "reschedule_count", "service_name_snapshot", "service_duration_snapshot"),
    *("practitioner_name_snapshot", "created_at", "updated_at", "version"),
)
_DETAIL = tuple(column.key for column in Booking.__table__.columns if column.key not in ("search_text", "order_uuid"))


def _of(model: type[Any], prefix: str, *names: str) -> list[Any]:
    columns: list[InstrumentedAttribute[Any]] = [getattr(model, name) for name in names]
    return [column.label(f"{prefix}_{column.key}") for column in columns]


def _children(status: str, label: str) -> Any:
    counted = (
        select(func.count())
        .where(_Child.parent_id == Booking.id, _Child.status == status)
        .correlate(Booking)
        .scalar_subquery()
    )
    return case((and_(Booking.sessions_total.is_not(None), Booking.parent_id.is_(None)), counted)).label(label)


def _rows(names: tuple[str, ...]) -> Select[Any]:
    return (
        select(
            *(getattr(Booking, name) for name in names),
            _children(words.COMPLETED, "sessions_completed"),
            _children(words.DRAFT, "sessions_remaining"),
            *_of(Service, "service", "public_uuid", "name", "short_description", "duration_minutes", "price_cents"),
            *_of(Service, "service", "slug", "image_url"),
            Service.service_type.label("service_known_type"),
            Service.location_type.label("service_location_type"),
            *_of(Practitioner, "practitioner", "public_uuid", "display_name", "slug", "bio", "profile_image_url"),
            *_of(User, "user", "email", "full_name", "avatar_url", "phone_number"),
            *_of(SessionSeat, "session", "public_uuid", "title", "sequence_number", "starts_at", "ends_at", "status"),
            *_of(SessionSeat, "session", "capacity", "taken", "offered"),
            *_of(Location, "location", "id", "name", "city", "state_code", "country_code", "address_line_1"),
            *_of(Location, "location", "timezone"),
        )
        .select_from(Booking)
        .outerjoin(Service, Service.id == Booking.service_id)
        .outerjoin(Practitioner, Practitioner.id == Booking.practitioner_id)
        .outerjoin(User, User.id == Booking.client_id)
        .outerjoin(SessionSeat, SessionSeat.id == Booking.service_session_id)
        .outerjoin(Location, Location.id == Booking.location_id)
    )


SUMMARY_ROWS = _rows(_SUMMARY)
DETAIL_ROWS = (
    _rows(_DETAIL)
    .add_columns(_Parent.public_uuid.label("parent_uuid"), _Parent.kind.label("parent_kind"))
    .outerjoin(_Parent, _Parent.id == Booking.parent_id)
)
