"""What practitioners tell: who works, and whether the public sees them.

`practitioner.changed` carries the whole state, also after `.verified`, `.suspended` and `.rejected`, which are told in
the same transaction; so these facts need no handlers of their own.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.locations.models import Practitioner
from services.locations.operations.following import follow_practitioner, forget_name
from shared.messaging import Message, handles, remove_replica, replace_replica


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerChanged:
    """The part of a profile that locations need."""

    id: int
    public_uuid: UUID
    user_id: int
    slug: str | None = None
    display_name: str | None = None
    status: str = "draft"
    is_listed: bool = False
    timezone: str | None = None
    limits: dict[str, Any] = field(default_factory=dict)
    deleted: bool = False


@handles("practitioner.changed", PractitionerChanged)
def keep_practitioner(session: Session, event: PractitionerChanged, message: Message) -> None:
    """Keep the newest profile, and show or hide its locations."""
    values = {
        "public_uuid": event.public_uuid,
        "user_id": event.user_id,
        "slug": event.slug or "",
        "display_name": event.display_name or "Practitioner",
        "status": event.status,
        "is_listed": event.is_listed and not event.deleted,
        "timezone": event.timezone,
        "limits": event.limits,
    }
    take = remove_replica if event.deleted else replace_replica
    if take(session, Practitioner, key={"id": event.id}, values=values, message=message):
        session.expire_all()
        follow_practitioner(session, event.id, now=message.occurred_at)
        if event.deleted:
            forget_name(session, event.id)
