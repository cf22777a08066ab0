"""What others decide about a person: the practitioner's profile and its plan."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.auth.events import UserChanged
from services.auth.models import User
from shared.messaging import NotYet, record


def take_profile(
    session: Session,
    *,
    user_id: int,
    practitioner_id: int | None,
    uuid: UUID,
    slug: str | None,
    epoch: int,
    sequence: int,
) -> None:
    """Take the state of a person's practitioner profile, unless a newer one is held; None as id: it is gone.

    A person who is unknown here belongs to another database: nothing is done. Emits UserChanged when roles or slug
    changed.
    """
    user = session.get(User, user_id, with_for_update=True)
    if user is None or (user.practitioner_epoch, user.practitioner_sequence) >= (epoch, sequence):
        return
    before = (user.practitioner_id, user.practitioner_slug)
    user.practitioner_epoch, user.practitioner_sequence = epoch, sequence
    user.practitioner_id = practitioner_id
    user.practitioner_uuid = uuid if practitioner_id is not None else None
    user.practitioner_slug = slug if practitioner_id is not None else None
    if (user.practitioner_id, user.practitioner_slug) != before:
        record(session, UserChanged.of(user), subject=user)


def take_tier(session: Session, *, practitioner_id: int, tier: str | None, epoch: int, sequence: int) -> None:
    """Take the plan of a practitioner, unless a newer one is held. Raises NotYet before the profile is known."""
    user = session.scalar(select(User).where(User.practitioner_id == practitioner_id).with_for_update())
    if user is None:
        raise NotYet(f"practitioner {practitioner_id} is not known yet")
    if (user.tier_epoch, user.tier_sequence) < (epoch, sequence):
        user.tier_epoch, user.tier_sequence = epoch, sequence
        user.subscribed_tier = tier
