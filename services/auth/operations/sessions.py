"""Sessions: begun by a sign-in, ended by their owner, by staff or by a change of credentials."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.auth.domain.devices import Client
from services.auth.events import SessionRevoked
from services.auth.models import AuthSession, Device, Revocation, User
from services.auth.operations.activity import alert, storable_ip
from services.auth.operations.tokens import Grant, grant
from services.auth.settings import settings
from shared.errors import NotFound
from shared.ids import uuid7
from shared.messaging import record

LIVE_SESSIONS_MAX = 50
DEVICES_MAX = 20
IDS_IN_AN_EVENT = 200
# Longer than any clock differs, so that a revocation outlives the tokens it concerns.
MARGIN = timedelta(minutes=1)


def open_session(
    session: Session,
    user: User,
    *,
    methods: Sequence[str],
    client: Client,
    now: datetime,
    device_token: str | None = None,
    device_name: str | None = None,
) -> Grant:
    """Begin a session and return its tokens.

    The oldest one ends when there are fifty. The owner is told of a device that they have not used before, unless it
    is their first. Emits SecurityAlert, SessionRevoked.
    """
    device, device_token = _know_device(session, user, device_token=device_token, client=client, now=now)
    _make_room(session, user, now=now)
    auth_session = AuthSession(
        id=uuid7(),
        user_id=user.id,
        device_id=device.id,
        methods=list(methods),
        auth_time=now,
        created_at=now,
        last_seen_at=now,
        expires_at=now + min(settings().session_slides, settings().session_max),
        generation=1,
        used_generation=0,
        salt=secrets.token_bytes(16),
        rotations=[],
        ip=storable_ip(client.ip),
        user_agent=client.user_agent,
        device_name=device_name or None,
    )
    session.add(auth_session)
    session.flush()
    return grant(session, user, auth_session, now=now, device_token=device_token)


def end_session(session: Session, *, user_id: int, session_id: UUID, reason: str, now: datetime) -> None:
    """End one of a person's sessions; access tokens of it are refused at once.

    Raises NotFound when there is no such live session. Emits SessionRevoked.
    """
    if not end_sessions(session, AuthSession.id == session_id, user_id=user_id, reason=reason, now=now):
        raise NotFound


def end_sessions(session: Session, *which: ColumnElement[bool], user_id: int, reason: str, now: datetime) -> list[UUID]:
    """End a person's live sessions, all or those that are meant by `which`, and return their ids.

    Emits SessionRevoked.
    """
    ended = session.scalars(
        update(AuthSession)
        .where(AuthSession.user_id == user_id, AuthSession.revoked_at.is_(None), *which)
        .values(revoked_at=now, revoked_reason=reason)
        .returning(AuthSession.id)
        .execution_options(synchronize_session=False)
    ).all()
    if not ended:
        return []
    expires_at = now + settings().access_token_lifetime + MARGIN
    session.execute(
        insert(Revocation)
        .values(
            [
                {
                    "kind": "session",
                    "value": str(session_id),
                    "reason": reason,
                    "noted_at": func.clock_timestamp(),
                    "expires_at": expires_at,
                }
                for session_id in ended
            ]
        )
        .on_conflict_do_nothing()
    )
    for start in range(0, len(ended), IDS_IN_AN_EVENT):
        told = SessionRevoked(
            kind="session",
            session_ids=[str(session_id) for session_id in ended[start : start + IDS_IN_AN_EVENT]],
            user_id=user_id,
            not_before=None,
            reason=reason,
            expires_at=int(expires_at.timestamp()),
        )
        record(session, told, about=("user", user_id))
    return list(ended)


def sign_out_everywhere(session: Session, *, user_id: int, reason: str, now: datetime) -> list[UUID]:
    """End all of a person's sessions, refuse every access token there is of theirs, and return the sessions' ids.

    Emits SessionRevoked.
    """
    ended = end_sessions(session, user_id=user_id, reason=reason, now=now)
    refuse_tokens(session, user_id=user_id, reason=reason, now=now)
    return ended


def refuse_tokens(session: Session, *, user_id: int, reason: str, now: datetime, not_before: int | None = None) -> None:
    """Refuse a person's access tokens that were issued before `not_before` (unix seconds), by default until now.

    The running second is included: a sign-in in the second of a suspension gains nothing. Tokens of the replaced
    system are refused whatever their time. Emits SessionRevoked.
    """
    before = int(now.timestamp()) + 1 if not_before is None else not_before
    expires_at = now + settings().access_token_lifetime + MARGIN
    statement = insert(Revocation).values(
        kind="user",
        value=str(user_id),
        not_before=before,
        reason=reason,
        noted_at=func.clock_timestamp(),
        expires_at=expires_at,
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[Revocation.kind, Revocation.value],
            set_={
                "not_before": func.greatest(Revocation.not_before, statement.excluded.not_before),
                "noted_at": statement.excluded.noted_at,
                "expires_at": func.greatest(Revocation.expires_at, statement.excluded.expires_at),
                "reason": reason,
            },
        )
    )
    told = SessionRevoked(
        kind="user",
        session_ids=[],
        user_id=user_id,
        not_before=before,
        reason=reason,
        expires_at=int(expires_at.timestamp()),
    )
    record(session, told, about=("user", user_id))


def device_of(session: Session, *, user_id: int, device_token: str | None) -> Device | None:
    """Return the person's known device that holds this token, if it is one."""
    if not device_token:
        return None
    return session.scalar(select(Device).where(Device.token_hash == _digest(device_token), Device.user_id == user_id))


def _know_device(
    session: Session, user: User, *, device_token: str | None, client: Client, now: datetime
) -> tuple[Device, str]:
    """Return the device that signs in and its token: its own, or a new one for a device that shows none."""
    device = device_of(session, user_id=user.id, device_token=device_token)
    if device is not None and device_token is not None:
        device.last_seen_at = now
        return device, device_token
    is_first = not session.scalar(select(exists().where(Device.user_id == user.id)))
    looks_known = session.scalar(select(exists().where(Device.user_id == user.id, Device.label == client.device)))
    made = secrets.token_urlsafe(32)
    device = Device(
        id=uuid7(),
        user_id=user.id,
        token_hash=_digest(made),
        label=client.device,
        first_seen_at=now,
        last_seen_at=now,
    )
    session.add(device)
    if is_first:
        return device, made
    if not looks_known:
        # Old clients keep no device token: they are told apart by browser and system, or each sign-in would be a mail.
        alert(session, "new_device", user_id=user.id, client=client, now=now)
    surplus = (
        select(Device.id).where(Device.user_id == user.id).order_by(Device.last_seen_at.desc()).offset(DEVICES_MAX)
    )
    session.flush()
    session.execute(delete(Device).where(Device.id.in_(surplus)).execution_options(synchronize_session=False))
    return device, made


def _make_room(session: Session, user: User, *, now: datetime) -> None:
    surplus = session.scalars(
        select(AuthSession.id)
        .where(AuthSession.user_id == user.id, AuthSession.revoked_at.is_(None), AuthSession.expires_at > now)
        .order_by(AuthSession.last_seen_at.desc())
        .offset(LIVE_SESSIONS_MAX - 1)
    ).all()
    if surplus:
        end_sessions(session, AuthSession.id.in_(surplus), user_id=user.id, reason="too_many", now=now)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
