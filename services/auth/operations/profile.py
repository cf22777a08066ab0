"""What people change about themselves."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.auth.domain.devices import Client
from services.auth.events import UserChanged
from services.auth.models import User
from services.auth.operations.activity import note
from shared.messaging import record

EDITABLE = ("first_name", "last_name", "preferred_name", "phone_number", "timezone", "locale")


def update_profile(session: Session, user: User, changes: Mapping[str, Any], *, client: Client, now: datetime) -> User:
    """Change what `changes` names of a person's own details; a new phone number counts as unproven.

    Nothing is written when nothing is different. Emits UserChanged.
    """
    different = {name: changes[name] for name in EDITABLE if name in changes and getattr(user, name) != changes[name]}
    if "timezone" in changes:
        user.timezone_chosen = True
    for name, value in different.items():
        setattr(user, name, value)
    if "phone_number" in different:
        user.phone_number_verified = False
    if different:
        record(session, UserChanged.of(user), subject=user)
        note(session, "profile_changed", user_id=user.id, client=client, now=now, details={"fields": sorted(different)})
    session.flush()
    return user
