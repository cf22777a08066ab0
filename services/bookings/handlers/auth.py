"""What auth says of people."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from services.bookings.models import User
from services.bookings.operations.erasing import erase_person
from services.bookings.queries.personal import exported
from shared.messaging import Message, handles, replace_replica
from shared.privacy import personal_data


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChanged:
    """The state of an account."""

    id: int
    email: str | None = None
    full_name: str = ""
    display_name: str | None = None
    phone_number: str | None = None
    avatar_url: str | None = None
    timezone: str | None = None
    is_active: bool = True
    is_staff: bool = False
    date_joined: datetime | None = None


@handles("user.changed", UserChanged)
def keep_user(session: Session, event: UserChanged, message: Message) -> None:
    """Keep the newest state of an account."""
    names = (name for name in UserChanged.__slots__ if name not in ("id", "display_name", "full_name"))
    values = {name: getattr(event, name) for name in names}
    values["full_name"] = event.display_name or event.full_name
    replace_replica(session, User, key={"id": event.id}, values=values, message=message)


erase_user, tell_user = personal_data("bookings", erase=erase_person, export=exported, replica=User)
