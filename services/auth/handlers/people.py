"""What auth does when the others answer about a person who leaves, or who wants their data."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.auth.operations.deletion import take_erased
from services.auth.operations.exporting import take_part
from shared.messaging import Message, handles


@dataclass(frozen=True, slots=True, kw_only=True)
class UserErased:
    """`source` holds nothing personal of the user any more."""

    user_id: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserExportPart:
    """Part number `part` (from 1) of what `source` holds about a person."""

    export_id: UUID
    source: str
    part: int
    last: bool
    data: Any


@handles("user.erased", UserErased)
def note_erased(session: Session, event: UserErased, message: Message) -> None:
    """Write down who has erased the person."""
    take_erased(session, user_id=event.user_id, source=event.source, now=message.occurred_at)


@handles("user.export_part", UserExportPart)
def keep_part(session: Session, event: UserExportPart, message: Message) -> None:
    """Keep the part until the archive is put together."""
    take_part(
        session,
        export_id=event.export_id,
        source=event.source,
        part=event.part,
        is_last=event.last,
        data=event.data,
        now=message.occurred_at,
    )
