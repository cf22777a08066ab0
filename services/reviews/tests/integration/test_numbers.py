"""The numbers equal a recount, whatever happens to reviews and in whatever order, and nightly checks keep them so."""

from datetime import date, timedelta

from sqlalchemy import select, text

from services.reviews import jobs
from services.reviews.domain.tally import FIGURES
from services.reviews.models import DailyRating, QuestionRating
from services.reviews.tests.recounts import drifted, kept, plainly_counted
from services.reviews.tests.world import (
    CLIENT,
    NOON,
    World,
    Write,
)
from shared.clock import frozen_at
from shared.database import Database
from shared.messaging.testing import announced
from shared.testing.http import Caller


def test_drift_is_found_and_mended(world: World, write: Write, database: Database) -> None:
    write(rating=4)
    with database.transaction() as session:
        session.execute(text("UPDATE ratings SET count = 3, c4 = 2, c5 = 1, verified = 0, sum_hundredths = 7"))
        session.execute(text("UPDATE ratings_daily SET count = 9"))

    for day in range(30):
        with frozen_at(NOON + timedelta(days=day)):
            jobs.numbers_check()

    assert drifted(database) == []
    assert kept(database) == plainly_counted(database)


def test_days_become_months_and_reviews_may_still_leave(world: World, write: Write, client: Caller) -> None:
    for days in (0, 1, 2):
        with frozen_at(NOON - timedelta(days=600 - days)):
            made = write(comment=f"Day {days}", booking={"completed_at": (NOON - timedelta(days=601)).isoformat()}).json

    jobs.days_fold()
    jobs.days_fold()
    client.as_staff(9).delete(f"/reviews/{made['public_uuid']}/")

    assert drifted(world.database) == []
    jobs.days_fold()
    with world.database.transaction() as session:
        own = select(DailyRating.day, DailyRating.count).where(DailyRating.target == "service")
        assert [tuple(row) for row in session.execute(own)] == [(date(2024, 10, 1), 2)]


def test_the_mean_of_all_moves_what_few_reviews_are_drawn_to(world: World, write: Write, database: Database) -> None:
    for number in range(4):
        write(rating=1, comment=f"No {number}")
    with database.transaction() as session:
        before = len(announced(session, "rating.changed"))

    jobs.prior()
    jobs.prior()

    with database.transaction() as session:
        told = announced(session, "rating.changed")[before:]
        assert {one.data["weighted"] for one in told} == {"1.000"}
        assert len(told) == 2
    write(rating=5, comment="At last")
    with database.transaction() as session:
        assert announced(session, "rating.changed")[-1].data["weighted"] == "1.400"


def test_every_figure_is_held_against_a_recount(world: World, write: Write, database: Database) -> None:
    write()
    for name in FIGURES:
        column = {"with_response": "h0 = h0 + 1, with_response", "count": "c5 = c5 + 1, count"}.get(name, name)
        if name[0] in "ch" and name[1:].isdigit():
            column = f"{'count = count' if name[0] == 'c' else 'with_response = with_response'} + 1, {name}"
        with database.transaction() as session:
            session.execute(text(f"UPDATE ratings SET {column} = {name} + 1 WHERE target = 'service'"))

        assert (name, [key.kind for key in drifted(database)]) == (name, ["service"])


def test_answers_are_held_against_a_recount(world: World, write: Write, http: Caller, database: Database) -> None:
    asked = http.as_staff(9).post("/review-questions/", {"question": "Calm?", "question_type": "rating"}).json["id"]
    write(CLIENT, answers=[{"question_id": asked, "rating_answer": 4}])
    with database.transaction() as session:
        session.execute(text("UPDATE ratings_question SET total = 5 WHERE target = 'service'"))

    assert [key.kind for key in drifted(database)] == ["service"]
    with database.transaction() as session:
        assert set(session.scalars(select(QuestionRating.total))) == {4}
