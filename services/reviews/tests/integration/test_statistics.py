"""What reviews add up to, as everybody sees it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from services.reviews.models import DailyRating
from services.reviews.tests.world import (
    NOON,
    OTHER,
    OTHER_PRACTITIONER,
    OTHER_SERVICE,
    OWNER,
    PRACTITIONER,
    SERVICE,
    World,
    Write,
    uuid_of,
)
from shared.clock import frozen_at
from shared.ids import uuid7
from shared.testing.http import Caller

OF_PRACTITIONER = f"/reviews/statistics/?practitioner={uuid_of('practitioner', PRACTITIONER)}"


@pytest.fixture
def questions(world: World, http: Caller) -> tuple[int, int]:
    """Asked for stars, and for a yes."""
    staff = http.as_staff(9)
    stars = staff.post("/review-questions/", {"question": "Calm?", "question_type": "rating"}).json["id"]
    return stars, staff.post("/review-questions/", {"question": "Again?", "question_type": "boolean"}).json["id"]


@pytest.fixture
def reviewed(write: Write, http: Caller, questions: tuple[int, int]) -> None:
    """Three reviews of one practitioner: two answer the questions, one was voted for, one responded to."""
    answers = [{"question_id": questions[0], "rating_answer": 4}, {"question_id": questions[1], "boolean_answer": True}]
    reviews = [
        write(rating=rating, comment=f"Number {number}", answers=answers if number < 2 else []).json["public_uuid"]
        for number, rating in enumerate((5, 4.5, 1))
    ]
    write(rating=3, comment="", booking={"practitioner_id": OTHER_PRACTITIONER, "service_id": OTHER_SERVICE})
    http.as_user(OTHER).post(f"/reviews/{reviews[0]}/vote/", {"is_helpful": True})
    with frozen_at(NOON + timedelta(hours=30)):
        http.as_user(OWNER).post(f"/reviews/{reviews[2]}/respond/", {"response_text": "Sorry"})


@pytest.mark.usefixtures("reviewed")
def test_what_reviews_of_a_practitioner_add_up_to(http: Caller) -> None:
    told = http.get(OF_PRACTITIONER).json

    del told["question_averages"], told["service_ratings"]
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
    }


@pytest.mark.usefixtures("reviewed")
def test_what_was_answered_to_questions(http: Caller, questions: tuple[int, int]) -> None:
    stars, yes = http.get(OF_PRACTITIONER).json["question_averages"]

    asked = {"question_id": questions[0], "question": "Calm?", "question_type": "rating", "answers": 2}
    assert stars == {**asked, "average": "4.00", "yes_percent": None}
    asked = {"question_id": questions[1], "question": "Again?", "question_type": "boolean", "answers": 2}
    assert yes == {**asked, "average": None, "yes_percent": 100}


@pytest.mark.usefixtures("reviewed")
def test_numbers_of_a_practitioners_services(http: Caller) -> None:
    told = http.get(OF_PRACTITIONER).json
    assert told["service_ratings"] == [
        {
            "service_uuid": uuid_of("service", SERVICE),
            "service_name": f"Service {SERVICE}",
            "average_rating": "3.50",
            "total_reviews": 3,
        }
    ]

    both = http.get(f"/reviews/statistics/?practitioner={PRACTITIONER}&service=service-{SERVICE}").json
    crossed = http.get(f"/reviews/statistics/?practitioner=practitioner-{PRACTITIONER}&service={OTHER_SERVICE}").json

    assert both == {**told, "service_ratings": []}
    assert crossed["total_reviews"] == 0


def test_numbers_of_nobody(http: Caller) -> None:
    assert http.get("/reviews/statistics/").status == 400
    unknown = http.get(f"/reviews/statistics/?service={uuid7()}").json
    assert (unknown["total_reviews"], unknown["average_rating"], unknown["response_rate"]) == (0, "0.00", None)
    assert set(unknown["rating_percentages"].values()) == {0}


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
