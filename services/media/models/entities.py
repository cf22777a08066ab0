"""What files are attached to, as far as other services told."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.media.models.base import Base
from shared.messaging import Replica


class Entity(Replica, Base):
    """Something that may have files. Owners are people, or practitioners whose people may come to be known later.

    `reference` is the entity's uuid where it has one, else its number as text. `purge_at`: when its files are to be
    deleted because it is gone.
    """

    __tablename__ = "entities"
    __table_args__ = (
        Index("ix_entities_number", "kind", "number"),
        Index("ix_entities_purge", "purge_at", postgresql_where=text("purge_at IS NOT NULL")),
    )

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    reference: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int | None]
    owner_user_ids: Mapped[list[int]] = mapped_column(default=list)
    practitioner_ids: Mapped[list[int]] = mapped_column(default=list)
    purge_at: Mapped[datetime | None]


class Practitioner(Replica, Base):
    """Who offers, as practitioners last told."""

    __tablename__ = "practitioners"
    __table_args__ = (Index("ix_practitioners_user", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    uuid: Mapped[str]
    user_id: Mapped[int]
    status: Mapped[str]


class Claim(Base):
    """A service uses a file, or no longer; the newest word counts."""

    __tablename__ = "claims"

    media_id: Mapped[UUID] = mapped_column(primary_key=True)
    service: Mapped[str] = mapped_column(String(30), primary_key=True)
    entity_type: Mapped[str] = mapped_column(String(40), primary_key=True)
    entity_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    is_claimed: Mapped[bool]
    told_at: Mapped[datetime]


def find_entity(session: Session, kind: str, entity_id: str) -> Entity | None:
    """Return what is known of the thing that `entity_id` names, by uuid or number; gone ones too."""
    named = Entity.number == int(entity_id) if entity_id.isdigit() else Entity.reference == entity_id
    return session.scalar(select(Entity).where(Entity.kind == kind, named).limit(1))
