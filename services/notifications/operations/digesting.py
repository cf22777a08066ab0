"""One mail instead of many: what waited for a person's digest and was not read in the app meanwhile."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, select, update
from sqlalchemy.orm import Session

from services.notifications.domain.hours import next_digest
from services.notifications.domain.kinds import KINDS
from services.notifications.domain.mail import harmless
from services.notifications.models import Delivery, Notification, Schedule, User
from services.notifications.operations.choosing import wanted
from services.notifications.operations.mailing import DIGEST, Post, queue_mail
from services.notifications.operations.timing import timetable
from services.notifications.operations.wording import say
from services.notifications.settings import settings

BATCH, ITEMS_MAX, HELD_MAX = 50, 50, 1_000
"""Digests in a transaction; items in one mail; mails that are looked at for one."""


def send_digests(session: Session, *, now: datetime) -> int:
    """Queue the digests that are due, and set the time of each one's next; return how many people that was."""
    due = session.scalars(
        select(Schedule)
        .where(Schedule.next_digest_at <= now)
        .order_by(Schedule.next_digest_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for schedule in due:
        person = session.get(User, schedule.user_id)
        if person is not None:
            _send(session, person, now=now)
        zone = person.timezone if person is not None else "UTC"
        schedule.next_digest_at = next_digest(schedule.hours, zone=zone, after=now)
    session.flush()
    return len(due)


def _send(session: Session, person: User, *, now: datetime) -> None:
    waiting = session.execute(
        select(Delivery.id, Delivery.kind, Delivery.context, Notification.is_read, Notification.id.label("line_id"))
        .outerjoin(
            Notification,
            and_(Notification.user_id == Delivery.user_id, Notification.id == Delivery.notification_id),
        )
        .where(Delivery.user_id == person.id, Delivery.status == "held", Delivery.reason == DIGEST)
        .order_by(Delivery.created_at.desc(), Delivery.id.desc())
        .limit(HELD_MAX)
    ).all()
    is_wanted = person.is_active and wanted(session, user_id=person.id, kind=KINDS["digest"]).email
    unseen = [row for row in waiting if not row.is_read] if is_wanted else []
    for row in waiting:
        reason = "digested" if row in unseen else "read" if is_wanted else "unwanted"
        session.execute(
            update(Delivery)
            .where(Delivery.id == row.id)
            .values(status="skipped", reason=reason, context={}, updated_at=now)
        )
    if not unseen:
        return
    values = {
        "groups": _groups(session, person, unseen[:ITEMS_MAX], now=now),
        "number": len(unseen),
        "more": max(0, len(unseen) - ITEMS_MAX),
    }
    kind = KINDS["digest"]
    times = timetable(session, [person.id]).get(person.id)
    post = Post(
        user_id=person.id,
        kind=kind.name,
        occasion=f"digest:{now.isoformat()}",
        happened_at=now,
        values=values,
        link=kind.link,
        wait=times.wait(kind, zone=person.timezone, now=now, before=None) if times else None,
    )
    queue_mail(session, post, now=now)


def _groups(session: Session, person: User, rows: list[Row[Any]], *, now: datetime) -> list[dict[str, Any]]:
    """Return the items by type, in the order in which types come up, newest first."""
    groups: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        values, link = harmless(row.context["values"]), row.context["link"]
        said = say(session, row.kind, "email", values, zone=person.timezone, locale=person.locale, now=now)
        item = {"title": said.subject, "text": "", "url": settings().frontend_url + link if link else ""}
        groups.setdefault(KINDS[row.kind].type.title(), []).append(item)
    return [{"type": name, "items": items} for name, items in groups.items()]
