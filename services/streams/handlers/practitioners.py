"""What practitioners tell: who may have a stream, and who is off the market."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from services.streams.models import Practitioner
from services.streams.operations.following import follow_practitioner
from shared.clock import utc_now
from shared.messaging import Message, handles, remove_replica, replace_replica


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerChanged:
    """The part of a profile that streams shows. It tells of verification and suspension too."""

    id: int
    public_uuid: UUID
    user_id: int
    slug: str | None = None
    display_name: str | None = None
    profile_image_url: str | None = None
    timezone: str | None = None
    status: str = "draft"
    is_verified: bool = False
    deleted: bool = False


@handles("practitioner.changed", PractitionerChanged)
def keep_practitioner(session: Session, event: PractitionerChanged, message: Message) -> None:
    """Keep the newest profile, and show or hide its stream."""
    values = {
        "public_uuid": event.public_uuid,
        "user_id": event.user_id,
        "slug": event.slug,
        "display_name": event.display_name or "Practitioner",
        "image_url": event.profile_image_url,
        "timezone": event.timezone,
        "status": event.status,
        "is_verified": event.is_verified,
    }
    take = remove_replica if event.deleted else replace_replica
    if take(session, Practitioner, key={"id": event.id}, values=values, message=message):
        follow_practitioner(session, event.id, now=utc_now())
