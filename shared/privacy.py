"""A person's right to be forgotten and to be told: what every service does when auth asks.

A service declares two functions and gets the handlers for it (`services/<name>/handlers/people.py`):

    forget, tell = personal_data("reviews", erase=erase_person, export=exported, replica=User)

`erase(session, user_id)` removes what is personal in the handler's transaction. The copy of the person (`replica`, by
`id`) becomes a tombstone, so that a late `user.changed` does not fill it again. `export(session, user_id)` yields the
JSON objects that the service holds about the person. The answers `user.erased` and `user.export_part` go back to auth,
which keeps the ledger of who has answered.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy.orm import Session

from shared.messaging import Message, event, handles, record, remove_replica

PART_BYTES = 32 * 1024

Erase = Callable[[Session, int], None]
Export = Callable[[Session, int], Iterable[Mapping[str, Any]]]
Handler = Callable[[Session, Any, Message], object]


@event("user.erased")
@dataclass(frozen=True, slots=True, kw_only=True)
class UserErased:
    """`source` holds nothing personal of the user any more."""

    user_id: int
    source: str


@event("user.export_part")
@dataclass(frozen=True, slots=True, kw_only=True)
class UserExportPart:
    """Part number `part` (from 1) of what `source` holds about a person; `data` is at most 32 KiB of JSON."""

    export_id: str
    source: str
    part: int
    last: bool
    data: list[dict[str, Any]]


PRIVACY_EVENTS = (UserErased, UserExportPart)
"""What a service with personal data publishes besides its own events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDeleted:
    """The person is gone."""

    user_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UserExportRequested:
    """The person wants to know."""

    export_id: str
    user_id: int


def personal_data(
    source: str, *, erase: Erase, export: Export, replica: type[Any] | None = None
) -> tuple[Handler, Handler]:
    """Return the handlers of `user.deleted` and `user.export_requested` for the service `source`."""

    @handles("user.deleted", UserDeleted)
    def erase_person(session: Session, event: UserDeleted, message: Message) -> None:
        """Remove what is personal, and say so."""
        if replica is not None:
            remove_replica(session, replica, key={"id": event.user_id}, message=message)
        erase(session, event.user_id)
        record(session, UserErased(user_id=event.user_id, source=source), about=("user", event.user_id))

    @handles("user.export_requested", UserExportRequested)
    def tell_person(session: Session, event: UserExportRequested, _message: Message) -> None:
        """Tell what is held, in parts that fit into messages."""
        parts = list(_parts(export(session, event.user_id)))
        for number, data in enumerate(parts, start=1):
            payload = UserExportPart(
                export_id=event.export_id, source=source, part=number, last=number == len(parts), data=data
            )
            record(session, payload, about=("export", event.export_id))

    return erase_person, tell_person


def _parts(things: Iterable[Mapping[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield lists of at most 32 KiB of JSON, one empty list if there is nothing; a larger thing has its texts cut."""
    part: list[dict[str, Any]] = []
    size = 2
    for thing in things:
        readable: dict[str, Any] = orjson.loads(orjson.dumps(thing, default=str, option=orjson.OPT_UTC_Z))
        length = len(orjson.dumps(readable)) + 1
        while length + 2 > PART_BYTES:
            longest = max(readable, key=lambda name: len(orjson.dumps(readable[name])))
            readable[longest] = "(too large to be sent; ask support)"
            length = len(orjson.dumps(readable)) + 1
        if part and size + length > PART_BYTES:
            yield part
            part, size = [], 2
        part.append(readable)
        size += length
    yield part
