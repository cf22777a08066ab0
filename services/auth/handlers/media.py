"""What auth does when media speaks: pictures of people."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from services.auth.operations.avatars import take_gone, take_ready
from shared.messaging import Message, handles

ATTACHED_TO = "user"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaReady:
    """A file that can be shown."""

    media_id: UUID
    url: str
    media_type: str = "image"
    entity_type: str | None = None
    uploaded_by: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaGone:
    """A file that can not be shown any more, or never."""

    media_id: UUID
    entity_type: str | None = None


@handles("media.ready", MediaReady)
def show_avatar(session: Session, event: MediaReady, message: Message) -> None:
    """Show the picture to whom it was chosen by."""
    if event.entity_type == ATTACHED_TO and event.media_type == "image" and event.uploaded_by is not None:
        take_ready(session, media_id=event.media_id, url=event.url, uploaded_by=event.uploaded_by, message=message)


@handles("media.deleted", MediaGone)
@handles("media.failed", MediaGone)
def hide_avatar(session: Session, event: MediaGone, message: Message) -> None:
    """Show the picture no longer."""
    if event.entity_type == ATTACHED_TO:
        take_gone(session, media_id=event.media_id, message=message)
