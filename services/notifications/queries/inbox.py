"""A person's inbox as a list, in groups, in numbers, and since a place in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, select, text

from services.notifications.domain.words import CHANNELS, STATUSES, TYPES, Priority
from services.notifications.models import InboxState, Notification, Tombstone, User
from shared.http import fields
from shared.listing import Filter, Listing, Row
from shared.listing.statements import compiled, run
from shared.localtime import ago_text, day_bounds, local_day

PERIODS = ("today", "yesterday", "week", "month", "all")
TOMBSTONES_KEPT = timedelta(days=7)


class RepeatedNames(fields.List[Any]):
    """A comma list, or the parameter several times, or both."""

    def __init__(self, choices: tuple[str, ...]) -> None:
        super().__init__(fields.Names(choices))

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> list[Any]:
        read = super()._deserialize(value, attr, data, **kwargs)
        return list(dict.fromkeys(name for names in read for name in names or ()))


COLUMNS = select(
    Notification.id,
    Notification.seq,
    Notification.inbox_version,
    Notification.kind,
    Notification.notification_type,
    Notification.priority,
    Notification.title,
    Notification.message,
    Notification.action_url,
    Notification.action_label,
    Notification.related_object_type,
    Notification.related_object_id,
    Notification.details.label("metadata"),
    Notification.count,
    Notification.is_read,
    Notification.read_at,
    Notification.status,
    Notification.scheduled_for,
    Notification.sent_at,
    Notification.created_at,
    Notification.updated_at,
    Notification.user_id,
)

INBOX = Listing(
    columns=COLUMNS,
    key=Notification.id,
    filters={
        "notification_type": Filter(
            fields.Names(TYPES), lambda value: Notification.notification_type == func.any(value)
        ),
        "notification_types": Filter(
            RepeatedNames(TYPES), lambda value: Notification.notification_type == func.any(value)
        ),
        "is_read": Filter(fields.Boolean(), lambda value: Notification.is_read == value),
        "is_unread": Filter(fields.Boolean(), lambda value: Notification.is_read != value),
        "created_after": Filter(fields.DateTime(), lambda value: Notification.created_at >= value),
        "created_before": Filter(fields.DateTime(), lambda value: Notification.created_at <= value),
        "kind": Filter(fields.String(), lambda value: Notification.kind == func.any(func.string_to_array(value, ","))),
    },
    orderings={"created_at": Notification.created_at, "is_read": Notification.is_read},
    default_ordering="-created_at",
    search=lambda value: (
        func.strpos(func.lower(Notification.title + " " + Notification.message), func.lower(value)) > 0
    ),
)

_STATE = compiled(
    select(
        InboxState.last_seq, InboxState.unread_count, InboxState.total_count, InboxState.unread_by_type,
        InboxState.total_by_type, InboxState.version,
    ).where(InboxState.user_id == bindparam("user_id")),
    is_preparable=True,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """The numbers of an inbox; all zero for somebody who was never told anything."""

    last_seq: int = 0
    unread_count: int = 0
    total_count: int = 0
    unread_by_type: dict[str, int]
    total_by_type: dict[str, int]
    version: int = 0


def inbox_numbers(connection: Connection, user_id: int) -> Inbox:
    """Return the numbers of the person's inbox: one read by primary key."""
    rows = run(connection, _STATE, {"user_id": user_id})
    return Inbox(**rows[0]) if rows else Inbox(unread_by_type={}, total_by_type={})


_OWN = (Notification.user_id == bindparam("me"), Notification.status == bindparam("status"))


def narrowed(query: dict[str, Any], *, zone: str, now: datetime) -> tuple[list[Any], str, dict[str, Any]]:
    """Return what `period`, `related_to`, `status`, `priority` and `delivery_channel` ask for, for `Listing.page`."""
    status = query.get("status") or "sent"
    clauses: list[Any] = list(_OWN)
    variant = ["own"]
    values: dict[str, Any] = {"status": status}
    bounds = period_bounds(query.get("period", "all"), zone=zone, now=now)
    if bounds is not None:
        clauses += [Notification.created_at >= bindparam("since"), Notification.created_at < bindparam("until")]
        variant.append("period")
        values |= {"since": bounds[0], "until": bounds[1]}
    if query.get("related_to"):
        kind, _, key = query["related_to"].partition(":")
        clauses += [
            Notification.related_object_type == bindparam("related_type"),
            Notification.related_object_id == bindparam("related_id"),
        ]
        variant.append("related")
        values |= {"related_type": kind, "related_id": key}
    if query.get("priority"):
        clauses.append(Notification.priority == func.any(bindparam("priorities")))
        variant.append("priority")
        values["priorities"] = [int(Priority[word.upper()]) for word in query["priority"]]
    if query.get("delivery_channel", "in_app") != "in_app":
        clauses.append(text("false"))
        variant.append("elsewhere")
    return clauses, "+".join(variant), values


def period_bounds(period: str, *, zone: str, now: datetime) -> tuple[datetime, datetime] | None:
    """Return the instants between which a period lies, days being those of `zone`; None for all time."""
    today = local_day(now, zone)
    if period == "today":
        return day_bounds(today, zone)
    if period == "yesterday":
        return day_bounds(today - timedelta(days=1), zone)
    lengths = {"week": timedelta(days=7), "month": timedelta(days=30)}
    return (now - lengths[period], now + timedelta(days=1)) if period in lengths else None


def person(connection: Connection, user_id: int) -> tuple[str, str]:
    """Return the zone and the name of a person; UTC and "Member" while we do not know them."""
    row = connection.execute(select(User.timezone, User.display_name).where(User.id == user_id)).one_or_none()
    return (row.timezone, row.display_name) if row else ("UTC", "Member")


def presented(rows: Sequence[Row], *, now: datetime, user_name: str = "") -> list[dict[str, Any]]:
    """Return rows of `COLUMNS` as the API shows them."""
    return [
        {
            **row,
            "priority": Priority(row["priority"]).word,
            "time_since": ago_text(row["created_at"], now),
            "delivery_channel": "in_app",
            "user": row["user_id"],
            "user_name": user_name,
        }
        for row in rows
    ]


def grouped(
    connection: Connection, *, user_id: int, zone: str, now: datetime, is_unread: bool | None, per_group: int
) -> list[dict[str, Any]]:
    """Return the inbox in groups: today, yesterday, then what is older by type, the largest first; in one query."""
    today = local_day(now, zone)
    midnight = day_bounds(today, zone)[0]
    midnight_before = day_bounds(today - timedelta(days=1), zone)[0]
    group = case(
        (Notification.created_at >= midnight, "today"),
        (Notification.created_at >= midnight_before, "yesterday"),
        else_=Notification.notification_type,
    )
    lines = COLUMNS.add_columns(group.label("group_key")).where(
        Notification.user_id == user_id, Notification.status == "sent"
    )
    if is_unread is not None:
        lines = lines.where(Notification.is_read != is_unread)
    each = lines.subquery("lines")
    newest_first = (each.c.created_at.desc(), each.c.id.desc())
    ranked = select(
        each,
        func.row_number().over(partition_by=each.c.group_key, order_by=newest_first).label("place"),
        func.count().over(partition_by=each.c.group_key).label("group_count"),
        func.count().filter(~each.c.is_read).over(partition_by=each.c.group_key).label("group_unread"),
    ).subquery("ranked")
    rows = connection.execute(
        select(ranked).where(ranked.c.place <= per_group).order_by(ranked.c.group_key, ranked.c.place)
    )
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.group_key, []).append(dict(row._mapping))
    days = ("today", "yesterday")
    order = sorted(
        groups, key=lambda key: (days.index(key) if key in days else len(days), -groups[key][0]["group_count"], key)
    )
    return [_group(key, groups[key], now=now, is_day=key in days) for key in order]


def _group(key: str, rows: list[Row], *, now: datetime, is_day: bool) -> dict[str, Any]:
    lines = presented(rows, now=now)
    return {
        "group_key": key,
        "group_type": "date" if is_day else "notification_type",
        "count": rows[0]["group_count"],
        "unread_count": rows[0]["group_unread"],
        "latest_notification": lines[0],
        "notifications": lines,
    }


def one(connection: Connection, *, user_id: int, notification_id: int) -> Row | None:
    """Return one line of the person's inbox."""
    row = connection.execute(
        COLUMNS.where(Notification.user_id == user_id, Notification.id == notification_id)
    ).one_or_none()
    return dict(row._mapping) if row else None


def since(connection: Connection, *, user_id: int, after: int, up_to: int, limit: int) -> tuple[list[Row], list[int]]:
    """Return the lines that came to lie after `after`, in that order, at most `limit`, and the ids deleted since.

    `up_to` is the inbox's last `seq` as it was read before: so what is committed in between is left for the next time.
    """
    rows = connection.execute(
        COLUMNS.where(
            Notification.user_id == user_id,
            Notification.seq > after,
            Notification.seq <= up_to,
            Notification.status == "sent",
        )
        .order_by(Notification.seq)
        .limit(limit)
    ).all()
    removed = connection.scalars(
        select(Tombstone.notification_id)
        .where(Tombstone.user_id == user_id, Tombstone.seq > after, Tombstone.seq <= up_to)
        .limit(1_000)
    ).all()
    return [dict(row._mapping) for row in rows], list(removed)


def is_too_old(connection: Connection, *, user_id: int, after: int, now: datetime) -> bool:
    """Whether deletions after `after` may have been forgotten already, so that only a whole read helps."""
    newest_kept = connection.scalar(
        select(func.min(Notification.created_at)).where(Notification.user_id == user_id, Notification.seq > after)
    )
    return newest_kept is not None and newest_kept < now - TOMBSTONES_KEPT


__all__ = ["CHANNELS", "INBOX", "PERIODS", "STATUSES", "TYPES", "Inbox"]
