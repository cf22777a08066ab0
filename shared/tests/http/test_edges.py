"""What every operation of every service gets from the shared edge."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote

import pytest
from flask import Flask
from marshmallow import ValidationError
from sqlalchemy import Connection, select, text

from shared.database import Database, disconnect, reading
from shared.database.engine import connect
from shared.http import ANYONE, Blueprint, MethodView, fields
from shared.testing import environment
from shared.testing.http import Caller
from shared.tests.http.conftest import LISTING, Book, Shelf


def add_books(database: Database, owner: int, *titles: str, price_cents: int = 100) -> None:
    with database.transaction() as session:
        session.add_all(Book(owner_id=owner, title=title, price_cents=price_cents) for title in titles)


def test_an_operation_without_a_policy_fails_the_start() -> None:
    naked = Blueprint("naked", "")

    with pytest.raises(TypeError, match="no policy"):

        @naked.route("/naked/")
        class Naked(MethodView):
            def get(self) -> None: ...


def test_who_is_not_signed_in_gets_401_and_who_is_not_staff_403(http: Caller) -> None:
    assert http.get("/books/").status == 401
    assert http.get("/books/").headers["WWW-Authenticate"].startswith("Bearer")
    assert http.get("/desk/").status == 401
    assert http.as_user(7).get("/desk/").code == "permission_denied"
    assert http.as_staff().get("/desk/").json == {"welcome": True}


def test_who_has_to_prove_their_address_first_reads_and_changes_nothing(http: Caller, database: Database) -> None:
    add_books(database, 7, "mine")
    pending, book = http.as_user(7, is_pending=True), {"title": "x", "price": "1"}

    refused = pending.post("/books/", book)

    assert (refused.status, refused.code) == (403, "account_pending")
    assert pending.patch("/books/1/", book).code == "account_pending"
    assert pending.get("/books/").json["count"] == 1
    assert http.as_user(7).post("/books/", book).status == 201


def test_only_operations_that_change_something_refuse_pending_accounts(http: Caller) -> None:
    paths = http.get("/openapi.json").json["paths"]

    def codes(path: str, method: str) -> list[str]:
        told: list[str] = paths[path][method]["responses"].get("403", {}).get("x-codes", [])
        return told

    assert codes("/books/", "post") == ["account_pending"]
    assert codes("/books/", "get") == []


def test_a_signature_for_another_path_is_refused(app: Flask, http: Caller) -> None:
    signed_for_desk = http.as_staff()
    answer = app.test_client().get("/desk/", headers={"Authorization": f"Bearer {signed_for_desk.token}"})

    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"title": "x", "price": "9.99"}, 201),
        ({"title": "x", "price": 9.99}, 201),
        ({"title": "x", "price": 9}, 201),
        ({"title": "x", "price": "9.999"}, 400),
        ({"title": "x", "price": "1e3"}, 400),
        ({"title": "x", "price": "１０"}, 400),
        ({"title": "x", "price": True}, 400),
        ({"title": "x", "price": "-1"}, 400),
        ({"title": "x", "price": ""}, 400),
        ({"title": 5, "price": "1"}, 400),
        ({"title": "a\x00b", "price": "1"}, 400),
        ({"title": "a\nb", "price": "1"}, 400),
        ({"title": "x", "price": "1", "is_staff": True, "id": 3}, 201),
        ({"price": "1"}, 400),
        ([], 400),
        ("text", 400),
    ],
)
def test_bodies(http: Caller, body: Any, status: int) -> None:
    assert http.as_user(7).post("/books/", body).status == status


@pytest.mark.parametrize(
    "raw",
    [b"{", b"[" * 10_000, b'{"title": 1e400}', b"\xff\xfe", b'{"title": "\\ud800"}', b"null"],
)
def test_what_is_no_json_object_is_refused(http: Caller, raw: bytes) -> None:
    answer = http.as_user(7).call("POST", "/books/", data=raw, content_type="application/json")

    assert (answer.status, answer.code) == (400, "validation_error")


def test_another_content_type_is_415_and_a_large_body_413(http: Caller) -> None:
    assert http.as_user(7).call("POST", "/books/", data=b"a=b", content_type="text/plain").status == 415
    large = b'{"title": "' + b"x" * (1 << 20) + b'"}'
    assert http.as_user(7).call("POST", "/books/", data=large, content_type="application/json").status == 413


def test_refusals_name_fields(http: Caller) -> None:
    answer = http.as_user(7).post("/books/", {"title": "taken", "price": "1"})

    assert answer.status == 409
    assert answer.json == {
        "message": "There is a book of that title.",
        "code": "title_taken",
        "errors": {"title": ["Choose another."]},
    }


@pytest.mark.parametrize("path", ["/books/0/", "/books/-1/", "/books/9223372036854775808/", "/books/abc/", "/nowhere/"])
def test_impossible_paths_are_404(http: Caller, path: str) -> None:
    assert (http.get(path).status, http.get(path).code) == (404, "not_found")


def test_another_method_is_405_and_says_which_are_served(http: Caller) -> None:
    answer = http.as_user(7).delete("/books/")

    assert answer.status == 405
    assert "POST" in answer.headers["Allow"]


def test_a_path_without_the_final_slash_is_served(http: Caller) -> None:
    assert http.as_user(7).post("/books", {"title": "x", "price": "1"}).status == 201
    assert http.as_user(7).get("/the-books/").status == 200


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "2201-01-01", "9999-12-31"])
def test_days_beyond_what_zones_and_spans_can_hold_are_refused(day: str) -> None:
    with pytest.raises(ValidationError, match="1900 and 2200"):
        fields.Date().deserialize(day)


@pytest.mark.parametrize(("kind", "status"), [("range", 400), ("cancelled", 503), ("deadlock", 503), ("bug", 500)])
def test_the_databases_refusals(http: Caller, kind: str, status: int) -> None:
    answer = http.get(f"/failures/{kind}/")

    assert answer.status == status
    assert "nonsense" not in str(answer.json)
    assert status != 503 or answer.headers["Retry-After"] == "1"


def test_a_database_that_is_away_is_503(http: Caller) -> None:
    connect("postgresql://nobody@127.0.0.1:1/nowhere")
    try:
        assert http.get("/books/1/").code == "service_unavailable"
    finally:
        disconnect()
        environment._entered = None


def test_the_sentence_for_people_survives_the_header(http: Caller) -> None:
    answer = http.as_user(7).post("/books/", {"title": "x", "price": "1"})

    assert unquote(answer.headers["Estuary-Message"]) == "Ein Büchlein „neu“"


def test_versions(http: Caller, database: Database) -> None:
    add_books(database, 7, "x")
    with database.transaction() as session:
        path = f"/books/{session.scalar(select(Book.id))}/"
    first = http.get(path)
    assert first.headers["ETag"] == '"1"'

    assert http.having(If_None_Match='W/"1"').get(path).status == 304
    assert http.as_user(7).having(If_Match='"1"').patch(path, {"price": "5"}).headers["ETag"] == '"2"'
    assert http.as_user(7).having(If_Match='"1"').patch(path, {"price": "6"}).code == "precondition_failed"
    assert http.get(path).json["price"] == "5.00"
    assert http.having(If_None_Match='"1"').get(path).status == 200


class TestIdempotency:
    def test_a_repetition_has_one_effect_and_the_same_answer(self, http: Caller, database: Database) -> None:
        caller = http.as_user(7).having(Idempotency_Key="k1")
        first, second = (caller.post("/books/", {"title": "x", "price": "1"}) for _ in range(2))

        assert first.raw.get_data() == second.raw.get_data()
        assert (first.status, second.status) == (201, 201)
        assert second.headers["Idempotent-Replayed"] == "true"
        assert second.headers["Estuary-Message"] == first.headers["Estuary-Message"]
        with database.transaction() as session:
            assert len(session.scalars(select(Book)).all()) == 1

    def test_another_body_is_a_conflict_another_user_is_not(self, http: Caller) -> None:
        keyed = http.having(Idempotency_Key="k1")
        assert keyed.as_user(7).post("/books/", {"title": "x", "price": "1"}).status == 201
        assert keyed.as_user(7).post("/books/", {"title": "y", "price": "1"}).code == "idempotency_conflict"
        assert keyed.as_user(8).post("/books/", {"title": "y", "price": "1"}).status == 201

    def test_a_refusal_is_not_kept(self, http: Caller) -> None:
        keyed = http.as_user(7).having(Idempotency_Key="k1")
        assert keyed.post("/books/", {"title": "taken", "price": "1"}).status == 409
        assert "Idempotent-Replayed" not in keyed.post("/books/", {"title": "taken", "price": "1"}).headers

    @pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 256])
    def test_a_malformed_key_is_refused(self, http: Caller, key: str) -> None:
        answer = http.as_user(7).having(Idempotency_Key=key).post("/books/", {"title": "x", "price": "1"})

        assert answer.status == 400

    def test_twenty_at_once_have_one_effect(self, http: Caller, database: Database) -> None:
        keyed = http.as_user(7).having(Idempotency_Key="k1")
        barrier = threading.Barrier(20)

        def post(_: int) -> Any:
            barrier.wait()
            return keyed.post("/books/", {"title": "x", "price": "1"})

        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(post, range(20)))
        statuses = Counter(answer.status for answer in answers)
        assert set(statuses) <= {201, 409, 503}
        assert len({answer.raw.get_data() for answer in answers if answer.status == 201}) == 1
        with database.transaction() as session:
            assert len(session.scalars(select(Book)).all()) == 1


class TestPages:
    def test_pages_follow_each_other_without_gap_or_overlap(self, http: Caller, database: Database) -> None:
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

    def test_links_are_public(self, http: Caller, database: Database) -> None:
        add_books(database, 7, "a", "b", "c")
        forwarded = http.as_user(7).having(
            X_Forwarded_Host="api.example", X_Forwarded_Proto="https", X_Estuary_Base="/api/v1"
        )

        body = forwarded.get("/books/?page=2&page_size=1&search=").json
        assert body["next"] == "https://api.example/api/v1/books/?page_size=1&page=3"
        assert body["previous"] == "https://api.example/api/v1/books/?page_size=1&page=1"

    def test_cursors_reach_every_row_in_any_order(self, http: Caller, database: Database) -> None:
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
                from shared.tests.http.conftest import LISTING

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
    def test_parameters(self, http: Caller, database: Database, query: str, status: int) -> None:
        add_books(database, 7, "a")
        answer = http.as_user(7).get(f"/books/?{query}")

        assert answer.status == status, answer
        if query == "foo=1":
            assert "page_size" in answer.errors["foo"][0]

    def test_filters_and_search_choose_rows(self, http: Caller, database: Database) -> None:
        add_books(database, 7, "a", "b", "bee")
        me = http.as_user(7)

        assert me.get("/books/?titles=a,b").json["count"] == 2
        assert me.get("/books/?search=be").json["results"][0]["title"] == "bee"
        assert me.get("/books/?shelved=true").json["count"] == 0

    def test_a_page_is_one_query(self, http: Caller, database: Database, app: Flask) -> None:
        from sqlalchemy import event

        from shared.database import database as current

        add_books(database, 7, "a", "b")
        http.as_user(7).get("/books/")
        statements: list[str] = []
        event.listen(current().engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
        http.as_user(7).get("/books/?page_size=2")
        assert len(statements) == 1


def kept(connection: Connection, part: str) -> list[str]:
    """Return the statements with `part` in them whose plans the connection keeps."""
    found = connection.exec_driver_sql("SELECT statement FROM pg_prepared_statements").scalars()
    return [statement for statement in found if part in statement]


class TestKeptPlans:
    """Connections keep the plans of lists; nobody notices."""

    def test_a_list_is_planned_once_on_a_connection(self, http: Caller, database: Database) -> None:
        add_books(database, 7, "a", "b", "c")
        with reading() as connection:
            for title in ("a", "b", "c", "a", "b", "c", "none"):
                page = LISTING.page(connection, {"title": title})
                assert [row["title"] for row in page.rows] == ([] if title == "none" else [title])
            assert len(kept(connection, "toy_books.title = $1")) == 1

    def test_a_text_is_planned_for_its_words_and_a_transaction_keeps_nothing(
        self, http: Caller, database: Database
    ) -> None:
        add_books(database, 7, "a", "bee")
        with reading() as connection:
            assert len(LISTING.page(connection, {"search": "be"}).rows) == 1
            assert not kept(connection, "concat")
        with database.transaction() as session:
            before = kept(session.connection(), "")
            assert len(LISTING.page(session.connection(), {"title": "a", "ordering": ("-title",)}).rows) == 1
            assert kept(session.connection(), "") == before

    def test_a_number_that_no_row_can_hold_finds_nothing(self, http: Caller, database: Database) -> None:
        add_books(database, 7, "a")
        with reading() as connection:
            for owner, found in ((7, 1), (2**62, 0), (7, 1)):
                assert len(LISTING.page(connection, {"owner": owner}).rows) == found

    def test_a_migration_meanwhile_is_no_failure(self, http: Caller, database: Database) -> None:
        add_books(database, 7, "a")
        with reading() as connection:
            assert len(LISTING.page(connection, {"title": "a"}).rows) == 1
            try:
                with database.transaction() as session:
                    session.execute(text("ALTER TABLE toy_books ALTER title TYPE text"))
                    session.execute(text("ALTER TABLE toy_books ALTER owner_id TYPE bigint"))
                assert len(LISTING.page(connection, {"title": "a"}).rows) == 1
            finally:
                with database.transaction() as session:
                    session.execute(text("ALTER TABLE toy_books ALTER title TYPE varchar, ALTER owner_id TYPE integer"))


def test_the_document_says_it_all(http: Caller) -> None:
    document = http.get("/openapi.json").json
    create = document["paths"]["/books/"]["post"]

    assert create["operationId"] == "books_create"
    assert create["responses"]["409"]["x-codes"] == ["idempotency_conflict", "conflict", "title_taken"]
    assert {p["name"] for p in create["parameters"]} == {"Idempotency-Key"}
    assert create["security"] == [{"bearerAuth": []}]
    assert document["paths"]["/desk/"]["get"]["x-permissions"] == "staff"
    assert "/the-books/" not in document["paths"]
    assert "422" not in create["responses"]


def test_readiness_names_what_fails(app: Flask, database: Database) -> None:
    client = app.test_client()
    assert client.get("/health/live").status_code == 200
    assert b"estuary_http_request_seconds" in client.get("/metrics").data
    with database.transaction() as session:
        session.execute(text("SELECT 1"))
    # The toy is no real service, so there are no migrations that it could have.
    assert client.get("/health/ready").status_code in (200, 503)


def test_anyone_may_read_what_is_for_anyone(http: Caller) -> None:
    assert ANYONE.name == "anyone"
    assert http.get("/books/1/").status == 404
