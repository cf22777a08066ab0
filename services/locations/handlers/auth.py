"""What auth tells: people, their deletion, their wish to know."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.locations.models import User
from shared.messaging import Message, handles, replace_replica
from shared.privacy import personal_data


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChanged:
    """The part of a person that locations shows."""

    id: int
    uuid: str
    display_name: str
    avatar_url: str | None = None
    is_active: bool = True


@handles("user.changed", UserChanged)
def keep_user(session: Session, event: UserChanged, message: Message) -> None:
    """Keep the newest state of the person."""
    values = {
        "uuid": event.uuid,
        "display_name": event.display_name,
        "avatar_url": event.avatar_url,
        "is_active": event.is_active,
    }
    replace_replica(session, User, key={"id": event.id}, values=values, message=message)


def erase_person(session: Session, user_id: int) -> None:
    """Blank the copy; the id stays, so that nothing that names it breaks."""
    session.execute(
        update(User).where(User.id == user_id).values(display_name="Member", avatar_url=None, is_active=False)
    )


def exported(session: Session, user_id: int) -> Iterator[dict[str, Any]]:
    """Yield what locations holds about the person: the copy of the profile."""
    user = session.get(User, user_id)
    if user is not None:
        yield {"kind": "profile", "display_name": user.display_name, "avatar_url": user.avatar_url}


forget, tell = personal_data("locations", erase=erase_person, export=exported, replica=User)
