"""Proving a practitioner's e-mail address: auth makes the link."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from services.practitioners.events import EmailVerificationRequested
from services.practitioners.models import Practitioner, User
from services.practitioners.operations.announcing import announce
from services.practitioners.operations.throttling import throttle


def request_email_verification(session: Session, practitioner: Practitioner, *, now: datetime) -> bool:
    """Ask auth for a link, unless the address is proven already; return whether it is. Raises TooOften."""
    user = session.get(User, practitioner.user_id)
    if user is not None and user.email_verified:
        return True
    throttle(
        session,
        practitioner.id,
        "verify_email",
        most=5,
        window=timedelta(days=1),
        pause=timedelta(minutes=1),
        now=now,
    )
    announce(session, practitioner, EmailVerificationRequested.of(practitioner))
    return False
