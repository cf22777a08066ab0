"""The demo is made once, of what the service knows."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from services.reviews import seed as module
from services.reviews.models import Question, Rating, Review
from services.reviews.seed import seed
from services.reviews.tests.world import CLIENT, NOON, OTHER, World
from shared.database import Database
from shared.messaging import NotYet


def test_seeding_waits_for_bookings_and_happens_once(database: Database) -> None:
    with pytest.raises(NotYet):
        seed()
    world = World(database)
    world.basics()
    for number in range(1, 16):
        completed = NOON - timedelta(days=30 - number)
        world.booking(number, CLIENT if number % 2 else OTHER, completed_at=completed.isoformat())
    module.PATIENCE_SECONDS = -1.0

    seed()
    seed()

    with database.transaction() as session:
        reviews = session.scalars(select(Review)).all()
        assert session.scalar(select(func.count()).select_from(Question)) == 3
        assert session.scalar(select(Rating.count).where(Rating.target == "practitioner")) == 13
    assert {review.status for review in reviews} == {"published"}
    assert all(review.created_at < NOON for review in reviews)
    assert any(review.response_text for review in reviews)
    assert any(review.is_anonymous for review in reviews)
