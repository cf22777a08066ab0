"""A practitioner's calendar: the hours, and what takes time out of them.

It is the `data` of the event `schedule.changed`. `Calendar.to_event` writes it and `Calendar.from_event` reads it, so
the service that publishes hours and the one that keeps a copy share this one definition:

    {
      "practitioner_id": 7,
      "timezone": "America/New_York",       IANA name; time off and holidays are days of this zone
      "country_code": "US",                 or null
      "is_active": true,                    false: nothing is on offer
      "buffer_minutes": 15,
      "advance_booking_min_hours": 24,
      "advance_booking_max_days": 30,
      "slot_interval_minutes": 15,
      "auto_accept_bookings": false,
      "respect_holidays": true,             false: `holidays` close nothing
      "holidays": ["2026-12-25"],           own and public ones, expanded by the publisher
      "schedules": [
        {
          "id": 3, "name": "Studio", "description": "",
          "timezone": "America/New_York",   or null: the calendar's
          "is_default": true, "is_active": true,
          "service_id": null,               set: the schedule of this service alone
          "slots": [{"day": 0, "start": "09:00", "end": "17:00"}],    0 = Monday; "24:00" = the day's end
          "date_overrides": [{"date": "2026-12-24", "windows": [{"start": "09:00", "end": "12:00"}]}]
        }
      ],
      "date_overrides": [{"date": "2026-12-31", "windows": []}],      of every schedule; no windows = closed
      "time_off": [{"id": 1, "from_date": "2026-07-01", "to_date": "2026-07-14", "title": "Summer"}],   both included
      "blocked": [{"start": "2026-06-01T09:00:00Z", "end": "2026-06-01T10:30:00Z"}]    instants, recurrences expanded
    }

Times of day are "HH:MM" ("HH:MM:SS" is read as well); an end at or before its start is on the next day. What is absent
from a list is gone. Keys that are not named here are ignored; absent ones take the defaults of the classes below.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from shared.scheduling.intervals import Interval, merge
from shared.scheduling.zones import DAY_MINUTES, UTC_ZONE, minutes_of, minutes_up_to, zone_named


@dataclass(frozen=True)
class Window:
    """Hours of one local day in minutes after midnight; `end` is above 1440 if they reach into the next day."""

    start: int
    end: int

    @classmethod
    def between(cls, start: str, end: str) -> "Window":
        """Return the window of two times of day; an end at or before the start is on the next day."""
        first, last = _minute_of_day(start), _minute_of_day(end)
        return cls(first, last if last > first else last + DAY_MINUTES)

    def to_event(self) -> dict[str, str]:
        """Return {"start", "end"} as times of day."""
        end = self.end if self.end <= DAY_MINUTES else self.end - DAY_MINUTES
        return {"start": _time_of_day(self.start), "end": _time_of_day(end)}


@dataclass(frozen=True)
class DateOverride:
    """The hours of one date in place of the weekly ones; none at all closes it."""

    date: date
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True)
class TimeOff:
    """Whole days away, the last one included."""

    from_date: date
    to_date: date
    title: str = ""
    id: int | None = None


@dataclass(frozen=True)
class Schedule:
    """Weekly hours, and the dates on which they differ.

    `weekly` holds (weekday, window) pairs, 0 = Monday. `timezone` None is the calendar's.
    """

    id: int
    weekly: tuple[tuple[int, Window], ...] = ()
    date_overrides: tuple[DateOverride, ...] = ()
    timezone: str | None = None
    is_default: bool = False
    is_active: bool = True
    service_id: int | None = None
    name: str = ""
    description: str = ""

    @cached_property
    def windows_by_weekday(self) -> tuple[tuple[Window, ...], ...]:
        """The weekly hours of each of the seven weekdays."""
        return tuple(tuple(window for day, window in self.weekly if day == weekday) for weekday in range(7))

    @cached_property
    def windows_by_date(self) -> dict[date, tuple[Window, ...]]:
        """The hours of the dates that differ."""
        return {override.date: override.windows for override in self.date_overrides}


@dataclass(frozen=True)
class Calendar:
    """Everything about one practitioner's time that is not a booking."""

    practitioner_id: int
    timezone: str = "UTC"
    country_code: str | None = None
    is_active: bool = True
    buffer_minutes: int = 15
    advance_booking_min_hours: int = 24
    advance_booking_max_days: int = 30
    slot_interval_minutes: int = 15
    auto_accept_bookings: bool = False
    respect_holidays: bool = True
    holidays: frozenset[date] = frozenset()
    schedules: tuple[Schedule, ...] = ()
    date_overrides: tuple[DateOverride, ...] = ()
    time_off: tuple[TimeOff, ...] = ()
    blocked: tuple[tuple[datetime, datetime], ...] = field(default=())

    def __post_init__(self) -> None:
        """Refuse what no free time could be computed with."""
        if self.slot_interval_minutes < 1 or self.buffer_minutes < 0:
            raise ValueError("A calendar's slot interval is at least one minute and its buffer is not negative.")

    @classmethod
    def from_event(cls, data: Mapping[str, Any]) -> "Calendar":
        """Return the calendar that `schedule.changed` describes (the shape is in this module's docstring).

        Raises KeyError or ValueError if the data has not that shape.
        """
        return cls(
            practitioner_id=data["practitioner_id"],
            **{name: data[name] for name in _SETTINGS if name in data},
            holidays=frozenset(date.fromisoformat(day) for day in data.get("holidays", ())),
            schedules=tuple(_schedule_from(schedule) for schedule in data.get("schedules", ())),
            date_overrides=_overrides_from(data),
            time_off=tuple(
                TimeOff(
                    from_date=date.fromisoformat(away["from_date"]),
                    to_date=date.fromisoformat(away["to_date"]),
                    title=away.get("title") or "",
                    id=away.get("id"),
                )
                for away in data.get("time_off", ())
            ),
            blocked=tuple(
                (_instant_from(block["start"]), _instant_from(block["end"])) for block in data.get("blocked", ())
            ),
        )

    def to_event(self) -> dict[str, Any]:
        """Return the `data` of `schedule.changed`: JSON values only."""
        return {
            "practitioner_id": self.practitioner_id,
            **{name: getattr(self, name) for name in _SETTINGS},
            "holidays": [day.isoformat() for day in sorted(self.holidays)],
            "schedules": [_schedule_to(schedule) for schedule in self.schedules],
            "date_overrides": _overrides_to(self.date_overrides),
            "time_off": [
                {
                    "id": away.id,
                    "from_date": away.from_date.isoformat(),
                    "to_date": away.to_date.isoformat(),
                    "title": away.title,
                }
                for away in self.time_off
            ],
            "blocked": [{"start": _instant_to(start), "end": _instant_to(end)} for start, end in self.blocked],
        }

    def schedule_for(self, *, service_id: int | None = None, schedule_id: int | None = None) -> Schedule | None:
        """Return the schedule that serves a service, or None.

        The service's own one comes first, then the one it names, the default, the newest; only active ones count.
        """
        active = sorted(
            (schedule for schedule in self.schedules if schedule.is_active), key=lambda s: s.id, reverse=True
        )
        choices = (
            (schedule for schedule in active if service_id is not None and schedule.service_id == service_id),
            (schedule for schedule in active if schedule.id == schedule_id),
            (schedule for schedule in active if schedule.is_default),
            active,
        )
        return next((schedule for choice in choices for schedule in choice), None)

    def zone_of(self, schedule: Schedule | None = None) -> ZoneInfo:
        """Return the zone a schedule's hours are in: its own, else the calendar's, else UTC."""
        return (zone_named(schedule.timezone) if schedule else None) or self.zone

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone whose days time off and holidays take."""
        return zone_named(self.timezone) or UTC_ZONE

    @cached_property
    def windows_by_date(self) -> dict[date, tuple[Window, ...]]:
        """The hours of dates that differ in every schedule which does not say otherwise itself."""
        return {override.date: override.windows for override in self.date_overrides}

    @cached_property
    def blocked_minutes(self) -> list[Interval]:
        """The blocked instants, merged, rounded outwards to whole minutes."""
        return merge((minutes_of(start), minutes_up_to(end)) for start, end in self.blocked)


_SETTINGS = (
    "timezone",
    "country_code",
    "is_active",
    "buffer_minutes",
    "advance_booking_min_hours",
    "advance_booking_max_days",
    "slot_interval_minutes",
    "auto_accept_bookings",
    "respect_holidays",
)


def _minute_of_day(text: str) -> int:
    hours, minutes = text.split(":")[:2]
    minute = int(hours) * 60 + int(minutes)
    if not 0 <= minute <= DAY_MINUTES:
        raise ValueError(f"Not a time of day: {text!r}")
    return minute


def _time_of_day(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _instant_from(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"An instant needs its offset: {text!r}")
    return instant.astimezone(UTC)


def _instant_to(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _schedule_from(data: Mapping[str, Any]) -> Schedule:
    return Schedule(
        id=data["id"],
        weekly=tuple((slot["day"], Window.between(slot["start"], slot["end"])) for slot in data.get("slots", ())),
        date_overrides=_overrides_from(data),
        timezone=data.get("timezone"),
        is_default=data.get("is_default", False),
        is_active=data.get("is_active", True),
        service_id=data.get("service_id"),
        name=data.get("name") or "",
        description=data.get("description") or "",
    )


def _schedule_to(schedule: Schedule) -> dict[str, Any]:
    return {
        "id": schedule.id,
        "name": schedule.name,
        "description": schedule.description,
        "timezone": schedule.timezone,
        "is_default": schedule.is_default,
        "is_active": schedule.is_active,
        "service_id": schedule.service_id,
        "slots": [{"day": day, **window.to_event()} for day, window in schedule.weekly],
        "date_overrides": _overrides_to(schedule.date_overrides),
    }


def _overrides_from(data: Mapping[str, Any]) -> tuple[DateOverride, ...]:
    return tuple(
        DateOverride(
            date=date.fromisoformat(override["date"]),
            windows=tuple(Window.between(window["start"], window["end"]) for window in override["windows"]),
        )
        for override in data.get("date_overrides", ())
    )


def _overrides_to(overrides: Iterable[DateOverride]) -> list[dict[str, Any]]:
    return [
        {"date": override.date.isoformat(), "windows": [window.to_event() for window in override.windows]}
        for override in overrides
    ]
