"""Replicas of people, and what becomes of their data when they leave or ask for it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.payments.models import PractitionerRef, UserRef
from services.payments.operations.cards import tell_customer
from services.payments.operations.privacy import erase_person
from services.payments.queries.personal import exported
from shared.messaging import Message, handles, replace_replica
from shared.privacy import personal_data


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChanged:
    """A person's public state."""

    id: int
    uuid: UUID
    email: str | None = ""
    full_name: str | None = ""
    display_name: str | None = ""
    avatar_url: str | None = None
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerChanged:
    """A practitioner's public state."""

    id: int
    public_uuid: UUID
    user_id: int
    display_name: str | None = ""
    status: str | None = ""
    timezone: str | None = "UTC"
    deleted: bool = False


@handles("user.changed", UserChanged)
def keep_user(session: Session, event: UserChanged, message: Message) -> None:
    """Keep who somebody is: transfers find people by e-mail, lists show names, Stripe sends receipts."""
    email, name = event.email or "", event.display_name or event.full_name or ""
    before = session.execute(select(UserRef.email, UserRef.name).where(UserRef.id == event.id)).one_or_none()
    is_newer = replace_replica(
        session,
        UserRef,
        key={"id": event.id},
        values={
            "uuid": event.uuid,
            "email": email,
            "name": name,
            "avatar_url": event.avatar_url,
            "is_active": event.is_active,
        },
        message=message,
    )
    if is_newer and not message.snapshot and before is not None and tuple(before) != (email, name):
        tell_customer(session, event.id, email=email, name=name, version=f"{message.epoch}:{message.sequence}")


erase_user, tell_user = personal_data("payments", erase=erase_person, export=exported, replica=UserRef)


@handles("practitioner.changed", PractitionerChanged)
def keep_practitioner(session: Session, event: PractitionerChanged, message: Message) -> None:
    """Keep who sells, and whether payouts are frozen."""
    replace_replica(
        session,
        PractitionerRef,
        key={"id": event.id},
        values={
            "uuid": event.public_uuid,
            "user_id": event.user_id,
            "name": event.display_name or "",
            "status": "deleted" if event.deleted else event.status or "",
            "timezone": event.timezone or "UTC",
        },
        message=message,
    )
