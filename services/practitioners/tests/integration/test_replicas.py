"""What others tell, in any order and however often."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from services.practitioners import jobs
from services.practitioners.models import BookingCopy, Busy, ClientStats, Practitioner, PractitionerDaily
from services.practitioners.tests.people import PROOF, booking, event, newcomer, place, service, told, verified
from services.practitioners.worker import HANDLERS
from shared.database import Database
from shared.messaging.testing import apply
from shared.testing.http import Caller

MODALITY = {"kind": "modality", "id": 3, "slug": "swedish", "name": "Swedish massage", "parent_id": 9}


def hear(database: Database, *events: Any) -> None:
    apply(database, "practitioners", HANDLERS, *events)


def test_services_feed_counts_prices_and_facets(http: Caller, database: Database) -> None:
    _, mine = verified(http, database, user_id=51)
    versions = len(told(database, "practitioner.changed"))

    hear(database, service(2, mine), service(1, mine, price_cents=1), event("category.changed", 3, 1, **MODALITY))
    hear(database, service(1, mine, service_id=501, price_cents=12000, name="Hot stones"))

    row = http.get("/practitioners/?service_type=session&categories=4&modality=swedish&location_type=in_person").json
    assert row["count"] == 1, row
    [found] = row["results"]
    assert (found["min_price"], found["max_price"], found["total_services"]) == ("80.00", "120.00", 2)
    assert found["modalities"][0]["name"] == "Swedish massage"
    assert http.get("/practitioners/?search=stones").json["count"] == 1
    hear(database, service(3, mine, is_visible=False))
    assert http.get(f"/practitioners/{mine}/").json["min_price"] == "120.00"
    hear(database, event("service.deleted", 501, 2, id=501))
    assert http.get(f"/practitioners/{mine}/").json["min_price"] is None
    assert len(told(database, "practitioner.changed")) == versions


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 3), (3, 1, 2)])
def test_bookings_move_numbers_once_in_any_order(http: Caller, database: Database, order: tuple[int, ...]) -> None:
    person, mine = verified(http, database, user_id=52)
    newcomer(http, database, user_id=8)
    states = {
        1: booking(1, mine, status="pending_payment"),
        2: booking(2, mine),
        3: booking(3, mine, status="completed", completed_at="2026-12-01T10:00:00Z"),
    }

    hear(database, *(states[sequence] for sequence in order))

    with database.transaction() as session:
        row = session.get_one(Practitioner, mine)
        assert (row.bookings_count, row.completed_count, row.canceled_count) == (1, 1, 0)
        stats = session.get_one(ClientStats, (mine, 8))
        assert (stats.bookings, stats.completed, stats.spent_cents) == (1, 1, 8000)
        daily = session.execute(select(func.sum(PractitionerDaily.created), func.sum(PractitionerDaily.revenue_cents)))
        assert daily.one() == (1, 8000)
        assert session.scalar(select(func.count()).select_from(Busy)) == 0
    clients = person.get("/practitioners/clients/").json
    assert clients["results"][0]["total_spent_display"] == "$80.00"


def test_bookings_known_before_their_practitioner_count(http: Caller, database: Database) -> None:
    _, first = verified(http, database, user_id=63)
    done = {"status": "completed", "completed_at": "2026-12-01T10:00:00Z"}
    hear(database, booking(1, first + 1, **done))

    _, second = verified(http, database, user_id=64)

    assert second == first + 1
    assert http.get(f"/practitioners/{second}/").json["completed_sessions_count"] == 1


def test_a_hold_that_runs_out_never_was_a_booking(http: Caller, database: Database) -> None:
    _, mine = verified(http, database, user_id=53)

    hear(database, booking(1, mine, status="pending_payment"))
    with database.transaction() as session:
        busy = session.scalars(select(Busy)).one()
        assert busy.during.upper == datetime(2026, 12, 1, 10, 15, tzinfo=UTC)
    hear(database, booking(2, mine, status="canceled", status_detail="expired"))

    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Busy)) == 0
        assert session.get_one(Practitioner, mine).canceled_count == 0
        assert session.get_one(BookingCopy, 900).status == "canceled"


def test_free_times_follow_hours_services_and_bookings(http: Caller, database: Database) -> None:
    person, mine = verified(http, database, user_id=54)
    hear(database, service(1, mine))
    person.put("/availability/preferences/", {"advance_booking_min_hours": 0, "slot_interval_minutes": 60})
    whole = [{"day": day, "start_time": "00:00", "end_time": "24:00"} for day in range(7)]
    person.post("/schedules/", {"name": "W", "time_slots": whole, "timezone": "UTC"})
    now = person.post("/availability/update_next_available/").json["next_available_date"]
    assert now is not None
    assert http.get("/practitioners/?available_now=true").json["count"] == 1
    start = datetime.fromisoformat(now)
    taken = booking(1, mine, start_time=start.isoformat(), end_time=(start + timedelta(hours=1)).isoformat())

    hear(database, taken)
    with database.transaction() as session:
        assert session.get_one(Practitioner, mine).next_available_at == start
    jobs.compute_next_available()

    assert datetime.fromisoformat(http.get(f"/practitioners/{mine}/").json["next_available_date"]) >= start


def test_places_are_found_by_name_and_distance(http: Caller, database: Database) -> None:
    _, mine = verified(http, database, user_id=55)
    hear(database, place(1, mine))

    for query, count in (
        ("city=austin", 1),
        ("city=Berlin", 0),
        ("state=tx", 1),
        ("location=Austin, TX", 1),
        ("location=austin, ca", 0),
        ("location=78701", 1),
        ("location=virtual", 0),
        ("near=30.3,-97.7", 1),
        ("near=40,-97.7", 0),
        ("latitude=30.3&longitude=-97.7&radius_km=6&ordering=distance", 1),
        ("bounds=30,-98,31,-97", 1),
        ("bounds=30,-97,31,-98", 0),
    ):
        answer = http.get(f"/practitioners/?{query}")
        assert (answer.status, answer.json.get("count")) == (200, count), (query, answer)
    hit = http.get("/practitioners/search/?near=30.3,-97.7").json["results"][0]
    assert (hit["distance_km"], hit["nearest_location_id"], hit["location"]) == (5.1, 70, "Austin, TX")
    hear(database, event("location.deleted", 70, 2, id=70, practitioner_id=mine, was_primary=True))
    assert http.get("/practitioners/?city=austin").json["count"] == 0


def test_places_before_their_practitioner_and_over_the_antimeridian(http: Caller, database: Database) -> None:
    _, mine = verified(http, database, user_id=56)
    point = {"line1": "", "postal_code": "", "full_address": "", "latitude": -17.0, "longitude": 179.95}
    hear(database, place(1, mine, public=point, city_name="Suva"))

    assert http.get("/practitioners/?near=-17,-179.95&radius_km=20").json["count"] == 1
    assert http.get("/practitioners/?bounds=-18,179,-16,-179").json["count"] == 1


def test_ratings_go_into_the_row_by_sequence(http: Caller, database: Database) -> None:
    _, mine = verified(http, database, user_id=57)
    rating = {"target": "practitioner", "target_id": mine, "count": 12, "average": "4.80", "weighted": "4.750"}

    hear(database, event("rating.changed", f"practitioner:{mine}", 5, **rating))
    hear(database, event("rating.changed", f"practitioner:{mine}", 4, **{**rating, "average": "1.00"}))

    seen = http.get(f"/practitioners/{mine}/").json
    assert (seen["average_rating"], seen["total_reviews"], "top_rated" in seen["badges"]) == (4.8, 12, True)


def test_a_plan_travels_with_the_profile(http: Caller, database: Database) -> None:
    person, mine = verified(http, database, user_id=58)
    plan = {
        "subscription_id": 1,
        "tier_code": "professional",
        "tier_name": "Professional",
        "status": "active",
        "is_active": True,
        "features": {"max_services": 10, "analytics": False, "advanced_scheduling": True},
    }

    hear(database, event("subscription.changed", mine, 1, **plan))

    state = told(database, "practitioner.changed")[-1].data
    assert (state["tier_code"], state["limits"]["max_services"], state["limits"]["max_locations"]) == (
        "professional",
        10,
        -1,
    )
    assert person.get("/practitioners/limits/").json["max_services"] == 10
    assert person.get("/practitioners/analytics/").code == "subscription_required"
    hear(database, event("subscription.changed", mine, 2, **{**plan, "is_active": False}))
    assert told(database, "practitioner.changed")[-1].data["tier_code"] == "basic"


def test_inactive_people_are_unlisted(http: Caller, database: Database) -> None:
    _, mine = verified(http, database, user_id=59)
    data = {"id": 59, "email": "x@example.org", "first_name": "Pat", "last_name": "T", "is_active": False}

    hear(database, event("user.changed", 59, 2, **data))

    assert http.get(f"/practitioners/{mine}/").status == 404
    assert told(database, "practitioner.changed")[-1].data["is_listed"] is False


def test_erased_people_leave_nothing(http: Caller, database: Database) -> None:
    person, mine = verified(http, database, user_id=60)
    person.post(f"/practitioners/{mine}/upload_document/", PROOF)

    hear(database, event("user.deleted", 60, 3, user_id=60, uuid="x", email="a@b.c"))

    state = told(database, "practitioner.changed")[-1].data
    assert (state["deleted"], state["bio"], state["display_name"]) == (True, None, "Practitioner")
    assert told(database, "user.erased")[0].data == {"user_id": 60, "source": "practitioners"}
    with database.transaction() as session:
        assert session.get_one(Practitioner, mine).slug.startswith("practitioner-")
    assert verified(http, database, user_id=62)[0].get("/practitioners/my_profile/").json["slug"] == "mara-sol-2"


def test_people_are_told_what_is_held(http: Caller, database: Database) -> None:
    verified(http, database, user_id=61)

    hear(database, event("user.export_requested", 61, 4, export_id="e1", user_id=61, uuid="x"))

    kinds = [one["kind"] for one in told(database, "user.export_part")[0].data["data"]]
    assert kinds[:2] == ["practitioner_profile", "document"]


def test_files_come_and_go(http: Caller, database: Database) -> None:
    person, mine = verified(http, database, user_id=62)
    media = "01900000-0000-7000-8000-0000000000aa"
    ready = {
        "media_id": media,
        "url": "https://media.example.org/a.webp",
        "media_type": "image",
        "visibility": "public",
        "uploaded_by": 62,
    }
    assert person.patch(f"/practitioners/{mine}/", {"profile_image_media_id": media}).status == 400
    hear(database, event("media.ready", media, 1, **ready))

    changed = person.patch(f"/practitioners/{mine}/", {"profile_image_media_id": media})

    assert changed.json["profile_image_url"] == ready["url"]
    assert told(database, "media.claimed")[-1].data["entity_id"] == str(mine)
    hear(database, event("media.deleted", media, 2, media_id=media), event("media.ready", media, 1, **ready))
    assert http.get(f"/practitioners/{mine}/").json["profile_image_url"] is None


def test_sessions_take_the_time_of_everybody_who_gives_them(http: Caller, database: Database) -> None:
    _, mine = verified(http, database, user_id=63)
    dated = {
        "id": 40,
        "service_id": 500,
        "practitioner_id": mine,
        "starts_at": "2026-12-01T09:00:00Z",
        "ends_at": "2026-12-01T11:00:00Z",
        "status": "scheduled",
    }
    hear(database, event("service_session.changed", 40, 1, **dated))
    both = [{"practitioner_id": mine}, {"practitioner_id": mine + 1}]
    hear(database, service(1, mine, practitioners=both, service_type="workshop"))

    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Busy)) == 2
    hear(database, event("service_session.changed", 40, 2, **{**dated, "status": "canceled"}))
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Busy)) == 0
