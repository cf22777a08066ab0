"""A booking beside the names of everybody and everything in it: one statement, whatever the page."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Select, Text, and_, case, cast, func, select
from sqlalchemy.orm import Session, aliased

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


_SERVICE = (
    *("public_uuid", "name", "short_description", "duration_minutes", "price_cents", "slug", "image_url"),
    *("service_type", "location_type"),
)
_PRACTITIONER = ("public_uuid", "display_name", "slug", "bio", "profile_image_url")
_USER = ("email", "full_name", "avatar_url", "phone_number")
_SEAT = (
    *("public_uuid", "title", "sequence_number", "starts_at", "ends_at", "status", "capacity", "taken", "offered"),
)
_LOCATION = ("id", "name", "city", "state_code", "country_code", "address_line_1", "timezone")
_JOINED: tuple[tuple[str, type[Any], tuple[str, ...]], ...] = (
    ("service", Service, _SERVICE),
    ("practitioner", Practitioner, _PRACTITIONER),
    ("user", User, _USER),
    ("session", SessionSeat, _SEAT),
    ("location", Location, _LOCATION),
)
# Names of what is known of a service today that would be those of the booking's own columns.
_OTHERWISE = {"service_service_type": "service_known_type"}


def _label(prefix: str, name: str) -> str:
    return _OTHERWISE.get(f"{prefix}_{name}", f"{prefix}_{name}")


def _names(column: Callable[[Any, str], Any]) -> list[Any]:
    """Return the columns of everybody and everything in a booking, labelled."""
    return [column(model, name).label(_label(prefix, name)) for prefix, model, names in _JOINED for name in names]


def _shown(model: Any, name: str) -> Any:
    """Return a column as it is shown: of all that the driver reads, uuids take the longest, and are written at once."""
    column = getattr(model, name)
    return cast(column, Text).label(name) if name == "public_uuid" else column


def _children(status: str, label: str) -> Any:
    counted = (
        select(func.count())
        .where(_Child.parent_id == Booking.id, _Child.status == status)
        .correlate(Booking)
        .scalar_subquery()
    )
    return case((and_(Booking.sessions_total.is_not(None), Booking.parent_id.is_(None)), counted)).label(label)


def _rows(names: tuple[str, ...], column: Callable[[Any, str], Any] = getattr) -> Select[Any]:
    return (
        select(
            *(column(Booking, name) for name in names),
            _children(words.COMPLETED, "sessions_completed"),
            _children(words.DRAFT, "sessions_remaining"),
            *_names(column),
        )
        .select_from(Booking)
        .outerjoin(Service, Service.id == Booking.service_id)
        .outerjoin(Practitioner, Practitioner.id == Booking.practitioner_id)
        .outerjoin(User, User.id == Booking.client_id)
        .outerjoin(SessionSeat, SessionSeat.id == Booking.service_session_id)
        .outerjoin(Location, Location.id == Booking.location_id)
    )


SUMMARY_ROWS = _rows(_SUMMARY, _shown)
DETAIL_ROWS = (
    _rows(_DETAIL)
    .add_columns(_Parent.public_uuid.label("parent_uuid"), _Parent.kind.label("parent_kind"))
    .outerjoin(_Parent, _Parent.id == Booking.parent_id)
)


def row_of_new(session: Session, booking: Booking) -> dict[str, Any]:
    """Return what `DETAIL_ROWS` would of a booking by itself that this transaction has made, without asking for it.

    What was read to make it is shown; only what was not needed for that is read now, by its key.
    """
    keys = {
        "service": booking.service_id,
        "practitioner": booking.practitioner_id,
        "user": booking.client_id,
        "session": booking.service_session_id,
        "location": booking.location_id,
    }
    row: dict[str, Any] = {name: getattr(booking, name) for name in _DETAIL}
    for prefix, model, names in _JOINED:
        key = keys[prefix]
        # Seats are counted by the database, so what was read of them before is old.
        found = session.get(model, key, populate_existing=model is SessionSeat) if key is not None else None
        row.update({_label(prefix, name): getattr(found, name, None) for name in names})
    return {**row, **dict.fromkeys(("sessions_completed", "sessions_remaining", "parent_uuid", "parent_kind"))}
