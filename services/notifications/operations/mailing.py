"""Queueing e-mails, once each, now or for when the person wants them, and taking back those that time has overtaken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.notifications.domain.kinds import KINDS
from services.notifications.models import Delivery, DeliveryKey
from services.notifications.operations.rows import insert_new
from shared.identity.action_tokens import Purpose
from shared.ids import uuid7

QUIET, DIGEST = "quiet", "digest"
WAITING = ("queued", "held")


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What the link of a mail may do: the half of a token that is no secret."""

    token_id: UUID
    purpose: Purpose
    expires_at: datetime
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """What the mail puts into a calendar; `uid` and `sequence` are those of the person's own feed."""

    uid: str
    sequence: int
    start: datetime
    end: datetime
    summary: str
    location: str | None = None
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Why a mail waits, and until when at least."""

    reason: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A mail to be sent. `link` is a path on the front end, where `{token}` becomes the token of `action`.

    Without `address` it goes to whatever address the person has when it is sent. What is of use `before` an instant
    only is not sent after it. `words` are said instead of the kind's own: a test of a template.
    """

    user_id: int
    kind: str
    occasion: str
    happened_at: datetime
    values: Mapping[str, Any]
    link: str
    channel: str = "email"
    label: str | None = None
    address: str | None = None
    action: Action | None = None
    appointment: Appointment | None = None
    related: tuple[str, str] = ("", "")
    notification_id: int | None = None
    event_id: UUID | None = None
    before: datetime | None = None
    wait: Wait | None = None
    words: Mapping[str, str] | None = None
    not_before: datetime | None = None


def queue_mail(session: Session, post: Post, *, now: datetime) -> UUID | None:
    """Queue a mail and return its id; None if it was queued before, or is too old."""
    return next(iter(queue_mails(session, [post], now=now)), None)


def queue_mails(session: Session, posts: Sequence[Post], *, now: datetime) -> list[UUID]:
    """Queue mails to several people, for when each of them may come, and return the ids of the new ones."""
    wanted = {_key(post): post for post in posts if now - post.happened_at <= KINDS[post.kind].max_age}
    if not wanted:
        return []
    keys = [{"key": key, "created_at": now} for key in wanted]
    rows = [_row(wanted[fresh.key], now=now) for fresh in insert_new(session, DeliveryKey, keys, returning=("key",))]
    return [row.id for row in insert_new(session, Delivery, rows, returning=("id",))]


def supersede(session: Session, related: tuple[str, object], *, kinds: Sequence[str], now: datetime) -> None:
    """Take back waiting mails of these kinds about something that has changed since."""
    session.execute(
        update(Delivery)
        .where(
            Delivery.related == f"{related[0]}:{related[1]}",
            Delivery.status.in_(WAITING),
            Delivery.kind.in_(kinds),
        )
        .values(status="skipped", reason="superseded", context={}, address=None, updated_at=now)
    )


def forget_mails(session: Session, *, user_id: int, but: str, now: datetime) -> None:
    """Take back a person's waiting mails but those of one kind, and blank what is kept of the sent ones."""
    own = (Delivery.user_id == user_id, Delivery.kind != but)
    session.execute(
        update(Delivery)
        .where(*own, Delivery.status.in_((*WAITING, "sending")))
        .values(status="skipped", reason="erased", updated_at=now)
    )
    session.execute(update(Delivery).where(*own).values(context={}, address=None, recipient="", subject="", error=None))


def requeue(session: Session, delivery_id: UUID, *, now: datetime) -> str | None:
    """Have a failed mail sent again, from the beginning of the ladder.

    Returns its status before: only a failed one whose words are still kept is queued. None if there is no such mail.
    """
    held = session.execute(
        select(Delivery.status, Delivery.context, Delivery.channel).where(Delivery.id == delivery_id).with_for_update()
    ).one_or_none()
    if held is None:
        return None
    if held.status != "failed" or not held.context:
        return str(held.status) if held.status != "failed" else "forgotten"
    session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id)
        .values(status="queued", reason=None, error=None, attempts=0, not_before=now, updated_at=now)
    )
    return "failed"


def _key(post: Post) -> str:
    return f"{post.user_id}:{post.occasion}:{post.channel}"


def _row(post: Post, *, now: datetime) -> dict[str, Any]:
    status, reason, not_before = "queued", None, post.not_before or now
    if post.channel != "email":
        status, reason = "skipped", "no_provider"
    elif post.wait is not None:
        status, reason, not_before = "held", post.wait.reason, post.wait.until
    return {
        "id": uuid7(),
        "user_id": post.user_id,
        "notification_id": post.notification_id,
        "kind": post.kind,
        "channel": post.channel,
        "status": status,
        "reason": reason,
        "related": ":".join(post.related).strip(":"),
        "context": _context(post) if status != "skipped" else {},
        "address": post.address,
        "recipient": "",
        "subject": "",
        "not_before": not_before,
        "attempts": 0,
        "event_id": post.event_id,
        "created_at": now,
        "updated_at": now,
    }


def _context(post: Post) -> dict[str, Any]:
    context: dict[str, Any] = {
        "values": {name: plain(value) for name, value in post.values.items()},
        "link": post.link,
        "label": post.label,
    }
    if post.words is not None:
        context["words"] = dict(post.words)
    if post.before is not None:
        context["before"] = post.before.isoformat()
    if post.action is not None:
        action = post.action
        context["action"] = {
            "token_id": str(action.token_id),
            "purpose": action.purpose,
            "expires_at": action.expires_at.isoformat(),
            "email": action.email,
        }
    if post.appointment is not None:
        fields = Appointment.__slots__
        context["appointment"] = {name: plain(getattr(post.appointment, name)) for name in fields}
    return context


def plain(value: Any) -> Any:
    """Return a value as JSON has it: instants become ISO texts."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else value
