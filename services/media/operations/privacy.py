"""What media holds about a person: erasing it, and telling it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from services.media.domain import kinds
from services.media.models import CounterMark, Entity, Media, Usage, User
from services.media.operations.announcing import announce_deleted
from services.media.operations.blobs import discard
from services.media.operations.lifecycle import ERASED, let_bytes_go
from services.media.operations.presigning import slot_of
from shared.clock import utc_now


def erase_person(session: Session, user_id: int) -> None:
    """Delete every file of a person with its bytes, as far as nobody else has the same, and blank what the rows say.

    Emits MediaDeleted.
    """
    now = utc_now()
    for media in session.scalars(
        select(Media).where(Media.uploaded_by == user_id).order_by(Media.id).with_for_update()
    ):
        was_known = media.is_alive
        if media.status == kinds.PENDING:
            discard(session, "private", [slot_of(media).key], after=timedelta(hours=1))
        let_bytes_go(session, media, now=now, at_once=True)
        media.status, media.deleted_cause = kinds.DELETED, ERASED
        media.deleted_at = media.deleted_at or now
        media.filename, media.title, media.description, media.alt_text = f"file.{media.ext}", None, None, None
        media.meta, media.versions, media.uploaded_by = {}, [], None
        if was_known:
            announce_deleted(session, media, uploader=user_id)
    session.flush()
    session.execute(delete(Usage).where(Usage.user_id == user_id))
    session.execute(delete(CounterMark).where(CounterMark.user_id == user_id))
    session.execute(
        update(Entity).where(Entity.kind == "user", Entity.number == user_id).values(deleted_at=now, owner_user_ids=[])
    )
    session.execute(
        update(User).where(User.id == user_id).values(display_name="Member", avatar_url=None, is_active=False)
    )


def exported(session: Session, user_id: int) -> Iterator[dict[str, Any]]:
    """Yield what media holds about the person: the copy of the profile, and every file with its address."""
    user = session.get(User, user_id)
    if user is not None:
        yield {"kind": "profile", "display_name": user.display_name, "avatar_url": user.avatar_url}
    own = select(Media).where(Media.uploaded_by == user_id, Media.status != kinds.DELETED).order_by(Media.id)
    for media in session.scalars(own):
        yield {
            "kind": "file",
            "id": media.id,
            "filename": media.filename,
            "url": media.url,
            "content_type": media.content_type,
            "file_size": media.counted_bytes,
            "title": media.title,
            "description": media.description,
            "alt_text": media.alt_text,
            "entity_type": media.entity_type,
            "entity_id": media.entity_id,
            "created_at": media.created_at,
        }
