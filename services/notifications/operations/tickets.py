"""Tickets: permission to open one socket within thirty seconds, so that no token stands in an address."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from services.notifications.models import SocketTicket

TICKET_LIFETIME = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who used a ticket: the person, the session of the token it was asked with, and when that token runs out."""

    user_id: int
    session_id: str | None
    token_expires_at: datetime


def issue_ticket(
    session: Session, *, user_id: int, session_id: str | None, token_expires_at: datetime, now: datetime
) -> str:
    """Return a new ticket of 256 bits; only its hash is stored."""
    ticket = secrets.token_urlsafe(32)
    session.add(
        SocketTicket(
            token_hash=_hash(ticket),
            user_id=user_id,
            session_id=session_id,
            token_expires_at=token_expires_at,
            expires_at=now + TICKET_LIFETIME,
        )
    )
    return ticket


def use_ticket(session: Session, ticket: str, *, now: datetime) -> Holder | None:
    """Use a ticket up and return whose it was; None if it is unknown, used or too old."""
    row = session.execute(
        delete(SocketTicket)
        .where(SocketTicket.token_hash == _hash(ticket))
        .returning(
            SocketTicket.user_id, SocketTicket.session_id, SocketTicket.token_expires_at, SocketTicket.expires_at
        )
    ).one_or_none()
    if row is None or row.expires_at <= now:
        return None
    return Holder(user_id=row.user_id, session_id=row.session_id, token_expires_at=row.token_expires_at)


def end_tickets(session: Session, *, session_ids: list[str] | None = None, user_id: int | None = None) -> None:
    """Make tickets of ended sessions, or all of a person's, useless."""
    if session_ids:
        session.execute(delete(SocketTicket).where(SocketTicket.session_id.in_(session_ids)))
    if user_id is not None:
        session.execute(delete(SocketTicket).where(SocketTicket.user_id == user_id))


def _hash(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode(errors="replace")).digest()
