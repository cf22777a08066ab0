"""What every operation of every service gets from the shared edge."""

from typing import Any
from urllib.parse import unquote

import pytest
from flask import Flask
from marshmallow import ValidationError
from sqlalchemy import select, text

from shared.database import Database, disconnect
from shared.database.engine import connect
from shared.http import ANYONE, Blueprint, MethodView, fields
from shared.testing import environment
from shared.testing.http import Caller
from shared.tests.http.conftest import Book, add_books


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
