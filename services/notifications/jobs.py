"""What happens by itself in notifications."""

from datetime import timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import Delete, delete, select, tuple_, update
from sqlalchemy.orm import Session

from services.notifications.clients.mail import FolderOutlet, Outlet, SmtpOutlet
from services.notifications.models import Delivery, Notification, Revocation, SocketTicket, Suppression, Tombstone
from services.notifications.operations.delivering import send_due
from services.notifications.operations.inbox import delete_lines
from services.notifications.operations.notes import show_due
from services.notifications.settings import settings
from shared.clock import utc_now
from shared.database import transaction
from shared.messaging import daily, every

BATCH = 5_000
READ_KEPT, UNREAD_KEPT = timedelta(days=90), timedelta(days=180)
TOMBSTONES_KEPT = timedelta(days=7)
TICKETS_KEPT = timedelta(hours=1)
MAILS_KEPT, WORDS_KEPT = timedelta(days=90), timedelta(days=7)


@every(seconds=1)
def deliver() -> None:
    """Send the e-mails that are due."""
    while send_due(outlet()):
        pass


@every(seconds=5)
def show_what_is_due() -> None:
    """Show the lines that were meant for later."""
    shown = 1
    while shown:
        with transaction() as session:
            shown = show_due(session, now=utc_now())


@cache
def outlet() -> Outlet:
    """Return where e-mails go: the server of SMTP_URL, or without one the folder."""
    mine = settings()
    if mine.smtp_url:
        return SmtpOutlet(mine.smtp_url, rate=mine.mail_rate)
    return FolderOutlet(Path(mine.mail_folder), clock=utc_now)


@daily(at="04:40")
def forget_old_mails() -> None:
    """Blank the words of failed mails after seven days, and delete mails after ninety."""
    now = utc_now()
    while True:
        with transaction() as session:
            old = select(Delivery.id).where(Delivery.created_at < now - MAILS_KEPT).limit(BATCH)
            if _deleted(session, delete(Delivery).where(Delivery.id.in_(old))) < BATCH:
                break
    with transaction() as session:
        session.execute(delete(Suppression).where(Suppression.until < now))
        session.execute(
            update(Delivery)
            .where(Delivery.status == "failed", Delivery.created_at < now - WORDS_KEPT, Delivery.context != {})
            .values(context={}, address=None)
        )


@every(minutes=10)
def sweep_tickets() -> None:
    """Forget tickets after an hour, and revocations that have run out."""
    now = utc_now()
    with transaction() as session:
        session.execute(delete(SocketTicket).where(SocketTicket.issued_at < now - TICKETS_KEPT))
    with transaction() as session:
        session.execute(delete(Revocation).where(Revocation.expires_at < now))


@daily(at="04:10")
def keep_inboxes_short() -> None:
    """Delete lines read 90 days ago or 180 days old, a person at a time, and old tombstones."""
    now = utc_now()
    old = (Notification.created_at < now - UNREAD_KEPT) | (
        Notification.is_read & (Notification.read_at < now - READ_KEPT)
    )
    while True:
        with transaction() as session:
            found = session.execute(select(Notification.user_id, Notification.id).where(old).limit(BATCH)).all()
            by_person: dict[int, list[int]] = {}
            for user_id, key in found:
                by_person.setdefault(user_id, []).append(key)
            for user_id in sorted(by_person):
                delete_lines(session, user_id=user_id, ids=by_person[user_id], now=now)
        if len(found) < BATCH:
            break
    _delete_in_batches(now - TOMBSTONES_KEPT)


def _delete_in_batches(before: object) -> None:
    key = (Tombstone.user_id, Tombstone.seq)
    while True:
        with transaction() as session:
            batch = select(*key).where(Tombstone.deleted_at < before).limit(BATCH)
            if _deleted(session, delete(Tombstone).where(tuple_(*key).in_(batch))) < BATCH:
                return


def _deleted(session: Session, statement: Delete) -> int:
    return int(getattr(session.execute(statement), "rowcount", 0))
