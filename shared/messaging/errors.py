"""What can be refused between a change and its effects elsewhere.

Unavailable (shared.errors)
└── NotYet            retried on the ladder: what the event speaks of has not arrived here
MessagingError
├── AlreadyRecorded   one change of a row was told twice by the same event type
├── EventTooLarge     more than 64 KiB: carry a reference instead
├── Unreadable        a message that can never be applied: dead queue
├── BrokerLost        the link to RabbitMQ broke; what was unconfirmed is to be sent again
└── NotConfirmed      RabbitMQ refused or could not route a message
"""

from shared.errors import Unavailable


class NotYet(Unavailable):
    """What this event speaks of has not arrived here; the message is tried again later."""

    code = "not_yet"
    message = "What this speaks of is not known here yet."


class MessagingError(Exception):
    """Base of the failures of messaging itself."""


class AlreadyRecorded(MessagingError):
    """The same event type was recorded twice for one version of a row: nothing changed in between."""


class EventTooLarge(MessagingError):
    """The payload is larger than a message may be."""


class Unreadable(MessagingError):
    """The message does not have the form that its type and version promise, or nobody here handles it."""


class BrokerLost(MessagingError):
    """The connection to RabbitMQ is gone."""


class NotConfirmed(MessagingError):
    """RabbitMQ did not take the message."""
