"""How bookings are shown. Takes the rows of `queries.rows` and gives what the API's schemas dump."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from services.bookings.domain import words
from services.bookings.domain.cancellation import Policy
from services.bookings.settings import settings
from shared.identity import Identity

Row = Mapping[str, Any]

TYPE_NAMES = {
    words.SESSION: "Session",
    words.WORKSHOP: "Workshop",
    words.COURSE: "Course",
    words.PACKAGE: "Package",
    words.BUNDLE: "Bundle",
}
ROOM_OPENS = timedelta(minutes=15)


def role_in(row: Row, by: Identity) -> str:
    """Return what the caller is to the booking; whoever may see it and is neither of the two is staff."""
    if by.user_id == row["client_id"]:
        return words.CLIENT
    return words.PRACTITIONER if by.user_id == row["practitioner_user_id"] else words.STAFF


def summary(row: Row, *, by: Identity, now: datetime) -> dict[str, Any]:
    """Return a booking as lists show it."""
    role = role_in(row, by)
    is_parent = row["kind"] in words.PARENT_KINDS and row["parent_id"] is None
    return {
        "id": row["id"],
        "public_uuid": row["public_uuid"],
        "practitioner": practitioner(row),
        "service": service(row),
        "user": user(row, role=role),
        "service_session": dated_session(row),
        "status": row["status"],
        "status_display": words.STATUS_NAMES[row["status"]],
        "status_detail": row["status_detail"],
        "payment_status": row["payment_status"],
        "payment_status_display": words.PAYMENT_STATUS_NAMES[row["payment_status"]],
        "price_charged": row["price_charged_cents"],
        "final_amount": row["final_amount_cents"],
        "duration_minutes": duration_minutes(row),
        "is_upcoming": is_upcoming(row, now=now),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "start_time": row["start_time"],
        "end_time": row["end_time"],
        "booking_type": booking_type(row),
        "location_type": row["location_type"],
        "timezone": row["timezone"],
        "title": row["title"],
        "parent_booking_id": row["parent_id"],
        "series_id": row["series_id"],
        "sessions_total": row["sessions_total"],
        "sessions_completed": row["sessions_completed"],
        "sessions_remaining": row["sessions_remaining"],
        "expires_at": row["valid_until"],
        "hold_expires_at": row["hold_expires_at"] if row["status"] == words.PENDING else None,
        "can_be_canceled": can_be_canceled(row, role=role, is_parent=is_parent, now=now),
        "can_be_rescheduled": can_be_rescheduled(row, role=role, is_parent=is_parent, now=now),
    }


def practitioner(row: Row) -> dict[str, Any]:
    """Return whom the booking is with."""
    name = row["practitioner_display_name"] or row["practitioner_name_snapshot"]
    return {
        "id": row["practitioner_id"],
        "public_uuid": row["practitioner_public_uuid"],
        "name": name,
        "display_name": name,
        "email": None,
        "avatar_url": row["practitioner_profile_image_url"],
        "profile_image_url": row["practitioner_profile_image_url"],
        "bio": row["practitioner_bio"],
        "slug": row["practitioner_slug"],
    }


def service(row: Row) -> dict[str, Any]:
    """Return what is booked, as it is today; from the day of booking where nothing newer is known."""
    code = row["service_known_type"] or row["service_type"]
    duration = row["service_duration_minutes"]
    return {
        "id": row["service_id"],
        "public_uuid": row["service_public_uuid"],
        "name": row["service_name"] or row["service_name_snapshot"],
        "description": row["service_short_description"],
        "service_type": TYPE_NAMES[code],
        "service_type_code": code,
        "service_type_display": TYPE_NAMES[code],
        "duration_minutes": duration if duration is not None else row["service_duration_snapshot"],
        "price_cents": row["service_price_cents"],
        "location_type": row["service_location_type"] or row["location_type"],
        "is_package": code == words.PACKAGE,
        "is_bundle": code == words.BUNDLE,
        "is_course": code == words.COURSE,
        "slug": row["service_slug"],
        "image_url": row["service_image_url"],
    }


def user(row: Row, *, role: str) -> dict[str, Any]:
    """Return the client; the phone number is for the practitioner and staff."""
    return {
        "id": row["client_id"],
        "email": row["user_email"],
        "full_name": row["user_full_name"] or "",
        "avatar_url": row["user_avatar_url"],
        "phone_number": None if role == words.CLIENT else row["user_phone_number"],
    }


def dated_session(row: Row) -> dict[str, Any] | None:
    """Return the workshop's or course's session, if the booking is a seat in one."""
    if row["service_session_id"] is None or row["session_starts_at"] is None:
        return None
    capacity, taken = row["session_capacity"], row["session_taken"]
    return {
        "id": row["service_session_id"],
        "public_uuid": row["session_public_uuid"],
        "title": row["session_title"],
        "sequence_number": row["session_sequence_number"],
        "start_time": row["session_starts_at"],
        "end_time": row["session_ends_at"],
        "status": row["session_status"],
        "max_participants": capacity,
        "current_participants": taken,
        "spots_available": None if capacity is None else max(0, capacity - taken - row["session_offered"]),
    }


def duration_minutes(row: Row) -> int:
    """Return how long it took, else how long it is planned, else how long the service was when booked."""
    for first, last in (("actual_start_time", "actual_end_time"), ("start_time", "end_time")):
        if row[first] is not None and row[last] is not None:
            return int((row[last] - row[first]).total_seconds() // 60)
    return row["service_duration_snapshot"] or 0


def is_upcoming(row: Row, *, now: datetime) -> bool:
    """Whether it is confirmed and still to come."""
    return row["status"] == words.CONFIRMED and row["start_time"] is not None and row["start_time"] > now


def is_package(row: Row) -> bool:
    """Whether it is the purchase of a package or a bundle."""
    return row["kind"] in words.CREDIT_KINDS


def booking_type(row: Row) -> str:
    """Return course, package, bundle, group or individual."""
    if row["service_type"] == words.COURSE:
        return words.COURSE
    if is_package(row):
        return str(row["kind"])
    return "group" if row["service_session_id"] is not None else "individual"


def can_be_canceled(row: Row, *, role: str, is_parent: bool, now: datetime) -> bool:
    """Whether this caller may cancel it now."""
    status, start = row["status"], row["start_time"]
    if row["parent_id"] is not None and (status == words.PENDING or row["status_detail"] == words.AWAITING_PARENT):
        return False
    if status in (words.DRAFT, words.PENDING):
        return True
    if status == words.COMPLETED and row["status_detail"] == words.COMPLETED_EARLY and role == words.CLIENT:
        return start is not None and now < start
    if status == words.IN_PROGRESS:
        return is_parent
    if status != words.CONFIRMED:
        return False
    return role != words.CLIENT or is_parent or start is None or now < start


def can_be_rescheduled(row: Row, *, role: str, is_parent: bool, now: datetime) -> bool:
    """Whether this caller may move it now."""
    start, end = row["start_time"], row["end_time"]
    if row["status"] != words.CONFIRMED or is_parent or start is None or row["kind"] == words.COURSE:
        return False
    if role != words.CLIENT:
        return bool(now < end)
    hours = row["free_cancellation_hours"]
    latest = start - timedelta(hours=24 if hours is None else hours)
    return bool(now <= latest and row["reschedule_count"] < settings().bookings_max_reschedules)


def location(row: Row, *, role: str) -> dict[str, Any] | None:
    """Return where it takes place; the street only once it is certain, or to the practitioner."""
    if row["location_id"] is None or row["location_name"] is None:
        return None
    certain = row["status"] in (words.CONFIRMED, words.IN_PROGRESS, words.COMPLETED, words.NO_SHOW)
    exact = certain or role != words.CLIENT
    return {
        "id": row["location_id"],
        "city": row["location_city"] or "",
        "state_province": row["location_state_code"] or "",
        "country_code": row["location_country_code"] or "",
        "name": row["location_name"],
        "address_line_1": row["location_address_line_1"] if exact else None,
        "timezone": row["location_timezone"],
    }


def room(row: Row, *, now: datetime) -> dict[str, Any] | None:
    """Return the video room of a virtual or hybrid booking that is certain."""
    status, start, end = row["status"], row["start_time"], row["end_time"]
    certain = status in (words.CONFIRMED, words.IN_PROGRESS, words.COMPLETED, words.NO_SHOW)
    is_parent = row["kind"] in words.PARENT_KINDS and row["parent_id"] is None
    if row["location_type"] == words.IN_PERSON or not certain or start is None or is_parent:
        return None
    is_group = row["service_session_id"] is not None and row["session_public_uuid"] is not None
    uuid = row["session_public_uuid"] if is_group else row["public_uuid"]
    if status == words.IN_PROGRESS:
        state = "in_use"
    elif status != words.CONFIRMED or now > end:
        state = "ended"
    else:
        state = "active" if now >= start - ROOM_OPENS else "pending"
    return {
        "id": row["service_session_id"] if is_group else row["id"],
        "public_uuid": uuid,
        "name": row["service_name"] or row["service_name_snapshot"],
        "room_name": f"session-{uuid}" if is_group else f"booking-{uuid}",
        "status": state,
    }


def policy(row: Row) -> dict[str, Any]:
    """Return the cancellation policy as it was when booked."""
    return Policy.of(row["policy"]).to_dict()


def payment(row: Row, *, role: str) -> dict[str, Any]:
    """Return how the payment stands; links are the client's own."""
    told: Mapping[str, Any] = row["payment"] or {}
    mine = role != words.PRACTITIONER
    return {
        "status": _payment_state(row, told),
        "order_uuid": told.get("order_uuid"),
        "checkout_url": told.get("checkout_url") if mine else None,
        "expires_at": _pay_until(row, told),
        "next_action_url": told.get("next_action_url") if mine else None,
        "failure_code": told.get("failure_code"),
        "failure_message": told.get("failure_message"),
        "paid_cents": row["paid_cents"],
        "refunded_cents": row["refunded_cents"],
        "refund_pending_cents": row["refund_pending_cents"],
    }


def _payment_state(row: Row, told: Mapping[str, Any]) -> str:
    if row["collect"] == words.IN_PERSON:
        return "in_person"
    if row["final_amount_cents"] == 0 or row["parent_id"] is not None:
        return "none"
    return str(told.get("status") or "pending")


def _pay_until(row: Row, told: Row) -> datetime | None:
    """Return until when it can be paid: as payments says, else as long as the time is held."""
    if told.get("expires_at"):
        return datetime.fromisoformat(told["expires_at"])
    held: datetime | None = row["hold_expires_at"] if row["status"] == words.PENDING else None
    return held


def each(rows: Sequence[Row], *, by: Identity, now: datetime) -> list[dict[str, Any]]:
    """Return a page of bookings."""
    return [summary(row, by=by, now=now) for row in rows]
