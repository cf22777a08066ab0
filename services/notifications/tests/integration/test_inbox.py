"""The promises of the inbox: exact counters, one order, nothing twice, nothing of others."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from services.notifications.jobs import keep_inboxes_short, recount_inboxes
from services.notifications.models import InboxState, Notification, Tombstone
from services.notifications.operations.inbox import delete_lines, set_all_read, set_read
from services.notifications.operations.lines import Line, add_line
from shared.clock import frozen_at, utc_now
from shared.database import Database
from shared.messaging.testing import announced
from shared.testing.http import Caller


def line(key: str, *, user_id: int = 7, **more: object) -> Line:
    values = {"kind": "booking.confirmed", "notification_type": "booking", "title": key, "message": "m", **more}
    return Line(user_id=user_id, dedupe_key=key, **values)


def add(database: Database, *lines: Line) -> list[int | None]:
    with database.transaction() as session:
        return [add_line(session, one, now=utc_now()) for one in lines]


def recount(database: Database, user_id: int = 7) -> None:
    """Hold the counters against the rows."""
    with database.transaction() as session:
        state = session.get_one(InboxState, user_id)
        own = Notification.user_id == user_id
        total = session.scalar(select(func.count()).where(own))
        unread = session.scalar(select(func.count()).where(own, ~Notification.is_read))
        highest = session.scalar(select(func.max(Notification.seq)).where(own)) or 0
    assert (state.total_count, state.unread_count) == (total, unread)
    assert sum(state.unread_by_type.values()) == unread
    assert sum(state.total_by_type.values()) == total
    assert state.last_seq >= highest


def test_an_occasion_is_told_once(database: Database) -> None:
    first, second = add(database, line("a"), line("a"))

    assert first is not None
    assert second is None
    recount(database)


def test_many_at_once_are_numbered_without_gap(database: Database) -> None:
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: add(database, line(f"k{n % 30}")), range(60)))

    with database.transaction() as session:
        assert sorted(session.scalars(select(Notification.seq))) == list(range(1, 31))
    recount(database)


def test_every_change_leaves_one_hint(database: Database) -> None:
    add(database, line("a"))
    with database.transaction() as session:
        set_all_read(session, user_id=7, is_read=True, now=utc_now())
        set_all_read(session, user_id=7, is_read=True, now=utc_now())

    with database.transaction() as session:
        assert [hint.data["last_seq"] for hint in announced(session, "inbox.hint")] == [1, 1]


def test_equal_ones_fold_while_unread(database: Database) -> None:
    add(database, line("a", collapse_key="c"), line("x"), line("b", collapse_key="c"))
    with database.transaction() as session:
        folded = session.scalars(select(Notification).where(Notification.collapse_key == "c")).one()
    assert (folded.count, folded.title, folded.seq) == (2, "b", 3)
    recount(database)

    with database.transaction() as session:
        set_all_read(session, user_id=7, is_read=True, now=utc_now())
        add_line(session, line("c", collapse_key="c"), now=utc_now() + timedelta(minutes=1))
        assert session.scalar(select(func.count()).where(Notification.collapse_key == "c")) == 2
    recount(database)


def test_deletions_keep_the_counters_and_tell_returning_pages(http: Caller, database: Database) -> None:
    ids = [key for key in add(database, line("a"), line("b"), line("c")) if key]
    me = http.as_user(7)
    seen = me.get("/notifications/unread_count/").json["last_seq"]

    assert me.delete(f"/notifications/{ids[0]}/").status == 204
    assert me.delete(f"/notifications/{ids[0]}/").code == "not_found"
    add(database, line("d"))

    missed = me.get(f"/notifications/sync/?after={seen}").json
    assert missed["removed_ids"] == [ids[0]]
    assert [row["title"] for row in missed["notifications"]] == ["d"]
    recount(database)


def test_an_inbox_is_ones_own(http: Caller, database: Database) -> None:
    [mine] = add(database, line("a"))
    other = http.as_user(8)

    assert other.get(f"/notifications/{mine}/").code == "not_found"
    assert http.as_staff(9).get(f"/notifications/{mine}/").code == "not_found"
    assert other.post(f"/notifications/{mine}/mark_as_read/").code == "not_found"
    assert other.post("/notifications/mark_read/", {"notification_ids": [mine]}).json["updated_count"] == 0
    assert other.post("/notifications/bulk_delete/", {"notification_ids": [mine]}).json["deleted_count"] == 0
    assert other.get("/notifications/").json["count"] == 0
    assert http.get("/notifications/").status == 401


@pytest.mark.parametrize(
    ("body", "status", "updated"),
    [
        ({}, 200, 3),
        ({"notification_ids": None}, 200, 3),
        ({"notification_ids": []}, 200, 0),
        ({"notification_ids": ["a"]}, 400, None),
        ({"notification_ids": list(range(1, 502))}, 400, None),
        ({"metadata": {"notification_ids": [1]}}, 200, 3),
        ({"up_to_seq": 2}, 200, 2),
        ({"notification_type": "payment"}, 200, 0),
        ({"notification_type": "nonsense"}, 400, None),
    ],
)
def test_marking_many(http: Caller, database: Database, body: dict, status: int, updated: int | None) -> None:
    add(database, line("a"), line("b"), line("c"))
    answer = http.as_user(7).post("/notifications/mark_read/", body)

    assert answer.status == status
    if updated is not None:
        assert (answer.json["updated_count"], answer.json["unread_count"]) == (updated, 3 - updated)
    recount(database)


@pytest.mark.parametrize("body", [{}, {"notification_ids": []}])
def test_deleting_many_needs_ids(http: Caller, body: dict) -> None:
    assert "notification_ids" in http.as_user(7).post("/notifications/bulk_delete/", body).errors


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 3),
        ("is_unread=true", 2),
        ("is_read=false", 2),
        ("is_read=true", 1),
        ("notification_type=booking", 2),
        ("notification_types=booking,payment", 3),
        ("notification_types=booking&notification_types=payment", 3),
        ("notification_types=payment", 1),
        ("related_to=booking:42", 1),
        ("related_to=booking:43", 0),
        ("period=today", 3),
        ("period=yesterday", 0),
        ("period=week", 3),
        ("priority=urgent", 1),
        ("kind=payment.receipt,x.y", 1),
        ("delivery_channel=email", 0),
        ("status=pending", 0),
        ("search=Receipt", 1),
        ("search=100%25", 0),
    ],
)
def test_filters(http: Caller, database: Database, query: str, count: int) -> None:
    read = line("a", related=("booking", "42"))
    receipt = line("Receipt", kind="payment.receipt", notification_type="payment")
    add(database, read, line("b", priority=3), receipt)
    with database.transaction() as session:
        set_all_read(session, user_id=7, is_read=True, now=utc_now(), up_to_seq=1)

    answer = http.as_user(7).get(f"/notifications/?{query}")
    assert answer.status == 200, answer
    assert answer.json["count"] == count


@pytest.mark.parametrize(
    "query",
    [
        "ordering=foo",
        "foo=1",
        "notification_types=booking&notification_types=foo",
        "period=decade",
        "related_to=booking",
        "page=0",
    ],
)
def test_what_cannot_be_asked_is_400(http: Caller, query: str) -> None:
    assert http.as_user(7).get(f"/notifications/?{query}").status == 400


def test_polling_the_bell_costs_nothing_while_nothing_changes(http: Caller, database: Database) -> None:
    me = http.as_user(7)
    add(database, line("a"))
    first = me.get("/notifications/unread_count/")
    assert first.json == {"unread_count": 1, "by_type": {"booking": 1}, "last_seq": 1}

    assert me.having(If_None_Match=first.headers["ETag"]).get("/notifications/unread_count/").status == 304
    me.post("/notifications/mark_read/")
    assert me.having(If_None_Match=first.headers["ETag"]).get("/notifications/unread_count/").status == 200


def test_numbers(http: Caller, database: Database) -> None:
    add(database, line("a"), line("b", notification_type="payment"))
    stats = http.as_user(7).get("/notifications/stats/").json

    assert stats["by_type"] == {"booking": {"total": 1, "unread": 1}, "payment": {"total": 1, "unread": 1}}
    assert [row["title"] for row in stats["recent_notifications"]] == ["b", "a"]


def test_deleting_what_is_read_and_unread_at_once_keeps_counters(database: Database) -> None:
    ids = [key for key in add(database, *(line(str(n)) for n in range(20))) if key]

    def change(number: int) -> None:
        with database.transaction() as session:
            if number % 2:
                delete_lines(session, user_id=7, ids=ids[number : number + 3], now=utc_now())
            else:
                set_all_read(session, user_id=7, is_read=number % 4 == 0, now=utc_now(), ids=ids[number : number + 5])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(change, range(20)))
    recount(database)


def test_a_list_without_news_is_304(http: Caller, database: Database) -> None:
    me = http.as_user(7)
    first = me.get("/notifications/")
    again = me.having(If_None_Match=first.headers["ETag"])
    assert again.get("/notifications/").status == 304
    add(database, line("a"))
    assert again.get("/notifications/").status == 200


def test_bodies_of_old_clients_are_ignored(http: Caller, database: Database) -> None:
    [key] = add(database, line("a"))
    me = http.as_user(7)
    whole = me.get(f"/notifications/{key}/").json

    assert me.post(f"/notifications/{key}/mark_as_read/", {**whole, "is_read": False}).json["is_read"] is True
    assert me.post(f"/notifications/{key}/mark_as_unread/", whole).json["is_read"] is False
    body = {"title": "x", "message": "y", "metadata": {"notification_ids": [999]}}
    assert me.post("/notifications/mark_read/", body).json["updated_count"] == 1


def test_wrong_counters_are_found_and_mended(database: Database) -> None:
    add(database, line("a"), line("b"))
    recount_inboxes()
    with database.transaction() as session:
        session.execute(update(InboxState).values(unread_count=9, total_by_type={}))
    for day in range(30):
        with frozen_at(utc_now() + timedelta(days=day)):
            recount_inboxes()
    recount(database)


def test_inboxes_are_kept_short(database: Database) -> None:
    keys = [key or 0 for key in add(database, *(line(key) for key in ("read long ago", "unread", "fresh")))]
    with database.transaction() as session:
        set_read(session, user_id=7, notification_id=keys[0], is_read=True, now=utc_now() - timedelta(days=91))
        old = utc_now() - timedelta(days=181)
        session.execute(update(Notification).where(Notification.id == keys[1]).values(created_at=old))
    keep_inboxes_short()

    with database.transaction() as session:
        assert session.scalars(select(Notification.id)).all() == [keys[2]]
        assert len(session.scalars(select(Tombstone)).all()) == 2
    recount(database)
    with frozen_at(utc_now() + timedelta(days=8)):
        keep_inboxes_short()
    with database.transaction() as session:
        assert session.scalars(select(Tombstone)).all() == []


def test_a_nul_is_refused(http: Caller) -> None:
    note = {"title": "a\u0000b", "message": "m", "notification_type": "message", "delivery_channel": "in_app"}
    assert http.as_user(7).post("/notifications/", note).status == 400
