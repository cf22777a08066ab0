"""The inbox over HTTP: lists, numbers, marks, deletions."""

from typing import Any

from marshmallow import validate
from sqlalchemy import Connection

from services.notifications.api.schemas import (
    PRIORITIES,
    BulkDeleteRequest,
    Deleted,
    MarkedMany,
    MarkReadRequest,
    MarkResult,
    Notification,
    NotificationList,
    NotificationStats,
    SyncAnswer,
    SyncQuery,
    UnreadCount,
)
from services.notifications.domain.errors import NotificationNotFound
from services.notifications.domain.words import CHANNELS, STATUSES
from services.notifications.operations.inbox import delete_lines, set_all_read, set_read
from services.notifications.queries import inbox
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.http import SIGNED_IN, Blueprint, MethodView, fields, identity, set_version
from shared.http.pages import page_body, page_schema, query_schema
from shared.localtime import local_day

notifications = Blueprint("notifications", "A person's inbox.")

NotificationsQuery = query_schema(
    inbox.INBOX,
    "NotificationsQuery",
    period=fields.String(validate=validate.OneOf(inbox.PERIODS)),
    related_to=fields.String(validate=validate.Regexp(r"^[a-z_]{1,50}:[^:]{1,50}$", error="Must be type:id.")),
    status=fields.String(validate=validate.OneOf(STATUSES)),
    priority=fields.Names(PRIORITIES),
    delivery_channel=fields.String(validate=validate.OneOf(CHANNELS)),
)


@notifications.route("/notifications/")
class Notifications(MethodView):
    """The whole inbox."""

    @notifications.operation("notifications_list", SIGNED_IN)
    @notifications.arguments(NotificationsQuery, location="query")
    @notifications.response(200, page_schema(NotificationList))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List the inbox, newest first.

        The ETag is the inbox's version: a poll without news is answered 304.
        """
        now, me = utc_now(), identity().user_id
        with reading() as connection:
            zone = inbox.person(connection, me)[0] if query.get("period") in ("today", "yesterday") else "UTC"
            version = inbox.inbox_numbers(connection, me).version
            set_version(f"{version}.{local_day(now, zone)}" if "period" in query else version)
            clauses, variant, values = inbox.narrowed(query, zone=zone, now=now)
            page = inbox.INBOX.page(connection, query, where=clauses, variant=variant, parameters={**values, "me": me})
        return page_body(page, inbox.presented(page.rows, now=now))


@notifications.route("/notifications/unread_count/", twins=["/notifications/unread-count/"])
class Unread(MethodView):
    """The number on the bell."""

    @notifications.operation("notifications_unread_count_retrieve", SIGNED_IN)
    @notifications.response(200, UnreadCount)
    def get(self) -> dict[str, Any]:
        """Count what is unread."""
        with reading() as connection:
            numbers = inbox.inbox_numbers(connection, identity().user_id)
        set_version(numbers.version)
        return {
            "unread_count": numbers.unread_count,
            "by_type": numbers.unread_by_type,
            "last_seq": numbers.last_seq,
        }


@notifications.route("/notifications/stats/")
class Stats(MethodView):
    """The inbox in numbers."""

    @notifications.operation("notifications_stats_retrieve", SIGNED_IN)
    @notifications.response(200, NotificationStats)
    def get(self) -> dict[str, Any]:
        """Count the inbox by type, with its newest five lines."""
        now, me = utc_now(), identity().user_id
        with reading() as connection:
            numbers = inbox.inbox_numbers(connection, me)
            clauses, variant, values = inbox.narrowed({}, zone="UTC", now=now)
            rows = inbox.INBOX.all(connection, where=clauses, variant=variant, parameters={**values, "me": me}, limit=5)
        by_type = {
            name: {"total": total, "unread": numbers.unread_by_type.get(name, 0)}
            for name, total in numbers.total_by_type.items()
        }
        return {
            "unread_count": numbers.unread_count,
            "total_count": numbers.total_count,
            "by_type": by_type,
            "recent_notifications": inbox.presented(rows, now=now),
        }


@notifications.route("/notifications/sync/")
class Sync(MethodView):
    """What a page that comes back has missed."""

    @notifications.operation("notifications_sync_retrieve", SIGNED_IN)
    @notifications.arguments(SyncQuery, location="query")
    @notifications.response(200, SyncAnswer)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Tell what came and went after a `seq`."""
        now, me = utc_now(), identity().user_id
        with reading() as connection:
            numbers = inbox.inbox_numbers(connection, me)
            rows, removed = inbox.since(
                connection, user_id=me, after=query["after"], up_to=numbers.last_seq, limit=query["limit"] + 1
            )
            name = inbox.person(connection, me)[1]
        has_more, rows = len(rows) > query["limit"], rows[: query["limit"]]
        return {
            "notifications": inbox.presented(rows, now=now, user_name=name),
            "removed_ids": removed,
            "last_seq": rows[-1]["seq"] if has_more else numbers.last_seq,
            "unread_count": numbers.unread_count,
            "has_more": has_more,
        }


@notifications.route("/notifications/mark_read/", twins=["/notifications/mark-read/"])
class MarkMany(MethodView):
    """Many lines at once."""

    @notifications.operation("notifications_mark_read_create", SIGNED_IN)
    @notifications.arguments(MarkReadRequest)
    @notifications.response(200, MarkedMany)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Mark lines read or unread: those of `notification_ids`, or all."""
        with transaction() as session:
            count, state = set_all_read(
                session,
                user_id=identity().user_id,
                is_read=body["is_read"],
                now=utc_now(),
                ids=body.get("notification_ids"),
                notification_type=body.get("notification_type"),
                up_to_seq=body.get("up_to_seq"),
            )
            return {
                "message": f"{count} notifications marked as {'read' if body['is_read'] else 'unread'}",
                "updated_count": count,
                "unread_count": state.unread_count,
            }


@notifications.route("/notifications/bulk_delete/", twins=["/notifications/bulk-delete/"])
class BulkDelete(MethodView):
    """Many lines at once."""

    @notifications.operation("notifications_bulk_delete_create", SIGNED_IN)
    @notifications.arguments(BulkDeleteRequest)
    @notifications.response(200, Deleted)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Delete lines; those of others are passed over."""
        with transaction() as session:
            count, state = delete_lines(
                session, user_id=identity().user_id, ids=body["notification_ids"], now=utc_now()
            )
            return {
                "message": f"{count} notifications deleted",
                "deleted_count": count,
                "unread_count": state.unread_count,
            }


@notifications.route("/notifications/<id:notification_id>/")
class OneNotification(MethodView):
    """One line."""

    @notifications.operation("notifications_retrieve", SIGNED_IN, refuses=[NotificationNotFound])
    @notifications.response(200, Notification)
    def get(self, notification_id: int) -> dict[str, Any]:
        """Read one line."""
        return _presented(notification_id)

    @notifications.operation("notifications_destroy", SIGNED_IN, refuses=[NotificationNotFound])
    @notifications.response(204)
    def delete(self, notification_id: int) -> None:
        """Delete one line."""
        with transaction() as session:
            count, _ = delete_lines(session, user_id=identity().user_id, ids=[notification_id], now=utc_now())
            if not count:
                raise NotificationNotFound


@notifications.route(
    "/notifications/<id:notification_id>/mark_as_read/", twins=["/notifications/<id:notification_id>/mark-as-read/"]
)
class MarkAsRead(MethodView):
    """One line."""

    @notifications.operation("notifications_mark_as_read_create", SIGNED_IN, refuses=[NotificationNotFound])
    @notifications.response(200, MarkResult)
    def post(self, notification_id: int) -> dict[str, Any]:
        """Mark one line read."""
        return _mark(notification_id, is_read=True)


@notifications.route(
    "/notifications/<id:notification_id>/mark_as_unread/", twins=["/notifications/<id:notification_id>/mark-as-unread/"]
)
class MarkAsUnread(MethodView):
    """One line."""

    @notifications.operation("notifications_mark_as_unread_create", SIGNED_IN, refuses=[NotificationNotFound])
    @notifications.response(200, MarkResult)
    def post(self, notification_id: int) -> dict[str, Any]:
        """Mark one line unread."""
        return _mark(notification_id, is_read=False)


def _mark(notification_id: int, *, is_read: bool) -> dict[str, Any]:
    now = utc_now()
    with transaction() as session:
        state = set_read(session, user_id=identity().user_id, notification_id=notification_id, is_read=is_read, now=now)
        unread = state.unread_count
    line = _presented(notification_id)
    word = "read" if is_read else "unread"
    return {
        "message": f"Notification marked as {word}",
        "id": notification_id,
        "is_read": is_read,
        "read_at": line["read_at"],
        "unread_count": unread,
    }


def shown(connection: Connection, user_id: int, notification_id: int) -> dict[str, Any]:
    """Return one line of the person's inbox as the API shows it; its version becomes the ETag."""
    row = inbox.one(connection, user_id=user_id, notification_id=notification_id)
    if row is None:
        raise NotificationNotFound
    set_version(row["inbox_version"])
    name = inbox.person(connection, user_id)[1]
    return inbox.presented([row], now=utc_now(), user_name=name)[0]


def _presented(notification_id: int) -> dict[str, Any]:
    with reading() as connection:
        return shown(connection, identity().user_id, notification_id)
