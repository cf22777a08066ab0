"""What others tell: in any order, however often; and what the clock brings."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import select

from services.reviews import jobs
from services.reviews.models import Booking, Review, Revision, User, Vote
from services.reviews.tests.world import (
    CLIENT,
    MODULES,
    NOON,
    OTHER,
    OWNER,
    PRACTITIONER,
    SERVICE,
    World,
    Write,
    uuid_of,
)
from shared.clock import frozen_at
from shared.database import Database
from shared.ids import uuid7
from shared.messaging.testing import announced, apply
from shared.testing.http import Caller


@pytest.mark.parametrize("types", [("booking.completed", "booking.changed"), ("booking.changed", "booking.completed")])
def test_a_completed_booking_is_one_row_in_any_order(
    database: Database, world: World, client: Caller, types: tuple[str, str]
) -> None:
    told = [world.booking(7, type_=type_, sequence=3) for type_ in types]
    world.booking(7, status="confirmed", completed_at=None, sequence=2)
    assert apply(database, "reviews", MODULES, *told) == 0

    assert client.post("/reviews/", {"rating": 5, "booking_uuid": uuid_of("booking", 7)}).status == 201
    with database.transaction() as session:
        assert len(session.scalars(select(Booking)).all()) == 1


@pytest.mark.parametrize("change", [{"payment_status": "refunded"}, {"status": "confirmed"}])
def test_a_review_of_what_did_not_hold_is_not_verified(
    database: Database, world: World, client: Caller, http: Caller, change: dict[str, Any]
) -> None:
    world.booking(7)
    made = client.post("/reviews/", {"rating": 5, "booking_uuid": uuid_of("booking", 7)}).json["public_uuid"]

    def verified() -> tuple[bool, int, int]:
        numbers = http.get(f"/reviews/statistics/?service={SERVICE}").json
        return http.get(f"/reviews/{made}/").json["is_verified"], numbers["verified_reviews"], numbers["total_reviews"]

    world.booking(7, **change)
    assert verified() == (False, 0, 1)
    world.booking(7)
    assert verified() == (True, 1, 1)
    with database.transaction() as session:
        told = [one.data["verified"] for one in announced(session, "rating.changed") if one.data["target"] == "service"]
    assert told == [1, 0, 1]


def test_names_come_late_and_change(database: Database, write: Write, world: World, http: Caller) -> None:
    named, anonymous = (
        write(30, comment=word, is_anonymous=hide).json["public_uuid"] for word, hide in (("a", False), ("b", True))
    )
    assert http.get(f"/reviews/{named}/").json["display_name"] == "Community member"

    world.user(30, first_name="Cleo", last_name="Young")
    world.user(30, first_name="Cleo", last_name="Yates")
    world.user(30, first_name="Cleo", last_name="Yates", avatar_url="https://a.example/new.png")

    assert http.get(f"/reviews/{named}/").json["display_name"] == "Cleo Y."
    assert http.get(f"/reviews/{named}/").json["user_avatar_url"] == "https://a.example/new.png"
    assert http.get(f"/reviews/{anonymous}/").json["display_name"] == "Anonymous"
    with database.transaction() as session:
        assert [one.data["display_name"] for one in announced(session, "review.changed")].count("Cleo Y.") == 1


def test_a_deleted_person_leaves_ratings_behind(
    database: Database, world: World, write: Write, http: Caller, client: Caller
) -> None:
    made = write(comment="It was warm").json["public_uuid"]
    client.patch(f"/reviews/{made}/", {"comment": "It was very warm"})
    other = write(OTHER, comment="Cold").json["public_uuid"]
    client.post(f"/reviews/{other}/vote/", {"is_helpful": True})
    client.post(f"/reviews/{other}/report/", {"reason": "other", "details": "I know her"})

    world.tell("user.deleted", {"user_id": CLIENT}, subject=("user", CLIENT))
    world.tell("user.deleted", {"user_id": CLIENT}, subject=("user", CLIENT))

    shown = http.get(f"/reviews/{made}/").json
    assert (shown["display_name"], shown["user_avatar_url"], shown["comment"]) == (
        "Former member",
        None,
        "It was very warm",
    )
    assert http.get(f"/reviews/{other}/").json["helpful_votes"] == 1
    assert http.get(f"/reviews/statistics/?service={SERVICE}").json["total_reviews"] == 2
    [report] = http.as_staff(9).get("/reviews/reports/").json["results"]
    assert (report["reporter_id"], report["details"], report["reporter_name"]) == (None, "", "")
    with database.transaction() as session:
        assert session.scalars(select(Review.author_id).where(Review.public_uuid == made)).all() == [None]
        assert session.scalars(select(Revision)).all() == []
        assert session.scalars(select(Vote.user_id)).all() == [None]
        assert session.execute(select(User.first_name, User.avatar_url).where(User.id == CLIENT)).one() == ("", None)
        assert {one.data["source"] for one in announced(session, "user.erased")} == {"reviews"}


def test_texts_go_too_if_so_decided(world: World, write: Write, http: Caller, told: Callable[[str, str], None]) -> None:
    told("REVIEWS_ERASE_TEXT", "1")
    made = write(comment="It was warm").json["public_uuid"]

    world.tell("user.deleted", {"user_id": CLIENT}, subject=("user", CLIENT))

    assert http.get(f"/reviews/{made}/").json["comment"] == ""


def test_a_person_is_told_what_is_held(database: Database, world: World, write: Write, client: Caller) -> None:
    write(comment="Warm")
    other = write(OTHER, comment="Cold").json["public_uuid"]
    client.post(f"/reviews/{other}/vote/", {"is_helpful": True})
    client.post(f"/reviews/{other}/report/", {"reason": "spam"})

    world.tell("user.export_requested", {"export_id": "e1", "user_id": CLIENT})

    with database.transaction() as session:
        [part] = announced(session, "user.export_part")
    kinds = {one["kind"]: one for one in part.data["data"]}
    assert set(kinds) == {"profile", "review", "vote", "report"}
    assert (kinds["review"]["comment"], kinds["report"]["review"]) == ("Warm", other)


def test_photos(database: Database, world: World, write: Write, http: Caller) -> None:
    mine, others, video, later = (str(uuid7()) for _ in range(4))
    world.file(mine)
    world.file(others, OTHER)
    world.file(video, media_type="video")
    for wrong in (others, video, later):
        answer = write(media_ids=[mine, wrong])
        assert (answer.status, answer.code) == (409, "media_not_ready")
    assert write(media_ids=[str(uuid7()) for _ in range(7)]).status == 400

    made = write(media_ids=[mine]).json["public_uuid"]
    path = f"/reviews/{made}/"

    assert http.get(path).json["media"] == [
        {
            "id": mine,
            "url": f"https://m.example/{mine}.webp",
            "thumbnail_url": f"https://m.example/{mine}-s.webp",
            "media_type": "image",
        }
    ]
    assert write(media_ids=[mine]).code == "media_not_ready"
    world.file(mine, url="https://m.example/new.webp")
    assert http.get("/reviews/?has_media=true").json["results"][0]["media"][0]["url"] == "https://m.example/new.webp"
    gone = {"media_id": mine, "entity_type": "review"}
    world.tell("media.deleted", gone, sequence=10**6)
    world.file(mine)
    assert http.get(path).json["media"] == []
    with database.transaction() as session:
        [claimed] = [one.data for one in announced(session, "media.claimed")]
    assert claimed == {"media_id": mine, "service": "reviews", "entity_type": "review", "entity_id": made}


def test_photos_are_released_with_their_review(database: Database, world: World, write: Write, client: Caller) -> None:
    media_id = str(uuid7())
    world.file(media_id)
    made = write(media_ids=[media_id]).json["public_uuid"]

    client.delete(f"/reviews/{made}/")

    with database.transaction() as session:
        assert [one.data["media_id"] for one in announced(session, "media.released")] == [media_id]
    assert write(media_ids=[media_id]).status == 201


def test_a_deleted_service_keeps_its_name(world: World, write: Write, http: Caller) -> None:
    made = write().json["public_uuid"]

    world.tell("service.deleted", {"id": SERVICE})

    assert http.get(f"/reviews/{made}/").json["service_name"] == f"Service {SERVICE}"
    assert http.get(f"/reviews/statistics/?practitioner={PRACTITIONER}").json["total_reviews"] == 1


def test_clients_are_asked_twice_and_never_after_they_wrote(database: Database, world: World, client: Caller) -> None:
    for booking, user in ((7, CLIENT), (8, CLIENT), (9, OTHER), (10, OWNER)):
        world.booking(booking, user)
    world.booking(11, OTHER, payment_status="refunded")
    world.tell("user.deleted", {"user_id": OTHER}, subject=("user", OTHER))
    client.post("/reviews/", {"rating": 5, "booking_uuid": uuid_of("booking", 8)})

    for days in (0, 1, 1.5, 7, 8, 20):
        with frozen_at(NOON + timedelta(days=days)):
            jobs.review_requests()

    with database.transaction() as session:
        asked = [one.data for one in announced(session, "review.request_due")]
    assert [(one["booking_id"], one["number"]) for one in asked] == [(7, 1), (7, 2)]
    assert asked[0] == {
        "booking_id": 7,
        "booking_uuid": uuid_of("booking", 7),
        "user_id": CLIENT,
        "service_id": SERVICE,
        "service_name": f"Service {SERVICE}",
        "practitioner_id": PRACTITIONER,
        "practitioner_name": f"Practitioner {PRACTITIONER}",
        "number": 1,
    }


def test_sealed_reviews_open_by_themselves(
    database: Database, write: Write, http: Caller, told: Callable[[str, str], None]
) -> None:
    told("REVIEWS_BLIND_DAYS", "14")
    made = write().json
    path = f"/reviews/{made['public_uuid']}/"
    assert (made["status"], http.get(path).status, http.as_user(CLIENT).get(path).status) == ("sealed", 404, 200)

    for days in (13, 14, 15):
        with frozen_at(NOON + timedelta(days=days)):
            jobs.blind_open()

    assert http.get(path).status == 200
    assert http.get(f"/reviews/statistics/?service={SERVICE}").json["total_reviews"] == 1
    with database.transaction() as session:
        assert [one.data["republished"] for one in announced(session, "review.published")] == [False]


def test_everything_waits_for_staff_if_so_decided(write: Write, http: Caller, told: Callable[[str, str], None]) -> None:
    told("REVIEWS_PREMODERATE", "1")
    made = write().json

    assert made["status"] == "held"
    path = f"/reviews/{made['public_uuid']}/"
    assert http.as_staff(9).post(f"{path}moderate/", {"action": "approve"}).status == 200
    assert http.get(path).json["is_published"] is True


def test_a_service_outside_may_hold_a_text(
    world: World, write: Write, http: Caller, told: Callable[[str, str], None]
) -> None:
    with outside({"Bad words": b'{"flagged": true}', "Good": b'{"flagged": false}', "Odd": b"[]"}) as (url, asked):
        told("REVIEWS_SCREENING_URL", url)
        paths = {
            text: f"/reviews/{write(comment=text).json['public_uuid']}/" for text in ("Bad words", "Good", "Odd", "")
        }

        jobs.classify()
        jobs.classify()

        assert sorted(asked) == ["Bad words", "Good", "Odd"]
    held = http.as_user(CLIENT).get(paths["Bad words"]).json
    assert held["status"] == "held"
    assert all(http.get(path).status == 200 for text, path in paths.items() if text != "Bad words")
    told("REVIEWS_SCREENING_URL", "http://127.0.0.1:9/")
    away = f"/reviews/{write(comment='Nobody answers').json['public_uuid']}/"
    jobs.classify()
    assert http.get(away).json["is_published"] is True


@contextmanager
def outside(answers: dict[str, bytes]) -> Iterator[tuple[str, list[str]]]:
    """Run a classifier that answers as told; yield its address and the list of what it was asked."""
    asked: list[str] = []

    class Judge(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"]
            asked.append(text)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answers[text])

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Judge) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", asked
        server.shutdown()
