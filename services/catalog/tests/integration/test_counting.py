"""Seats, bookings and popularity equal a recount, in whatever order and however often bookings tell of them."""

import threading
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from services.catalog.handlers import bookings, practitioners, reviews
from services.catalog.models import Service, ServiceSession
from services.catalog.operations.upkeep import recount, recount_categories
from services.catalog.tests.factories import booking_told, practitioner, practitioner_told, workshop
from shared.database import Database
from shared.messaging.messages import Message
from shared.messaging.testing import apply, message
from shared.testing.http import Caller

STATUSES = ("pending_payment", "confirmed", "in_progress", "completed", "canceled", "expired", "draft")


def two_sessions(database: Database, http: Caller) -> tuple[int, list[int]]:
    me = practitioner(database, http)
    made = workshop(me, days=(7, 14))
    with database.transaction() as session:
        ids = session.scalars(select(ServiceSession.id).order_by(ServiceSession.starts_at)).all()
    return made["id"], list(ids)


def drifted(database: Database) -> int:
    with database.transaction() as session:
        return sum(recount(session, day=day) for day in range(30))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_counters_equal_a_recount_in_any_order(database: Database, http: Caller, data: st.DataObject) -> None:
    with database.transaction() as session:
        for table in ("services", "bookings", "inbox"):
            session.execute(text(f"TRUNCATE {table} CASCADE"))
    service_id, ids = two_sessions(database, http)
    told: list[Message] = []
    for booking in range(1, 4):
        for sequence in range(1, data.draw(st.integers(1, 4)) + 1):
            told.append(
                booking_told(
                    booking,
                    service_id,
                    sequence=sequence,
                    status=data.draw(st.sampled_from(STATUSES)),
                    session_ids=data.draw(st.sampled_from([[], [ids[0]], [ids[1]], ids])),
                    participants=data.draw(st.integers(1, 3)),
                )
            )
    order = data.draw(st.permutations(told))

    apply(database, "catalog", [bookings], *order, *order[:2])

    assert drifted(database) == 0


def told_of_service(kind: str, number: int, sequence: int, service_id: int, session_id: int, value: int) -> Message:
    """Return one event that moves a counter of the service: what it says follows from `value`."""
    if kind == "rating":
        rating = {"count": value, "average": f"{value % 5}.50", "weighted": f"{value % 5}.125"}
        data = {"target": "service", "target_id": service_id, **rating}
        return message("rating.changed", data, subject=("rating", f"service:{service_id}"), sequence=sequence)
    if kind == "visibility":
        return practitioner_told(1, sequence=sequence, is_listed=value % 2 == 0)
    if kind == "waiting":
        entry = f"01900000-0000-7000-8000-{number:012d}"
        data = {"entry_id": entry, "service_id": service_id, "session_id": session_id, "user_id": 7}
        data["status"] = ("waiting", "booked", "left")[value % 3]
        return message("waitlist.changed", data, subject=("waitlist_entry", entry), sequence=sequence)
    return booking_told(
        number,
        service_id,
        sequence=sequence,
        status=STATUSES[value % len(STATUSES)],
        session_ids=[session_id] if value % 2 else [],
        participants=1 + value % 3,
    )


KINDS = ("booking", "booking", "rating", "visibility", "waiting")


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_others_tell_in_any_order_leaves_what_the_newest_of_each_says(
    database: Database, http: Caller, data: st.DataObject
) -> None:
    """Bookings, ratings, waiting people and visibility, mixed, late and twice: every counter is that of a recount."""
    with database.transaction() as session:
        for table in ("services", "bookings", "inbox", "ratings", "waitlist_entries", "practitioners"):
            session.execute(text(f"TRUNCATE {table} CASCADE"))
    service_id, ids = two_sessions(database, http)
    newest: dict[tuple[str, int], Message] = {}
    for kind in data.draw(st.lists(st.sampled_from(KINDS), min_size=3, max_size=14)):
        number = data.draw(st.integers(1, 3)) if kind in ("booking", "waiting") else 1
        sequence = newest[kind, number].sequence + 1 if (kind, number) in newest else 2
        value = data.draw(st.integers(0, 30))
        newest[kind, number] = told_of_service(kind, number, sequence, service_id, ids[0], value)
    told = [
        told_of_service(kind, number, sequence, service_id, ids[0], sequence)
        for (kind, number), last in newest.items()
        for sequence in range(2, last.sequence)
    ]
    order = data.draw(st.permutations([*told, *newest.values()]))

    apply(database, "catalog", [bookings, practitioners, reviews], *order, *order[:3])

    assert drifted(database) == 0
    last = {kind: message.data for (kind, _), message in newest.items()}
    waiting = sum(one.data["status"] == "waiting" for (kind, _), one in newest.items() if kind == "waiting")
    with database.transaction() as session:
        service = session.get_one(Service, service_id)
        assert service.practitioner_listed == last.get("visibility", {"is_listed": True})["is_listed"]
        assert service.rating_count == last.get("rating", {"count": 0})["count"]
        assert f"{service.rating_weighted:.3f}" == last.get("rating", {"weighted": "0.000"})["weighted"]
        score = service.popularity_sum * (0.5 + service.rating_weighted / 10)
        assert abs(service.popularity_score - score) <= 1e-9 * max(1, score)
        assert (service.waitlist_count, session.get_one(ServiceSession, ids[0]).waitlist_count) == (waiting, waiting)


def test_counters_equal_a_recount_when_workers_race(database: Database, http: Caller) -> None:
    service_id, ids = two_sessions(database, http)
    told = [
        booking_told(number, service_id, sequence=sequence, status=status, session_ids=[ids[number % 2]])
        for number in range(1, 9)
        for sequence, status in enumerate(("pending_payment", "confirmed", "canceled", "confirmed"), start=1)
    ]
    failed: list[BaseException] = []

    def work(part: list[Message]) -> None:
        for one in part:
            for _ in range(5):
                try:
                    apply(database, "catalog", [bookings], one)
                    break
                except Exception as refused:
                    if "deadlock" not in str(refused):
                        failed.append(refused)
                        break

    threads = [threading.Thread(target=work, args=(told[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert drifted(database) == 0
    with database.transaction() as session:
        assert session.scalar(select(Service.bookings_count)) == 8
        assert sorted(session.scalars(select(ServiceSession.taken))) == [4, 4]


def test_drift_is_found_and_mended(database: Database, http: Caller) -> None:
    service_id, ids = two_sessions(database, http)
    apply(database, "catalog", [bookings], booking_told(1, service_id, session_ids=ids[:1]))
    assert drifted(database) == 0
    for wrong in (
        "UPDATE service_sessions SET taken = 5 WHERE taken = 1",
        "UPDATE services SET bookings_count = 7",
        "UPDATE services SET popularity_sum = popularity_sum * 2",
    ):
        with database.transaction() as session:
            session.execute(text(wrong))

        assert (wrong, drifted(database), drifted(database)) == (wrong, 1, 0)


def test_drift_of_categories_is_found_and_mended(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    own = me.post("/practitioner-categories/", {"name": "Mine"}).json["id"]
    category = http.get("/service-categories/").json["results"][0]["id"]
    for status in ("active", "draft", "archived"):
        made = workshop(me, category_id=category, practitioner_category_id=own, days=())
        me.patch(f"/services/{made['id']}/", {"status": status})
    listed = workshop(me, category_id=category, practitioner_category_id=own)

    def counted() -> tuple[int, int]:
        shown = me.get(f"/services/{listed['id']}/").json
        return shown["category"]["service_count"], shown["practitioner_category"]["service_count"]

    with database.transaction() as session:
        session.execute(text("UPDATE service_categories SET services_count = 9"))
        session.execute(text("UPDATE practitioner_categories SET services_count = 9"))
        wrong = sum(recount_categories(session, day=day) for day in range(30))
        assert wrong > 1
        assert sum(recount_categories(session, day=day) for day in range(30)) == 0

    assert counted() == (1, 3)


def test_counting_is_no_change_of_the_service(database: Database, http: Caller) -> None:
    service_id, ids = two_sessions(database, http)

    def state() -> tuple[Any, ...]:
        with database.transaction() as session:
            row = session.execute(select(Service.version, Service.updated_at)).one()
            return (*row, session.scalar(text("SELECT count(*) FROM outbox")))

    before = state()
    rating = {"target": "service", "target_id": service_id, "count": 3, "average": "4.67", "weighted": "4.512"}
    apply(database, "catalog", [bookings], booking_told(1, service_id, session_ids=ids[:1]))
    apply(database, "catalog", [reviews], message("rating.changed", rating, subject=("service", service_id)))

    assert state() == before
    shown = http.get(f"/services/{service_id}/").json
    assert (shown["average_rating"], shown["total_reviews"], shown["total_bookings"]) == ("4.67", 3, 1)
    assert shown["spots_available"] == 9


def test_a_full_workshop_can_be_seen_but_not_bought(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    made = workshop(me, max_participants=2)
    with database.transaction() as session:
        [one] = session.scalars(select(ServiceSession.id)).all()
    for number in (1, 2):
        apply(database, "catalog", [bookings], booking_told(number, made["id"], session_ids=[one], user_id=number))

    shown = me.get(f"/services/{made['id']}/").json
    assert (shown["is_purchasable"], shown["spots_available"]) == (False, 0)
    assert shown["bookability"]["blockers"] == ["sold_out"]
    assert http.get("/public-services/").json["count"] == 1


def test_categories_count_what_is_listed(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    category = http.get("/service-categories/").json["results"][0]

    def counted() -> int:
        number: int = http.get(f"/service-categories/{category['slug']}/").json["service_count"]
        return number - category["service_count"]

    made = workshop(me, category_id=category["id"])
    assert counted() == 1
    me.patch(f"/services/{made['id']}/", {"status": "inactive"})
    assert counted() == 0
    me.patch(f"/services/{made['id']}/", {"status": "active"})
    apply(database, "catalog", [practitioners], practitioner_told(1, sequence=2, is_listed=False))
    assert counted() == 0
    assert http.as_staff().delete(f"/service-categories/{category['slug']}/").code == "category_in_use"


def test_a_line_is_counted_once_and_uncounted_when_it_ends(database: Database, http: Caller) -> None:
    service_id, ids = two_sessions(database, http)
    entry = "01900000-0000-7000-8000-00000000000a"

    def told(sequence: int, status: str) -> Message:
        data = {"entry_id": entry, "service_id": service_id, "session_id": ids[0], "user_id": 7, "status": status}
        return message("waitlist.changed", data, subject=("waitlist_entry", entry), sequence=sequence)

    def waiting() -> tuple[int, int]:
        with database.transaction() as session:
            return (
                session.get_one(Service, service_id).waitlist_count,
                session.get_one(ServiceSession, ids[0]).waitlist_count,
            )

    apply(database, "catalog", [bookings], told(1, "waiting"), told(1, "waiting"))
    assert waiting() == (1, 1)
    apply(database, "catalog", [bookings], told(3, "booked"), told(2, "waiting"))
    assert waiting() == (0, 0)
