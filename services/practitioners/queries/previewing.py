"""Free times of many practitioners at once, in three statements: calendars, services, taken times."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, or_, select, text

from services.practitioners.models import Practitioner
from shared.scheduling import Bookable, Calendar, first_slots, is_offered, slots

# The shortest appointment of each; those who are not listed are left out.
_OFFERS = text("""
    SELECT practitioners.id, practitioners.next_available_at, calendars.data, offer.id AS service_id,
           offer.duration_minutes, offer.schedule_id
    FROM practitioners
    JOIN calendars ON calendars.practitioner_id = practitioners.id
    LEFT JOIN LATERAL (
        SELECT services.id, services.duration_minutes, services.schedule_id FROM services
        WHERE services.practitioner_ids @> ARRAY[practitioners.id] AND services.is_visible
          AND services.deleted_at IS NULL AND services.service_type = 'session'
        ORDER BY services.duration_minutes, services.id LIMIT 1
    ) AS offer ON true
    WHERE practitioners.id IN :ids AND practitioners.listed AND calendars.data <> '{}'
""").bindparams(bindparam("ids", expanding=True))
_BUSY = text("""
    SELECT practitioner_id, lower(during), upper(during) FROM busy
    WHERE practitioner_id IN :ids AND during && tstzrange(:start, :end)
""").bindparams(bindparam("ids", expanding=True))

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Offer:
    """What one practitioner's free times follow from; `wanted` None: nothing takes an appointment."""

    practitioner_id: int
    next_available_at: datetime | None
    calendar: Calendar
    wanted: Bookable | None
    busy: Sequence[Span]


def offers_of(connection: Connection, ids: Iterable[int], *, start: datetime, end: datetime) -> dict[int, Offer]:
    """Return the offers of listed practitioners, by id."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    busy: dict[int, list[Span]] = {}
    for practitioner_id, first, last in connection.execute(_BUSY, {"ids": wanted, "start": start, "end": end}):
        busy.setdefault(practitioner_id, []).append((first, last))
    return {
        row.id: Offer(
            practitioner_id=row.id,
            next_available_at=row.next_available_at,
            calendar=Calendar.from_event(row.data),
            wanted=_bookable(row),
            busy=busy.get(row.id, ()),
        )
        for row in connection.execute(_OFFERS, {"ids": wanted})
    }


def _bookable(row: Any) -> Bookable | None:
    if row.service_id is None:
        return None
    return Bookable(
        service_id=row.service_id, duration_minutes=max(row.duration_minutes, 1), schedule_id=row.schedule_id
    )


def next_starts(
    connection: Connection, ids: Iterable[int], *, now: datetime, count: int = 3
) -> dict[int, list[datetime]]:
    """Return the next few starts of each practitioner, by id."""
    offers = offers_of(connection, ids, start=now, end=now + timedelta(days=61))
    return {
        offer.practitioner_id: [slot.start for slot in _first(offer, now=now, count=count)] for offer in offers.values()
    }


# All that takes an appointment: for those with hours of their own, a longer one may start where a shorter may not.
_SESSIONS = text("""
    SELECT giver, services.id, duration_minutes, schedule_id, available_from, available_until
    FROM services, unnest(practitioner_ids) AS giver
    WHERE practitioner_ids && CAST(:ids AS bigint[]) AND giver = ANY(:ids)
      AND is_visible AND deleted_at IS NULL AND service_type = 'session'
    ORDER BY duration_minutes, services.id
""")


def free_at(connection: Connection, ids: Sequence[int], *, at: datetime, now: datetime) -> set[int]:
    """Return those who offer a start on the day and at the time of day of `at`, each by their own calendar's zone."""
    around = datetime.combine(at.date(), time(), UTC)
    offers = offers_of(connection, ids, start=around - timedelta(days=2), end=around + timedelta(days=3))
    sessions: dict[int, list[Bookable]] = {}
    for row in connection.execute(_SESSIONS, {"ids": sorted(offers)}):
        given = sessions.setdefault(row.giver, [])
        given.append(
            Bookable(
                service_id=row.id,
                duration_minutes=max(row.duration_minutes, 1),
                schedule_id=row.schedule_id,
                available_from=row.available_from,
                available_until=row.available_until,
            )
        )
    return {one for one, offer in offers.items() if _starts(offer, sessions.get(one, ()), at=at, now=now)}


def _starts(offer: Offer, sessions: Sequence[Bookable], *, at: datetime, now: datetime) -> bool:
    start = at.replace(tzinfo=offer.calendar.zone).astimezone(UTC)
    return any(is_offered(offer.calendar, wanted, offer.busy, start, now=now) is None for wanted in sessions)


def _first(offer: Offer, *, now: datetime, count: int) -> Sequence[Any]:
    if offer.wanted is None:
        return ()
    zone = offer.calendar.zone
    day = now.astimezone(zone).date()
    return first_slots(offer.calendar, offer.wanted, offer.busy, day_from=day, zone=zone, now=now, count=count)


def preview(
    connection: Connection, ids: Sequence[int], *, first: date, days: int, per_day: int, zone: str, now: datetime
) -> list[dict[str, Any]]:
    """Return the free times of some days for each listed practitioner, in the asked order."""
    offers = offers_of(connection, ids, start=now, end=now + timedelta(days=400))
    return [
        _preview(offers[one], first=first, days=days, per_day=per_day, zone=ZoneInfo(zone), now=now)
        for one in ids
        if one in offers
    ]


def _preview(offer: Offer, *, first: date, days: int, per_day: int, zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    wanted = offer.wanted or Bookable(service_id=None, duration_minutes=60, is_active=False)
    last = first + timedelta(days=days - 1)
    found = slots(offer.calendar, wanted, offer.busy, day_from=first, day_to=last, zone=zone, now=now)
    return {
        "practitioner_id": offer.practitioner_id,
        "next_available_date": offer.next_available_at,
        "days": [
            {
                "date": day.date,
                "slot_count": len(day.slots),
                "slots": [slot.start for slot in day.slots[:per_day]],
            }
            for day in found.days
        ],
    }


def ids_named(connection: Connection, references: Sequence[str]) -> list[int]:
    """Return the ids of listed practitioners named by id or uuid, in the asked order; others are left out."""
    ids = [int(name) for name in references if name.isascii() and name.isdigit() and len(name) < 19]
    uuids = [uuid for uuid in map(_uuid, references) if uuid is not None]
    statement = select(Practitioner.id, Practitioner.public_uuid).where(
        Practitioner.listed, or_(Practitioner.id.in_(ids), Practitioner.public_uuid.in_(uuids))
    )
    found = {name: row.id for row in connection.execute(statement) for name in (str(row.id), str(row.public_uuid))}
    return list(dict.fromkeys(found[name.lower()] for name in references if name.lower() in found))


def _uuid(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None
