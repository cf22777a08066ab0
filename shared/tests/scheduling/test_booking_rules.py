"""Which starts are on offer and why not: busy times, notice, horizon, sale, schedules, reasons, refusals."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.scheduling import (
    Bookable,
    Calendar,
    DateOverride,
    Reason,
    Refusal,
    TimeOff,
    available_dates,
    first_slots,
    is_offered,
    next_available_date,
    slots,
)
from shared.tests.scheduling.factories import (
    BERLIN,
    MONDAY,
    NOW,
    at,
    calendar,
    every_day,
    local_starts,
    schedule,
    service,
    span,
)

DAY = timedelta(days=1)
TUESDAY = MONDAY + DAY
EARLY_MONDAY = at(MONDAY, "06:00")


def refusal(of: Calendar, start: datetime, *busy: tuple[datetime, datetime], now: datetime = NOW) -> Reason | None:
    refused = is_offered(of, service(), busy, start, now=now)
    return refused.reason if refused else None


def reason(
    of: Calendar, day: date, *busy: tuple[datetime, datetime], now: datetime = NOW, **values: object
) -> Reason | None:
    return slots(of, service(**values), busy, day_from=day, day_to=day, zone=BERLIN, now=now).reason


class TestBusy:
    def test_a_start_overlaps_no_block(self) -> None:
        assert local_starts(calendar("09:00-13:00"), MONDAY, busy=[span(MONDAY, "10:00", "11:00")]) == [
            "09:00",
            "11:00",
            "12:00",
        ]

    def test_the_grid_stays_where_it_is_beside_a_block(self) -> None:
        assert local_starts(calendar("09:00-13:00"), MONDAY, busy=[span(MONDAY, "09:50", "10:10")]) == [
            "11:00",
            "12:00",
        ]

    def test_blocks_may_overlap_and_come_in_any_order(self) -> None:
        blocks = [span(MONDAY, "11:00", "12:00"), span(MONDAY, "09:00", "11:30"), span(MONDAY, "09:30", "10:00")]

        assert local_starts(calendar("09:00-13:00"), MONDAY, busy=blocks) == ["12:00"]

    def test_the_own_buffer_keeps_clear_of_the_next_block(self) -> None:
        buffered = calendar("09:00-13:00", buffer_minutes=15, slot_interval_minutes=15)

        assert local_starts(buffered, MONDAY, busy=[span(MONDAY, "11:00", "12:00")]) == [
            "09:00",
            "09:15",
            "09:30",
            "09:45",
            "12:00",
        ]

    def test_the_buffer_may_hang_over_the_windows_end(self) -> None:
        assert local_starts(calendar("09:00-10:00", buffer_minutes=240), MONDAY) == ["09:00"]

    def test_seconds_of_a_block_count(self) -> None:
        start, end = span(MONDAY, "10:00", "11:00")

        assert local_starts(calendar("09:00-12:00"), MONDAY, busy=[(start, end + timedelta(seconds=1))]) == ["09:00"]
        assert local_starts(calendar("09:00-12:00"), MONDAY, busy=[(start - timedelta(seconds=1), end)]) == ["11:00"]

    def test_ten_to_eleven_with_a_buffer_leaves_a_quarter_past(self) -> None:
        buffered = calendar("09:00-13:00", buffer_minutes=15, slot_interval_minutes=15)
        block = span(MONDAY, "10:00", "11:15")

        assert refusal(buffered, at(MONDAY, "11:00"), block) is Reason.OVERLAP
        assert refusal(buffered, at(MONDAY, "11:15"), block) is None
        assert refusal(replace(buffered, buffer_minutes=0), at(MONDAY, "11:00"), span(MONDAY, "10:00", "11:00")) is None


class TestNoticeAndHorizon:
    def test_notice_is_exclusive(self) -> None:
        noticed = calendar("09:00-12:00", advance_booking_min_hours=24)
        now = at(MONDAY - DAY, "10:00")

        assert local_starts(noticed, MONDAY, now=now) == ["11:00"]
        assert local_starts(noticed, MONDAY, now=now - timedelta(microseconds=1)) == ["10:00", "11:00"]
        assert refusal(noticed, at(MONDAY, "10:00"), now=now) is Reason.TOO_SOON

    def test_now_itself_is_too_soon_without_notice_as_well(self) -> None:
        assert local_starts(calendar("09:00-12:00"), MONDAY, now=at(MONDAY, "10:00")) == ["11:00"]

    def test_the_horizon_is_a_date_of_the_schedules_zone(self) -> None:
        near = calendar("00:00-24:00", advance_booking_max_days=1, timezone="America/New_York")
        # In New York it is still Sunday evening.
        now = at(MONDAY, "01:00")

        found = slots(
            near, service(), [], day_from=MONDAY - DAY, day_to=MONDAY + 5 * DAY, zone=near.zone, now=now
        ).slots

        assert {slot.local_start.date() for slot in found} == {MONDAY - DAY, MONDAY}
        assert refusal(near, at(TUESDAY, "00:00", near.zone), now=now) is Reason.TOO_FAR

    def test_starts_lie_before_the_end_of_sale_and_of_a_credit(self) -> None:
        ends = at(MONDAY, "11:00")

        assert local_starts(calendar("09:00-13:00"), MONDAY, available_until=ends) == ["09:00", "10:00"]
        assert local_starts(calendar("09:00-13:00"), MONDAY, valid_until=ends) == ["09:00", "10:00"]

    def test_outside_the_sale_nothing_is_on_offer(self) -> None:
        assert reason(calendar("09:00-13:00"), MONDAY, available_from=NOW + DAY) is Reason.NOT_BOOKABLE
        assert reason(calendar("09:00-13:00"), MONDAY, available_until=NOW) is Reason.NOT_BOOKABLE
        assert reason(calendar("09:00-13:00"), MONDAY, available_from=NOW, available_until=NOW + 900 * DAY) is None

    @pytest.mark.parametrize("day", [date.min, date.min + DAY, date.max - DAY, date.max])
    def test_the_ends_of_time_are_answered(self, day: date) -> None:
        far = Reason.TOO_FAR if day.year > 2026 else Reason.TOO_SOON
        start = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo("UTC"))

        assert reason(calendar("09:00-13:00"), day) is far
        assert refusal(calendar("09:00-13:00"), start) is far
        if far is Reason.TOO_FAR:
            assert next_available_date(calendar(), service(), [], day_from=day, zone=BERLIN, now=NOW) is None


class TestScheduleOfAService:
    OWN = schedule("09:00-10:00", id=1, service_id=7, is_default=False)
    NAMED = schedule("10:00-11:00", id=2, is_default=False)
    DEFAULT = schedule("11:00-12:00", id=3)
    NEWEST = schedule("12:00-13:00", id=4, is_default=False)
    ALL = (OWN, NAMED, DEFAULT, NEWEST)

    def starts(self, *schedules: object) -> list[str]:
        return local_starts(calendar(schedules=schedules), MONDAY, service_id=7, schedule_id=2)

    def test_the_order_of_preference(self) -> None:
        assert self.starts(*self.ALL) == ["09:00"]
        assert self.starts(self.NEWEST, self.DEFAULT, self.NAMED) == ["10:00"]
        assert self.starts(self.NEWEST, self.DEFAULT) == ["11:00"]
        assert self.starts(schedule("08:00-09:00", id=1, is_default=False), self.NEWEST) == ["12:00"]
        assert self.starts() == []

    def test_inactive_ones_are_passed_over(self) -> None:
        off = [replace(one, is_active=False) for one in self.ALL]

        assert self.starts(off[0], *self.ALL[1:]) == ["10:00"]
        assert self.starts(off[0], off[1], *self.ALL[2:]) == ["11:00"]
        assert self.starts(off[0], off[1], off[2], self.NEWEST) == ["12:00"]
        assert reason(calendar(schedules=tuple(off)), MONDAY) is Reason.NO_SCHEDULE

    def test_a_service_without_id_never_takes_another_services_schedule_as_its_own(self) -> None:
        assert local_starts(calendar(schedules=(self.NEWEST, self.DEFAULT)), MONDAY, service_id=None) == ["11:00"]

    @pytest.mark.parametrize(
        ("own", "of_calendar", "used"),
        [
            ("America/New_York", "Europe/Berlin", "America/New_York"),
            (None, "Europe/Berlin", "Europe/Berlin"),
            ("Nowhere/Land", "Europe/Berlin", "Europe/Berlin"),
            ("../../etc/passwd", "", "UTC"),
        ],
    )
    def test_its_zone_is_its_own_else_the_calendars_else_utc(
        self, own: str | None, of_calendar: str, used: str
    ) -> None:
        zoned = calendar(timezone=of_calendar, schedules=(schedule("09:00-10:00", timezone=own),))

        answer = slots(zoned, service(), [], day_from=MONDAY, day_to=MONDAY, zone=ZoneInfo(used), now=NOW)

        assert answer.schedule_zone == used
        assert [slot.local_start.hour for slot in answer.slots] == [9]


class TestReasons:
    OPEN = calendar("09:00-11:00", advance_booking_min_hours=24, advance_booking_max_days=30)
    NOW = EARLY_MONDAY

    @pytest.mark.parametrize(
        ("of", "day", "expected"),
        [
            pytest.param(replace(OPEN, is_active=False, schedules=()), MONDAY, Reason.NOT_BOOKABLE, id="inactive"),
            pytest.param(replace(OPEN, schedules=()), MONDAY + 90 * DAY, Reason.NO_SCHEDULE, id="no schedule"),
            pytest.param(OPEN, MONDAY + 31 * DAY, Reason.TOO_FAR, id="one day beyond"),
            pytest.param(OPEN, MONDAY + 3100 * DAY, Reason.TOO_FAR, id="years beyond"),
            pytest.param(OPEN, MONDAY, Reason.TOO_SOON, id="today"),
            pytest.param(OPEN, MONDAY - 300 * DAY, Reason.TOO_SOON, id="past"),
            pytest.param(
                replace(OPEN, time_off=(TimeOff(TUESDAY, TUESDAY),), holidays=frozenset({TUESDAY})),
                TUESDAY,
                Reason.TIME_OFF,
                id="away",
            ),
            pytest.param(replace(OPEN, holidays=frozenset({TUESDAY})), TUESDAY, Reason.HOLIDAY, id="holiday"),
            pytest.param(
                replace(OPEN, time_off=(TimeOff(TUESDAY, TUESDAY),), date_overrides=(DateOverride(TUESDAY),)),
                TUESDAY,
                Reason.TIME_OFF,
                id="away on a day without hours",
            ),
            pytest.param(
                replace(OPEN, date_overrides=(DateOverride(TUESDAY),)), TUESDAY, Reason.NOT_WORKING, id="closed"
            ),
            pytest.param(
                replace(OPEN, blocked=(span(TUESDAY, "09:00", "11:00"),)), TUESDAY, Reason.NOT_WORKING, id="blocked"
            ),
        ],
    )
    def test_the_first_that_applies_is_told(self, of: Calendar, day: date, expected: Reason) -> None:
        answer = slots(of, service(), [], day_from=day, day_to=day, zone=BERLIN, now=self.NOW)

        assert (answer.slots, answer.reason, answer.days[0].reason) == ((), expected, expected)

    def test_fully_booked(self) -> None:
        assert reason(self.OPEN, TUESDAY, span(TUESDAY, "09:30", "10:30"), now=self.NOW) is Reason.FULLY_BOOKED

    def test_hours_too_short_for_the_service_are_not_working_hours(self) -> None:
        assert reason(self.OPEN, TUESDAY, now=self.NOW, minutes=150) is Reason.NOT_WORKING

    def test_what_is_left_of_a_day_after_the_notice_decides(self) -> None:
        """All that would fit is too soon, although the day is not over when the notice is."""
        assert reason(self.OPEN, MONDAY, now=at(MONDAY - DAY, "10:30")) is Reason.TOO_SOON
        assert (
            reason(self.OPEN, MONDAY, span(MONDAY, "10:00", "11:00"), now=at(MONDAY - DAY, "09:30"))
            is Reason.FULLY_BOOKED
        )

    def test_an_end_of_validity_is_too_far(self) -> None:
        assert reason(self.OPEN, TUESDAY + DAY, now=self.NOW, valid_until=at(TUESDAY, "23:00")) is Reason.TOO_FAR

    def test_a_suspended_practitioner_or_service_is_not_bookable(self) -> None:
        assert reason(self.OPEN, TUESDAY, now=self.NOW, is_active=False) is Reason.NOT_BOOKABLE

    def test_each_empty_day_of_a_range_has_its_own_reason(self) -> None:
        of = replace(self.OPEN, time_off=(TimeOff(TUESDAY, TUESDAY),), advance_booking_max_days=3)

        answer = slots(of, service(), [], day_from=MONDAY, day_to=MONDAY + 4 * DAY, zone=BERLIN, now=self.NOW)

        assert [day.reason for day in answer.days] == [Reason.TOO_SOON, Reason.TIME_OFF, None, None, Reason.TOO_FAR]
        assert answer.reason is None
        assert len(answer.slots) == 4


class TestOneStart:
    OPEN = calendar("09:00-12:00", slot_interval_minutes=15)

    @pytest.mark.parametrize(
        ("of", "clock", "expected"),
        [
            pytest.param(OPEN, "09:15", None, id="offered"),
            pytest.param(OPEN, "09:20", Reason.NOT_ON_GRID, id="off the grid"),
            pytest.param(OPEN, "09:15:30", Reason.NOT_ON_GRID, id="seconds"),
            pytest.param(OPEN, "11:15", Reason.NOT_WORKING, id="ends after the window"),
            pytest.param(OPEN, "20:00", Reason.NOT_WORKING, id="at night"),
            pytest.param(replace(OPEN, time_off=(TimeOff(MONDAY, MONDAY),)), "09:00", Reason.TIME_OFF, id="away"),
            pytest.param(replace(OPEN, holidays=frozenset({MONDAY})), "09:00", Reason.HOLIDAY, id="holiday"),
            pytest.param(replace(OPEN, is_active=False), "09:00", Reason.NOT_BOOKABLE, id="inactive"),
            pytest.param(replace(OPEN, schedules=()), "09:00", Reason.NO_SCHEDULE, id="no schedule"),
        ],
    )
    def test_why_not(self, of: Calendar, clock: str, expected: Reason | None) -> None:
        assert refusal(of, at(MONDAY, clock)) is expected

    def test_an_overlap_is_told_before_the_grid(self) -> None:
        refused = is_offered(self.OPEN, service(), [span(MONDAY, "09:00", "10:00")], at(MONDAY, "09:59"), now=NOW)

        assert refused == Refusal(Reason.OVERLAP)
        assert refused.is_overlap
        assert not Refusal(Reason.NOT_WORKING).is_overlap

    def test_any_offset_of_the_same_instant_is_the_same_start(self) -> None:
        start = at(MONDAY, "09:15").astimezone(ZoneInfo("Asia/Kathmandu"))

        assert refusal(self.OPEN, start) is None


class TestLookingAhead:
    MONDAYS = calendar(schedules=(schedule(weekly=every_day("09:00-11:00", days=[0])),))

    def next_date(self, of: Calendar, *busy: tuple[datetime, datetime], **values: int) -> date | None:
        return next_available_date(of, service(), busy, day_from=TUESDAY, zone=BERLIN, now=EARLY_MONDAY, **values)

    def test_the_next_date_with_a_free_start(self) -> None:
        following = MONDAY + 7 * DAY

        assert self.next_date(self.MONDAYS) == following
        assert self.next_date(self.MONDAYS, span(following, "08:00", "12:00")) == following + 7 * DAY

    def test_it_looks_sixty_days_on_and_not_beyond_the_horizon(self) -> None:
        away = replace(self.MONDAYS, time_off=(TimeOff(MONDAY, MONDAY + 55 * DAY),))

        assert self.next_date(away) == MONDAY + 56 * DAY
        assert self.next_date(replace(away, time_off=(TimeOff(MONDAY, MONDAY + 62 * DAY),))) is None
        assert self.next_date(replace(away, advance_booking_max_days=55)) is None
        assert self.next_date(self.MONDAYS, days=5) is None

    def test_the_first_starts(self) -> None:
        found = first_slots(self.MONDAYS, service(), [], day_from=MONDAY, zone=BERLIN, now=EARLY_MONDAY, count=3)

        assert [slot.start for slot in found] == [
            at(MONDAY, "09:00"),
            at(MONDAY, "10:00"),
            at(MONDAY + 7 * DAY, "09:00"),
        ]
        assert first_slots(calendar(), service(), [], day_from=MONDAY, zone=BERLIN, now=NOW) == ()

    def test_starts_are_counted_by_day(self) -> None:
        found = available_dates(
            self.MONDAYS,
            service(),
            [span(MONDAY, "09:00", "10:00")],
            day_from=MONDAY,
            day_to=MONDAY + 10 * DAY,
            zone=BERLIN,
            now=NOW,
        )

        assert found.counts == {MONDAY: 1, MONDAY + 7 * DAY: 2}
        assert (found.total, found.reason) == (3, None)

    def test_no_counts_have_a_reason(self) -> None:
        found = available_dates(
            self.MONDAYS, service(), [], day_from=TUESDAY, day_to=TUESDAY + DAY, zone=BERLIN, now=NOW
        )

        assert (found.counts, found.total, found.reason) == ({}, 0, Reason.NOT_WORKING)


@pytest.mark.parametrize("values", [{"slot_interval_minutes": 0}, {"buffer_minutes": -1}])
def test_a_calendar_that_could_not_be_computed_is_refused(values: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="slot interval"):
        calendar(**values)


def test_what_takes_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one minute"):
        Bookable(service_id=1, duration_minutes=0)
