"""What auth tells: people, their deletion, their wish to know."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.media.models import User
from services.media.operations.following import keep_entity
from services.media.operations.privacy import erase_person, exported
from shared.messaging import Message, handles, replace_replica
from shared.privacy import personal_data


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChanged:
    """The part of a person that media shows."""

    id: int
    uuid: str
    display_name: str
    avatar_url: str | None = None
    is_active: bool = True


@handles("user.changed", UserChanged)
def keep_user(session: Session, event: UserChanged, message: Message) -> None:
    """Keep the newest state of the person, whom files of theirs may be attached to."""
    values = {
        "uuid": event.uuid,
        "display_name": event.display_name,
        "avatar_url": event.avatar_url,
        "is_active": event.is_active,
    }
    if replace_replica(session, User, key={"id": event.id}, values=values, message=message):
        keep_entity(session, message, kind="user", uuid=event.uuid, number=event.id, owner_user_ids=[event.id])


forget, tell = personal_data("media", erase=erase_person, export=exported, replica=User)
