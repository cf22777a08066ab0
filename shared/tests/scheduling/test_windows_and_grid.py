"""Which starts the hours themselves give: weekly windows, overrides, time off, holidays, daylight saving, the grid."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from shared.scheduling import DateOverride, TimeOff, slots, working_days
from shared.tests.scheduling.factories import (
    BERLIN,
    MONDAY,
    NEW_YORK,
    NOW,
    at,
    calendar,
    days_of,
    every_day,
    hours,
    local_starts,
    schedule,
    service,
    span,
)

SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
DAY = timedelta(days=1)


def test_starts_step_through_the_window_until_the_last_that_fits() -> None:
    assert local_starts(calendar("09:00-12:00"), MONDAY) == ["09:00", "10:00", "11:00"]
    assert local_starts(calendar("09:00-12:00", slot_interval_minutes=30), MONDAY, minutes=90) == [
        "09:00",
        "09:30",
        "10:00",
        "10:30",
    ]


def test_the_grid_is_counted_from_the_windows_start() -> None:
    assert local_starts(calendar("09:10-11:30"), MONDAY, minutes=30) == ["09:10", "10:10"]


def test_only_the_weekdays_that_have_hours_are_open() -> None:
    only_monday = calendar(schedules=(schedule(weekly=every_day("09:00-10:00", days=[0])),))

    assert local_starts(only_monday, MONDAY) == ["09:00"]
    assert local_starts(only_monday, MONDAY + DAY) == []


def test_windows_that_touch_or_overlap_are_one() -> None:
    assert local_starts(calendar("09:00-10:30", "10:30-12:00"), MONDAY) == ["09:00", "10:00", "11:00"]
    assert local_starts(calendar("09:00-11:00", "10:30-12:00"), MONDAY) == ["09:00", "10:00", "11:00"]
    assert local_starts(calendar("09:00-10:30", "10:45-12:00"), MONDAY) == ["09:00", "10:45"]


def test_hours_over_midnight_are_one_window_however_they_are_written() -> None:
    written_once = calendar(schedules=(schedule(weekly=every_day("22:30-02:00", days=[0])),))
    in_two = calendar(
        schedules=(schedule(weekly=every_day("22:30-24:00", days=[0]) + every_day("00:00-02:00", days=[1])),)
    )

    for late in (written_once, in_two):
        assert local_starts(late, MONDAY) == ["22:30", "23:30"]
        assert local_starts(late, MONDAY + DAY) == ["00:30"]


def test_midnight_may_be_written_both_ways() -> None:
    assert local_starts(calendar("22:00-24:00"), MONDAY) == ["22:00", "23:00"]
    assert local_starts(calendar("22:00-00:00"), MONDAY) == ["22:00", "23:00"]


def test_round_the_clock_the_grid_begins_anew_at_midnight() -> None:
    always = calendar("00:00-24:00", slot_interval_minutes=15)

    for day in (MONDAY, SPRING + DAY, AUTUMN + DAY):
        assert len(local_starts(always, day)) == 96
    lord_howe = replace(always, timezone="Australia/Lord_Howe", slot_interval_minutes=60)
    after_the_half_hour_jump = date(2026, 10, 6)
    assert local_starts(lord_howe, after_the_half_hour_jump, zone=lord_howe.zone)[:2] == ["00:00", "01:00"]


def test_an_appointment_may_be_longer_than_a_day_where_hours_are() -> None:
    assert len(local_starts(calendar("00:00-24:00"), MONDAY, minutes=3 * 24 * 60)) == 24


def test_an_override_replaces_the_weekly_hours_of_its_date() -> None:
    override = DateOverride(MONDAY, hours("14:00-15:00"))
    overridden = calendar(schedules=(schedule("09:00-11:00", date_overrides=(override,)),))

    assert local_starts(overridden, MONDAY) == ["14:00"]
    assert local_starts(overridden, MONDAY + DAY) == ["09:00", "10:00"]


def test_an_override_without_windows_closes_the_date_but_not_the_night_before() -> None:
    closed = calendar("22:00-02:00", date_overrides=(DateOverride(MONDAY),))

    assert local_starts(closed, MONDAY) == ["00:00", "01:00"]


def test_the_schedules_own_override_goes_before_the_general_one() -> None:
    own, general = DateOverride(MONDAY, hours("14:00-15:00")), DateOverride(MONDAY)
    both = calendar(schedules=(schedule("09:00-11:00", date_overrides=(own,)),), date_overrides=(general,))

    assert local_starts(both, MONDAY) == ["14:00"]
    assert local_starts(calendar("09:00-11:00", date_overrides=(general,)), MONDAY) == []


def test_time_off_takes_whole_days_of_the_calendars_zone_both_ends_included() -> None:
    away = calendar("09:00-10:00", time_off=(TimeOff(MONDAY, MONDAY + DAY),))

    assert [bool(local_starts(away, MONDAY + n * DAY)) for n in (-1, 0, 1, 2)] == [True, False, False, True]


def test_whole_days_off_in_vancouver_are_gone_in_every_zone() -> None:
    vancouver, kolkata = ZoneInfo("America/Vancouver"), ZoneInfo("Asia/Kolkata")
    away = calendar(
        "00:00-24:00", timezone="America/Vancouver", time_off=(TimeOff(date(2026, 1, 14), date(2026, 1, 16)),)
    )

    found = slots(
        away, service(), [], day_from=date(2026, 1, 10), day_to=date(2026, 1, 20), zone=kolkata, now=NOW
    ).slots

    days = {slot.start.astimezone(vancouver).date() for slot in found}
    assert days.isdisjoint({date(2026, 1, 14), date(2026, 1, 15), date(2026, 1, 16)})
    # In Kolkata the 14th still has the afternoon of Vancouver's 13th.
    assert local_starts(away, date(2026, 1, 14), zone=kolkata)[-1] == "12:30"
    assert local_starts(away, date(2026, 1, 15), zone=kolkata) == []


def test_time_off_is_a_matter_of_the_calendars_zone_hours_of_the_schedules() -> None:
    travelling = calendar(
        schedules=(schedule("00:00-24:00", timezone="America/New_York"),), time_off=(TimeOff(MONDAY, MONDAY),)
    )

    # Monday in Berlin is 18:00 on Sunday to 18:00 on Monday in New York.
    assert local_starts(travelling, MONDAY, zone=NEW_YORK) == [f"{hour}:00" for hour in range(18, 24)]


def test_holidays_close_the_day_if_they_are_respected() -> None:
    christmas = date(2026, 12, 25)

    assert local_starts(calendar("09:00-10:00", holidays=frozenset({christmas})), christmas) == []
    assert local_starts(
        calendar("09:00-10:00", holidays=frozenset({christmas}), respect_holidays=False), christmas
    ) == ["09:00"]


def test_blocked_time_cuts_windows_without_a_buffer() -> None:
    blocked = calendar("09:00-13:00", blocked=(span(MONDAY, "10:00", "10:20"),), buffer_minutes=15)

    assert local_starts(blocked, MONDAY) == ["09:00", "10:20", "11:20"]


def test_starts_are_whole_minutes_also_beside_blocked_seconds() -> None:
    start, end = span(MONDAY, "10:00", "10:20")
    blocked = calendar("09:00-12:00", blocked=((start, end + timedelta(seconds=1)),))

    assert local_starts(blocked, MONDAY) == ["09:00", "10:21"]


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/St_Johns"])
def test_nine_o_clock_stays_nine_o_clock_all_year(name: str) -> None:
    zone = ZoneInfo(name)
    weekly = calendar("09:00-10:00", timezone=name)

    found = slots(weekly, service(), [], day_from=date(2026, 1, 2), day_to=date(2026, 12, 31), zone=zone, now=NOW)

    assert [slot.local_start.date() for slot in found.slots] == days_of(2026)[1:]
    assert {slot.local_start.strftime("%H:%M") for slot in found.slots} == {"09:00"}
    assert len({slot.local_start.utcoffset() for slot in found.slots}) == 2


@pytest.mark.parametrize(
    ("zone", "day", "quarters"),
    [
        pytest.param(BERLIN, SPRING, 23 * 4, id="23 hours"),
        pytest.param(BERLIN, AUTUMN, 25 * 4, id="25 hours"),
        pytest.param(ZoneInfo("Australia/Lord_Howe"), date(2026, 10, 4), 47 * 2, id="23.5 hours"),
        pytest.param(ZoneInfo("Australia/Lord_Howe"), date(2026, 4, 5), 49 * 2, id="24.5 hours"),
        pytest.param(ZoneInfo("Asia/Kathmandu"), SPRING, 24 * 4, id="24 hours"),
        pytest.param(ZoneInfo("America/Santiago"), date(2026, 9, 6), 23 * 4, id="midnight skipped"),
    ],
)
def test_days_have_as_many_starts_as_they_have_quarters(zone: ZoneInfo, day: date, quarters: int) -> None:
    round_the_clock = calendar("00:00-24:00", timezone=zone.key, slot_interval_minutes=15)

    found = slots(round_the_clock, service(15), [], day_from=day, day_to=day, zone=zone, now=NOW).slots

    assert len(found) == quarters
    assert all(b.start - a.start == timedelta(minutes=15) for a, b in pairwise(found))


def test_no_start_lies_in_the_hour_that_spring_skips() -> None:
    assert local_starts(calendar("01:00-05:00", slot_interval_minutes=30), SPRING, minutes=30) == [
        "01:00",
        "01:30",
        "03:00",
        "03:30",
        "04:00",
        "04:30",
    ]


def test_a_window_that_begins_in_the_gap_begins_as_long_after_it() -> None:
    assert local_starts(calendar("02:30-05:00"), SPRING) == ["03:30"]
    assert local_starts(calendar("02:30-05:00"), SPRING + DAY) == ["02:30", "03:30"]


def test_a_window_inside_the_gap_is_read_with_the_offset_before_it() -> None:
    assert local_starts(calendar("02:00-03:00"), SPRING) == []
    assert local_starts(calendar("02:30-03:30"), SPRING) == []
    assert local_starts(calendar("02:00-02:45"), SPRING, minutes=30) == ["03:00"]


def test_both_passes_of_the_repeated_hour_are_offered() -> None:
    found = slots(
        calendar("01:00-04:00", slot_interval_minutes=30, timezone="America/New_York"),
        service(30),
        [],
        day_from=date(2026, 11, 1),
        day_to=date(2026, 11, 1),
        zone=NEW_YORK,
        now=NOW,
    ).slots

    walls = [slot.local_start.strftime("%H:%M%z") for slot in found]
    assert walls[:5] == ["01:00-0400", "01:30-0400", "01:00-0500", "01:30-0500", "02:00-0500"]
    assert len({slot.start for slot in found}) == len(found) == 8


def test_an_ambiguous_edge_is_its_first_occurrence() -> None:
    assert local_starts(calendar("02:30-04:00"), AUTUMN) == ["02:30", "02:30"]
    assert local_starts(calendar("01:30-02:30"), AUTUMN) == ["01:30"]


def test_the_days_asked_for_are_days_of_the_asked_zone() -> None:
    kathmandu, st_johns = ZoneInfo("Asia/Kathmandu"), ZoneInfo("America/St_Johns")
    far = calendar("09:00-17:00", timezone="America/St_Johns")

    found = slots(far, service(), [], day_from=MONDAY, day_to=MONDAY, zone=kathmandu, now=NOW).slots

    assert {slot.local_start.date() for slot in found} == {MONDAY}
    # 09:00 in St John's (−02:30) is 17:15 in Kathmandu (+05:45); Sunday's last hours there are Monday's first here.
    shown = [slot.local_start.strftime("%H:%M") for slot in found]
    assert shown == ["00:15", *(f"{hour}:15" for hour in range(17, 24))]
    assert found[1].start == at(MONDAY, "09:00", st_johns)


def test_a_date_that_a_zone_left_out_has_no_hours_and_no_slots() -> None:
    apia = ZoneInfo("Pacific/Apia")
    friday_hours = calendar(timezone="Pacific/Apia", schedules=(schedule(weekly=every_day("09:00-11:00", days=[4])),))
    long_ago = datetime(2011, 12, 20, tzinfo=BERLIN)

    for day in (date(2011, 12, 30), date(2011, 12, 31)):
        assert local_starts(friday_hours, day, zone=apia, now=long_ago) == []
    assert local_starts(friday_hours, date(2011, 12, 23), zone=apia, now=long_ago) == ["09:00", "10:00"]


def test_working_days_show_hours_whatever_is_booked() -> None:
    mine = calendar(
        "22:00-02:00", time_off=(TimeOff(MONDAY + DAY, MONDAY + DAY),), holidays=frozenset({MONDAY + 2 * DAY})
    )

    first, second, third, fourth = working_days(mine, day_from=MONDAY, day_to=MONDAY + 3 * DAY)

    assert first.windows == (span(MONDAY, "00:00", "02:00"), (at(MONDAY, "22:00"), at(MONDAY + DAY, "00:00")))
    assert (second.windows, second.is_time_off, second.is_holiday) == ((), True, False)
    assert (third.windows, third.is_time_off, third.is_holiday) == ((), False, True)
    # The holiday takes its own day, not the rest of its night.
    assert fourth.windows[0] == span(MONDAY + 3 * DAY, "00:00", "02:00")


def test_working_days_without_a_schedule_are_closed() -> None:
    [day] = working_days(calendar(schedules=()), day_from=MONDAY, day_to=MONDAY)

    assert day.windows == ()
