"""What files are attached to, and who may attach them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.media.domain import kinds
from services.media.domain.errors import MediaNotFound, MediaNotReady, NotYourEntity
from services.media.models import Entity, Media, Practitioner, find_entity
from services.media.operations.announcing import announce, announce_detached
from shared.errors import Invalid
from shared.identity import Identity

INT64_MAX = 2**63 - 1
_NUMBER = re.compile(r"[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Attachment:
    """Where a file belongs: what it names, whether that is known, and the key that groups its files."""

    entity_type: str
    entity_id: str
    known: bool
    key: str


def read_entity_id(value: object) -> str:
    """Return a uuid in lower case or a positive number, as text. Raises Invalid."""
    text = str(value).strip()
    if _NUMBER.fullmatch(text) and int(text) <= INT64_MAX:
        return text
    try:
        return str(UUID(text))
    except ValueError:
        raise Invalid.field("entity_id", "Must be a uuid or a positive whole number.") from None


def attachment(session: Session, entity_type: str, entity_id: str, *, by: Identity) -> Attachment:
    """Return where the caller's file goes; what is not known yet is taken at its word. Raises NotYourEntity."""
    entity = find_entity(session, entity_type, entity_id)
    if entity is None or entity.deleted_at is not None:
        key = unknown_key(entity_type, entity_id, by.user_id)
        return Attachment(entity_type, entity_id, known=False, key=key)
    if not (by.is_staff or owns(session, entity, by.user_id)):
        raise NotYourEntity(errors={"entity_id": ["This belongs to somebody else."]})
    return Attachment(entity_type, entity_id, known=True, key=known_key(entity))


def known_key(entity: Entity) -> str:
    """Return the key of the files of a known entity, however they name it."""
    return f"{entity.kind}:{entity.reference}"


def unknown_key(entity_type: str, entity_id: str, user_id: int | None) -> str:
    """Return the key of one person's files of something that is not known yet."""
    return f"{entity_type}:{entity_id}:{user_id or 0}"


def owns(session: Session, entity: Entity, user_id: int | None) -> bool:
    """Whether the person is one of the entity's owners."""
    if user_id is None:
        return False
    if user_id in entity.owner_user_ids:
        return True
    giving = select(Practitioner.id).where(
        Practitioner.id.in_(entity.practitioner_ids), Practitioner.user_id == user_id, Practitioner.deleted_at.is_(None)
    )
    return bool(entity.practitioner_ids) and session.scalar(giving) is not None


def hold_key(session: Session, key: str) -> None:
    """Let nobody else change which file stands for `key` until the end of the transaction."""
    session.execute(select(func.pg_advisory_xact_lock(7_341, func.hashtext(key))))


def step_aside(session: Session, key: str, *, but: UUID) -> None:
    """Let no other file stand for `key` any more. Emits MediaReady."""
    hold_key(session, key)
    others = select(Media).where(
        Media.entity_key == key, Media.is_primary, Media.status != kinds.DELETED, Media.id != but
    )
    for other in session.scalars(others.with_for_update()):
        other.is_primary = False
        announce(session, other)


def set_primary(session: Session, media: Media) -> None:
    """Let a file stand for what it is attached to. Raises MediaNotReady. Emits MediaReady."""
    hold_key(session, media.entity_key)
    session.refresh(media)
    if media.status not in (kinds.READY, kinds.PROCESSING):
        raise MediaNotReady
    step_aside(session, media.entity_key, but=media.id)
    if not media.is_primary:
        media.is_primary = True
        announce(session, media)


def move(session: Session, media: Media, to: Attachment) -> None:
    """Attach a file to something else, and tell the former place. The caller announces the new one.

    Emits MediaDeleted (detached).
    """
    before = (media.entity_type, media.entity_id)
    if (to.entity_type, to.entity_id, to.key) == (*before, media.entity_key):
        return
    media.entity_type, media.entity_id, media.entity_known = to.entity_type, to.entity_id, to.known
    if media.is_primary:
        step_aside(session, to.key, but=media.id)
    media.entity_key = to.key
    if media.status == kinds.READY and before != (to.entity_type, to.entity_id):
        announce_detached(session, media, entity=before)


def attach(
    session: Session,
    *,
    by: Identity,
    entity_type: str,
    entity_id: str,
    media_ids: Sequence[UUID] = (),
    from_entity_id: str | None = None,
) -> list[Media]:
    """Move uploads that were made before their entity existed.

    Raises MediaNotFound, NotYourEntity. Emits MediaReady, MediaDeleted (detached).
    """
    own = select(Media).where(Media.status != kinds.DELETED)
    if not by.is_staff:
        own = own.where(Media.uploaded_by == by.user_id)
    wanted = (
        own.where(Media.id.in_(media_ids))
        if media_ids
        else own.where(Media.uploaded_by == by.user_id, Media.entity_id == from_entity_id)
    )
    found = list(session.scalars(wanted.order_by(Media.id).with_for_update()))
    if media_ids and len(found) != len(set(media_ids)):
        raise MediaNotFound
    to = attachment(session, entity_type, entity_id, by=by)
    for media in found:
        move(session, media, to)
        announce(session, media)
    return found


def reorder(
    session: Session, *, by: Identity, entity_type: str, entity_id: str, media_ids: Sequence[UUID]
) -> list[Media]:
    """Put one's files of an entity into the wished order; those left out keep theirs behind. Emits MediaReady.

    Raises Invalid where a named file is not among them.
    """
    wanted = select(Media).where(
        Media.entity_type == entity_type, Media.entity_id == entity_id, Media.status != kinds.DELETED
    )
    if not by.is_staff:
        wanted = wanted.where(Media.uploaded_by == by.user_id)
    ordered = wanted.order_by(Media.display_order, Media.created_at.desc(), Media.id.desc())
    held = {media.id: media for media in session.scalars(ordered.with_for_update())}
    if len(set(media_ids)) != len(media_ids) or set(media_ids) - set(held):
        raise Invalid.field("media_ids", "Name files of this entity that are yours, each once.")
    result = [held[one] for one in [*media_ids, *(one for one in held if one not in set(media_ids))]]
    for place, media in enumerate(result):
        if media.display_order != place:
            media.display_order = place
            announce(session, media)
    return result
