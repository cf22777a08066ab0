"""What auth tells: people, their deletion, their wish to know."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.streams.models import User
from services.streams.operations.privacy import erase_person, exported
from shared.messaging import Message, handles, replace_replica
from shared.privacy import personal_data


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChanged:
    """The part of a person that streams shows."""

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


forget, tell = personal_data("streams", erase=erase_person, export=exported, replica=User)
