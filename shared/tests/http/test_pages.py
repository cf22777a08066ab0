"""Lists: pages, links, cursors, filters."""

from typing import Any

import pytest
from sqlalchemy import event

from shared.database import Database
from shared.database import database as current
from shared.testing.http import Caller
from shared.tests.http.conftest import LISTING, Book, Shelf, add_books


def test_pages_follow_each_other_without_gap_or_overlap(http: Caller, database: Database) -> None:
    add_books(database, 7, *(f"t{n}" for n in range(45)))
    add_books(database, 8, "not mine")
    seen: list[int] = []
    path: str | None = "/books/?page_size=20&_=123&utm_source=x"
    while path:
        body = http.as_user(7).get(path).json
        seen += [row["id"] for row in body["results"]]
        assert (body["count"], body["total_pages"], body["page_size"]) == (45, 3, 20)
        path = body["next"] and "/books/?" + body["next"].partition("?")[2]
    assert len(seen) == len(set(seen)) == 45


def test_links_are_public(http: Caller, database: Database) -> None:
    add_books(database, 7, "a", "b", "c")
    forwarded = http.as_user(7).having(
        X_Forwarded_Host="api.example", X_Forwarded_Proto="https", X_Estuary_Base="/api/v1"
    )

    body = forwarded.get("/books/?page=2&page_size=1&search=").json
    assert body["next"] == "https://api.example/api/v1/books/?page_size=1&page=3"
    assert body["previous"] == "https://api.example/api/v1/books/?page_size=1&page=1"


def test_cursors_reach_every_row_in_any_order(http: Caller, database: Database) -> None:
    with database.transaction() as session:
        shelf = Shelf(name="s")
        session.add(shelf)
        session.flush()
        for n in range(30):
            shelf_id = shelf.id if n % 3 else None
            session.add(Book(owner_id=7, title=f"t{n % 4}", price_cents=n % 5, shelf_id=shelf_id))
    for ordering in ("shelf,-price", "-shelf,title", "price", "-title"):
        whole = http.as_user(7).get(f"/books/?page_size=100&ordering={ordering}").json["results"]
        with database.reading() as connection:
            seen: list[Any] = []
            cursor: str | None = None
            while True:
                query = {"page_size": 7, "ordering": tuple(ordering.split(","))}
                page = LISTING.page(connection, {**query, "cursor": cursor} if cursor else query)
                seen += [row["id"] for row in page.rows]
                assert page.count == 30
                cursor = page.next_cursor
                if cursor is None:
                    break
        assert seen == [row["id"] for row in whole]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("page=0", 400),
        ("page=x", 400),
        ("page=2", 404),
        ("page=1", 200),
        ("page_size=1000", 200),
        ("page_size=0", 400),
        ("limit=5&offset=0", 200),
        ("page=9223372036854775807", 400),
        ("cursor=broken", 400),
        ("cursor=WzFd", 400),
        ("ordering=foo", 400),
        ("ordering=-price,title", 200),
        ("foo=1", 400),
        ("titles=a,z", 400),
        ("titles=a,b", 200),
        ("shelved=yes", 200),
        ("shelved=maybe", 400),
        ("search=x", 400),
        ("search=" + "x" * 101, 400),
        ("title=%00", 400),
        ("title=", 200),
    ],
)
def test_parameters(http: Caller, database: Database, query: str, status: int) -> None:
    add_books(database, 7, "a")
    answer = http.as_user(7).get(f"/books/?{query}")

    assert answer.status == status, answer
    if query == "foo=1":
        assert "page_size" in answer.errors["foo"][0]


def test_filters_and_search_choose_rows(http: Caller, database: Database) -> None:
    add_books(database, 7, "a", "b", "bee")
    me = http.as_user(7)

    assert me.get("/books/?titles=a,b").json["count"] == 2
    assert me.get("/books/?search=be").json["results"][0]["title"] == "bee"
    assert me.get("/books/?shelved=true").json["count"] == 0


def test_a_page_is_one_query(http: Caller, database: Database) -> None:
    add_books(database, 7, "a", "b")
    http.as_user(7).get("/books/")
    statements: list[str] = []
    event.listen(current().engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    http.as_user(7).get("/books/?page_size=2")
    assert len(statements) == 1
