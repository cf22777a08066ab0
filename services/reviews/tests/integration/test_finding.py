"""Lists and details: what is found, in which order, and that nobody learns who wrote anonymously."""

import json

from services.reviews.tests.world import CLIENT, OTHER, OWNER, PRACTITIONER, SERVICE, World, uuid_of
from shared.database import Database
from shared.messaging.testing import announced
from shared.testing.http import Caller


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
