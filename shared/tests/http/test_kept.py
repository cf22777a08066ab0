"""What is kept is given again only while nothing at all has changed."""

import threading
import time

import pytest

from shared.database import Database, reading, transaction
from shared.http.kept import BYTES_MAX, KEYS_MAX, Answers, Kept, state_of
from shared.testing.http import Caller
from shared.tests.http.conftest import Book, Shown

pytestmark = pytest.mark.usefixtures("shown_never")
# Others may write to the same cluster: then an answer is made again, and a test has to ask again.
PATIENCE_SECONDS = 60


@pytest.fixture
def shown_never() -> None:
    Shown.times = 0


def write(title: str) -> None:
    with transaction() as session:
        session.add(Book(owner_id=1, title=title, price_cents=1))


def ask_until_kept(http: Caller, path: str) -> None:
    """Ask until an answer is given again."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        before = Shown.times
        answer = http.get(path)
        if Shown.times == before:
            assert (answer.status, answer.headers["Cache-Control"]) == (200, "public")
            assert answer.headers["Estuary-Message"] == "Look"
            return
    raise AssertionError("never given again")


def test_an_answer_is_given_again_with_all_its_headers(http: Caller) -> None:
    write("a")
    first = http.get("/window/?q=1")

    ask_until_kept(http, "/window/?q=1")
    again = http.get("/window/?q=1")

    assert again.json == first.json == {"titles": ["a"], "for": 0, "asked": "1"}
    assert again.headers["ETag"] == first.headers["ETag"] == '"a"'
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert http.having(If_None_Match='"a"').get("/window/?q=1").status == 304


def test_every_change_is_seen_by_the_next_request(http: Caller) -> None:
    http.get("/window/")
    http.get("/window/")

    for number in range(20):
        write(f"b{number}")
        assert http.get("/window/").json["titles"][-1] == f"b{number}"
        assert http.having(If_None_Match='"none"').get("/window/").status == 200


def test_a_change_that_is_committed_late_is_seen_at_once(http: Caller, database: Database) -> None:
    with database.transaction() as session:
        session.add(Book(owner_id=1, title="late", price_cents=1))
        session.flush()
        ask_until_kept(http, "/window/")
        assert http.get("/window/").json["titles"] == []

    assert http.get("/window/").json["titles"] == ["late"]


def test_who_is_signed_in_and_what_depends_on_the_moment_is_never_kept(http: Caller) -> None:
    ask_until_kept(http, "/window/")
    before = Shown.times

    assert [http.as_user(7).get("/window/").json["for"] for _ in range(3)] == [7, 7, 7]
    for _ in range(3):
        http.get("/window/?now=1")

    assert Shown.times == before + 6


def test_an_answer_that_was_made_of_old_parts_is_not_given_again(http: Caller) -> None:
    for _ in range(4):
        http.get("/window/?old=1")

    assert Shown.times == 4


def test_other_parameters_and_other_hosts_are_other_answers(http: Caller) -> None:
    for q in ("1", "2"):
        ask_until_kept(http, f"/window/?q={q}")

    assert [http.get(f"/window/?q={q}").json["asked"] for q in ("1", "2", "3")] == ["1", "2", "3"]
    before = Shown.times
    http.having(X_Forwarded_Host="other.example").get("/window/?q=1")
    assert Shown.times == before + 1


@pytest.mark.usefixtures("app")
def test_the_state_is_another_one_after_every_commit_and_only_then(database: Database) -> None:
    with reading() as connection:
        before = state_of(connection)
        with database.transaction() as session:
            session.add(Book(owner_id=1, title="x", price_cents=1))
        after = state_of(connection)

    assert before != after


def test_no_more_is_kept_than_fits() -> None:
    answers = Answers()
    kept = Kept("", 0.0, bytes(BYTES_MAX // 10), [], None, None)

    for number in range(30):
        answers.keep((number,), kept)
    answers.keep(("too large",), Kept("", 0.0, bytes(BYTES_MAX // 2), [], None, None))

    assert [answers.asked((number,))[0] for number in (29, 21, 0)] == [True, True, False]
    assert answers.asked(("too large",)) == (False, None)
    for number in range(KEYS_MAX + 10):
        answers.asked(("new", number))
    assert answers.asked((29,)) == (False, None)


def test_threads_may_ask_and_keep_at_once() -> None:
    answers = Answers()
    kept = Kept("", 0.0, bytes(BYTES_MAX // 20), [], None, None)
    failed: list[BaseException] = []

    def work(seed: int) -> None:
        try:
            for number in range(200):
                answers.asked((seed * number % 40,))
                answers.keep((number % 40,), kept)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert answers._bytes == sum(len(one.body) for one in answers._kept.values() if one is not None) <= BYTES_MAX
