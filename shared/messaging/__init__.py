"""How services tell each other what happened: a transactional outbox, RabbitMQ, an idempotent inbox.

A change and the events that tell of it are one transaction; applying an event and remembering that it was
applied are one transaction. So nothing is lost and nothing happens twice, whatever process dies when.

- events.py      `@event`: what a service announces
- outbox.py      `record`: announcing it with the change
- handlers.py    `@handles`: what a service does when it hears something
- replicas.py    copies of what others own
- snapshots.py   telling everything again
- schedules.py   `@every`, `@daily`: what happens by itself
- worker.py      the process that does all this
"""

from shared.messaging.context import Actor, Context, current, reset_context, set_context, working_for
from shared.messaging.errors import AlreadyRecorded, EventTooLarge, MessagingError, NotYet, Unreadable
from shared.messaging.events import event
from shared.messaging.handlers import handles
from shared.messaging.messages import Message, Subject
from shared.messaging.outbox import record, record_all
from shared.messaging.replicas import Replica, remove_replica, replace_replica
from shared.messaging.schedules import daily, every
from shared.messaging.schemas import schema_of
from shared.messaging.snapshots import Snapshot

__all__ = [
    "Actor",
    "AlreadyRecorded",
    "Context",
    "EventTooLarge",
    "Message",
    "MessagingError",
    "NotYet",
    "Replica",
    "Snapshot",
    "Subject",
    "Unreadable",
    "current",
    "daily",
    "event",
    "every",
    "handles",
    "record",
    "record_all",
    "remove_replica",
    "replace_replica",
    "reset_context",
    "schema_of",
    "set_context",
    "working_for",
]
