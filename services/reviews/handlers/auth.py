"""What auth tells: people, their deletion, their wish to know."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from services.reviews.models import User
from services.reviews.operations.erasing import erase_person
from services.reviews.operations.following import follow_author
from services.reviews.queries.personal import exported
from shared.messaging import Message, handles, replace_replica
from shared.privacy import personal_data


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChanged:
    """The part of a person that reviews show."""

    id: int
    uuid: UUID
    first_name: str = ""
    last_name: str = ""
    avatar_url: str | None = None


_FIELDS = tuple(name for name in UserChanged.__slots__ if name != "id")


@handles("user.changed", UserChanged)
def keep_user(session: Session, event: UserChanged, message: Message) -> None:
    """Keep the newest names, and show them with the person's reviews."""
    values = {name: getattr(event, name) for name in _FIELDS}
    if replace_replica(session, User, key={"id": event.id}, values=values, message=message):
        follow_author(session, event.id)


forget, tell = personal_data("reviews", erase=erase_person, export=exported, replica=User)
