"""Lists and details: what is found, in which order, and that nobody learns who wrote anonymously."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.reviews.api.paging import reviews_page
from services.reviews.tests.world import CLIENT, NOON, OTHER, OWNER, PRACTITIONER, SERVICE, World, uuid_of
from shared.clock import frozen_at
from shared.database import Database, reading
from shared.identity import Identity
from shared.messaging.testing import announced
from shared.testing.http import Answer, Caller

Write = Callable[..., Answer]


@pytest.fixture
def shelf(world: World, write: Write, http: Caller) -> dict[str, str]:
    """Five reviews by name, each an hour after the one before."""
    made: dict[str, str] = {}
    for number, (name, user, rating, comment, more) in enumerate(
        [
            ("warm", CLIENT, 4, "The massages were warm and calming", {}),
            ("half", CLIENT, 4.5, "Running late, but lovely", {}),
            ("five", OTHER, 5, "", {}),
            ("hidden", CLIENT, 3, "Nobody knows that I wrote this", {"is_anonymous": True}),
            ("cold", OTHER, 1, "It was cold", {}),
        ]
    ):
        with frozen_at(NOON + timedelta(hours=number)):
            made[name] = write(user, rating=rating, comment=comment, **more).json["public_uuid"]
    http.as_user(OWNER).post(f"/reviews/{made['cold']}/respond/", {"response_text": "Sorry"})
    for voter, name, helpful in ((20, "half", True), (20, "warm", True), (21, "warm", True), (22, "warm", False)):
        http.as_user(voter).post(f"/reviews/{made[name]}/vote/", {"is_helpful": helpful})
    return made


def found(caller: Caller, shelf: dict[str, str], query: str) -> list[str]:
    answer = caller.get(f"/reviews/?{query}")
    assert answer.status == 200, (query, answer)
    names = {reference: name for name, reference in shelf.items()}
    return [names[one["public_uuid"]] for one in answer.json["results"]]


LISTS = [
    ("", "cold hidden five half warm"),
    ("ordering=created_at", "warm half five hidden cold"),
    ("ordering=-rating", "five half warm hidden cold"),
    ("ordering=-helpful", "warm half cold hidden five"),
    ("ordering=-helpful_votes,created_at", "warm half five hidden cold"),
    ("ordering=net_helpful_votes,-rating", "five hidden cold half warm"),
    ("rating=4", "half warm"),
    ("rating=4.5", "half"),
    ("rating=4.00", "warm"),
    ("rating=5", "five"),
    ("min_rating=4.5", "five half"),
    ("max_rating=3", "cold hidden"),
    ("has_response=true", "cold"),
    ("has_response=false", "hidden five half warm"),
    ("has_comment=false", "five"),
    ("has_media=true", ""),
    ("is_anonymous=true", "hidden"),
    ("is_verified=false", ""),
    ("is_published=true", "cold hidden five half warm"),
    ("is_published=false", ""),
    ("created_after=2026-06-15T14:00:00Z", "cold hidden five"),
    ("created_after=2026-06-15T13:00:00Z&created_before=2026-06-15T14:00:00Z", "half"),
    (f"practitioner={uuid_of('practitioner', PRACTITIONER)}&rating=1", "cold"),
    (f"practitioner=practitioner-{PRACTITIONER}&service={SERVICE}&rating=1", "cold"),
    ("practitioner=nobody", ""),
    (f"user={uuid_of('user', OTHER)}", "cold five"),
    (f"user={uuid_of('user', CLIENT)}", "half warm"),
    ("search=massage calm", "warm"),
    ("search=cold", "cold"),
    ("search=ann", "half warm"),
    ("search=anna m", "half warm"),
    ("search=meyer", ""),
    ("search=anonymous", ""),
    ("search=anna@mail.example", ""),
    ("search=run", "half"),
    ("search=%26%7C!(", ""),
    ("page=2&page_size=2", "five half"),
    ("limit=2&offset=3", "half warm"),
    ("utm_source=x&_=1", "cold hidden five half warm"),
]


def test_lists(http: Caller, shelf: dict[str, str]) -> None:
    for query, names in LISTS:
        assert (query, found(http, shelf, query)) == (query, names.split())


REFUSED = [
    ("rating=6", "rating"),
    ("rating=x", "rating"),
    ("colour=red", "colour"),
    ("ordering=name", "ordering"),
    ("search=x", "search"),
    ("created_after=2026-06-15T14:00:00", "created_after"),
    ("created_after=2026-06-15T14:00:00Z&created_before=2026-06-15T13:00:00Z", "created_after"),
    ("user=7", "user"),
    ("page=0", "page"),
]


def test_lists_that_are_refused(http: Caller) -> None:
    for query, field in REFUSED:
        answer = http.get(f"/reviews/?{query}")
        assert (query, answer.status, list(answer.errors)) == (query, 400, [field])


def test_pages(http: Caller, shelf: dict[str, str]) -> None:
    assert http.get("/reviews/?page=9").status == 404
    assert http.get("/reviews/?page_size=1000").json["page_size"] == 100


def test_a_list_counts_rows_only_where_no_numbers_are_kept(
    http: Caller, shelf: dict[str, str], database: Database
) -> None:
    """The kept numbers are made wrong here, which tells who reads them."""
    more = ", ".join(f"c{stars} = c{stars} + 6000" for stars in range(1, 6))
    with database.transaction() as session:
        more += ", verified = verified + 800, with_response = with_response + 500, h0 = h0 + 500"
        session.execute(text(f"UPDATE ratings SET count = count + 30000, {more}"))
    about = f"practitioner={PRACTITIONER}"

    for query, count in (
        (about, 30_005),
        (f"{about}&is_published=true&ordering=-helpful&page_size=2", 30_005),
        (f"service=service-{SERVICE}&rating=4", 6_002),
        (f"{about}&service={SERVICE}&rating=5", 6_001),
        ("", 5),
        ("rating=4", 2),
        (f"{about}&rating=4.5", 1),
        (f"{about}&has_comment=true", 4),
        (f"{about}&has_comment=true&has_response=true", 1),
        (f"{about}&has_response=true", 501),
        (f"{about}&has_response=false", 29_504),
        (f"service={SERVICE}&is_verified=true", 805),
        (f"service={SERVICE}&is_verified=false", 0),
        (f"{about}&search=cold", 1),
        (f"{about}&is_published=false", 0),
        ("service=nowhere", 0),
        ("service=nowhere&has_comment=true", 0),
    ):
        told = http.get(f"/reviews/?{query}").json
        assert (query, told["count"], told["count_exact"]) == (query, count, True)


ABOUT = (
    {"practitioner": PRACTITIONER},
    {"practitioner": f"practitioner-{PRACTITIONER}", "service": UUID(uuid_of("service", SERVICE))},
    {"service": f"service-{SERVICE}"},
    {},
)
NOBODY = Identity()


@pytest.mark.parametrize("about", ABOUT)
def test_a_crowd_is_not_counted(shelf: dict[str, str], about: dict[str, Any]) -> None:
    """Everybody is a crowd here: the same reviews are found, and their number is said to be an estimate."""
    for narrowing in ({"search": "ann"}, {"has_comment": True}, {"has_comment": True, "max_rating": 400}):
        with reading() as connection:
            counted = reviews_page(connection, {**about, **narrowing}, by=NOBODY)
            crowd = reviews_page(connection, {**about, **narrowing}, by=NOBODY, crowd=1)
        assert [row["id"] for row in crowd.rows] == [row["id"] for row in counted.rows] != []
        assert (counted.count_exact, counted.count) == (True, len(counted.rows))
        assert (crowd.count_exact, crowd.count >= 1) == (False, True)


def test_who_has_few_reviews_has_them_counted(http: Caller, shelf: dict[str, str], statements: list[str]) -> None:
    for about in ABOUT[:3]:
        statements.clear()
        narrowing = "&".join(f"{name}={value}" for name, value in about.items())
        told = http.as_user(OTHER).get(f"/reviews/?{narrowing}&has_comment=true").json
        assert (told["count"], told["count_exact"], len(statements)) == (4, True, 3)


def test_staff_find_what_is_not_public(http: Caller, shelf: dict[str, str]) -> None:
    staff = http.as_staff(9)
    staff.post(f"/reviews/{shelf['warm']}/moderate/", {"action": "hide", "reason": "spam"})

    assert found(staff, shelf, "is_published=false") == ["warm"]
    assert http.as_user(CLIENT).get("/reviews/?is_published=false").json["count"] == 0


def test_one_finds_ones_own_anonymous_reviews(http: Caller, shelf: dict[str, str]) -> None:
    own = f"user={uuid_of('user', CLIENT)}"

    assert found(http.as_user(CLIENT), shelf, own) == ["hidden", "half", "warm"]
    assert found(http.as_staff(9), shelf, own) == ["hidden", "half", "warm"]
    assert found(http.as_user(OWNER), shelf, own) == ["half", "warm"]


def test_nobody_learns_who_wrote_anonymously(
    database: Database, http: Caller, shelf: dict[str, str], world: World
) -> None:
    """Neither strangers nor the practitioner: not by a name, a picture, an id, nor by the appointment."""
    path = f"/reviews/{shelf['hidden']}/"
    world.user(CLIENT, last_name="Miller", avatar_url="https://a.example/new.png")

    for caller in (http, http.as_user(OTHER), http.as_user(OWNER)):
        shown = caller.get(path).json
        assert (shown["display_name"], shown["user_avatar_url"], shown["booking"]) == ("Anonymous", None, None)
        told = json.dumps(shown)
        assert "Anna" not in told
        assert uuid_of("user", CLIENT) not in told
    received = http.as_user(OWNER).get("/reviews/received/").json["results"]
    assert {one["display_name"]: one["booking"] is None for one in received} == {
        "Anna M.": False,
        "Bo": False,
        "Anonymous": True,
    }
    with database.transaction() as session:
        changed = [one.data for one in announced(session, "review.changed") if one.data["uuid"] == shelf["hidden"]]
    assert all("Anna" not in json.dumps(data) for data in changed)


def test_what_each_may_see_of_a_review(http: Caller, shelf: dict[str, str]) -> None:
    path = f"/reviews/{shelf['warm']}/"
    stranger, author, owner, staff = http, http.as_user(CLIENT), http.as_user(OWNER), http.as_staff(9)

    assert [caller.get(path).json["booking"] is not None for caller in (stranger, author, owner, staff)] == [
        False,
        True,
        True,
        True,
    ]
    assert [caller.get(path).json["can_edit"] for caller in (stranger, author, owner, staff)] == [
        False,
        True,
        False,
        False,
    ]
    assert [caller.get(path).json["reported_count"] for caller in (author, staff)] == [None, 0]
    shown = stranger.get(path).json
    assert (shown["user_avatar_url"], shown["can_edit_until"]) == ("https://a.example/1.png", None)
    assert shown["practitioner"]["display_name"] == f"Practitioner {PRACTITIONER}"
    assert http.get(f"/reviews/{uuid_of('review', 1)}/").status == 404


def test_strangers_answers_may_be_cached(http: Caller, shelf: dict[str, str]) -> None:
    for path in (
        "/reviews/",
        f"/reviews/{shelf['warm']}/",
        f"/reviews/statistics/?service={SERVICE}",
        "/review-questions/",
    ):
        answer = http.get(path)
        assert answer.headers["Cache-Control"].startswith("public, max-age=30"), path
        assert http.having(If_None_Match=answer.headers["ETag"]).get(path).status == 304
        assert "Cache-Control" not in http.as_user(OTHER).get(path).headers
    before = http.get("/reviews/").headers["ETag"]
    http.as_user(25).post(f"/reviews/{shelf['warm']}/vote/", {"is_helpful": True})
    assert http.having(If_None_Match=before).get("/reviews/").status == 200


def test_lists_take_few_statements(http: Caller, shelf: dict[str, str], statements: list[str]) -> None:
    def sent(caller: Caller, path: str) -> int:
        counts = []
        for page_size in (1, 5):
            caller.get(path)
            statements.clear()
            assert caller.get(f"{path}{'&' if '?' in path else '?'}page_size={page_size}").status == 200
            counts.append(len(statements))
        return max(counts)

    of = f"practitioner={PRACTITIONER}&service=service-{SERVICE}"
    assert sent(http, f"/reviews/?{of}") == 1
    assert sent(http.as_user(OTHER), f"/reviews/?{of}") == 2
    assert sent(http.as_user(CLIENT), "/reviews/my_reviews/") == 2
    assert sent(http.as_user(OWNER), "/reviews/received/") == 3
    assert sent(http.as_user(CLIENT), "/reviews/pending/") == 1
    assert sent(http.as_staff(9), "/reviews/moderation/?status=open") <= 3


def test_hot_reads_take_few_statements(http: Caller, shelf: dict[str, str], statements: list[str]) -> None:
    """Of somebody who is signed in: strangers are given again what did not change."""
    reader = http.as_user(OTHER)
    for path, most in ((f"/reviews/statistics/?practitioner={PRACTITIONER}", 1), (f"/reviews/{shelf['warm']}/", 3)):
        statements.clear()
        assert reader.get(path).status == 200
        assert len(statements) == most, statements


def test_writing_takes_few_statements(write: Write, statements: list[str]) -> None:
    write(comment="First")
    statements.clear()

    assert write(comment="Second").status == 201

    own = [one for one in statements if "inbox" not in one]
    assert len(own) <= 15, "\n".join(own)


HOT = {
    "by practitioner": "practitioner_id = 10 AND status = 'published' ORDER BY created_at DESC, id DESC",
    "by service": "service_id = 50 AND status = 'published' ORDER BY created_at DESC, id DESC",
    "helpful": "service_id = 50 AND status = 'published' ORDER BY helpful_score DESC, id DESC",
    "stars": "service_id = 50 AND status = 'published' AND rating BETWEEN 400 AND 499 ORDER BY rating, created_at DESC",
    "newest": "status = 'published' ORDER BY created_at DESC, id DESC",
    "own": "author_id = 1 ORDER BY created_at DESC",
    "queue": "(reports_open > 0 OR status = 'held') ORDER BY queue_score DESC, id DESC",
    "taken down": "status = 'hidden' ORDER BY id DESC",
    "sealed": "status = 'sealed' AND visible_at <= now()",
    "search": "status = 'published' AND search @@ websearch_to_tsquery('english', 'warm')",
}


def test_hot_queries_never_read_whole_tables(database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        for name, clause in HOT.items():
            plan = "\n".join(session.scalars(text(f"EXPLAIN SELECT id FROM reviews WHERE {clause} LIMIT 20")))
            assert "Seq Scan" not in plan, f"{name}\n{plan}"
