"""What lists and hot requests cost: who is counted, and how many statements are sent."""

from itertools import product
from uuid import UUID

from sqlalchemy import text

from services.reviews.api.paging import reviews_page
from services.reviews.tests.world import CLIENT, OTHER, OWNER, PRACTITIONER, SERVICE, Write, uuid_of
from shared.database import Database, reading
from shared.identity import Identity
from shared.testing.http import Caller


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


def test_a_crowd_is_not_counted(shelf: dict[str, str]) -> None:
    """Everybody is a crowd here: the same reviews are found, and their number is said to be an estimate."""
    narrowings = ({"search": "ann"}, {"has_comment": True}, {"has_comment": True, "max_rating": 400})
    for about, narrowing in product(ABOUT, narrowings):
        with reading() as connection:
            counted = reviews_page(connection, {**about, **narrowing}, by=NOBODY)
            crowd = reviews_page(connection, {**about, **narrowing}, by=NOBODY, crowd=1)
        assert [row["id"] for row in crowd.rows] == [row["id"] for row in counted.rows] != []
        assert (counted.count_exact, counted.count) == (True, len(counted.rows))
        assert (crowd.count_exact, crowd.count >= 1) == (False, True)


def test_words_that_few_reviews_hold_are_sorted(shelf: dict[str, str]) -> None:
    orderings = (("-created_at",), ("net_helpful_votes",), ("-helpful", "rating"))
    for about, ordering, page in product(ABOUT, orderings, (1, 2)):
        query = {**about, "search": "ann", "ordering": ordering, "page_size": 1, "page": page}
        with reading() as connection:
            few = reviews_page(connection, query, by=NOBODY, few=2)
            many = reviews_page(connection, query, by=NOBODY, few=0)
        assert [row["id"] for row in few.rows] == [row["id"] for row in many.rows]
        assert (few.count, few.count_exact, len(few.rows)) == (2, True, 1)


def test_who_has_few_reviews_has_them_counted(http: Caller, shelf: dict[str, str], statements: list[str]) -> None:
    for about in ABOUT[:3]:
        statements.clear()
        narrowing = "&".join(f"{name}={value}" for name, value in about.items())
        told = http.as_user(OTHER).get(f"/reviews/?{narrowing}&has_comment=true").json
        assert (told["count"], told["count_exact"], len(statements)) == (4, True, 3)


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
