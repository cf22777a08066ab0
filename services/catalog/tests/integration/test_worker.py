"""The worker's parts fit together: handlers, jobs, and snapshots of everything that is announced."""

from datetime import timedelta

from sqlalchemy import select, text, update

from services.catalog import jobs
from services.catalog.events import SNAPSHOTS
from services.catalog.handlers import locations, media, practitioners
from services.catalog.models import Service, ServiceSession
from services.catalog.tests.factories import NOW, practitioner, service, workshop
from services.catalog.worker import create_worker
from shared.clock import frozen_at
from shared.database import Database
from shared.messaging.testing import announced, apply, message
from shared.testing.http import Caller


def test_the_worker_is_complete(database: Database) -> None:
    assert create_worker() is not None


def test_snapshots_tell_what_the_events_told(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    made = workshop(me)
    with database.transaction() as session:
        for snapshot in SNAPSHOTS:
            for row in session.scalars(snapshot.select).all():
                assert snapshot.payload(session, row) is not None
        [told] = [one for one in announced(session, "service.changed") if one.data["id"] == made["id"]]
        service_row = session.get_one(Service, made["id"])
        assert SNAPSHOTS[0].payload(session, service_row).name == told.data["name"]


def test_sessions_roll_on_and_end_by_themselves(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    made = workshop(me, days=(1, 8))

    with frozen_at(NOW + timedelta(days=2)):
        jobs.sessions_roll()
        with database.transaction() as session:
            states = session.scalars(select(ServiceSession.status).order_by(ServiceSession.starts_at)).all()
            assert states == ["completed", "scheduled"]
            told = announced(session, "service_session.changed")
        assert [one.data["status"] for one in told] == ["scheduled", "scheduled", "completed"]
    with frozen_at(NOW + timedelta(days=9)):
        jobs.sessions_roll()
    shown = me.get(f"/services/{made['id']}/").json
    assert shown["bookability"]["is_listed"] is False
    assert "no_upcoming_session" in shown["bookability"]["blockers"]
    assert http.get(f"/services/{made['id']}/").status == 200


def test_nightly_jobs_run(database: Database, http: Caller) -> None:
    service(practitioner(database, http))
    for job in (jobs.hot_set, jobs.search_terms, jobs.counters_check, jobs.partitions, jobs.drafts_clean):
        job()
        job()
    with database.transaction() as session:
        assert session.scalar(select(Service.hot)) is True
        assert session.scalar(text("SELECT df FROM search_terms WHERE term = 'massage'")) == 1


def test_forgotten_drafts_are_tidied_away(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    empty = service(me, status="draft", is_active=False, is_public=False, description=None)
    kept = service(me, status="draft", is_active=False, is_public=False)
    with database.transaction() as session:
        session.execute(update(Service).values(updated_at=NOW - timedelta(days=31)))

    jobs.drafts_clean()

    assert me.get(f"/services/{empty['id']}/").status == 404
    assert me.get(f"/services/{kept['id']}/").status == 200


def test_a_deleted_location_is_taken_off(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    place = {
        "id": 4,
        "practitioner_id": 1,
        "name": "Studio",
        "city_name": "Austin",
        "city_slug": "austin",
        "public": {},
    }
    apply(database, "catalog", [locations], message("location.changed", place, subject=("location", 4)))
    made = service(me, location_type="in_person", address_id=4)
    assert http.get("/public-services/?city=Austin").json["count"] == 1
    assert me.patch(f"/services/{made['id']}/", {"address": 5}).headers["Retry-After"] == "2"

    gone = message("location.deleted", {"id": 4}, subject=("location", 4), sequence=2)
    apply(database, "catalog", [locations], gone, gone)

    assert me.get(f"/services/{made['id']}/").json["bookability"]["blockers"][0] == "location_missing"
    assert http.get("/public-services/").json["count"] == 0


def test_files_are_shown_in_order_and_replaced(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    made = service(me)
    files = [f"01900000-0000-7000-8000-00000000000{number}" for number in range(1, 4)]

    def ready(media_id: str, *, sequence: int = 1, uploaded_by: int = 1001) -> object:
        data = {
            "media_id": media_id,
            "url": f"https://cdn.example.org/{media_id}.webp",
            "media_type": "image",
            "entity_type": "service",
            "entity_id": made["public_uuid"],
            "uploaded_by": uploaded_by,
        }
        return message("media.ready", data, subject=("media", media_id), sequence=sequence)

    apply(database, "catalog", [media], ready(files[0]), ready(files[1]), ready(files[2], uploaded_by=7))
    path = f"/services/{made['id']}/media/"
    assert [one["id"] for one in http.get(path).json] == files[:2]
    assert http.get(f"/services/{made['id']}/").json["primary_image"]["id"] == files[0]

    turned = me.post(f"{path}reorder/", {"media_ids": [files[1]], "primary": files[1]}).json
    assert [(one["id"], one["is_primary"]) for one in turned] == [(files[1], True), (files[0], False)]
    gone = message("media.deleted", {"media_id": files[1]}, subject=("media", files[1]), sequence=2)
    apply(database, "catalog", [media], gone, ready(files[1]))
    assert [(one["id"], one["is_primary"]) for one in http.get(path).json] == [(files[0], True)]
    with database.transaction() as session:
        assert [one.data["media_id"] for one in announced(session, "media.claimed")] == files[:2]
        assert [one.data["media_id"] for one in announced(session, "media.released")] == [files[1]]


def test_schedules_are_replaced_as_a_whole(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    made = service(me)

    def calendar(sequence: int, *schedules: dict[str, object]) -> object:
        data = {"practitioner_id": 1, "timezone": "Europe/Berlin", "schedules": list(schedules)}
        return message("schedule.changed", data, subject=("calendar", 1), sequence=sequence)

    weekly = {"id": 3, "name": "Weekly", "is_default": True, "is_active": True}
    apply(database, "catalog", [practitioners], calendar(2, weekly), calendar(1))
    assert me.get(f"/services/{made['id']}/").json["is_purchasable"] is True
    assert me.patch(f"/services/{made['id']}/", {"schedule": 3}).json["schedule"] == 3
    apply(database, "catalog", [practitioners], calendar(3))
    assert me.get(f"/services/{made['id']}/").json["schedule"] is None
