"""What auth does when practitioners speaks."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from services.auth.models import User
from services.auth.operations.emails import request_verification
from services.auth.operations.roles import take_profile
from shared.messaging import Message, handles


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerChanged:
    """The part of a profile that says who somebody is."""

    id: int
    public_uuid: UUID
    user_id: int
    slug: str | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationRequested:
    """A practitioner asks for the mail that proves their address."""

    user_id: int


@handles("practitioner.changed", PractitionerChanged)
def grant_role(session: Session, event: PractitionerChanged, message: Message) -> None:
    """Give the person the practitioner's role when they have a profile, and take it when it is gone."""
    take_profile(
        session,
        user_id=event.user_id,
        practitioner_id=None if event.deleted else event.id,
        uuid=event.public_uuid,
        slug=event.slug,
        epoch=message.epoch,
        sequence=message.sequence,
    )


@handles("practitioner.email_verification_requested", VerificationRequested)
def mail_verification(session: Session, event: VerificationRequested, message: Message) -> None:
    """Have the link mailed, unless the address is proven."""
    user = session.get(User, event.user_id)
    if user is not None and user.is_active and not user.email_verified:
        request_verification(session, user, now=message.occurred_at)
