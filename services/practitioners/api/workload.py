"""A practitioner's calendar, and free times beside search results, over HTTP."""

from datetime import timedelta
from typing import Any

from services.practitioners.api.schemas.search import (
    CalendarDay,
    CalendarQuery,
    Preview,
    PreviewQuery,
    Utilization,
    UtilizationQuery,
)
from services.practitioners.domain.errors import NoProfile, SubscriptionRequired
from services.practitioners.operations.availability import require_feature
from services.practitioners.operations.finding import find_practitioner, own_practitioner
from services.practitioners.queries.previewing import ids_named, preview
from services.practitioners.queries.workload import month_of, utilization
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import Forbidden, Invalid
from shared.http import ANYONE, PRACTITIONER, Blueprint, MethodView, identity
from shared.localtime import local_day

workload = Blueprint("workload", "Calendars at a glance.")

PREVIEWED_MAX = 50
LONGEST_DAYS = 366
Body = dict[str, Any]


@workload.route("/availability/preview/")
class AvailabilityPreview(MethodView):
    """Free times beside search results."""

    @workload.operation("availability_preview_retrieve", ANYONE)
    @workload.arguments(PreviewQuery, location="query")
    @workload.response(200, Preview(many=True))
    def get(self, query: Body) -> list[Body]:
        """Return the free times of some days for up to fifty practitioners."""
        names = [part.strip() for one in query["practitioner_ids"] for part in one.split(",") if part.strip()]
        if not 1 <= len(names) <= PREVIEWED_MAX:
            raise Invalid.field("practitioner_ids", f"1 to {PREVIEWED_MAX}.")
        now = utc_now()
        with reading() as connection:
            return preview(
                connection,
                ids_named(connection, names),
                first=query.get("from_day") or local_day(now, query["timezone"]),
                days=query["days"],
                per_day=query["per_day"],
                zone=query["timezone"],
                now=now,
            )


@workload.route("/availability/calendar/")
class Calendar(MethodView):
    """A month."""

    @workload.operation("availability_calendar_retrieve", PRACTITIONER, refuses=[NoProfile, Forbidden])
    @workload.arguments(CalendarQuery, location="query")
    @workload.response(200, CalendarDay(many=True))
    def get(self, query: Body) -> list[Body]:
        """Return each day of a month: its hours, what is booked, what is free."""
        by, now = identity(), utc_now()
        with transaction() as session:
            if "practitioner_id" in query:
                practitioner = find_practitioner(session, str(query["practitioner_id"]))
                if not by.is_staff and practitioner.user_id != by.user_id:
                    raise Forbidden
            else:
                practitioner = own_practitioner(session, by)
            today = local_day(now, practitioner.timezone)
            return month_of(
                session,
                practitioner,
                year=query.get("year", today.year),
                month=query.get("month", today.month),
                now=now,
            )


@workload.route("/availability/utilization/")
class AvailabilityUtilization(MethodView):
    """How full the hours are."""

    @workload.operation("availability_utilization_retrieve", PRACTITIONER, refuses=[NoProfile, SubscriptionRequired])
    @workload.arguments(UtilizationQuery, location="query")
    @workload.response(200, Utilization)
    def get(self, query: Body) -> Body:
        """Return how much of the open hours is booked; by default of this month so far."""
        now = utc_now()
        with transaction() as session:
            practitioner = own_practitioner(session, identity())
            require_feature(practitioner, "analytics")
            today = local_day(now, practitioner.timezone)
            first = query.get("start_date") or today.replace(day=1)
            last = query.get("end_date") or max(today, first)
            if not timedelta(0) <= last - first <= timedelta(days=LONGEST_DAYS):
                raise Invalid.field("end_date", f"From start_date to {LONGEST_DAYS} days later.")
            return utilization(session, practitioner, first=first, last=last, now=now)
