"""Opening an account."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from services.auth.clients.hashing import hasher
from services.auth.clients.leaked_passwords import is_leaked
from services.auth.domain import passwords
from services.auth.domain.devices import Client
from services.auth.domain.errors import PasswordRefused, RegistrationClosed, TooManyTries
from services.auth.events import UserChanged, UserRegistered
from services.auth.models import User
from services.auth.operations import throttling
from services.auth.operations.accounts import add_user, user_by_email
from services.auth.operations.activity import alert, note
from services.auth.operations.emails import request_verification
from services.auth.settings import settings
from shared.messaging import record


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What somebody says who wants an account; `email` is normalised, texts are in Unicode NFC."""

    email: str
    password: str
    first_name: str
    last_name: str
    phone_number: str | None = None
    timezone: str | None = None
    locale: str | None = None


def hash_new_password(
    password: str, *, email: str, first_name: str = "", last_name: str = "", field: str = "password"
) -> str:
    """Return the hash of a password that follows the rules. Raises PasswordRefused, Unavailable.

    Takes tens of milliseconds: call it before a transaction, not inside.
    """
    weaknesses = passwords.weaknesses(password, email=email, first_name=first_name, last_name=last_name)
    if not weaknesses and is_leaked(password):
        weaknesses = ["This password is known from a leak."]
    if weaknesses:
        raise PasswordRefused(weaknesses, field=field)
    return hasher().hash(password)


def admit_registration(session: Session, *, client: Client, now: datetime) -> None:
    """Count a registration from this network. Raises RegistrationClosed, TooManyTries."""
    if not settings().registration_open:
        raise RegistrationClosed
    allowed = throttling.registrations(client.network, an_hour=settings().registrations_an_hour)
    if not throttling.may(session, allowed, now=now):
        raise TooManyTries(retry_after=throttling.seconds_blocked(session, [allowed], now=now) or 1)


def register(session: Session, wish: Registration, *, password_hash: str, client: Client, now: datetime) -> User | None:
    """Open an account, or return None when the address has one; of two at once one gets it.

    The owner of a taken address is told, once a day. Emits UserRegistered, UserChanged, EmailVerificationRequested, or
    SecurityAlert.
    """
    user = add_user(
        session,
        email=wish.email,
        password_hash=password_hash,
        password_changed_at=now,
        first_name=wish.first_name,
        last_name=wish.last_name,
        phone_number=wish.phone_number,
        timezone=wish.timezone or "UTC",
        timezone_chosen=wish.timezone is not None,
        locale=wish.locale or "en",
        date_joined=now,
    )
    if user is None:
        _tell_owner(session, wish.email, client=client, now=now)
        return None
    record(session, UserRegistered.of(user, via="password"), subject=user)
    record(session, UserChanged.of(user), subject=user)
    request_verification(session, user, now=now)
    note(session, "registered", user_id=user.id, client=client, now=now, details={"via": "password"})
    return user


def _tell_owner(session: Session, email: str, *, client: Client, now: datetime) -> None:
    owner = user_by_email(session, email)
    if owner is None or not owner.is_active:
        return
    if throttling.may(session, throttling.counter(throttling.ATTEMPT_NOTICE, owner.id), now=now):
        alert(session, "registration_attempt", user_id=owner.id, client=client, now=now)
