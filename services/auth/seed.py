"""The demo's people: one to sign in as of each kind, thirty more practitioners, a dozen more clients."""

import logging

from services.auth.clients.hashing import hasher
from services.auth.domain.demo_people import CLIENT, EVERYBODY, PASSWORD, PRACTITIONER, STAFF
from services.auth.events import UserChanged, UserRegistered
from services.auth.operations.accounts import add_user
from services.auth.operations.keys import ensure_keys
from services.auth.settings import settings
from shared.clock import utc_now
from shared.database import connect, transaction
from shared.messaging import record

log = logging.getLogger(__name__)


def seed() -> None:
    """Add those of the demo's people who are not there yet; whoever is there is left alone."""
    if settings().is_production:
        raise SystemExit("The demo's people have a printed password: not in production.")
    connect(settings().database_url, application_name="auth-seed")
    now, password_hash = utc_now(), hasher().hash(PASSWORD)
    with transaction() as session:
        ensure_keys(session, now=now)
        for person in EVERYBODY:
            user = add_user(
                session,
                email=person.email,
                uuid=person.uuid,
                first_name=person.first_name,
                last_name=person.last_name,
                timezone=person.timezone,
                timezone_chosen=True,
                is_staff=person.is_staff,
                is_superuser=person.is_staff,
                email_verified_at=now,
                password_hash=password_hash,
                password_changed_at=now,
                date_joined=now,
            )
            if user is not None:
                record(session, UserRegistered.of(user, via="seed"), subject=user)
                record(session, UserChanged.of(user), subject=user)
    for person in (CLIENT, PRACTITIONER, STAFF):
        log.info("demo login: %s  %s", person.email, PASSWORD)
