"""What auth tells: people, their deletion, their wish to know."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from services.practitioners.domain.text import full_name
from services.practitioners.models import (
    BookingCopy,
    ClientNote,
    Document,
    FavoriteCounter,
    FavoritePractitioner,
    Practitioner,
    Schedule,
    User,
)
from services.practitioners.operations.announcing import announce
from services.practitioners.operations.forgetting import erase_profile
from shared.clock import utc_now
from shared.messaging import Message, handles, replace_replica
from shared.privacy import personal_data


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChanged:
    """The part of a person that practitioners shows."""

    id: int
    email: str
    first_name: str = ""
    last_name: str = ""
    phone_number: str | None = None
    avatar_url: str | None = None
    timezone: str | None = None
    email_verified: bool = False
    is_active: bool = True
    is_staff: bool = False


_COPIED = (
    *("email", "first_name", "last_name", "phone_number", "avatar_url", "timezone", "email_verified", "is_active"),
    "is_staff",
)


@handles("user.changed", UserChanged)
def keep_user(session: Session, event: UserChanged, message: Message) -> None:
    """Keep the person; their profile follows where it shows their name or hides because they are inactive."""
    values = {name: getattr(event, name) for name in _COPIED}
    if not replace_replica(session, User, key={"id": event.id}, values=values, message=message):
        return
    practitioner = session.scalar(select(Practitioner).where(Practitioner.user_id == event.id).with_for_update())
    if practitioner is None:
        return
    before = (practitioner.shown_name, practitioner.is_listed)
    practitioner.full_name = full_name(event.first_name, event.last_name)
    practitioner.user_active = event.is_active
    if before != (practitioner.shown_name, practitioner.is_listed):
        announce(session, practitioner)


def erase_person(session: Session, user_id: int) -> None:
    """Blank the copy and the profile, and remove documents, notes by and about the person, and favourites.

    Nobody else gets the profile's address for thirty days.
    """
    session.execute(
        update(User)
        .where(User.id == user_id)
        .values(first_name="", last_name="", email=None, phone_number=None, avatar_url=None, is_active=False)
    )
    session.execute(delete(FavoritePractitioner).where(FavoritePractitioner.user_id == user_id))
    session.execute(delete(FavoriteCounter).where(FavoriteCounter.user_id == user_id))
    session.execute(delete(ClientNote).where(ClientNote.user_id == user_id))
    practitioner = session.scalar(select(Practitioner).where(Practitioner.user_id == user_id).with_for_update())
    if practitioner is not None:
        practitioner.user_active, practitioner.deleted_at = False, practitioner.deleted_at or utc_now()
        erase_profile(session, practitioner)


def exported(session: Session, user_id: int) -> Iterator[dict[str, Any]]:
    """Yield what practitioners holds about the person."""
    practitioner = session.scalar(select(Practitioner).where(Practitioner.user_id == user_id))
    if practitioner is not None:
        yield {
            "kind": "practitioner_profile",
            **{
                name: getattr(practitioner, name)
                for name in ("id", "slug", "display_name", "professional_title", "bio", "quote", "verification_status")
            },
            "created_at": practitioner.created_at,
        }
        for document in session.scalars(select(Document).where(Document.practitioner_id == practitioner.id)):
            yield {"kind": "document", "type": document.document_type, "status": document.status}
        for schedule in session.scalars(select(Schedule).where(Schedule.practitioner_id == practitioner.id)):
            hours = [[slot.day, slot.start_min, slot.end_min] for slot in schedule.slots]
            yield {"kind": "schedule", "name": schedule.name, "timezone": schedule.timezone, "hours": hours}
        for note in session.scalars(select(ClientNote).where(ClientNote.practitioner_id == practitioner.id)):
            yield {"kind": "client_note", "content": note.content, "created_at": note.created_at}
    favorites = select(FavoritePractitioner.practitioner_id).where(FavoritePractitioner.user_id == user_id)
    yield {"kind": "favorite_practitioners", "practitioner_ids": list(session.scalars(favorites))}
    bookings = select(BookingCopy.id).where(BookingCopy.user_id == user_id)
    yield {"kind": "bookings_known", "booking_ids": list(session.scalars(bookings))}


forget, tell = personal_data("practitioners", erase=erase_person, export=exported, replica=User)
