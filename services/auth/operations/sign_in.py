"""Signing in with a password.

Two steps, because hashing takes long and must not hold a transaction: `prove_password` reads, hashes and counts
failures in transactions of its own; `sign_in` begins the session in the caller's, and takes the proof only if neither
password nor status changed meanwhile.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from services.auth.clients.hashing import hasher
from services.auth.domain.devices import Client
from services.auth.domain.errors import AccountDisabled, DeletionPending, InvalidToken, TooManyTries, WrongCredentials
from services.auth.models import User
from services.auth.operations import action_tokens, second_factor, throttling
from services.auth.operations.accounts import user_by_email
from services.auth.operations.activity import note
from services.auth.operations.sessions import device_of, open_session
from services.auth.operations.tokens import Grant
from services.auth.settings import settings
from shared.clock import utc_now
from shared.database import transaction
from shared.identity.action_tokens import MFA_LOGIN


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordProof:
    """Somebody knew the password that was set at `changed_at`; `fresh_hash` is it in today's form, if that is due."""

    user_id: int
    changed_at: datetime | None
    fresh_hash: str | None
    account: throttling.Counter
    counters: tuple[throttling.Counter, ...]


def prove_password(*, email: str, password: str, device_token: str | None, client: Client) -> PasswordProof:
    """Return the proof that the password is this address's.

    Unknown address, wrong password and account without password take the same work and the same words. A failure
    counts against the account, or against the known device it came from, and against the network.
    Raises WrongCredentials, TooManyTries, Unavailable.
    """
    with _taking_at_least(settings().auth_login_floor_ms):
        now = utc_now()
        with transaction() as session:
            user = user_by_email(session, email)
            device = device_of(session, user_id=user.id, device_token=device_token) if user else None
            account = (
                throttling.counter(throttling.KNOWN_DEVICE, device.id)
                if device
                else throttling.counter(throttling.UNKNOWN_DEVICE, email.lower())
            )
            counters = (account, *throttling.networks(client.network))
            _require_unblocked(session, counters, now=now)
        stored = user.password_hash if user else None
        checked = hasher().check(password, stored)
        if user is None or stored is None or not checked.matches:
            _count_failure(user, account, email=email, client=client)
            raise WrongCredentials
        fresh = hasher().hash(password) if checked.outdated else None
        return PasswordProof(
            user_id=user.id,
            changed_at=user.password_changed_at,
            fresh_hash=fresh,
            account=account,
            counters=counters,
        )


def sign_in(
    session: Session,
    proof: PasswordProof,
    *,
    client: Client,
    now: datetime,
    code: str | None = None,
    device_token: str | None = None,
    device_name: str | None = None,
) -> Grant:
    """Begin a session for whoever proved the password; refusals leave traces (`keeping_refusals`).

    Raises WrongCredentials if the password was changed meanwhile, TooManyTries if others failed too often meanwhile,
    AccountDisabled, DeletionPending, MfaRequired, MfaInvalid. Emits SecurityAlert.
    """
    user = session.get_one(User, proof.user_id, with_for_update=True)
    _require_unblocked(session, proof.counters, now=now)
    if user.password_hash is None or user.password_changed_at != proof.changed_at:
        raise WrongCredentials
    require_active(session, user, now=now)
    methods = second_factor.ask(session, user, code, first="password", client=client, now=now)
    throttling.forget(session, proof.account)
    return enter(
        session,
        user,
        methods=methods,
        client=client,
        now=now,
        device_token=device_token,
        device_name=device_name,
        fresh_hash=proof.fresh_hash,
    )


def finish_sign_in(session: Session, mfa_token: str, code: str, *, client: Client, now: datetime) -> Grant:
    """Begin the session that waited for a second factor; refusals leave traces (`keeping_refusals`).

    Five wrong codes make the token worthless. Raises InvalidToken, MfaInvalid, TooManyTries, AccountDisabled.
    """
    token = action_tokens.find(session, mfa_token, MFA_LOGIN)
    if token.used_at is not None or token.expires_at <= now:
        raise InvalidToken
    user = session.get_one(User, token.user_id, with_for_update=True)
    require_active(session, user, now=now)
    try:
        second = second_factor.check(session, user, code, client=client, now=now)
    except TooManyTries:
        action_tokens.use(session, mfa_token, MFA_LOGIN, now=now)
        raise
    action_tokens.use(session, mfa_token, MFA_LOGIN, now=now)
    return enter(session, user, methods=[token.details["first"], second], client=client, now=now)


def enter(
    session: Session,
    user: User,
    *,
    methods: Sequence[str],
    client: Client,
    now: datetime,
    device_token: str | None = None,
    device_name: str | None = None,
    fresh_hash: str | None = None,
) -> Grant:
    """Begin the session of somebody who has proven enough, and write it down. Emits SecurityAlert, SessionRevoked."""
    note_sign_in(session, user, now=now, password_hash=fresh_hash)
    granted = open_session(
        session,
        user,
        methods=methods,
        client=client,
        now=now,
        device_token=device_token,
        device_name=device_name,
    )
    details = {"methods": list(methods)}
    session_id = granted.auth_session.id
    note(session, "sign_in", user_id=user.id, client=client, now=now, session_id=session_id, details=details)
    return granted


def require_active(session: Session, user: User, *, now: datetime) -> None:
    """Let only those pass who may sign in. Raises AccountDisabled, DeletionPending, which carries the way back."""
    if user.is_active:
        return
    if user.deletion_due_at is not None and user.account_status == "inactive":
        link = action_tokens.standing_restore(session, user, now=now)
        raise DeletionPending(errors={"restore_token": [action_tokens.formed(link)]})
    if user.account_status == "deleted":
        raise WrongCredentials
    raise AccountDisabled


def note_sign_in(session: Session, user: User, *, now: datetime, password_hash: str | None = None) -> None:
    """Write down when somebody signed in; no part of the public state, so the version stays."""
    values: dict[str, object] = {"last_login": now, "last_active_at": now}
    if password_hash is not None:
        values["password_hash"] = password_hash
    session.execute(update(User).where(User.id == user.id).values(values).execution_options(synchronize_session=False))
    for name, value in values.items():
        set_committed_value(user, name, value)


def _require_unblocked(session: Session, counters: Sequence[throttling.Counter], *, now: datetime) -> None:
    wait = throttling.seconds_blocked(session, counters, now=now)
    if wait:
        raise TooManyTries(retry_after=wait)


def _count_failure(user: User | None, account: throttling.Counter, *, email: str, client: Client) -> None:
    """Count a wrong password, and write it into the owner's log; for an unknown address the same work is done.

    Raises TooManyTries when others failed too often while this one was hashed: then it is not told what was wrong.
    """
    now = utc_now()
    with transaction() as session:
        within = throttling.count_failed_sign_in(
            session, account=account, network=client.network, email=email.lower(), now=now
        )
        user_id = user.id if user else None
        note(session, "sign_in", result="refused", user_id=user_id, client=client, now=now)
        wait = (
            0
            if within
            else throttling.seconds_blocked(session, [account, *throttling.networks(client.network)], now=now)
        )
    if not within:
        raise TooManyTries(retry_after=wait or 1)


@contextmanager
def _taking_at_least(milliseconds: int) -> Iterator[None]:
    """Hide how long the work inside took, while imported hashes make it differ between accounts."""
    began = time.monotonic()
    try:
        yield
    finally:
        left = milliseconds / 1000 - (time.monotonic() - began)
        if left > 0:
            time.sleep(left)
