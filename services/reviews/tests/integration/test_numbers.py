"""The numbers equal a recount, whatever happens to reviews and in whatever order, and nightly checks keep them so."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from services.reviews import jobs
from services.reviews.domain.tally import FIGURES, Target
from services.reviews.models import DailyRating, QuestionRating, Rating, Review
from services.reviews.operations import upkeep
from services.reviews.operations.recounting import recount
from services.reviews.tests.world import (
    CLIENT,
    NOON,
    OTHER,
    OTHER_OWNER,
    OTHER_PRACTITIONER,
    OTHER_SERVICE,
    OWNER,
    PRACTITIONER,
    SERVICE,
    World,
    uuid_of,
)
from shared.clock import frozen_at
from shared.database import Database
from shared.ids import uuid7
from shared.messaging.testing import announced
from shared.testing.http import Answer, Caller

Write = Callable[..., Answer]
ABOUT = (
    {"practitioner_id": PRACTITIONER, "service_id": SERVICE},
    {"practitioner_id": OTHER_PRACTITIONER, "service_id": SERVICE},
    {"practitioner_id": OTHER_PRACTITIONER, "service_id": None},
)


def drifted(database: Database) -> list[Target]:
    """Return whose numbers are not what a recount finds."""
    with database.transaction() as session:
        keys = [row.key for row in session.scalars(select(Rating))]
        folded = upkeep.folded_before(NOON.date())
        return [key for key in keys if recount(session, key, folded_before=folded)]


def plainly_counted(database: Database) -> dict[tuple[str, int, int], tuple[Any, ...]]:
    """Count every published review by hand, with nothing of the service's own arithmetic."""
    counted: dict[tuple[str, int, int], list[Any]] = {}
    with database.transaction() as session:
        for review in session.scalars(select(Review).where(Review.status == "published")):
            keys = [("practitioner", review.practitioner_id, 0)]
            if review.service_id:
                keys += [("service", 0, review.service_id), ("pair", review.practitioner_id, review.service_id)]
            for key in keys:
                sums = counted.setdefault(key, [0, 0, [0] * 5, 0, 0, 0])
                sums[0] += 1
                sums[1] += review.rating
                sums[2][review.rating // 100 - 1] += 1
                sums[3] += review.is_verified
                sums[4] += review.helpful
                sums[5] += bool(review.response_text)
    return {key: tuple(map(tuple_or_self, sums)) for key, sums in counted.items()}


def tuple_or_self(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def kept(database: Database) -> dict[tuple[str, int, int], tuple[Any, ...]]:
    """Return the kept numbers in the form of `plainly_counted`, without empty ones."""
    with database.transaction() as session:
        return {
            tuple(row.key): (
                row.count,
                row.sum_hundredths,
                (row.c1, row.c2, row.c3, row.c4, row.c5),
                row.verified,
                row.helpful_total,
                row.with_response,
            )
            for row in session.scalars(select(Rating).where(Rating.count > 0))
        }


class Actors:
    """Everybody who does something to reviews; what is refused does not matter here."""

    def __init__(self, world: World, http: Caller, questions: list[dict[str, Any]]) -> None:
        self.world, self.http, self.questions = world, http, questions
        self.reviews: list[tuple[str, int, int]] = []
        self.staff = http.as_staff(9)

    def create(self, chance: random.Random) -> None:
        booking, client = 5_000 + len(self.reviews), 1_000 + len(self.reviews)
        self.world.booking(booking, client, **chance.choice(ABOUT))
        body = {
            "rating": chance.randint(100, 500) / 100,
            "booking_uuid": uuid_of("booking", booking),
            "comment": chance.choice(["", f"Words {booking}", "mail@spam.example"]),
            "answers": self._answers(chance),
        }
        answer = self.http.as_user(client).post("/reviews/", body)
        assert answer.status == 201, answer
        self.reviews.append((answer.json["public_uuid"], client, booking))

    def _answers(self, chance: random.Random) -> list[dict[str, Any]]:
        values = {"rating": chance.randint(1, 5), "boolean": chance.random() < 0.5, "text": "Words"}
        return [
            {"question_id": one["id"], f"{one['question_type']}_answer": values[one["question_type"]]}
            for one in self.questions
            if chance.random() < 0.7
        ]

    def act(self, kind: str, chance: random.Random) -> None:
        """Do one thing to some review."""
        if kind == "create" or not self.reviews:
            self.create(chance)
            return
        reference, client, booking = chance.choice(self.reviews)
        path, author = f"/reviews/{reference}/", self.http.as_user(client)
        somebody = self.http.as_user(chance.randint(20, 26))
        owner = self.http.as_user(chance.choice([OWNER, OTHER_OWNER]))
        if kind == "edit":
            author.patch(path, {"rating": chance.randint(100, 500) / 100, "answers": self._answers(chance)})
        elif kind == "withdraw":
            author.delete(path)
        elif kind == "vote":
            somebody.post(f"{path}vote/", {"is_helpful": chance.random() < 0.6})
        elif kind == "unvote":
            somebody.delete(f"{path}unvote/")
        elif kind == "respond":
            with frozen_at(NOON + timedelta(hours=chance.choice([0, 1, 5, 100, 1_000]))):
                owner.post(f"{path}respond/", {"response_text": "Thank you"})
        elif kind == "unrespond":
            self.staff.delete(f"{path}respond/")
        elif kind == "report":
            somebody.post(f"{path}report/", {"reason": "harassment"})
        elif kind == "moderate":
            action = chance.choice(["approve", "hide", "remove", "restore", "dismiss"])
            self.staff.post(f"{path}moderate/", {"action": action, "reason": "spam"})
        elif kind == "reopen":
            more = {
                "payment_status": chance.choice(["paid", "refunded"]),
                "status": chance.choice(["completed", "canceled"]),
            }
            self.world.booking(booking, client, **chance.choice(ABOUT), **more)
        elif kind == "erase":
            self.world.tell("user.deleted", {"user_id": client}, subject=("user", client))


ACTIONS = (
    *("create", "create", "create", "edit", "withdraw", "vote", "vote", "unvote", "respond", "unrespond"),
    *("report", "report", "moderate", "moderate", "reopen", "erase"),
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.randoms(use_true_random=False), actions=st.lists(st.sampled_from(ACTIONS), min_size=5, max_size=20))
def test_any_story_leaves_numbers_equal_to_a_recount(
    world: World, http: Caller, seed: random.Random, actions: list[str]
) -> None:
    with world.database.transaction() as session:
        session.execute(text("TRUNCATE reviews, ratings, ratings_daily, ratings_question, review_questions CASCADE"))
        session.execute(text("TRUNCATE bookings, outbox"))
    staff = http.as_staff(9)
    kinds = ("rating", "boolean", "text")
    asked = [{"question": kind, "question_type": kind, "is_required": False} for kind in kinds]
    actors = Actors(world, http, [staff.post("/review-questions/", one).json for one in asked])

    for action in actions:
        actors.act(action, seed)

    assert kept(world.database) == plainly_counted(world.database)
    assert drifted(world.database) == []
    assert_last_told_is_true(world.database)
    assert_lists_say_how_many_they_hold(http)


LISTED = (
    f"practitioner={PRACTITIONER}",
    f"practitioner={uuid_of('practitioner', OTHER_PRACTITIONER)}",
    f"service=service-{SERVICE}",
    f"service={SERVICE}&practitioner={PRACTITIONER}",
    f"service={uuid_of('service', SERVICE)}&practitioner=practitioner-{OTHER_PRACTITIONER}",
)


def assert_lists_say_how_many_they_hold(http: Caller) -> None:
    """Counts that lists take from the numbers are those of the rows, for all whom a list can be about, star by star."""
    for about in LISTED:
        counts = []
        for stars in ("", *(f"&rating={number}" for number in range(1, 6))):
            told = http.get(f"/reviews/?{about}{stars}&page_size=100").json
            assert (about, stars, told["count"]) == (about, stars, len(told["results"]))
            counts.append(told["count"])
        assert counts[0] == sum(counts[1:])


def assert_last_told_is_true(database: Database) -> None:
    """What was told last of each target, by its sequence, is what is kept."""
    with database.transaction() as session:
        told = {
            one.subject_id: one for one in sorted(announced(session, "rating.changed"), key=lambda one: one.sequence)
        }
        for row in session.scalars(select(Rating).where(Rating.target != "pair")):
            last = told[f"{row.target}:{row.service_id or row.practitioner_id}"].data
            mean = Decimal(row.sum_hundredths) / (100 * row.count) if row.count else Decimal(0)
            assert last["count"] == row.count
            assert last["average"] == str(mean.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))
            assert last["weighted"] == str(row.weighted)
            assert sum(last["distribution"].values()) == row.count
            assert last["verified"] == row.verified


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


def test_statistics_in_full(world: World, write: Write, http: Caller, client: Caller) -> None:
    staff = http.as_staff(9)
    stars = staff.post("/review-questions/", {"question": "Calm?", "question_type": "rating"}).json["id"]
    again = staff.post("/review-questions/", {"question": "Again?", "question_type": "boolean"}).json["id"]
    answers = [{"question_id": stars, "rating_answer": 4}, {"question_id": again, "boolean_answer": True}]
    reviews = [
        write(rating=rating, comment=f"Number {number}", answers=answers if number < 2 else []).json["public_uuid"]
        for number, rating in enumerate((5, 4.5, 1))
    ]
    write(rating=3, comment="", booking={"practitioner_id": OTHER_PRACTITIONER, "service_id": OTHER_SERVICE})
    http.as_user(OTHER).post(f"/reviews/{reviews[0]}/vote/", {"is_helpful": True})
    with frozen_at(NOON + timedelta(hours=30)):
        http.as_user(OWNER).post(f"/reviews/{reviews[2]}/respond/", {"response_text": "Sorry"})

    told = http.get(f"/reviews/statistics/?practitioner={uuid_of('practitioner', PRACTITIONER)}").json

    assert told == {
        "total_reviews": 3,
        "average_rating": "3.50",
        "rating_distribution": {"1": 1, "2": 0, "3": 0, "4": 1, "5": 1},
        "rating_percentages": {"1": 34, "2": 0, "3": 0, "4": 33, "5": 33},
        "weighted_rating": "4.000",
        "verified_reviews": 3,
        "total_helpful_votes": 1,
        "reviews_last_30_days": 3,
        "reviews_last_90_days": 3,
        "average_last_90_days": "3.50",
        "response_rate": 33,
        "median_response_hours": 48,
        "recommend_percent": 67,
        "question_averages": [
            {
                "question_id": stars,
                "question": "Calm?",
                "question_type": "rating",
                "average": "4.00",
                "yes_percent": None,
                "answers": 2,
            },
            {
                "question_id": again,
                "question": "Again?",
                "question_type": "boolean",
                "average": None,
                "yes_percent": 100,
                "answers": 2,
            },
        ],
        "service_ratings": [
            {
                "service_uuid": uuid_of("service", SERVICE),
                "service_name": f"Service {SERVICE}",
                "average_rating": "3.50",
                "total_reviews": 3,
            }
        ],
    }
    both = f"practitioner={PRACTITIONER}&service=service-{SERVICE}"
    assert http.get(f"/reviews/statistics/?{both}").json == {**told, "service_ratings": []}
    crossed = f"practitioner=practitioner-{PRACTITIONER}&service={OTHER_SERVICE}"
    assert http.get(f"/reviews/statistics/?{crossed}").json["total_reviews"] == 0
    assert http.get("/reviews/statistics/").status == 400
    unknown = http.get(f"/reviews/statistics/?service={uuid7()}").json
    assert (unknown["total_reviews"], unknown["average_rating"], unknown["response_rate"]) == (0, "0.00", None)


def test_a_review_counts_on_its_utc_day_and_leaves_the_last_ninety(world: World, write: Write, http: Caller) -> None:
    eve = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    with frozen_at(eve):
        write(booking={"completed_at": (eve - timedelta(hours=1)).isoformat()})
    with world.database.transaction() as session:
        assert set(session.scalars(select(DailyRating.day))) == {date(2026, 12, 31)}

    for days, recent in ((30, (1, 1)), (31, (0, 1)), (91, (0, 0))):
        with frozen_at(eve + timedelta(days=days)):
            told = http.get(f"/reviews/statistics/?service={SERVICE}").json
        assert (told["reviews_last_30_days"], told["reviews_last_90_days"]) == recent


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
