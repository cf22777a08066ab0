"""Tickets: permission to open one socket within thirty seconds, so that no token stands in an address."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.notifications.domain.errors import TooManyTickets
from services.notifications.models import Revocation, SocketTicket

TICKET_LIFETIME = timedelta(seconds=30)
MINUTE, TICKETS_A_MINUTE = timedelta(minutes=1), 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who used a ticket: the person, the session of the token it was asked with, and when that token runs out."""

    user_id: int
    session_id: str | None
    token_expires_at: datetime


def issue_ticket(
    session: Session, *, user_id: int, session_id: str | None, token_expires_at: datetime, now: datetime
) -> str:
    """Return a new ticket of 256 bits; only its hash is stored. Raises TooManyTickets, after ten in a minute."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"ws-ticket:{user_id}", 0))))
    recent = select(func.count()).where(SocketTicket.user_id == user_id, SocketTicket.issued_at > now - MINUTE)
    if (session.scalar(recent) or 0) >= TICKETS_A_MINUTE:
        raise TooManyTickets(retry_after=60)
    ticket = secrets.token_urlsafe(32)
    session.add(
        SocketTicket(
            token_hash=_hash(ticket),
            user_id=user_id,
            session_id=session_id,
            token_expires_at=token_expires_at,
            issued_at=now,
        )
    )
    return ticket


def use_ticket(session: Session, ticket: str, *, now: datetime) -> Holder | None:
    """Use a ticket up and return whose it was; None if it is unknown, used or too old."""
    row = session.execute(
        update(SocketTicket)
        .where(
            SocketTicket.token_hash == _hash(ticket),
            SocketTicket.used_at.is_(None),
            SocketTicket.issued_at > now - TICKET_LIFETIME,
        )
        .values(used_at=now)
        .returning(SocketTicket.user_id, SocketTicket.session_id, SocketTicket.token_expires_at)
    ).one_or_none()
    if row is None:
        return None
    return Holder(user_id=row.user_id, session_id=row.session_id, token_expires_at=row.token_expires_at)


def revoke_sessions(session: Session, *, session_ids: list[str], expires_at: datetime) -> None:
    """Remember that tokens of these sessions are refused until they would have run out, and end their tickets."""
    for session_id in session_ids:
        _remember(session, kind="session", value=session_id, not_before=None, expires_at=expires_at)
    end_tickets(session, session_ids=session_ids)


def revoke_person(session: Session, *, user_id: int, not_before: int | None, expires_at: datetime) -> None:
    """Remember that the person's tokens issued before `not_before` are refused, and end the person's tickets."""
    _remember(session, kind="user", value=str(user_id), not_before=not_before, expires_at=expires_at)
    end_tickets(session, user_id=user_id)


def is_revoked(session: Session, *, user_id: int, session_id: str | None, issued_at: int, now: datetime) -> bool:
    """Whether a token of that session, issued at that unix second, is refused."""
    found = session.execute(
        select(Revocation.kind, Revocation.not_before).where(
            Revocation.expires_at > now,
            or_(
                and_(Revocation.kind == "session", Revocation.value == (session_id or "")),
                and_(Revocation.kind == "user", Revocation.value == str(user_id)),
            ),
        )
    ).all()
    return any(row.kind == "session" or row.not_before is None or issued_at < row.not_before for row in found)


def _remember(session: Session, *, kind: str, value: str, not_before: int | None, expires_at: datetime) -> None:
    statement = insert(Revocation).values(kind=kind, value=value, not_before=not_before, expires_at=expires_at)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[Revocation.kind, Revocation.value],
            set_={
                "not_before": func.greatest(Revocation.not_before, statement.excluded.not_before),
                "expires_at": func.greatest(Revocation.expires_at, statement.excluded.expires_at),
            },
        )
    )


def end_tickets(session: Session, *, session_ids: list[str] | None = None, user_id: int | None = None) -> None:
    """Make tickets of ended sessions, or all of a person's, useless."""
    spent = update(SocketTicket).where(SocketTicket.used_at.is_(None)).values(used_at=func.now())
    if session_ids:
        session.execute(spent.where(SocketTicket.session_id.in_(session_ids)))
    if user_id is not None:
        session.execute(spent.where(SocketTicket.user_id == user_id))


def _hash(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode(errors="replace")).digest()
