"""What practitioners tells: who offers, and who shows nothing for the time being."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import any_, literal, select, update
from sqlalchemy.orm import Session

from services.media.models import Entity, Practitioner
from services.media.operations.following import entity_gone, keep_entity, recognise
from shared.messaging import Message, handles, remove_replica, replace_replica

FILES_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerChanged:
    """The part of a practitioner that decides about files."""

    id: int
    public_uuid: str
    user_id: int
    status: str = ""
    deleted: bool = False


@handles("practitioner.changed", PractitionerChanged)
def keep_practitioner(session: Session, event: PractitionerChanged, message: Message) -> None:
    """Keep the newest state, and let files find their owner."""
    key, is_new = {"id": event.id}, session.get(Practitioner, event.id) is None
    values = {"uuid": event.public_uuid, "user_id": event.user_id, "status": event.status}
    if event.deleted:
        if remove_replica(session, Practitioner, key=key, values=values, message=message):
            entity_gone(
                session, message, kind="practitioner", uuid=event.public_uuid, number=event.id, after=FILES_KEPT
            )
        return
    if not replace_replica(session, Practitioner, key=key, values=values, message=message):
        return
    keep_entity(
        session,
        message,
        kind="practitioner",
        uuid=event.public_uuid,
        number=event.id,
        owner_user_ids=[event.user_id],
        practitioner_ids=[event.id],
    )
    if is_new:
        # Things of this practitioner may have been told of before the practitioner was.
        theirs = select(Entity).where(literal(event.id) == any_(Entity.practitioner_ids), Entity.deleted_at.is_(None))
        for entity in session.scalars(theirs.where(Entity.kind != "practitioner")).all():
            recognise(session, entity)


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerSuspended:
    """A practitioner is off the market for a while."""

    practitioner_id: int


@handles("practitioner.suspended", PractitionerSuspended)
def note_suspension(session: Session, event: PractitionerSuspended, _message: Message) -> None:
    """Take nothing new of theirs that others would see, from now on; `practitioner.changed` says when it is over."""
    session.execute(update(Practitioner).where(Practitioner.id == event.practitioner_id).values(status="suspended"))
