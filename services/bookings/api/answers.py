"""What several operations on bookings answer with."""

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify
from sqlalchemy.orm import Session

from services.bookings.api.schemas.bookings import BookingCreate, BookingDetail
from services.bookings.domain import words
from services.bookings.models import Booking
from services.bookings.queries.bookings import booking_detail, new_detail
from services.bookings.settings import settings
from shared.clock import utc_now
from shared.database import reading, retrying
from shared.database.waiting import Waiting
from shared.http import after_commit, identity, say, set_version, wait_seconds

_waiting: list[Waiting] = []


def changed(operation: Callable[[Session], Booking], *, message: str | None = None) -> dict[str, Any]:
    """Run an operation in a transaction and return the booking in full, as the caller sees it afterwards."""

    def work(session: Session) -> dict[str, Any]:
        booking = operation(session)
        return booking_detail(session, booking.id, by=identity(), now=utc_now())

    detail = retrying(work)
    set_version(detail["version"])
    if message is not None:
        say(message)
    return detail


def made(operation: Callable[[Session], Booking], *, twice: bool) -> dict[str, Any]:
    """Run an operation that books, and return what it made; with `Prefer: wait`, once its payment is known.

    `twice`: the booking stands in the answer's `booking` as well.
    """
    seconds = wait_seconds(settings().bookings_wait_max_seconds)

    def work(session: Session) -> dict[str, Any]:
        return new_detail(session, operation(session), by=identity(), now=utc_now())

    detail = retrying(work)
    set_version(detail["version"])
    if twice:
        wait_for_payment(detail, seconds, lambda seen: BookingCreate().dump(created(seen)))
    else:
        wait_for_payment(detail, seconds, BookingDetail().dump)
    return created(detail) if twice else detail


def created(detail: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a booking that was just made: its fields, and the same under `booking`."""
    return {**detail, "price_override_cents": None, "booking": detail}


def wait_for_payment(detail: dict[str, Any], seconds: int, body: Callable[[dict[str, Any]], Any]) -> None:
    """Let the answer wait, after the commit, until the booking leaves pending or a link or a failure arrived.

    `body` makes the answer of the booking as it is then.
    """
    if not seconds or detail["status"] != words.PENDING:
        return
    by, booking_id = identity(), detail["id"]

    def look() -> dict[str, Any] | None:
        with reading() as connection, Session(connection) as session:
            seen = booking_detail(session, booking_id, by=by, now=utc_now())
        told = seen["payment"]
        known = told["checkout_url"] or told["next_action_url"] or told["failure_code"] or told["failure_message"]
        return seen if seen["status"] != words.PENDING or known else None

    def later() -> Response | None:
        seen = _waiters().until(f"booking_{booking_id}", look, seconds=seconds)
        if seen is None:
            return None
        response: Response = jsonify(body(seen))
        response.status_code = 201
        response.set_etag(str(seen["version"]))
        return response

    after_commit(later)


def _waiters() -> Waiting:
    """Return the process's places to wait in: at most half of its threads, so that others are served meanwhile."""
    if not _waiting:
        _waiting.append(Waiting(settings().database_pool_size // 2))
    return _waiting[0]
