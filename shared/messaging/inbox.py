"""Applying events once: the effect and the memory of it are one transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from shared.database import Database
from shared.messaging.context import working_for
from shared.messaging.handlers import Handlers
from shared.messaging.messages import Message
from shared.messaging.tables import inbox
from shared.tracing import span

# Sorted, so that two processes that were sent the same messages wait for each other instead of deadlocking.
_REMEMBER = text("""
    INSERT INTO inbox (consumer, event_id)
    SELECT :consumer, event_id FROM unnest(CAST(:ids AS uuid[])) AS sent(event_id) ORDER BY event_id
    ON CONFLICT DO NOTHING
    RETURNING event_id
""")


class Inbox:
    """One service's handlers behind the memory of what they already handled."""

    def __init__(self, service: str, handlers: Handlers, database: Database) -> None:
        self.service = service
        self.handlers = handlers
        self.database = database

    def apply(self, *messages: Message) -> list[Message]:
        """Apply messages in their order, all in one transaction; return those that were new.

        Raises what a handler raised, with nothing applied or remembered of any of them.
        """
        with self.database.transaction() as session:
            return self.apply_within(session, messages)

    def apply_within(self, session: Session, messages: Sequence[Message]) -> list[Message]:
        """The same inside the caller's transaction."""
        ids = [str(message.id) for message in messages]
        new = set(session.scalars(_REMEMBER, {"consumer": self.service, "ids": ids}))
        applied = []
        for message in messages:
            if message.id not in new:
                continue
            new.discard(message.id)
            with _handling(message):
                self.handlers.apply(session, message)
            if session.identity_map:
                # The next handler must read rows anew, as it would in a transaction of its own. Rows that are only
                # new wait for the others of the batch, so that PostgreSQL is asked once for all of them.
                session.flush()
                session.expunge_all()
            applied.append(message)
        return applied

    def forget_before(self, instant: datetime, *, page: int = 5_000) -> int:
        """Forget up to `page` events that were handled before `instant`, and return how many."""
        old = select(inbox.c.consumer, inbox.c.event_id).where(inbox.c.processed_at < instant).limit(page).subquery()
        with self.database.transaction() as session:
            gone = session.execute(
                delete(inbox)
                .where(inbox.c.consumer == old.c.consumer, inbox.c.event_id == old.c.event_id)
                .returning(inbox.c.event_id)
            )
            return len(gone.all())


@contextmanager
def _handling(message: Message) -> Iterator[None]:
    """Let the block work on behalf of the message, as a span of its trace if it has one."""
    context = message.context()
    if message.traceparent is None:
        with working_for(context):
            yield
        return
    told = {"messaging.message.id": str(message.id), "estuary.correlation_id": str(context.correlation_id)}
    with (
        span(f"process {message.type}", "CONSUMER", message.traceparent, told) as traceparent,
        working_for(replace(context, traceparent=traceparent)),
    ):
        yield
