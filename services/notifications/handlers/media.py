"""What media tells: a file that could not be used."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.notifications.operations.telling import News, tell
from shared.clock import utc_now
from shared.messaging import Message, handles


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFailed:
    """A file could not be used."""

    media_id: str
    message: str
    filename: str | None = None
    entity_type: str | None = None
    uploaded_by: int | None = None


@handles("media.failed", MediaFailed)
def tell_the_uploader(session: Session, event: MediaFailed, message: Message) -> None:
    """Tell whoever uploaded it why."""
    if event.uploaded_by is None:
        return
    news = News(
        kind="media.failed",
        values={"filename": event.filename or "Your file", "message": event.message},
        related=("media", event.media_id),
        link="/dashboard/user/profile" if event.entity_type in (None, "user") else None,
    )
    tell(session, event.uploaded_by, news, message=message, now=utc_now())
