"""Free times: which starts are on offer, and why there are none."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.bookings.domain.errors import ServiceNotFound
from services.bookings.models import Booking, SessionSeat
from services.bookings.models.busy import spans, taken_between
from services.bookings.models.occupancy import BOOKING
from services.bookings.models.offers import Offer, Reference, find_offer, is_dated, sessions_of
from shared.errors import Invalid, NotFound
from shared.identity import Identity
from shared.scheduling import Slot, available_dates, next_available_date, slots

SEARCH_DAYS = 60
NOT_BOOKABLE = "not_bookable"
FULLY_BOOKED = "fully_booked"
MARGIN = timedelta(days=2)


class PractitionerNotFound(NotFound):
    """There is no such practitioner, or this is not among the service's."""

    message = "There is no such practitioner for this service."


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which free times are asked for, in days of `zone`."""

    service: Reference
    practitioner: Reference | None
    zone: ZoneInfo
    day_from: date
    day_to: date
    leaving_out: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The offered starts of each day, with a reason for days without any."""

    offer: Offer
    days: Sequence[tuple[date, list[dict[str, Any]], str | None]]
    reason: str | None
    practitioner_timezone: str
    version: str

    @property
    def practitioner_id(self) -> int:
        """With whom."""
        return self.offer.practitioner.id if self.offer.practitioner else self.offer.service.practitioner_id


def find_asked(session: Session, question: Question) -> Offer:
    """Return what is asked about. Raises ServiceNotFound, PractitionerNotFound."""
    offer = find_offer(session, question.service, practitioner=question.practitioner)
    if offer is None:
        raise ServiceNotFound
    known = offer.practitioner is not None and offer.practitioner.id in offer.service.practitioner_ids
    if question.practitioner is not None and not known:
        raise PractitionerNotFound
    return offer


def free_times(session: Session, question: Question, *, by: Identity, now: datetime) -> Answer:
    """Return the offered starts of the asked days: two statements, the rest is arithmetic.

    Raises ServiceNotFound, PractitionerNotFound.
    """
    offer = find_asked(session, question)
    if is_dated(offer.service):
        return _dated(session, offer, question, now=now)
    calendar = offer.calendar
    if calendar is None or not offer.takes_bookings:
        reason = NOT_BOOKABLE
        days: list[tuple[date, list[dict[str, Any]], str | None]] = [(day, [], reason) for day in _days(question)]
        return Answer(
            offer=offer, days=days, reason=reason, practitioner_timezone="UTC", version=_version(offer, (), now)
        )
    busy = _busy(session, offer, question, by=by, now=now)
    found = slots(
        calendar,
        offer.bookable(),
        busy,
        day_from=question.day_from,
        day_to=question.day_to,
        zone=question.zone,
        now=now,
    )
    return Answer(
        offer=offer,
        days=[
            (day.date, [_slot(slot, offer) for slot in day.slots], str(day.reason) if day.reason else None)
            for day in found.days
        ],
        reason=str(found.reason) if found.reason else None,
        practitioner_timezone=found.schedule_zone,
        version=_version(offer, busy, now),
    )


def free_dates(
    session: Session, question: Question, *, by: Identity, now: datetime
) -> tuple[Offer, dict[date, int], str | None]:
    """Return how many starts each day offers, and why none does. Raises ServiceNotFound, PractitionerNotFound."""
    offer = find_asked(session, question)
    if is_dated(offer.service):
        answer = _dated(session, offer, question, now=now)
        return offer, {day: len(found) for day, found, _ in answer.days if found}, answer.reason
    calendar = offer.calendar
    if calendar is None or not offer.takes_bookings:
        return offer, {}, NOT_BOOKABLE
    found = available_dates(
        calendar,
        offer.bookable(),
        _busy(session, offer, question, by=by, now=now),
        day_from=question.day_from,
        day_to=question.day_to,
        zone=question.zone,
        now=now,
    )
    return offer, found.counts, str(found.reason) if found.reason else None


def next_date(session: Session, offer: Offer, question: Question, *, by: Identity, now: datetime) -> date | None:
    """Return the first day after the asked ones that offers something, looking sixty days on."""
    if is_dated(offer.service):
        after = (seat.starts_at for seat in sessions_of(session, offer.service.id, now=now) if seat.spots != 0)
        days = (start.astimezone(question.zone).date() for start in after if start is not None)
        return next((day for day in days if day > question.day_to), None)
    calendar = offer.calendar
    if calendar is None or not offer.takes_bookings:
        return None
    wider = Question(
        service=question.service,
        practitioner=question.practitioner,
        zone=question.zone,
        day_from=question.day_to,
        day_to=question.day_to + timedelta(days=SEARCH_DAYS),
        leaving_out=question.leaving_out,
    )
    return next_available_date(
        calendar,
        offer.bookable(),
        _busy(session, offer, wider, by=by, now=now),
        day_from=question.day_to,
        zone=question.zone,
        now=now,
    )


def _busy(
    session: Session, offer: Offer, question: Question, *, by: Identity, now: datetime
) -> list[tuple[datetime, datetime]]:
    assert offer.practitioner is not None
    start = datetime.combine(question.day_from, datetime.min.time(), tzinfo=UTC) - MARGIN
    end = datetime.combine(question.day_to, datetime.min.time(), tzinfo=UTC) + MARGIN
    own = question.leaving_out
    if own is not None and not _takes_part(session, own, by):
        own = None
    taken = taken_between(
        session,
        offer.practitioner.id,
        start,
        end,
        now=now,
        leaving_out=(BOOKING, own) if own is not None else None,
    )
    return spans(taken)


def _takes_part(session: Session, booking_id: int, by: Identity) -> bool:
    """Whether the caller may see times as if this booking were not there; nobody learns of others' by asking."""
    if not by.is_signed_in:
        return False
    row = session.execute(
        select(Booking.client_id, Booking.practitioner_user_id).where(Booking.id == booking_id)
    ).first()
    return row is not None and (by.is_staff or by.user_id in (row.client_id, row.practitioner_user_id))


def _dated(session: Session, offer: Offer, question: Question, *, now: datetime) -> Answer:
    """Return a workshop's or course's sessions as slots."""
    by_day: dict[date, list[dict[str, Any]]] = {day: [] for day in _days(question)}
    open_to_all = offer.takes_bookings and offer.is_on_sale(now)
    seats = sessions_of(session, offer.service.id, now=now) if open_to_all else []
    some = False
    for seat in seats:
        assert seat.starts_at is not None
        day = seat.starts_at.astimezone(question.zone).date()
        some = some or seat.spots != 0
        if day in by_day:
            by_day[day].append(_seat_slot(seat, question.zone))
    reason = None
    if not any(slot["is_available"] for day in by_day.values() for slot in day):
        reason = NOT_BOOKABLE if not open_to_all else (FULLY_BOOKED if seats and not some else "not_working")
    calendar = offer.calendar
    return Answer(
        offer=offer,
        days=[(day, found, None if found else reason) for day, found in by_day.items()],
        reason=reason,
        practitioner_timezone=calendar.zone.key if calendar else "UTC",
        version=_version(offer, [(seat.id, seat.spots) for seat in seats], now),
    )


def _slot(slot: Slot, offer: Offer) -> dict[str, Any]:
    return {
        "start_time": slot.start,
        "end_time": slot.end,
        "duration_minutes": offer.service.duration_minutes,
        "is_available": True,
        "local_start": slot.local_start.isoformat(),
        "service_session_id": None,
        "spots_available": None,
    }


def _seat_slot(seat: SessionSeat, zone: ZoneInfo) -> dict[str, Any]:
    assert seat.starts_at is not None
    assert seat.ends_at is not None
    return {
        "start_time": seat.starts_at,
        "end_time": seat.ends_at,
        "duration_minutes": int((seat.ends_at - seat.starts_at).total_seconds() // 60),
        "is_available": seat.spots != 0,
        "local_start": seat.starts_at.astimezone(zone).isoformat(),
        "service_session_id": seat.id,
        "spots_available": seat.spots,
    }


def _days(question: Question) -> list[date]:
    count = (question.day_to - question.day_from).days + 1
    return [question.day_from + timedelta(days=number) for number in range(count)]


def _version(offer: Offer, taken: Sequence[object], now: datetime) -> str:
    """Return what changes with the calendar, the service, what is taken, and the minute."""
    row = offer.calendar_row
    calendar = f"{row.epoch}.{row.sequence}" if row else "0"
    occupied = hashlib.blake2b(repr(taken).encode(), digest_size=8).hexdigest()
    return f"{calendar}-{offer.service.epoch}.{offer.service.sequence}-{occupied}-{int(now.timestamp()) // 60}"


def check_range(day_from: date, day_to: date, *, days_max: int) -> None:
    """Refuse days that run backwards, are too many, or lie beyond what a calendar can say. Raises Invalid."""
    if day_to < day_from:
        raise Invalid.field("end_date", "Must not be before start_date.")
    if (day_to - day_from).days > days_max:
        raise Invalid.field("end_date", f"Must be at most {days_max} days after start_date.")
    if not 1971 <= day_from.year <= 2199:
        raise Invalid.field("start_date", "Must lie between the years 1971 and 2199.")
