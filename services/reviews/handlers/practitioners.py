"""What practitioners tells: profiles. A suspended one keeps its reviews."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from services.reviews.models import Practitioner
from shared.messaging import Message, handles, remove_replica, replace_replica


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerChanged:
    """The part of a profile that reviews show."""

    id: int
    public_uuid: UUID
    user_id: int
    slug: str | None = None
    display_name: str | None = None
    professional_title: str | None = None
    profile_image_url: str | None = None
    status: str = "draft"
    deleted: bool = False


_FIELDS = ("public_uuid", "user_id", "slug", "professional_title", "profile_image_url", "status")


@handles("practitioner.changed", PractitionerChanged)
def keep_practitioner(session: Session, event: PractitionerChanged, message: Message) -> None:
    """Keep the newest profile."""
    values = {name: getattr(event, name) for name in _FIELDS}
    values["display_name"] = event.display_name or "Practitioner"
    take = remove_replica if event.deleted else replace_replica
    take(session, Practitioner, key={"id": event.id}, values=values, message=message)
