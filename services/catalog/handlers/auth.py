"""What auth tells: people, their deletion, their wish to know."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.catalog.models import User
from services.catalog.operations.privacy import erase_person, exported
from shared.messaging import Message, handles, replace_replica
from shared.privacy import personal_data


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChanged:
    """The names of a person."""

    id: int
    display_name: str
    first_name: str = ""


@handles("user.changed", UserChanged)
def keep_user(session: Session, event: UserChanged, message: Message) -> None:
    """Keep the newest names."""
    values = {"display_name": event.display_name, "first_name": event.first_name}
    replace_replica(session, User, key={"id": event.id}, values=values, message=message)


forget, tell = personal_data("catalog", erase=erase_person, export=exported, replica=User)
