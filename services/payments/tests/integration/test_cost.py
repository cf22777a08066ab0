"""What paying costs the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from services.payments.tests.factories import ANA, World
from shared.database.engine import database as process_database


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect what the process sends to its database."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(" ".join(statement.split())[:150])

    engine = process_database().engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_a_booking_paid_by_credits(world: World) -> None:
    """Of all that a payment by credits does, only its own rows are locked; this many statements are enough."""
    world.grant(ANA, 50_000)
    world.service(50)
    world.book(100, payment={"apply_credits": True})
    created = world.event("booking.created", 101, payment={"mode": "auto", "apply_credits": True})

    with statements() as sent:
        world.apply(created)

    assert world.order(101).status == "completed"
    assert len(sent) <= 24, "\n".join(sent)
