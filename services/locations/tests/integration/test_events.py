"""What is told of locations, and what follows here from what others tell."""

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from services.locations import jobs
from services.locations.clients.google import GoogleMaps
from services.locations.events import SNAPSHOTS, LocationChanged
from services.locations.handlers import auth, catalog, practitioners
from services.locations.models import City, PractitionerLocation
from services.locations.operations import upkeep
from services.locations.operations.counting import recount
from services.locations.operations.geocoding import Geocoding, use_geocoding
from services.locations.tests.factories import (
    AUSTIN,
    NEW_YORK,
    as_practitioner,
    location,
    open_practice,
    practitioner_told,
)
from services.locations.tests.google import KEY, sandbox
from services.locations.worker import create_worker
from shared.clock import utc_now
from shared.database import Database
from shared.messaging.testing import announced, apply, message
from shared.testing.http import Caller

pytestmark = pytest.mark.usefixtures("places")
PATH = "/practitioner-locations/"
HANDLERS = [auth, practitioners, catalog]


@pytest.fixture(autouse=True)
def practice(database: Database) -> None:
    open_practice(database)


def service_told(number: int, place: int | None, *, sequence: int = 1, visible: bool = True) -> Any:
    data = {"id": number, "location_id": place, "is_visible": visible}
    return message("service.changed", data, subject=("service", number), sequence=sequence)


def figures(database: Database, city: int) -> tuple[int, int]:
    with database.transaction() as session:
        row = session.execute(select(City.practitioner_count, City.service_count).where(City.id == city)).one()
        return row.practitioner_count, row.service_count


def test_a_change_tells_the_whole_state(http: Caller, database: Database) -> None:
    made = location(
        http, latitude=40.7484, longitude=-73.9857, arrival_notes="Ring twice.", service_radius_miles="10.5"
    )

    with database.transaction() as session:
        [told] = announced(session, "location.changed")

    assert set(told.data) == {field.name for field in dataclasses.fields(LocationChanged)}
    assert (told.subject_type, told.subject_id, told.sequence) == ("location", str(made["id"]), 1)
    assert told.data["address"]["full_address"] == "350 5th Ave, New York City, NY 10118, USA"
    assert told.data["address"]["latitude"] == "40.748400"
    assert told.data["public"] == {
        "line1": "",
        "postal_code": "101",
        "full_address": "New York City, NY 101, USA",
        "latitude": "40.745000",
        "longitude": told.data["public"]["longitude"],
    }
    assert (told.data["city_slug"], told.data["country_name"]) == ("new-york-city-ny", "United States")
    assert (told.data["arrival_notes"], told.data["service_radius_miles"]) == ("Ring twice.", 10.5)


def test_snapshots_tell_living_and_deleted_ones(http: Caller, database: Database) -> None:
    kept, gone = location(http), location(http)
    as_practitioner(http).delete(f"{PATH}{gone['id']}/")

    with database.transaction() as session:
        told = {
            snapshot.declared.key: [row.id for page in snapshot.rows(session) for row in page] for snapshot in SNAPSHOTS
        }
        [row] = session.scalars(SNAPSHOTS[0].select).all()
        assert SNAPSHOTS[0].payload(session, row).id == kept["id"]
    assert told == {"location.changed": [kept["id"]], "location.deleted": [gone["id"]]}


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 3)])
def test_the_newest_profile_wins_in_any_order(http: Caller, database: Database, order: tuple[int, ...]) -> None:
    open_practice(database, 8)
    location(http, 8)
    apply(
        database,
        "locations",
        HANDLERS,
        *(
            practitioner_told(8, sequence=1 + number, display_name=f"Name {number}", is_listed=number == 3)
            for number in order
        ),
    )

    with database.transaction() as session:
        row = session.scalars(select(PractitionerLocation).where(PractitionerLocation.practitioner_id == 8)).one()
    assert (row.practitioner_name, row.listed) == ("Name 3", True)


def test_who_is_not_listed_is_not_found_nearby(http: Caller, database: Database) -> None:
    location(http)
    assert len(http.get(f"{PATH}nearby/?lat=40.75&lng=-73.99").json) == 1

    open_practice(database, sequence=2, is_listed=False)

    assert http.get(f"{PATH}nearby/?lat=40.75&lng=-73.99").json == []
    assert figures(database, NEW_YORK) == (0, 0)


def test_a_deleted_practitioners_locations_go(http: Caller, database: Database) -> None:
    location(http)
    location(http)

    gone = practitioner_told(1, sequence=2, deleted=True)
    apply(database, "locations", HANDLERS, gone, gone)

    with database.transaction() as session:
        assert len(announced(session, "location.deleted")) == 2
    assert figures(database, NEW_YORK) == (0, 0)


def test_cities_know_how_many_work_there(http: Caller, database: Database) -> None:
    made = location(http)
    location(http)
    open_practice(database, 2)
    location(http, 2)
    assert figures(database, NEW_YORK) == (2, 0)

    apply(database, "locations", HANDLERS, service_told(1, made["id"]), service_told(2, made["id"]))
    apply(database, "locations", HANDLERS, service_told(3, made["id"], visible=False))
    assert figures(database, NEW_YORK) == (2, 2)
    as_practitioner(http).patch(f"{PATH}{made['id']}/", {"city": AUSTIN, "postal_code": "78701"})
    assert (figures(database, NEW_YORK), figures(database, AUSTIN)) == ((2, 0), (1, 2))
    apply(database, "locations", HANDLERS, service_told(1, made["id"], sequence=2, visible=False))
    gone = message("service.deleted", {"id": 2}, subject=("service", 2), sequence=2)
    apply(database, "locations", HANDLERS, gone, gone, service_told(2, made["id"]))
    assert figures(database, AUSTIN) == (1, 0)
    as_practitioner(http).delete(f"{PATH}{made['id']}/")
    assert figures(database, AUSTIN) == (0, 0)


def test_a_service_may_come_before_its_location(http: Caller, database: Database) -> None:
    with database.transaction() as session:
        coming = session.execute(text("SELECT nextval('practitioner_locations_id_seq')")).scalar_one() + 1
    apply(database, "locations", HANDLERS, service_told(9, coming))
    assert figures(database, NEW_YORK) == (0, 0)

    assert location(http)["id"] == coming
    assert figures(database, NEW_YORK) == (1, 1)


def test_drifted_counters_are_mended_at_night(http: Caller, database: Database) -> None:
    location(http)
    with database.transaction() as session:
        session.execute(text("UPDATE cities SET practitioner_count = 7 WHERE id = :id"), {"id": NEW_YORK})
        for day in range(30):
            recount(session, day=day)

    assert figures(database, NEW_YORK) == (1, 0)


def test_an_erased_person_leaves_no_address(http: Caller, database: Database) -> None:
    location(http, arrival_notes="Key under mat", virtual_url="https://z.example.org/me")
    gone = message("user.deleted", {"user_id": 1001, "uuid": "x", "email": "a@b.c"}, subject=("user", 1001), sequence=2)

    apply(database, "locations", HANDLERS, gone, gone)

    with database.transaction() as session:
        row = session.scalars(select(PractitionerLocation)).one()
        assert [told.data for told in announced(session, "user.erased")] == [{"user_id": 1001, "source": "locations"}]
        assert len(announced(session, "location.deleted")) == 1
    left = (row.address_line1, row.postal_code, row.latitude, row.public_latitude, row.arrival_notes, row.virtual_url)
    assert left == ("", "", None, None, None, None)
    assert row.deleted_at is not None


def test_a_person_is_told_what_is_held(http: Caller, database: Database) -> None:
    location(http)
    wish = message("user.export_requested", {"export_id": "e1", "user_id": 1001, "uuid": "x"}, subject=("user", 1001))

    apply(database, "locations", HANDLERS, wish)

    with database.transaction() as session:
        [part] = announced(session, "user.export_part")
    assert part.data["data"][0]["address_line1"] == "350 5th Ave"


def test_what_was_found_badly_is_tried_again(http: Caller, database: Database) -> None:
    with sandbox() as google:
        use_geocoding(Geocoding(google=GoogleMaps(key=KEY, base=google.url)))
        google.mode = "garbage"
        made = location(http)
        google.mode = "ok"
        assert upkeep.geocode_due(now=utc_now()) == 0
        assert upkeep.geocode_due(now=utc_now() + timedelta(minutes=2)) == 1
    use_geocoding(Geocoding())

    again = as_practitioner(http).get(f"{PATH}{made['id']}/").json
    assert (made["geocode_status"], again["geocode_status"], again["precision"]) == ("pending", "ok", "rooftop")
    assert again["version"] == made["version"] + 1
    with database.transaction() as session:
        assert announced(session, "location.changed")[-1].data["address"]["latitude"] == "40.748441"


def test_googles_points_are_renewed_or_replaced_in_time(http: Caller, database: Database) -> None:
    later = utc_now() + timedelta(days=26)
    with sandbox() as google:
        use_geocoding(Geocoding(google=GoogleMaps(key=KEY, base=google.url)))
        made = location(http)
        pin = location(http, latitude=40.7, longitude=-73.9)
        assert upkeep.refresh_google(now=later) == 1
        renewed = as_practitioner(http).get(f"{PATH}{made['id']}/").json
        google.mode = "garbage"
        assert upkeep.refresh_google(now=later + timedelta(days=26)) == 1
    use_geocoding(Geocoding())

    replaced = as_practitioner(http).get(f"{PATH}{made['id']}/").json
    assert (renewed["geocode_status"], renewed["precision"]) == ("ok", "rooftop")
    assert (replaced["geocode_status"], replaced["precision"]) == ("pending", "postal_code")
    assert as_practitioner(http).get(f"{PATH}{pin['id']}/").json["latitude"] == "40.700000"


def test_jobs_run_and_forget(http: Caller, database: Database) -> None:
    location(http)
    for job in (jobs.geocode_pending, jobs.geocode_refresh, jobs.cache_purge, jobs.counters_check, jobs.zones_check):
        job()


def test_a_zone_that_has_no_name_any_more_is_replaced(http: Caller, database: Database) -> None:
    made = location(http)
    with database.transaction() as session:
        session.execute(text("UPDATE practitioner_locations SET timezone = 'Nowhere/Gone'"))

    assert upkeep.mend_zones() == 1

    assert as_practitioner(http).get(f"{PATH}{made['id']}/").json["timezone"] == "America/New_York"


def test_the_worker_is_put_together(app: object) -> None:
    assert create_worker() is not None
    use_geocoding(Geocoding())
