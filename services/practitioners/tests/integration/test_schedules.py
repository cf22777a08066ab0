"""Working hours: what is refused, what stays, what is told."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from services.practitioners.tests.people import newcomer, told, verified
from shared.database import Database
from shared.scheduling import Bookable, Calendar, slots
from shared.testing.http import Caller

MORNING = {"day": 0, "start_time": "09:00", "end_time": "12:00"}


@pytest.fixture
def person(http: Caller, database: Database) -> Caller:
    """Somebody with a profile and the token of before."""
    somebody = newcomer(http, database, user_id=5)
    assert somebody.post("/practitioners/", {"display_name": "Ada"}).status == 201
    return somebody


def schedule(person: Caller, *slots: dict[str, object], **more: object) -> dict[str, object]:
    answer = person.post("/schedules/", {"name": "Weekly", "time_slots": list(slots), **more})
    assert answer.status == 201, answer
    body: dict[str, object] = answer.json
    return body


@pytest.mark.parametrize(
    "slot",
    [
        {**MORNING, "day": 7},
        {**MORNING, "day": -1},
        {**MORNING, "day": True},
        {**MORNING, "start_time": "25:00"},
        {**MORNING, "start_time": "09:00:30"},
        {**MORNING, "end_time": "09:00"},
        {**MORNING, "start_time": "22:00", "end_time": "06:00"},
        {"day": 1},
    ],
)
def test_hours_that_are_refused(person: Caller, slot: dict[str, object]) -> None:
    mine = schedule(person)

    assert person.post(f"/schedules/{mine['id']}/add_time_slot/", slot).status == 400


@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [("17:00", "00:00", "00:00:00"), ("00:00", "24:00", "00:00:00"), ("09:00:00", "10:30", "10:30:00")],
)
def test_midnight_ends_a_day(person: Caller, start: str, end: str, shown: str) -> None:
    mine = schedule(person)

    answer = person.post(f"/schedules/{mine['id']}/add_time_slot/", {"day": "1", "start_time": start, "end_time": end})

    assert answer.status == 201, answer
    assert answer.json["end_time"] == shown


def test_touching_is_fine_overlapping_is_not(person: Caller) -> None:
    mine = schedule(person, MORNING)
    path = f"/schedules/{mine['id']}/add_time_slot/"

    assert person.post(path, {**MORNING, "start_time": "12:00", "end_time": "15:00"}).status == 201
    refused = person.post(path, {**MORNING, "start_time": "11:59", "end_time": "13:00"})
    assert (refused.status, refused.code) == (409, "slot_overlap")


def test_the_same_hours_twice_at_once_are_one(person: Caller) -> None:
    mine = schedule(person)

    with ThreadPoolExecutor(4) as threads:
        answers = list(
            threads.map(lambda _: person.post(f"/schedules/{mine['id']}/add_time_slot/", MORNING).status, range(4))
        )

    assert sorted(answers) == [201, 409, 409, 409]


def test_two_set_default_at_once_leave_one(person: Caller) -> None:
    ids = [schedule(person, name=f"S{number}")["id"] for number in range(3)]

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda one: person.post(f"/schedules/{one}/set_default/").status, ids[1:]))

    assert answers == [200, 200]
    rows = person.get("/schedules/").json["results"]
    assert [row["is_default"] for row in rows] == [True, False, False]


def test_the_default_is_handed_on(person: Caller) -> None:
    first, second = schedule(person, name="A"), schedule(person, name="B")
    assert (first["is_default"], second["is_default"]) == (True, False)
    kept = person.patch(f"/schedules/{first['id']}/", {"is_default": False})
    assert kept.json["is_default"] is True

    assert person.delete(f"/schedules/{first['id']}/").status == 204

    assert person.get(f"/schedules/{second['id']}/").json["is_default"] is True


def test_putting_the_whole_object_back_changes_what_differs(person: Caller) -> None:
    mine = schedule(person, MORNING, {**MORNING, "day": 2})
    mine["is_active"] = False

    after = person.put(f"/schedules/{mine['id']}/", mine)

    assert after.status == 200, after
    assert after.json["time_slots"] == mine["time_slots"]
    assert after.json["is_active"] is False


def test_a_week_is_synchronised_by_ids(person: Caller) -> None:
    mine = schedule(person, MORNING, {**MORNING, "start_time": "13:00", "end_time": "15:00"})
    kept = mine["time_slots"][0]["id"]  # type: ignore[index]
    week = [
        {"id": kept, "day": 0, "start_time": "13:00", "end_time": "16:00"},
        {"day": 0, "start_time": "08:00", "end_time": "13:00"},
    ]

    after = person.patch(f"/schedules/{mine['id']}/", {"time_slots": week}).json

    assert [(slot["start_time"], slot["id"] == kept) for slot in after["time_slots"]] == [
        ("08:00:00", False),
        ("13:00:00", True),
    ]
    overlap = [*week, {"day": 0, "start_time": "12:00", "end_time": "14:00"}]
    assert person.patch(f"/schedules/{mine['id']}/", {"time_slots": overlap}).code == "slot_overlap"
    assert person.patch(f"/schedules/{mine['id']}/", {"name": "Other"}).json["time_slots"] == after["time_slots"]


def test_slots_are_removed_by_body_or_query(person: Caller, http: Caller, database: Database) -> None:
    mine = schedule(person, MORNING, {**MORNING, "day": 1})
    first, second = (slot["id"] for slot in mine["time_slots"])  # type: ignore[attr-defined]
    path = f"/schedules/{mine['id']}/remove_time_slot/"
    other = newcomer(http, database, user_id=6)
    other.post("/practitioners/", {"display_name": "Eve"})

    assert person.delete(path).status == 400
    assert person.delete(path, json={"time_slot_id": 10**12}).status == 404
    assert other.delete(path, json={"time_slot_id": first}).status == 404
    assert person.delete(path, json={"time_slot_id": first}).status == 204
    assert person.delete(f"{path}?time_slot_id={second}").status == 204


@pytest.mark.parametrize("zone", ["EST5EDT4", "Foo/Bar", "", "A" * 300])
def test_zones_that_are_refused(person: Caller, zone: str) -> None:
    assert person.post("/schedules/", {"name": "A", "timezone": zone}).status == 400


def test_days_are_copied(person: Caller) -> None:
    mine = schedule(person, MORNING, {**MORNING, "day": 6, "end_time": "10:00"})
    path = f"/schedules/{mine['id']}/copy_day/"

    after = person.post(path, {"from_day": 0, "to": "weekdays"}).json

    assert [slot["day"] for slot in after["time_slots"]] == [0, 1, 2, 3, 4, 6]
    assert person.post(path, {"from_day": 0}).status == 400


def test_the_calendar_is_told_whole_and_counted(person: Caller, database: Database) -> None:
    mine = schedule(person, MORNING, timezone="US/Eastern")
    person.post("/availability/out_of_office/", {"from_date": "2099-01-14", "to_date": "2099-01-16", "title": "Away"})
    day = date.today().isoformat()
    override = {"date": day, "time_slots": [{"start_time": "10:00", "end_time": "11:00"}]}
    assert person.post("/availability/overrides/", override).status == 201
    assert person.post(f"/schedules/{mine['id']}/duplicate/", {"name": "Copy"}).status == 201
    person.delete(f"/schedules/{mine['id']}/")

    events = told(database, "schedule.changed")

    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    calendar = Calendar.from_event(events[-1].data)
    assert [one.name for one in calendar.schedules] == ["Copy"]
    assert calendar.schedules[0].is_default
    assert calendar.time_off[0].title == "Away"
    assert calendar.date_overrides[0].date.isoformat() == day
    assert events[-1].subject_type == "calendar"


def test_the_told_calendar_keeps_wall_times_over_a_change_of_clocks(person: Caller, database: Database) -> None:
    gap = {"day": 6, "start_time": "01:00", "end_time": "04:00"}
    schedule(person, gap, timezone="America/New_York")
    settings = {"advance_booking_min_hours": 0, "advance_booking_max_days": 365, "slot_interval_minutes": 30}
    assert person.put("/availability/preferences/", {**settings, "timezone": "America/New_York"}).status == 200
    calendar = Calendar.from_event(told(database, "schedule.changed")[-1].data)
    zone = ZoneInfo("America/New_York")

    def starts(day: date) -> list[str]:
        found = slots(
            calendar,
            Bookable(service_id=None, duration_minutes=30),
            [],
            day_from=day,
            day_to=day,
            zone=zone,
            now=datetime(2027, 1, 1, tzinfo=UTC),
        )
        return [f"{slot.local_start:%H:%M}" for slot in found.slots]

    assert starts(date(2027, 3, 14)) == ["01:00", "01:30", "03:00", "03:30"]
    assert starts(date(2027, 11, 7)).count("01:30") == 2


@pytest.mark.parametrize(
    "body",
    [
        {"advance_booking_min_hours": 720, "advance_booking_max_days": 30},
        {"holidays": ["2025-02-30"]},
        {"holidays": ["2026-01-01"] * 367},
        {"country": "ZZ"},
        {"slot_interval_minutes": 7},
        {"timezone": "Mars/Base"},
    ],
)
def test_preferences_that_are_refused(person: Caller, body: dict[str, object]) -> None:
    assert person.put("/availability/preferences/", body).status == 400


def test_preferences_change_only_what_is_given(person: Caller) -> None:
    first = person.get("/availability/preferences/").json
    after = person.put("/availability/preferences/", {"country": 840, "region": "NY", "buffer_time": 30}).json

    assert after == {**first, "country": 840, "country_code": "US", "region": "NY", "buffer_time": 30}
    found = person.get("/availability/holidays/?year=2027").json
    assert {"date": "2027-07-04", "name": "Independence Day", "blocked": True} in found


@pytest.mark.parametrize(
    "body",
    [
        {"date": "2020-01-01", "time_slots": []},
        {"date": "2999-01-01", "time_slots": []},
        {"dates": ["2030-01-01"] * 61, "time_slots": []},
        {"time_slots": []},
    ],
)
def test_overrides_that_are_refused(person: Caller, body: dict[str, object]) -> None:
    assert person.post("/availability/overrides/", body).status == 400


@pytest.mark.parametrize(
    ("first", "last"), [("2099-01-02", "2099-01-01"), ("2099-01-01", "2100-01-02"), ("2099-02-30", "2099-03-01")]
)
def test_days_away_that_are_refused(person: Caller, first: str, last: str) -> None:
    body = {"from_date": first, "to_date": last, "title": "Away"}

    assert person.post("/availability/out_of_office/", body).status == 400


def test_recurring_blocks_are_told_expanded(person: Caller, database: Database) -> None:
    body = {
        "start_datetime": "2026-12-01T10:00:00Z",
        "end_datetime": "2026-12-01T11:00:00Z",
        "is_recurring": True,
        "recurrence_pattern": "weekly",
        "recurrence_end_date": "2026-12-20",
    }

    answer = person.post("/availability/block_time/", body)

    assert answer.status == 201, answer
    assert answer.json["rrule"] == "FREQ=WEEKLY"
    assert [block["start"][:10] for block in told(database, "schedule.changed")[-1].data["blocked"]] == [
        "2026-12-01",
        "2026-12-08",
        "2026-12-15",
    ]
    assert person.post("/availability/block_time/", {**body, "recurrence_pattern": None}).status == 400


def test_free_times_are_shown(http: Caller, database: Database) -> None:
    person, mine = verified(http, database, user_id=9)
    whole = [{"day": day, "start_time": "09:00", "end_time": "11:00"} for day in range(7)]
    person.post("/schedules/", {"name": "W", "time_slots": whole, "timezone": "Europe/Berlin"})
    today = datetime.now(UTC).date()
    asked = f"practitioner_id={mine}&start_date={today}&end_date={today.replace(year=today.year + 1)}"

    assert http.get(f"/availability/check/?{asked}").status == 400
    day = date.fromordinal(today.toordinal() + 3)
    answer = http.get(
        f"/availability/check/?practitioner_id={mine}&start_date={day}&end_date={day}&timezone=Europe/Berlin"
    )
    assert answer.status == 200, answer
    assert [slot["local_start"][11:16] for slot in answer.json["available_slots"]] == [
        "09:00",
        "09:15",
        "09:30",
        "09:45",
        "10:00",
    ]
    check = {"practitioner_id": mine, "date": day.isoformat(), "timezone": "Europe/Berlin"}
    assert http.post("/availability/check_slot/", {**check, "start_time": "09:00"}).json["available"] is True
    assert http.post("/availability/check_slot/", {**check, "start_time": "12:00"}).json["reason"] == "not_working"
    for bad in ("start_date=2026-02-01&end_date=2026-01-01", "start_date=x&end_date=2026-01-01"):
        assert http.get(f"/availability/check/?practitioner_id={mine}&{bad}").status == 400
    assert http.get(f"/availability/check/?practitioner_id=999999&start_date={day}&end_date={day}").status == 404
