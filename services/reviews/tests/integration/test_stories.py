"""Whatever happens to reviews, in whatever order: the numbers equal a recount."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from services.reviews import jobs
from services.reviews.tests.recounts import (
    assert_last_told_is_true,
    assert_lists_say_how_many_they_hold,
    assert_reviews_hold_what_was_said_of_them,
    drifted,
    kept,
    plainly_counted,
)
from services.reviews.tests.world import (
    MODULES,
    NOON,
    OTHER_OWNER,
    OTHER_PRACTITIONER,
    OWNER,
    PRACTITIONER,
    SERVICE,
    World,
    uuid_of,
)
from shared.clock import frozen_at
from shared.ids import uuid7
from shared.messaging import Message
from shared.messaging.testing import apply
from shared.testing.http import Answer, Caller
from shared.testing.proof import proof, sized

pytestmark = proof

ABOUT = (
    {"practitioner_id": PRACTITIONER, "service_id": SERVICE},
    {"practitioner_id": OTHER_PRACTITIONER, "service_id": SERVICE},
    {"practitioner_id": OTHER_PRACTITIONER, "service_id": None},
)


def answered(answer: Answer) -> None:
    """Done or refused: neither matters here, but that it was one of them."""
    assert answer.status < 500, answer


class Actors:
    """Everybody who does something to reviews, and what others tell of; what is refused does not matter here."""

    def __init__(self, world: World, http: Caller, tell: Callable[[str, str], None]) -> None:
        self.world, self.http, self.tell = world, http, tell
        self.staff = http.as_staff(9)
        kinds = ("rating", "boolean", "text")
        asked = [{"question": kind, "question_type": kind, "is_required": False} for kind in kinds]
        self.questions = [self.staff.post("/review-questions/", one).json for one in asked]
        self.reviews: list[tuple[str, int, int]] = []
        self.heard: list[Message] = []

    def act(self, kind: str, chance: random.Random) -> None:
        """Do one thing to some review, at some moment."""
        if kind == "create" or not self.reviews:
            self.create(chance)
            return
        self.reference, self.client, self.booking = chance.choice(self.reviews[-4:])
        self.path = f"/reviews/{self.reference}/"
        self.author, self.somebody = self.http.as_user(self.client), self.http.as_user(chance.randint(20, 22))
        getattr(self, kind)(chance)

    def create(self, chance: random.Random) -> None:
        booking, client = 5_000 + len(self.reviews), 1_000 + len(self.reviews)
        self.heard.append(self.world.booking(booking, client, **chance.choice(ABOUT)))
        body = {
            "rating": chance.randint(100, 500) / 100,
            "booking_uuid": uuid_of("booking", booking),
            "comment": chance.choice(["", f"Words {booking}", "mail@spam.example"]),
            "answers": self._answers(chance),
        }
        self.tell("REVIEWS_BLIND_DAYS", chance.choice(["0", "0", "0", "14"]))
        with frozen_at(NOON + timedelta(hours=chance.choice([0, 0, 11, 12, 40]))):
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

    def edit(self, chance: random.Random) -> None:
        changes = {
            "rating": chance.randint(100, 500) / 100,
            "answers": self._answers(chance),
            "comment": chance.choice(["", "Other words", "call 555-1234"]),
            "is_anonymous": chance.random() < 0.5,
        }
        chosen = chance.sample(sorted(changes), chance.randint(1, 4))
        answered(self.author.patch(self.path, {name: changes[name] for name in chosen}))

    def withdraw(self, chance: random.Random) -> None:
        answered(self.author.delete(self.path))

    def vote(self, chance: random.Random) -> None:
        for _ in range(chance.choice([1, 2])):
            answered(self.somebody.post(f"{self.path}vote/", {"is_helpful": chance.random() < 0.6}))

    def unvote(self, chance: random.Random) -> None:
        if chance.random() < 0.5:
            self.vote(chance)
        answered(self.somebody.delete(f"{self.path}unvote/"))

    def respond(self, chance: random.Random) -> None:
        owner = self.http.as_user(chance.choice([OWNER, OTHER_OWNER]))
        with frozen_at(NOON + timedelta(hours=chance.choice([0, 1, 5, 100, 1_000]))):
            answered(owner.post(f"{self.path}respond/", {"response_text": "Thank you"}))

    def unrespond(self, chance: random.Random) -> None:
        answered(self.staff.delete(f"{self.path}respond/"))

    def report(self, chance: random.Random) -> None:
        for reporter in chance.sample(range(20, 23), chance.choice([1, 3])):
            answered(self.http.as_user(reporter).post(f"{self.path}report/", {"reason": "harassment"}))

    def moderate(self, chance: random.Random) -> None:
        if chance.random() < 0.5:
            self.report(chance)
        action = chance.choice(["approve", "hide", "remove", "restore", "dismiss"])
        answered(self.staff.post(f"{self.path}moderate/", {"action": action, "reason": "spam"}))

    def reopen(self, chance: random.Random) -> None:
        more = {
            "payment_status": chance.choice(["paid", "refunded"]),
            "status": chance.choice(["completed", "canceled"]),
        }
        self.heard.append(self.world.booking(self.booking, self.client, **chance.choice(ABOUT), **more))

    def redeliver(self, chance: random.Random) -> None:
        """The same message once more, or an old state told again under another id, as a replica is rebuilt."""
        again = chance.choice(self.heard)
        apply(self.world.database, "reviews", MODULES, chance.choice([again, replace(again, id=uuid7())]))

    def rename(self, chance: random.Random) -> None:
        self.world.user(self.client, first_name=chance.choice(["Cleo", "Dan"]))

    def erase(self, chance: random.Random) -> None:
        """An author, or somebody who voted and reported."""
        gone = chance.choice([self.client, chance.randint(20, 22)])
        self.heard.append(self.world.tell("user.deleted", {"user_id": gone}, subject=("user", gone)))

    def clock(self, chance: random.Random) -> None:
        """What happens by itself; the nightly check finds nothing that is wrong."""
        with frozen_at(NOON + timedelta(days=chance.choice([0, 20]))):
            jobs.blind_open()
            jobs.prior()
            jobs.numbers_check()
        assert jobs.DRIFT._value.get() == 0


ACTIONS = (
    *("create", "create", "create", "edit", "edit", "withdraw", "vote", "vote", "unvote", "respond", "respond"),
    *("unrespond", "report", "report", "moderate", "moderate", "reopen", "redeliver", "rename", "erase", "clock"),
)
EMPTIED = ("reviews", "ratings", "ratings_daily", "ratings_question", "review_questions", "rating_prior")


@settings(max_examples=sized(6, full=60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), actions=st.lists(st.sampled_from(ACTIONS), min_size=20, max_size=36))
def test_any_story_leaves_numbers_equal_to_a_recount(
    world: World, http: Caller, told: Callable[[str, str], None], seed: int, actions: list[str]
) -> None:
    with world.database.transaction() as session:
        session.execute(text(f"TRUNCATE {', '.join(EMPTIED)} CASCADE"))
        session.execute(text("TRUNCATE bookings, outbox, inbox"))
    actors = Actors(world, http, told)

    chance = random.Random(seed)
    for action in actions:
        actors.act(action, chance)

    assert_reviews_hold_what_was_said_of_them(world.database)
    assert kept(world.database) == plainly_counted(world.database)
    assert drifted(world.database) == []
    assert_last_told_is_true(world.database)
    assert_lists_say_how_many_they_hold(http)
