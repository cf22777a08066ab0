"""`Idempotency-Key`: a repeated POST has one effect and the same answer.

A key belongs to a caller and a route and is kept 72 hours. Two forms:

- within the effect's transaction (the usual one): key, effect and answer are committed together, so there is no
  moment in which one exists without the others;
- across transactions, for operations that call a third party between two transactions: the key is committed first
  with a lease, the answer when it is known. An operation that dies is repeated after the lease; it must find its own
  earlier steps by natural keys.

Source: draft-ietf-httpapi-idempotency-key-header; codes and times are docs/api.md's.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import Any

from flask import Response, current_app, g, make_response, request
from sqlalchemy import Boolean, column, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from shared.clock import utc_now
from shared.database import database, joined
from shared.errors import Conflict, DomainError, Invalid
from shared.http.context import identity
from shared.http.tables import idempotency_keys

KEPT = timedelta(hours=72)
LEASE = timedelta(seconds=60)
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_ANSWERED = ("status", "headers", "body")
_KEPT_HEADERS = ("ETag", "Location", "Estuary-Message")
# One message, two statements: the second sees what was committed until the first had the lock.
_BEGUN = text("""
    SELECT set_config('estuary.key', CAST(pg_try_advisory_xact_lock(hashtextextended(:lock, 0)) AS text), true);
    SELECT current_setting('estuary.key') = 'true' AS is_alone, kept.request_hash, kept.status, kept.headers, kept.body
    FROM (SELECT 1) AS one LEFT JOIN idempotency_keys AS kept
      ON kept.principal = :principal AND kept.route = :route AND kept.key = :named
""").columns(column("is_alone", Boolean), *(idempotency_keys.c[name] for name in ("request_hash", *_ANSWERED)))

Answer = Callable[[], Response]
Fingerprint = Callable[[], bytes]


class Idempotency(Enum):
    """How an operation keeps its idempotency key."""

    NONE = auto()
    IN_TRANSACTION = auto()
    ACROSS_TRANSACTIONS = auto()


class IdempotencyConflict(Conflict):
    """The key was used for another body."""

    code = "idempotency_conflict"
    message = "This Idempotency-Key was used for another request."


class StillRunning(Conflict):
    """The first request with this key has not been answered yet."""

    message = "The first request with this Idempotency-Key is still running."


@dataclass(frozen=True, slots=True)
class _Slot:
    """Whose key this is, and what the request says."""

    principal: str
    route: str
    key: str
    request_hash: bytes

    def matches(self) -> Any:
        columns = idempotency_keys.c
        return (columns.principal == self.principal) & (columns.route == self.route) & (columns.key == self.key)

    def values(self) -> dict[str, Any]:
        return {
            "principal": self.principal,
            "route": self.route,
            "key": self.key,
            "request_hash": self.request_hash,
        }


def answer_once(form: Idempotency, answer: Answer, *, fingerprint: Fingerprint | None = None) -> Response:
    """Return what `answer()` returns, or what it returned when this key was first used.

    `fingerprint()` says in short what the request asks for; by default that is the hash of its bytes. Without a key
    `answer()` simply runs. Raises IdempotencyConflict, StillRunning, Invalid (a malformed key), and whatever
    `answer()` raises; then nothing is kept and the same key may be tried again.
    """
    slot = None if form is Idempotency.NONE else _slot(fingerprint)
    if slot is None:
        return _finished(answer())
    if form is Idempotency.IN_TRANSACTION:
        return _in_transaction(slot, answer)
    return _across_transactions(slot, answer)


def purge(session: Session) -> int:
    """Delete up to 5,000 keys older than 72 hours; return how many."""
    columns = idempotency_keys.c
    old = (
        select(columns.principal, columns.route, columns.key).where(columns.created_at < utc_now() - KEPT).limit(5_000)
    ).subquery()
    done = session.execute(
        delete(idempotency_keys).where(
            columns.principal == old.c.principal, columns.route == old.c.route, columns.key == old.c.key
        )
    )
    return int(getattr(done, "rowcount", 0))


def _in_transaction(slot: _Slot, answer: Answer) -> Response:
    with database().transaction() as session:
        names = {"lock": _lock_name(slot), "principal": slot.principal, "route": slot.route, "named": slot.key}
        begun = session.execute(_BEGUN, names).one()
        if not begun.is_alone:
            raise StillRunning(retry_after=1)
        if begun.request_hash is not None:
            return _replay(begun, slot)
        with joined(session):
            response = answer()
        session.execute(insert(idempotency_keys).values(**slot.values(), **_answered(response)))
    if "after_commit" not in g:
        return response
    finished = _finished(response)
    with database().transaction() as session:
        session.execute(update(idempotency_keys).where(slot.matches()).values(**_answered(finished)))
    return finished


def _across_transactions(slot: _Slot, answer: Answer) -> Response:
    with database().transaction() as session:
        lease = {"running_until": func.now() + text(f"interval '{int(LEASE.total_seconds())} seconds'")}
        columns = idempotency_keys.c
        taken = session.execute(
            insert(idempotency_keys)
            .values(**slot.values(), **lease)
            .on_conflict_do_update(
                index_elements=[columns.principal, columns.route, columns.key],
                set_=lease,
                where=(
                    columns.status.is_(None)
                    & (columns.running_until < func.now())
                    & (columns.request_hash == slot.request_hash)
                ),
            )
            .returning(columns.key)
        ).one_or_none()
        if taken is None:
            return _replay(session.execute(select(idempotency_keys).where(slot.matches())).one(), slot)
    try:
        response = _finished(answer())
    except DomainError:
        with database().transaction() as session:
            session.execute(delete(idempotency_keys).where(slot.matches()))
        raise
    with database().transaction() as session:
        session.execute(update(idempotency_keys).where(slot.matches()).values(**_answered(response)))
    return response


def _finished(response: Response) -> Response:
    """Let the work run that the operation left for after its commit."""
    work = g.pop("after_commit", None)
    if work is None:
        return response
    later = work()
    return response if later is None else make_response(later)


def _slot(fingerprint: Fingerprint | None) -> _Slot | None:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise Invalid.field("Idempotency-Key", "Must be 1 to 255 visible ASCII characters.")
    caller = identity()
    principal = f"user:{caller.user_id}" if caller.is_signed_in else f"address:{caller.client_ip}"
    said = request.get_data(cache=True) if fingerprint is None else fingerprint()
    body = hashlib.sha256(request.query_string + b"\n" + said).digest()
    return _Slot(principal=principal, route=f"{request.method} {request.path}", key=key, request_hash=body)


def _lock_name(slot: _Slot) -> str:
    return f"idempotency\n{slot.principal}\n{slot.route}\n{slot.key}"


def _answered(response: Response) -> dict[str, Any]:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return {"status": response.status_code, "headers": headers, "body": response.get_data(), "running_until": None}


def _replay(kept: Any, slot: _Slot) -> Response:
    if bytes(kept.request_hash) != slot.request_hash:
        raise IdempotencyConflict
    if kept.status is None:
        raise StillRunning(retry_after=1)
    response: Response = current_app.response_class(bytes(kept.body), status=kept.status, mimetype="application/json")
    response.headers.update(kept.headers)
    response.headers["Idempotent-Replayed"] = "true"
    return response
