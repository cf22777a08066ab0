"""The keys that access tokens are signed with: made, used, followed by the next, withdrawn.

A key is published ten minutes before it signs, so that every verifier has it by then, and stays published for an hour
after the last token it signed.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.auth.domain.sealing import seal, unseal
from services.auth.events import SigningKeysChanged
from services.auth.models import KeySet, SigningKey
from services.auth.settings import settings
from shared.clock import utc_now
from shared.errors import NotFound
from shared.identity.keys import signing_keys, store_keys
from shared.identity.keyset import public_jwk
from shared.ids import uuid7
from shared.messaging import record
from shared.messaging.tables import event_epoch

ROTATED_AFTER = timedelta(days=30)
PUBLISHED_BEFORE_USE = timedelta(minutes=10)
KEPT_AFTER_USE = timedelta(hours=1)
REMEMBERED = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Signer:
    """The key that signs at present."""

    kid: str
    private_key: ec.EllipticCurvePrivateKey


_lock = threading.Lock()
_remembered: tuple[datetime, Signer] | None = None


def current_signer(session: Session, *, now: datetime) -> Signer:
    """Return the key to sign with; the process remembers it for a minute. Makes the first key if there is none.

    Emits SigningKeysChanged when it made one.
    """
    global _remembered
    with _lock:
        if _remembered is not None and abs(now - _remembered[0]) < REMEMBERED:
            return _remembered[1]
    found = _newest_active(session, now)
    if found is None:
        ensure_keys(session, now=now)
        made = _newest_active(session, now)
        if made is None:
            raise RuntimeError("no signing key became active")
        # Not remembered: the transaction that made it may still be rolled back.
        return _signer(made)
    signer = _signer(found)
    with _lock:
        _remembered = (now, signer)
    return signer


def ensure_keys(session: Session, *, now: datetime) -> bool:
    """Make the first key if there is none; it signs at once. Returns whether one was made. Emits SigningKeysChanged."""
    if _has_keys(session):
        return False
    key_set = _locked_set(session, now)
    if _has_keys(session):
        return False
    is_first = session.scalar(select(SigningKey.kid).limit(1)) is None
    if is_first:
        _add_key(session, now=now, active_from=now)
    _announce(session, key_set, now=now)
    return is_first


def rotate_keys(session: Session, *, now: datetime, at_once: bool = False) -> bool:
    """Publish the next key if the newest has signed for thirty days, or `at_once`; withdraw those that are over.

    Returns whether the set changed. Emits SigningKeysChanged.
    """
    key_set = _locked_set(session, now)
    newest = session.scalar(select(SigningKey).order_by(SigningKey.active_from.desc()).limit(1))
    changed = False
    if newest is None or at_once or newest.active_from + ROTATED_AFTER <= now:
        active_from = now if newest is None else now + PUBLISHED_BEFORE_USE
        _add_key(session, now=now, active_from=active_from)
        last_use = active_from + REMEMBERED
        for key in session.scalars(select(SigningKey).where(SigningKey.retire_at.is_(None))):
            if key.active_from < active_from:
                key.retire_at = last_use + settings().access_token_lifetime + KEPT_AFTER_USE
        changed = True
    for key in session.scalars(select(SigningKey).where(SigningKey.retire_at <= now)):
        session.delete(key)
        changed = True
    if changed:
        _announce(session, key_set, now=now)
    return changed


def withdraw_key(session: Session, kid: str, *, now: datetime) -> None:
    """Take a key that leaked out of the public set: whatever it signed is refused as soon as that is heard.

    When no other key signs, a new one does at once. Raises NotFound. Emits SigningKeysChanged.
    """
    key_set = _locked_set(session, now)
    key = session.get(SigningKey, kid)
    if key is None:
        raise NotFound(f"There is no key {kid}.")
    session.delete(key)
    session.flush()
    if _newest_active(session, now) is None:
        _add_key(session, now=now, active_from=now)
    _announce(session, key_set, now=now)


def forget_signer() -> None:
    """Let the process read its key anew at the next token."""
    global _remembered
    with _lock:
        _remembered = None


def _has_keys(session: Session) -> bool:
    """Whether there are keys, and our own copy of the public set, which tokens are verified with here."""
    has_pairs, has_copy = exists(select(SigningKey.kid)), exists(select(signing_keys.c.id))
    return bool(session.scalar(select(has_pairs & has_copy)))


def _newest_active(session: Session, now: datetime) -> SigningKey | None:
    newest = SigningKey.active_from.desc()
    return session.scalar(select(SigningKey).where(SigningKey.active_from <= now).order_by(newest).limit(1))


def _signer(key: SigningKey) -> Signer:
    plain = unseal(settings().auth_encryption_key, key.private_key, place=f"signing key {key.kid}")
    private_key = serialization.load_der_private_key(plain, password=None)
    assert isinstance(private_key, ec.EllipticCurvePrivateKey)
    return Signer(kid=key.kid, private_key=private_key)


def _locked_set(session: Session, now: datetime) -> KeySet:
    """Return the set's row, locked: whoever holds it may change the keys."""
    session.execute(insert(KeySet).values(id=1, changed_at=now, version=1).on_conflict_do_nothing())
    return session.scalars(select(KeySet).where(KeySet.id == 1).with_for_update()).one()


def _add_key(session: Session, *, now: datetime, active_from: datetime) -> None:
    private_key = ec.generate_private_key(ec.SECP256R1())
    kid = uuid7().hex
    plain = private_key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    session.add(
        SigningKey(
            kid=kid,
            private_key=seal(settings().auth_encryption_key, plain, place=f"signing key {kid}"),
            public_jwk=public_jwk(private_key.public_key(), kid),
            created_at=now,
            active_from=active_from,
        )
    )
    session.flush()


def _announce(session: Session, key_set: KeySet, *, now: datetime) -> None:
    """Tell everybody, and keep our own copy as every service does."""
    key_set.changed_at = max(now, utc_now(), key_set.changed_at + timedelta(microseconds=1))
    session.flush()
    told = SigningKeysChanged.of(session)
    record(session, told, subject=key_set)
    epoch = session.scalar(select(func.max(event_epoch.c.epoch))) or 1
    store_keys(session, {"keys": told.keys}, epoch=epoch, sequence=key_set.version)
