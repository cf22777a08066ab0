"""Signing in with an account elsewhere."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.auth.domain.devices import Client
from services.auth.domain.errors import IdentityTaken, LastCredential, RegistrationClosed
from services.auth.domain.external import ExternalIdentity
from services.auth.events import UserChanged, UserRegistered
from services.auth.models import Device, LinkedIdentity, User
from services.auth.operations import second_factor
from services.auth.operations.accounts import add_user, user_by_email
from services.auth.operations.activity import alert, note
from services.auth.operations.sessions import end_sessions
from services.auth.operations.sign_in import enter, require_active
from services.auth.operations.tokens import Grant
from services.auth.settings import settings
from shared.errors import NotFound
from shared.ids import uuid7
from shared.messaging import record


def sign_in_with(session: Session, external: ExternalIdentity, *, client: Client, now: datetime) -> tuple[Grant, bool]:
    """Begin a session for the owner of an account elsewhere; returns also whether an account was made for it.

    The account is found by the provider's subject, then by the address, which is linked; else it is made. Refusals
    leave traces (`keeping_refusals`). Raises AccountDisabled, DeletionPending, MfaRequired, RegistrationClosed.
    Emits UserRegistered, UserChanged, SecurityAlert.
    """
    identity = session.scalar(
        select(LinkedIdentity).where(
            LinkedIdentity.provider == external.provider, LinkedIdentity.subject == external.subject
        )
    )
    if identity is not None:
        user, is_new = session.get_one(User, identity.user_id, with_for_update=True), False
    else:
        user, is_new = _owner(session, external, client=client, now=now)
        identity = link(session, user, external, client=client, now=now, told=not is_new)
    require_active(session, user, now=now)
    methods = second_factor.ask(session, user, None, first=external.provider, client=client, now=now)
    identity.last_used_at = now
    return enter(session, user, methods=methods, client=client, now=now), is_new


def link(
    session: Session,
    user: User,
    external: ExternalIdentity,
    *,
    client: Client,
    now: datetime,
    told: bool = True,
) -> LinkedIdentity:
    """Let somebody sign in with an account elsewhere; `told`: by mail, too.

    Raises IdentityTaken when it is another person's. Emits SecurityAlert.
    """
    session.execute(
        insert(LinkedIdentity)
        .values(
            id=uuid7(),
            provider=external.provider,
            subject=external.subject,
            user_id=user.id,
            email=external.email,
            linked_at=now,
        )
        .on_conflict_do_nothing()
    )
    held = session.scalars(
        select(LinkedIdentity).where(
            LinkedIdentity.provider == external.provider, LinkedIdentity.subject == external.subject
        )
    ).one()
    if held.user_id != user.id:
        raise IdentityTaken
    if told:
        alert(session, "identity_linked", user_id=user.id, client=client, now=now)
    note(session, "identity_linked", user_id=user.id, client=client, now=now, details={"provider": external.provider})
    return held


def unlink(session: Session, user: User, identity_id: UUID, *, client: Client, now: datetime) -> None:
    """Take an account elsewhere off. Raises NotFound, LastCredential. Emits SecurityAlert."""
    identity = session.get(LinkedIdentity, identity_id)
    if identity is None or identity.user_id != user.id:
        raise NotFound
    linked = select(func.count()).where(LinkedIdentity.user_id == user.id)
    if user.password_hash is None and session.scalar(linked) == 1:
        raise LastCredential
    session.delete(identity)
    alert(session, "identity_unlinked", user_id=user.id, client=client, now=now)
    note(session, "identity_unlinked", user_id=user.id, client=client, now=now, details={"provider": identity.provider})


def identities_of(session: Session, user: User) -> Sequence[LinkedIdentity]:
    """Return what somebody may sign in with besides a password, the oldest first."""
    mine = select(LinkedIdentity).where(LinkedIdentity.user_id == user.id)
    return session.scalars(mine.order_by(LinkedIdentity.linked_at, LinkedIdentity.id)).all()


def _owner(session: Session, external: ExternalIdentity, *, client: Client, now: datetime) -> tuple[User, bool]:
    """Return the account of the provider's address, made if there is none."""
    user = user_by_email(session, external.email)
    if user is None:
        if not settings().registration_open:
            raise RegistrationClosed
        user = add_user(
            session,
            email=external.email,
            email_verified_at=now,
            first_name=external.first_name,
            last_name=external.last_name,
            date_joined=now,
        )
        if user is not None:
            record(session, UserRegistered.of(user, via=external.provider), subject=user)
            record(session, UserChanged.of(user), subject=user)
            note(session, "registered", user_id=user.id, client=client, now=now, details={"via": external.provider})
            return user, True
        # Somebody registered the address at this moment: theirs is unproven, so what follows takes it over.
        user = user_by_email(session, external.email)
        assert user is not None
    user = session.get_one(User, user.id, with_for_update=True, populate_existing=True)
    if not user.email_verified:
        _take_over(session, user, client=client, now=now)
    return user, False


def _take_over(session: Session, user: User, *, client: Client, now: datetime) -> None:
    """Take an account from whoever registered an address that they never proved.

    Somebody may have registered it in advance, waiting for its owner to come: their password, their second factor,
    their devices and their sessions are gone.
    """
    user.password_hash = None
    user.password_changed_at = now
    user.prove_email(now=now)
    session.execute(delete(Device).where(Device.user_id == user.id))
    session.execute(delete(LinkedIdentity).where(LinkedIdentity.user_id == user.id))
    second_factor.forget(session, user)
    end_sessions(session, user_id=user.id, reason="taken_over", now=now)
    record(session, UserChanged.of(user), subject=user)
    note(session, "taken_over", user_id=user.id, client=client, now=now)
