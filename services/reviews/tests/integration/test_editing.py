"""Changing and taking back reviews."""

from datetime import timedelta

import pytest

from services.reviews.tests.world import (
    CLIENT,
    NOON,
    OTHER,
    OTHER_PRACTITIONER,
    PRACTITIONER,
    World,
    Write,
    uuid_of,
)
from shared.clock import frozen_at
from shared.database import Database
from shared.messaging.testing import announced
from shared.testing.http import Caller


@pytest.mark.parametrize(
    ("later", "status", "code"),
    [(timedelta(hours=23, minutes=59), 200, None), (timedelta(hours=24, minutes=1), 403, "edit_window_closed")],
)
def test_the_edit_window(write: Write, client: Caller, later: timedelta, status: int, code: str | None) -> None:
    path = f"/reviews/{write().json['public_uuid']}/"

    with frozen_at(NOON + later):
        edited = client.patch(path, {"comment": "Better words"})
        assert client.get(path).json["can_edit"] is (code is None)
        gone = client.delete(path)

    assert (edited.status, edited.code) == (status, code)
    assert (gone.status, gone.code) == ((204, None) if code is None else (403, code))


def test_an_edit_keeps_the_old_text_and_moves_the_rating(database: Database, write: Write, client: Caller) -> None:
    path = f"/reviews/{write(rating=5, comment='First').json['public_uuid']}/"

    body = {"rating": "2.5", "comment": "Second", "practitioner_uuid": uuid_of("practitioner", OTHER_PRACTITIONER)}
    edited = client.put(path, body)

    assert (edited.json["rating"], edited.json["comment"], edited.json["is_edited"]) == ("2.50", "Second", True)
    assert client.get(path).json["practitioner_uuid"] == uuid_of("practitioner", PRACTITIONER)
    assert client.get(f"{path}revisions/").json == [
        {"rating": "5.00", "comment": "First", "at": "2026-06-15T12:00:00Z"}
    ]
    with database.transaction() as session:
        assert [one.data["average"] for one in announced(session, "rating.changed")] == ["5.00", "5.00", "2.50", "2.50"]
        assert [one.data["rating"] for one in announced(session, "review.changed")] == ["5.00", "2.50"]


def test_nothing_new_changes_nothing(database: Database, write: Write, client: Caller) -> None:
    path = f"/reviews/{write(comment='First').json['public_uuid']}/"

    edited = client.patch(path, {"comment": "First", "rating": "5.00", "is_anonymous": False})

    assert edited.json["is_edited"] is False
    with database.transaction() as session:
        assert len(announced(session, "review.changed")) == 1


def test_a_new_text_is_screened_again(write: Write, client: Caller) -> None:
    made = write(comment="Fine").json
    path = f"/reviews/{made['public_uuid']}/"

    assert client.patch(path, {"comment": "Call +49 170 1234567"}).status == 200
    assert client.get(path).json["status"] == "held"
    assert client.as_user(OTHER).get(path).status == 404
    assert client.patch(path, {"comment": "Fine again"}).status == 200
    assert client.as_user(OTHER).get(path).json["comment"] == "Fine again"


def test_somebody_elses_review(write: Write, http: Caller) -> None:
    public = f"/reviews/{write().json['public_uuid']}/"
    held = f"/reviews/{write(comment='me@mail.example').json['public_uuid']}/"
    other = http.as_user(OTHER)

    assert [other.patch(path, {"comment": "x"}).status for path in (public, held)] == [403, 404]
    assert [other.delete(path).status for path in (public, held)] == [403, 404]
    assert [http.patch(path, {"comment": "x"}).status for path in (public, held)] == [401, 401]
    assert other.get(f"{public}revisions/").status == 404


def test_an_old_etag_is_refused(write: Write, client: Caller) -> None:
    path = f"/reviews/{write().json['public_uuid']}/"
    old = client.get(path).headers["ETag"]
    assert client.having(If_Match=old).patch(path, {"comment": "A"}).status == 200

    assert client.having(If_Match=old).patch(path, {"comment": "B"}).status == 412


def test_taking_back_frees_the_booking(database: Database, world: World, client: Caller) -> None:
    world.booking(7)
    body = {"rating": 1, "booking_uuid": uuid_of("booking", 7)}
    first = client.post("/reviews/", body).json["public_uuid"]

    assert client.delete(f"/reviews/{first}/").status == 204

    assert client.delete(f"/reviews/{first}/").status == 404
    assert client.get("/reviews/my_reviews/").json["count"] == 0
    with database.transaction() as session:
        [removed] = [one.data for one in announced(session, "review.removed")]
        last = announced(session, "rating.changed")[-1].data
    assert (removed["cause"], removed["author_user_id"]) == ("withdrawn", CLIENT)
    assert (last["count"], last["average"], last["last_review_at"]) == (0, "0.00", None)
    assert client.post("/reviews/", body).status == 201
