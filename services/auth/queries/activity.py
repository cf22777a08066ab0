"""The activity log, as its owner and as staff see it."""

from typing import Any

from sqlalchemy import bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import INET

from services.auth.domain.actions import ACTIONS, FOR_STAFF_ONLY, RESULTS
from services.auth.domain.devices import describe
from services.auth.models import Activity, User
from shared.http import fields
from shared.listing import Filter, Listing, Row

_COLUMNS = (
    Activity.id,
    Activity.at,
    Activity.action,
    Activity.result,
    Activity.ip,
    Activity.user_agent,
    Activity.user_id,
    Activity.actor_id,
)
_ACTION = Filter(fields.Names(ACTIONS), lambda value: Activity.action == func.any(value))

MY_ACTIVITY = Listing(
    columns=select(*_COLUMNS),
    key=Activity.id,
    filters={"action": _ACTION},
    orderings={"at": Activity.at},
    default_ordering="-at",
)
MINE = [Activity.user_id == bindparam("me"), *(Activity.action != action for action in FOR_STAFF_ONLY)]

AUDIT = Listing(
    columns=select(
        *_COLUMNS, Activity.session_id, Activity.request_id, Activity.details, User.email.label("actor_email")
    ).outerjoin(User, User.id == func.coalesce(Activity.actor_id, Activity.user_id)),
    key=Activity.id,
    filters={
        "user_id": Filter(fields.Integer(), lambda value: Activity.user_id == value),
        "actor_id": Filter(fields.Integer(), lambda value: func.coalesce(Activity.actor_id, Activity.user_id) == value),
        "action": _ACTION,
        "result": Filter(fields.Names(RESULTS), lambda value: Activity.result == func.any(value)),
        "ip": Filter(fields.Network(), lambda value: Activity.ip.op("<<=")(cast(value, INET))),
        "at_after": Filter(fields.DateTime(), lambda value: Activity.at >= value),
        "at_before": Filter(fields.DateTime(), lambda value: Activity.at < value),
    },
    orderings={"at": Activity.at},
    default_ordering="-at",
)


def activity_entry(row: Row) -> dict[str, Any]:
    """Return a line as the owner of the account sees it."""
    return {
        "id": row["id"],
        "at": row["at"],
        "action": row["action"],
        "result": row["result"],
        "ip": str(row["ip"] or ""),
        "device": describe(row["user_agent"]),
        "by_staff": row["actor_id"] is not None and row["actor_id"] != row["user_id"],
    }


def audit_entry(row: Row) -> dict[str, Any]:
    """Return a line as staff see it."""
    return {
        "id": row["id"],
        "at": row["at"],
        "actor_id": row["actor_id"] or row["user_id"],
        "actor": row["actor_email"] or "system",
        "user_id": row["user_id"],
        "action": row["action"],
        "result": row["result"],
        "ip": str(row["ip"] or ""),
        "device": describe(row["user_agent"]),
        "session_id": row["session_id"],
        "request_id": row["request_id"],
        "details": row["details"],
    }
