"""Keeping up with what files are attached to: things appear, change hands and go."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.media.domain import kinds
from services.media.models import Claim, Entity, Media
from services.media.operations.announcing import announce, announce_detached
from services.media.operations.attaching import known_key, owns, step_aside
from services.media.operations.lifecycle import ENTITY_DELETED, delete_media
from shared.clock import utc_now
from shared.messaging import Message


def keep_entity(
    session: Session,
    message: Message,
    *,
    kind: str,
    uuid: UUID | str | None,
    number: int | None,
    owner_user_ids: Sequence[int] = (),
    practitioner_ids: Sequence[int] = (),
) -> None:
    """Note something that may have files, and let the files that named it before be its own.

    Facts that are not counted only add what is not known yet. Emits MediaReady, MediaDeleted (detached).
    """
    reference = str(uuid) if uuid is not None else str(number)
    values = {
        "number": number,
        "owner_user_ids": list(owner_user_ids),
        "practitioner_ids": list(practitioner_ids),
        "epoch": message.epoch,
        "sequence": max(message.sequence, 0),
        "deleted_at": None,
    }
    statement = insert(Entity).values(kind=kind, reference=reference, **values)
    newer = tuple_(Entity.epoch, Entity.sequence) < tuple_(statement.excluded.epoch, statement.excluded.sequence)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[Entity.kind, Entity.reference], set_={**values, "purge_at": None}, where=newer
        )
    )
    entity = session.get(Entity, (kind, reference), populate_existing=True)
    if entity is not None and entity.deleted_at is None:
        recognise(session, entity)


def recognise(session: Session, entity: Entity) -> None:
    """Let files that named the entity before it was known be its files; those of strangers are detached from it."""
    names = [entity.reference, *([str(entity.number)] if entity.number is not None else [])]
    waiting = select(Media).where(
        Media.entity_type == entity.kind,
        Media.entity_id.in_(names),
        Media.entity_known.is_(False),
        Media.status != kinds.DELETED,
    )
    key = known_key(entity)
    for media in session.scalars(waiting.order_by(Media.id).with_for_update()).all():
        if media.uploaded_as_staff or owns(session, entity, media.uploaded_by):
            if media.is_primary:
                step_aside(session, key, but=media.id)
            media.entity_known, media.entity_key = True, key
            announce(session, media)
        elif media.status == kinds.READY:
            announce_detached(session, media, entity=(media.entity_type, media.entity_id))


def entity_gone(
    session: Session, message: Message, *, kind: str, uuid: UUID | str, number: int | None, after: timedelta
) -> None:
    """Note that something is gone; its files are deleted `after` that long."""
    now = utc_now()
    values = {
        "epoch": message.epoch,
        "sequence": max(message.sequence, 0),
        "deleted_at": message.occurred_at,
        "purge_at": now + after,
    }
    session.execute(
        insert(Entity)
        .values(kind=kind, reference=str(uuid), number=number, owner_user_ids=[], practitioner_ids=[], **values)
        .on_conflict_do_update(index_elements=[Entity.kind, Entity.reference], set_=values)
    )
    if not after:
        session.flush()
        entity = session.get(Entity, (kind, str(uuid)), populate_existing=True)
        if entity is not None:
            delete_files_of(session, entity, now=now)


def delete_files_of(session: Session, entity: Entity, *, now: datetime, limit: int = 500) -> bool:
    """Delete the files of something that is gone; returns whether none is left. Emits MediaDeleted."""
    own = select(Media).where(Media.entity_key == known_key(entity), Media.status != kinds.DELETED)
    found = session.scalars(own.order_by(Media.id).limit(limit).with_for_update()).all()
    for media in found:
        delete_media(session, media, cause=ENTITY_DELETED, now=now)
    if len(found) < limit:
        entity.purge_at = None
        return True
    return False


def note_claim(
    session: Session, message: Message, *, media_id: UUID, service: str, entity_type: str, entity_id: str, claimed: bool
) -> None:
    """Note that a service uses a file, or no longer; of two words about the same the later one counts."""
    values = {"is_claimed": claimed, "told_at": message.occurred_at}
    statement = insert(Claim).values(
        media_id=media_id, service=service, entity_type=entity_type, entity_id=entity_id, **values
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[Claim.media_id, Claim.service, Claim.entity_type, Claim.entity_id],
            set_=values,
            where=Claim.told_at <= statement.excluded.told_at,
        )
    )
