"""What happens by itself in notifications."""

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, delete, select, tuple_, update

from services.notifications.clients.mail import FolderOutlet, Outlet, SmtpOutlet
from services.notifications.models import (
    Base,
    Delivery,
    DeliveryKey,
    LastState,
    Notification,
    Revocation,
    SocketTicket,
    Suppression,
    Tombstone,
)
from services.notifications.operations.announcing import spread
from services.notifications.operations.delivering import send_due
from services.notifications.operations.digesting import send_digests
from services.notifications.operations.failing import tell_of_failures
from services.notifications.operations.inbox import delete_lines
from services.notifications.operations.notes import show_due
from services.notifications.operations.recounting import due_for_recount, recount_inbox
from services.notifications.operations.remembering import BOOKING
from services.notifications.operations.templates import mirror_shipped
from services.notifications.operations.timing import release_held
from services.notifications.operations.wording import FAILED
from services.notifications.settings import settings
from shared.audit import keep_partitions
from shared.clock import utc_now
from shared.database import transaction
from shared.messaging import daily, every

BATCH = 5_000
READ_KEPT, UNREAD_KEPT = timedelta(days=90), timedelta(days=180)
TOMBSTONES_KEPT = timedelta(days=7)
TICKETS_KEPT = timedelta(hours=1)
MAILS_KEPT, WORDS_KEPT, KEYS_KEPT = timedelta(days=90), timedelta(days=7), timedelta(days=35)
MAIL_MONTHS = 4


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


@every(seconds=30)
def look_at_waiting_mail() -> None:
    """Queue what waited for the end of quiet hours or a pause."""
    looked_at = 1
    while looked_at:
        with transaction() as session:
            looked_at = release_held(session, now=utc_now())


@every(minutes=1)
def send_due_digests() -> None:
    """Write the digests that are due."""
    sent = 1
    while sent:
        with transaction() as session:
            sent = send_digests(session, now=utc_now())


@every(seconds=1)
def spread_announcements() -> None:
    """Tell the next people of announcements, five hundred at a time."""
    more = True
    while more:
        with transaction() as session:
            more = spread(session, now=utc_now())


@every(minutes=10, once=True)
def mirror_templates() -> None:
    """Bring the words that nobody has edited up to this release's."""
    with transaction() as session:
        mirror_shipped(session, now=utc_now())


@every(minutes=1)
def tell_of_failing_templates() -> None:
    """Tell staff of edited words that failed when they were needed."""
    with transaction() as session:
        tell_of_failures(session, now=utc_now())


@daily(at="02:30")
def recount_inboxes() -> None:
    """Count a thirtieth of all inboxes anew, one after the other, so that each is counted once a month."""
    with transaction() as session:
        people = due_for_recount(session, utc_now().date())
    for user_id in people:
        with transaction() as session:
            recount_inbox(session, user_id)


@daily(at="03:40")
def keep_delivery_partitions() -> None:
    """Make the coming months of deliveries, and drop those older than four."""
    with transaction() as session:
        keep_partitions(session, "deliveries", now=utc_now(), keep_months=MAIL_MONTHS)


@cache
def outlet() -> Outlet:
    """Return where e-mails go: the server of SMTP_URL, or without one the folder."""
    mine = settings()
    if mine.smtp_url:
        return SmtpOutlet(mine.smtp_url, rate=mine.mail_rate)
    return FolderOutlet(Path(mine.mail_folder), clock=utc_now)


@daily(at="04:40")
def forget_old_mails() -> None:
    """Blank the words of failed mails after seven days, delete mails after ninety, and what is remembered of them."""
    now = utc_now()
    _delete_old(Delivery, (Delivery.id, Delivery.created_at), Delivery.created_at < now - MAILS_KEPT)
    _delete_old(DeliveryKey, (DeliveryKey.key,), DeliveryKey.created_at < now - KEYS_KEPT)
    ended = LastState.kind.in_((BOOKING, FAILED))
    _delete_old(LastState, (LastState.kind, LastState.key), ended & (LastState.heard_at < now - KEYS_KEPT))
    _delete_old(Suppression, (Suppression.address_hash,), Suppression.until < now)
    with transaction() as session:
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
    _delete_old(Tombstone, (Tombstone.user_id, Tombstone.seq), Tombstone.deleted_at < now - TOMBSTONES_KEPT)


def _delete_old(model: type[Base], key: tuple[Any, ...], old: ColumnElement[bool]) -> None:
    """Delete in batches, each in a transaction of its own, so that no lock is held for long."""
    gone = BATCH
    while gone == BATCH:
        with transaction() as session:
            batch = select(*key).where(old).limit(BATCH)
            done = session.execute(delete(model).where(tuple_(*key).in_(batch)))
            gone = int(getattr(done, "rowcount", 0))
