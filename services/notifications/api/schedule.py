"""When mail may come, over HTTP."""

from datetime import time
from typing import Any

from marshmallow import validate

from services.notifications.domain.hours import ALWAYS, DIGESTS, Hours
from services.notifications.models import Schedule as ScheduleRow
from services.notifications.models import User
from services.notifications.operations.timing import choose_hours, lock_schedule
from shared.clock import utc_now
from shared.database import transaction
from shared.errors import Invalid
from shared.http import SIGNED_IN, Blueprint, MethodView, Schema, fields, identity, require_match, set_version

schedule = Blueprint("delivery-schedule", "When mail may come: quiet hours, digest, pause.")

_WEEKDAY = validate.Range(min=0, max=6)


_TIMES = ("quiet_start", "quiet_end", "digest_time")


def _wall_time() -> fields.String:
    return fields.String(
        validate=validate.Regexp(r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z", error="Must be HH:MM."),
        metadata={"example": "22:00"},
    )


class DeliveryScheduleRequest(Schema):
    """What is to change; what is not named stays."""

    quiet_hours_enabled = fields.Boolean()
    quiet_start = _wall_time()
    quiet_end = _wall_time()
    quiet_days = fields.List(
        fields.Integer(validate=_WEEKDAY),
        validate=validate.Length(max=7),
        metadata={"description": "Weekdays, 0 Monday, on which a quiet window begins; empty: every day."},
    )
    digest = fields.String(validate=validate.OneOf(DIGESTS))
    digest_time = _wall_time()
    digest_weekday = fields.Integer(validate=_WEEKDAY)
    paused_until = fields.DateTime(allow_none=True, metadata={"description": "At most 30 days ahead; null: no pause."})


class DeliverySchedule(DeliveryScheduleRequest):
    """When mail may come."""

    timezone = fields.TimeZone(metadata={"description": "The account's."})
    next_digest_at = fields.DateTime(allow_none=True)


@schedule.route("/notification-settings/schedule/")
class Schedule(MethodView):
    """The caller's own."""

    @schedule.operation("notification_settings_schedule_retrieve", SIGNED_IN)
    @schedule.response(200, DeliverySchedule)
    def get(self) -> dict[str, Any]:
        """Read when mail may come; what was never changed shows its defaults."""
        with transaction() as session:
            return _shown(session.get(ScheduleRow, identity().user_id), zone=_zone(session))

    @schedule.operation("notification_settings_schedule_update", SIGNED_IN, matches=True)
    @schedule.arguments(DeliveryScheduleRequest)
    @schedule.response(200, DeliverySchedule)
    def patch(self, body: dict[str, Any]) -> dict[str, Any]:
        """Change quiet hours, digest or pause.

        Times are of the clock on the wall in the account's zone. Mail that waits already is looked at again.
        """
        days = body.get("quiet_days")
        if days is not None:
            if len(set(days)) < len(days):
                raise Invalid.field("quiet_days", "Name each day once.")
            body["quiet_days"] = sorted(days)
        changes = {name: time.fromisoformat(value) if name in _TIMES else value for name, value in body.items()}
        me = identity().user_id
        with transaction() as session:
            known = session.get(ScheduleRow, me)
            require_match(known.version if known is not None else 0)
            lock_schedule(session, me)
            zone = _zone(session)
            return _shown(choose_hours(session, user_id=me, zone=zone, changes=changes, now=utc_now()), zone=zone)


def _zone(session: Any) -> str:
    person = session.get(User, identity().user_id)
    return person.timezone if person is not None else "UTC"


def _shown(row: ScheduleRow | None, *, zone: str) -> dict[str, Any]:
    hours = row.hours if row is not None else ALWAYS
    set_version(row.version if row is not None else 0)
    return {
        **{name: getattr(hours, name) for name in Hours.__slots__},
        **{name: f"{getattr(hours, name):%H:%M}" for name in _TIMES},
        "timezone": zone,
        "next_digest_at": row.next_digest_at if row is not None else None,
    }
