"""When mail may come, by the clock on the wall."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifications.domain.hours import Hours, instant_of, next_digest, quiet_until, waits_until

BERLIN, KATHMANDU, APIA, LORD_HOWE = "Europe/Berlin", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe"
NIGHT = Hours(quiet_hours_enabled=True)


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("zone", "now", "until"),
    [
        pytest.param(BERLIN, "2026-01-10T23:00", "2026-01-11T07:00", id="over midnight"),
        pytest.param(BERLIN, "2026-01-11T03:00", "2026-01-11T07:00", id="after midnight"),
        pytest.param(BERLIN, "2026-01-10T22:00", "2026-01-11T07:00", id="the start is quiet"),
        pytest.param(BERLIN, "2026-01-11T07:00", None, id="the end is not"),
        pytest.param(BERLIN, "2026-01-10T21:59", None, id="before"),
        pytest.param(KATHMANDU, "2026-01-10T23:00", "2026-01-11T07:00", id="a zone of 45 minutes"),
        pytest.param(BERLIN, "2026-03-28T23:00", "2026-03-29T07:00", id="the night of the spring gap"),
        pytest.param(BERLIN, "2026-10-24T23:00", "2026-10-25T07:00", id="the night of the fold"),
    ],
)
def test_quiet_hours_end_by_the_wall(zone: str, now: str, until: str | None) -> None:
    assert quiet_until(NIGHT, zone=zone, now=at(now, zone)) == (at(until, zone) if until else None)


def test_after_the_spring_gap_seven_is_seven_in_the_new_offset() -> None:
    assert quiet_until(NIGHT, zone=BERLIN, now=at("2026-03-28T23:00", BERLIN)) == datetime(2026, 3, 29, 5, tzinfo=UTC)


def test_a_start_that_is_the_end_is_off() -> None:
    never = Hours(quiet_hours_enabled=True, quiet_start=time(8), quiet_end=time(8))
    assert quiet_until(never, zone=BERLIN, now=at("2026-01-10T08:00", BERLIN)) is None


def test_a_window_belongs_to_the_day_on_which_it_begins() -> None:
    fridays = Hours(quiet_hours_enabled=True, quiet_days=[4])
    assert quiet_until(fridays, zone="UTC", now=at("2026-01-10T03:00")) == at("2026-01-10T07:00")  # A Saturday.
    assert quiet_until(fridays, zone="UTC", now=at("2026-01-10T23:00")) is None


@pytest.mark.parametrize(
    ("zone", "day", "wall", "instant"),
    [
        (BERLIN, "2026-03-29", time(2, 30), "2026-03-29T01:00"),
        (BERLIN, "2026-10-25", time(2, 30), "2026-10-25T00:30"),
        (LORD_HOWE, "2026-10-04", time(2, 15), "2026-10-03T15:30"),
    ],
)
def test_skipped_times_are_the_first_valid_minute_and_repeated_ones_the_first(
    zone: str, day: str, wall: time, instant: str
) -> None:
    assert instant_of(datetime.fromisoformat(day).date(), wall, zone) == at(instant)


def test_what_must_be_known_before_does_not_wait() -> None:
    now = at("2026-01-10T06:30")
    assert waits_until(NIGHT, zone="UTC", now=now, is_quiet=True, before=at("2026-01-10T06:45")) is None
    assert waits_until(NIGHT, zone="UTC", now=now, is_quiet=True, before=at("2026-01-10T09:00")) == at(
        "2026-01-10T07:00"
    )
    assert waits_until(NIGHT, zone="UTC", now=now, is_quiet=False) is None


def test_a_pause_holds_up_everything_else_too() -> None:
    now, later = at("2026-01-10T12:00"), at("2026-01-12T12:00")
    paused = Hours(paused_until=later)
    assert waits_until(paused, zone="UTC", now=now, is_quiet=False) == later
    assert waits_until(paused, zone="UTC", now=later, is_quiet=False) is None


@pytest.mark.parametrize(
    ("hours", "after", "expected"),
    [
        (Hours(digest="off"), "2026-01-10T12:00", None),
        (Hours(digest="hourly"), "2026-01-10T12:00", "2026-01-10T13:00"),
        (Hours(digest="daily"), "2026-01-10T07:59", "2026-01-10T08:00"),
        (Hours(digest="daily"), "2026-01-10T08:00", "2026-01-11T08:00"),
        (Hours(digest="weekly"), "2026-01-10T12:00", "2026-01-12T08:00"),
        (Hours(digest="daily"), "2026-03-28T08:00", "2026-03-29T08:00"),
        (Hours(digest="daily", digest_time=time(2, 30)), "2026-03-28T12:00", "2026-03-29T03:00"),
    ],
)
def test_the_next_digest(hours: Hours, after: str, expected: str | None) -> None:
    assert next_digest(hours, zone=BERLIN, after=at(after, BERLIN)) == (at(expected, BERLIN) if expected else None)


ZONES = st.sampled_from([BERLIN, KATHMANDU, APIA, LORD_HOWE, "America/New_York", "UTC"])
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda naive: naive.replace(tzinfo=UTC))
TIMES = st.times().map(lambda wall: wall.replace(second=0, microsecond=0))


@settings(max_examples=60, deadline=None)
@given(zone=ZONES, now=INSTANTS, start=TIMES, end=TIMES)
def test_nobody_waits_longer_than_a_day_and_an_hour(zone: str, now: datetime, start: time, end: time) -> None:
    until = quiet_until(Hours(quiet_hours_enabled=True, quiet_start=start, quiet_end=end), zone=zone, now=now)
    if until is not None:
        assert now < until <= now + timedelta(hours=25)
        assert (
            quiet_until(Hours(quiet_hours_enabled=True, quiet_start=start, quiet_end=end), zone=zone, now=until) is None
        )


@settings(max_examples=60, deadline=None)
@given(zone=ZONES, after=INSTANTS, wall=TIMES, digest=st.sampled_from(["daily", "weekly"]))
def test_digests_come_at_their_time_and_never_twice_a_day(zone: str, after: datetime, wall: time, digest: str) -> None:
    hours = Hours(digest=digest, digest_time=wall)
    first = next_digest(hours, zone=zone, after=after)
    assert first is not None
    second = next_digest(hours, zone=zone, after=first)
    assert second is not None
    assert after < first < second
    shown = first.astimezone(ZoneInfo(zone))
    assert shown.time() >= wall
    assert shown.date() < second.astimezone(ZoneInfo(zone)).date()
