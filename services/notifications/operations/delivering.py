"""Sending queued e-mails: claim a few under a lease, hand each over, note what came of it.

A worker that dies between the server's 250 and the note sends that mail twice, with the same Message-ID, which most
mailboxes fold; SMTP offers nothing better.
"""

import hashlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from jinja2 import TemplateError
from prometheus_client import Counter
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.notifications.clients.calendar import calendar_file
from services.notifications.clients.envelope import Sender, envelope
from services.notifications.clients.mail import Outlet, Refused, TryLater
from services.notifications.domain.kinds import KINDS, Kind
from services.notifications.domain.mail import Letter, Links, Reader, compose, harmless, has_words_of_others
from services.notifications.domain.rendering import PLAIN, Said, Words, put_into_words
from services.notifications.domain.templating import TemplateInvalid
from services.notifications.domain.unsubscribing import form_unsubscribe_token
from services.notifications.domain.words import masked
from services.notifications.models import Delivery, Suppression, User
from services.notifications.operations.wording import say
from services.notifications.settings import settings
from shared.clock import utc_now
from shared.database import transaction
from shared.identity.action_tokens import form_action_token

log = logging.getLogger(__name__)

BATCH = 50
LEASE = timedelta(minutes=2)
BUDGET_SECONDS = 20.0
LADDER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360))
SUPPRESSED_FOR = timedelta(days=30)
ONE_CLICK = "/api/v1/drf/notifications/unsubscribe/"
MAILS = Counter("estuary_mails_total", "E-mails by what came of them.", ["outcome"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A mail under this worker's lease."""

    id: UUID
    user_id: int
    kind: str
    context: dict[str, Any]
    address: str | None
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A mail ready to be handed over."""

    letter: Letter
    to: str
    one_click: str | None
    calendar: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsendable:
    """Why a mail is not sent."""

    status: str
    reason: str


def send_due(outlet: Outlet) -> int:
    """Send what is due, at most fifty mails, and return how many were claimed."""
    with transaction() as session:
        claimed = _claim(session, now=utc_now())
    if not claimed:
        return 0
    begun = time.monotonic()
    with outlet:
        for position, item in enumerate(claimed):
            if time.monotonic() - begun > BUDGET_SECONDS:
                _give_back([late.id for late in claimed[position:]])
                break
            _send(outlet, item)
    return len(claimed)


def _claim(session: Session, *, now: datetime) -> list[Claimed]:
    due = (
        select(Delivery.id)
        .where(Delivery.status.in_(("queued", "sending")), Delivery.not_before <= now)
        .order_by(Delivery.not_before)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    rows = session.execute(
        update(Delivery)
        .where(Delivery.id.in_(due))
        .values(status="sending", not_before=now + LEASE, attempts=Delivery.attempts + 1, updated_at=now)
        .returning(Delivery.id, Delivery.user_id, Delivery.kind, Delivery.context, Delivery.address, Delivery.attempts)
    ).all()
    return [Claimed(**row._mapping) for row in rows]


def _give_back(ids: Sequence[UUID]) -> None:
    with transaction() as session:
        session.execute(
            update(Delivery)
            .where(Delivery.id.in_(ids), Delivery.status == "sending")
            .values(status="queued", not_before=utc_now(), attempts=Delivery.attempts - 1)
        )


def _send(outlet: Outlet, item: Claimed) -> None:
    try:
        with transaction() as session:
            written = _written(session, item, now=utc_now())
    except (TemplateError, TemplateInvalid):
        log.exception("mail %s of kind %s has no words", item.id, item.kind)
        written = Unsendable(status="failed", reason="template")
    if isinstance(written, Unsendable):
        _settle(item, status=written.status, reason=written.reason)
        return
    try:
        mail = envelope(
            written.letter,
            key=item.id,
            to=written.to,
            sender=_sender(),
            at=utc_now(),
            unsubscribe=written.one_click,
            calendar=written.calendar,
        )
        outlet.send(mail, to=written.to)
    except TryLater as problem:
        _put_off(item, error=str(problem))
    except Refused as problem:
        _settle(item, status="failed", reason="refused", error=str(problem), to=written.to)
        if problem.is_mailbox:
            _suppress(written.to, now=utc_now())
    else:
        _settle(item, status="sent", subject=written.letter.subject, to=written.to)


def _written(session: Session, item: Claimed, *, now: datetime) -> Written | Unsendable:
    """Write the mail for the person as they are now, or say why not."""
    kind, person = KINDS[item.kind], session.get(User, item.user_id)
    is_there = person is not None and person.is_active and person.deleted_at is None
    address = item.address or (person.email if person is not None and is_there else "")
    refusal = _refusal(session, item, kind, address, now=now)
    if refusal is not None:
        return refusal
    reader = Reader()
    if person is not None:
        is_proven = is_there and person.email_verified and person.email == address
        reader = Reader(zone=person.timezone, locale=person.locale, name=person.first_name, is_proven=bool(is_proven))
    values = item.context["values"]
    is_plain = not reader.is_proven and (has_words_of_others(values) or kind.name == "digest")
    token = _unsubscribe_token(item.user_id, kind)
    said = _said(session, item, kind=PLAIN if is_plain else kind.name, reader=reader, now=now)
    links = Links(
        about=_link(item),
        label=item.context.get("label") or kind.label,
        unsubscribe=f"{settings().frontend_url}/unsubscribe?token={token}" if token else None,
        home=settings().frontend_url,
    )
    shown = {} if is_plain else values
    appointment = None if is_plain else item.context.get("appointment")
    return Written(
        letter=compose(kind, said, reader=reader, links=links, values=shown),
        to=address,
        one_click=f"{settings().public_url}{ONE_CLICK}?token={token}" if token else None,
        calendar=calendar_file(appointment, at=now) if appointment else None,
    )


def _said(session: Session, item: Claimed, *, kind: str, reader: Reader, now: datetime) -> Said:
    """Return what the mail says: the words that are to be tested, or those of the kind."""
    values, tested = harmless(item.context["values"]), item.context.get("words")
    if tested and kind != PLAIN:
        return put_into_words(Words(**tested), values, zone=reader.zone, now=now)
    return say(session, kind, "email", values, zone=reader.zone, locale=reader.locale, now=now)


def _refusal(session: Session, item: Claimed, kind: Kind, address: str, *, now: datetime) -> Unsendable | None:
    """Return why the mail is not sent, if so."""
    action, before = item.context.get("action"), item.context.get("before")
    ends = [datetime.fromisoformat(end) for end in (action and action["expires_at"], before) if end]
    if item.attempts > len(LADDER) + 1:
        return Unsendable(status="failed", reason="gave_up")
    if not address:
        return Unsendable(status="skipped", reason="no_address")
    if any(end <= now for end in ends):
        return Unsendable(status="skipped", reason="too_late")
    if not kind.is_mandatory and _is_suppressed(session, address, now=now):
        return Unsendable(status="suppressed", reason="suppressed")
    return None


def _link(item: Claimed) -> str:
    link, action = item.context["link"], item.context.get("action")
    if action:
        link = link.replace("{token}", _token(item.user_id, action))
    return settings().frontend_url + link if link and "://" not in link else str(link)


def _unsubscribe_token(user_id: int, kind: Kind) -> str | None:
    keys = settings().unsubscribe_key
    return form_unsubscribe_token(keys, user_id=user_id, kind=kind.name) if keys and not kind.is_mandatory else None


def _token(user_id: int, action: dict[str, Any]) -> str:
    return form_action_token(
        settings().action_token_key,
        token_id=action["token_id"],
        purpose=action["purpose"],
        user_id=user_id,
        email=action["email"],
        expires_at=datetime.fromisoformat(action["expires_at"]),
    )


def _put_off(item: Claimed, *, error: str) -> None:
    if item.attempts > len(LADDER):
        _settle(item, status="failed", reason="gave_up", error=error)
        return
    MAILS.labels("put_off").inc()
    log.warning("mail %s of kind %s is put off after %s attempts", item.id, item.kind, item.attempts)
    with transaction() as session:
        session.execute(
            update(Delivery)
            .where(*_still_ours(item))
            .values(status="queued", error=error, not_before=utc_now() + LADDER[item.attempts - 1])
        )


def _settle(
    item: Claimed,
    *,
    status: str,
    reason: str | None = None,
    error: str | None = None,
    subject: str = "",
    to: str = "",
) -> None:
    """Note the end of a mail; a failed one keeps its words, as staff may have it sent again."""
    MAILS.labels(status).inc()
    if status == "failed":
        log.warning("mail %s of kind %s failed: %s", item.id, item.kind, reason)
    now = utc_now()
    values: dict[str, Any] = {"status": status, "reason": reason, "error": error, "subject": subject}
    values["recipient"] = masked(to)
    if status == "sent":
        values["sent_at"] = now
    if status != "failed":
        values |= {"context": {}, "address": None}
    with transaction() as session:
        session.execute(update(Delivery).where(*_still_ours(item)).values(**values, updated_at=now))


def _still_ours(item: Claimed) -> tuple[Any, ...]:
    return (Delivery.id == item.id, Delivery.status == "sending", Delivery.attempts == item.attempts)


def _suppress(address: str, *, now: datetime) -> None:
    until = now + SUPPRESSED_FOR
    with transaction() as session:
        session.execute(
            insert(Suppression)
            .values(address_hash=_hash(address), cause="bounce", until=until)
            .on_conflict_do_update(index_elements=[Suppression.address_hash], set_={"until": until})
        )


def _is_suppressed(session: Session, address: str, *, now: datetime) -> bool:
    found = select(Suppression.cause).where(Suppression.address_hash == _hash(address), Suppression.until > now)
    return session.scalar(found) is not None


def _hash(address: str) -> bytes:
    return hashlib.sha256(address.strip().lower().encode()).digest()


def _sender() -> Sender:
    mine = settings()
    return Sender(address=mine.mail_from, reply_to=mine.mail_reply_to, domain=mine.mail_domain)
