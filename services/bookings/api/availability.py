"""Free times and holds."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from services.bookings.api.bookings import TAKING
from services.bookings.api.schemas.availability import (
    AvailabilityCheck,
    AvailabilityCheckRequest,
    AvailableDates,
    AvailableDatesRequest,
    Hold,
    HoldRequest,
    SlotsQuery,
    SlotsResult,
)
from services.bookings.domain import errors
from services.bookings.operations.holds import hold, let_go
from services.bookings.operations.wishes import Wish
from services.bookings.queries.availability import (
    PractitionerNotFound,
    Question,
    check_range,
    free_dates,
    free_times,
    next_date,
)
from shared.clock import utc_now
from shared.database import reading, retrying
from shared.http import ANYONE, SIGNED_IN, Blueprint, MethodView, identity, set_version

availability = Blueprint("booking-availability", "Free times, and keeping one for a moment.")

SLOT_DAYS_MAX = 31
_ABSENT = (errors.ServiceNotFound, PractitionerNotFound)


@availability.route("/bookings/check_availability/", twins=["/bookings/check-availability/"])
class CheckAvailability(MethodView):
    """The free times of a day."""

    @availability.operation("bookings_check_availability_create", ANYONE, refuses=_ABSENT)
    @availability.arguments(AvailabilityCheckRequest)
    @availability.response(200, AvailabilityCheck)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Tell the free times of a day of the asked zone; if there are none, why, and the next day that has some."""
        day, by, now = body["date"], identity(), utc_now()
        check_range(day, day, days_max=0)
        question = Question(
            service=body["service_id"],
            practitioner=body["practitioner_id"],
            zone=ZoneInfo(body["timezone"]),
            day_from=day,
            day_to=day,
            leaving_out=body["exclude_booking_id"],
        )
        with reading() as connection, Session(connection) as session:
            answer = free_times(session, question, by=by, now=now)
            following = next_date(session, answer.offer, question, by=by, now=now) if answer.reason else None
        return {
            "practitioner_id": answer.practitioner_id,
            "service_id": answer.offer.service.id,
            "date": day,
            "timezone": body["timezone"],
            "duration_minutes": answer.offer.service.duration_minutes,
            "practitioner_timezone": answer.practitioner_timezone,
            "available_slots": answer.days[0][1],
            "reason": answer.reason,
            "next_available_date": following,
        }


@availability.route("/bookings/available_dates/", twins=["/bookings/available-dates/"])
class FreeDates(MethodView):
    """The days that have free times."""

    @availability.operation("bookings_available_dates_create", ANYONE, refuses=_ABSENT)
    @availability.arguments(AvailableDatesRequest)
    @availability.response(200, AvailableDates)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Tell how many free times each of the coming days has."""
        zone, now = ZoneInfo(body["timezone"]), utc_now()
        first = body["start_date"] or now.astimezone(zone).date()
        last = first + timedelta(days=body["days_ahead"] - 1)
        check_range(first, last, days_max=90)
        question = Question(
            service=body["service_id"], practitioner=body["practitioner_id"], zone=zone, day_from=first, day_to=last
        )
        with reading() as connection, Session(connection) as session:
            offer, counts, reason = free_dates(session, question, by=identity(), now=now)
        return {
            "service_id": offer.service.id,
            "available_dates": [{"date": day, "slot_count": count} for day, count in sorted(counts.items())],
            "start_date": first,
            "end_date": last,
            "timezone": body["timezone"],
            "total_slots_found": sum(counts.values()),
            "reason": reason,
        }


@availability.route("/bookings/available_slots/", twins=["/bookings/available-slots/"])
class FreeSlots(MethodView):
    """The free times of several days."""

    @availability.operation("bookings_available_slots_retrieve", ANYONE, refuses=_ABSENT)
    @availability.arguments(SlotsQuery, location="query")
    @availability.response(200, SlotsResult)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Tell the free times of up to 32 days of the asked zone."""
        first = query["start_date"]
        last = query.get("end_date", first)
        check_range(first, last, days_max=SLOT_DAYS_MAX)
        question = Question(
            service=query["service_id"],
            practitioner=query.get("practitioner_id"),
            zone=ZoneInfo(query["timezone"]),
            day_from=first,
            day_to=last,
            leaving_out=query.get("exclude_booking_id"),
        )
        with reading() as connection, Session(connection) as session:
            answer = free_times(session, question, by=identity(), now=utc_now())
        set_version(answer.version)
        return {
            "practitioner_id": answer.practitioner_id,
            "service_id": answer.offer.service.id,
            "start_date": first,
            "end_date": last,
            "timezone": query["timezone"],
            "practitioner_timezone": answer.practitioner_timezone,
            "duration_minutes": answer.offer.service.duration_minutes,
            "days": [{"date": day, "slots": found, "reason": reason} for day, found, reason in answer.days],
        }


@availability.route("/bookings/holds/")
class Holds(MethodView):
    """Times and seats that are kept for a moment."""

    @availability.operation(
        "bookings_holds_create",
        SIGNED_IN,
        refuses=[*TAKING, errors.SessionFull, errors.SessionUnavailable],
    )
    @availability.arguments(HoldRequest)
    @availability.response(201, Hold)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Keep a time or a seat for five minutes. The token, which is told once, books it."""
        by = identity()
        wish = Wish(
            service=body["service_id"],
            practitioner=body["practitioner_id"],
            start_time=body["start_time"],
            service_session_id=body["service_session_id"],
        )
        held = retrying(lambda session: hold(session, wish, by=by, now=utc_now()))
        kept = held.hold
        return {
            "hold_token": held.token,
            "expires_at": kept.expires_at,
            "service_id": kept.service_id,
            "practitioner_id": kept.practitioner_id,
            "start_time": kept.start_time,
            "end_time": kept.end_time,
            "service_session_id": kept.service_session_id,
        }


@availability.route("/bookings/holds/<string(maxlength=100):hold_token>/")
class OneHold(MethodView):
    """A time or a seat that is kept."""

    @availability.operation("bookings_holds_destroy", SIGNED_IN, refuses=[errors.HoldNotFound])
    @availability.response(204)
    def delete(self, hold_token: str) -> None:
        """Let go of what is kept."""
        by = identity()
        retrying(lambda session: let_go(session, hold_token, by=by))
