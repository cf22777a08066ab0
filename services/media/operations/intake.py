"""Taking files in: what is wanted, whether that may be, and the row that stands for it from then on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.media.domain import filenames, kinds
from services.media.domain.errors import Suspended, TooManyPending, TooManyUploads
from services.media.models import Media, Practitioner
from services.media.operations.attaching import Attachment, attachment, read_entity_id, step_aside
from services.media.settings import settings
from shared.clock import utc_now
from shared.errors import Invalid
from shared.identity import Identity

PENDING_MAX = 100
TEXTS = ("title", "description", "alt_text")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to upload."""

    filename: str
    declared: kinds.Declared
    entity_type: str
    entity_id: str
    visibility: str
    texts: Mapping[str, str | None]
    is_primary: bool = False
    display_order: int = 0

    @classmethod
    def of(cls, body: Mapping[str, Any], *, filename: str, content_type: str | None) -> "Wanted":
        """Read a request. Raises Invalid, TypeRefused."""
        name = filenames.clean(filename)
        if not name:
            raise Invalid.field("filename", "A name with an ending is needed.")
        declared = kinds.declared(name, content_type)
        entity_type = body["entity_type"]
        return cls(
            filename=name,
            declared=declared,
            entity_type=entity_type,
            entity_id=read_entity_id(body["entity_id"]),
            visibility=body.get("visibility") or kinds.usual_visibility(declared.media_type, entity_type),
            texts={one: body.get(one) for one in TEXTS},
            is_primary=bool(body.get("is_primary")),
            display_order=body.get("display_order") or 0,
        )


def admit(session: Session, wanted: Wanted, *, by: Identity) -> Attachment:
    """Return where the file goes, if the caller may upload it.

    Raises NotYourEntity, Suspended, TooManyUploads.
    """
    to = attachment(session, wanted.entity_type, wanted.entity_id, by=by)
    if by.is_staff:
        return to
    if wanted.visibility == kinds.PUBLIC and is_suspended(session, by.user_id):
        raise Suspended
    lately = select(func.count()).where(
        Media.uploaded_by == by.user_id, Media.created_at > utc_now() - timedelta(hours=1)
    )
    if (session.scalar(lately) or 0) >= settings().media_uploads_per_hour:
        raise TooManyUploads(retry_after=600)
    return to


def is_suspended(session: Session, user_id: int) -> bool:
    """Whether the person is a practitioner who shows nothing new for the time being."""
    own = select(Practitioner.status).where(Practitioner.user_id == user_id, Practitioner.deleted_at.is_(None))
    return "suspended" in session.scalars(own).all()


def limit_pending(session: Session, user_id: int) -> None:
    """Refuse a hundredth unfinished upload; the caller holds the person's usage row. Raises TooManyPending."""
    begun = select(func.count()).where(Media.uploaded_by == user_id, Media.status == kinds.PENDING)
    if (session.scalar(begun) or 0) >= PENDING_MAX:
        raise TooManyPending(retry_after=600)


def new_media(session: Session, wanted: Wanted, to: Attachment, *, by: Identity, **more: Any) -> Media:
    """Return the row of a new file, flushed. Emits MediaReady for one that no longer stands for its entity."""
    media = Media(
        uploaded_by=by.user_id,
        uploaded_as_staff=by.is_staff,
        filename=wanted.filename,
        ext=wanted.declared.extension,
        content_type=wanted.declared.content_type,
        declared_type=wanted.declared.content_type,
        media_type=wanted.declared.media_type,
        entity_type=to.entity_type,
        entity_id=to.entity_id,
        entity_known=to.known,
        entity_key=to.key,
        visibility=wanted.visibility,
        display_order=wanted.display_order,
        meta={},
        versions=[],
        **wanted.texts,
        **more,
    )
    session.add(media)
    session.flush()
    if wanted.is_primary:
        step_aside(session, to.key, but=media.id)
        media.is_primary = True
        session.flush()
    return media


def content_url(media_id: UUID, version: str | None = None) -> str:
    """Return the permanent address at which this service serves a file, or a variant of it."""
    tail = f"{version}/" if version else ""
    return f"{settings().public_url}/api/v1/drf/media/{media_id}/content/{tail}"
