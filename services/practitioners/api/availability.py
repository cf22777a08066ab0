"""How the caller can be booked: preferences, days away, dates with hours of their own, blocked time."""

from typing import Any

from services.practitioners.api.schemas.availability import (
    BlocksQuery,
    DateOverrideRequest,
    OutOfOffice,
    OutOfOfficeQuery,
    OutOfOfficeRequest,
    OverridesQuery,
    SchedulePreference,
    SchedulePreferenceRequest,
    TimeBlock,
    TimeBlockRequest,
)
from services.practitioners.api.schemas.schedules import DateOverride
from services.practitioners.domain.errors import (
    LimitReached,
    NoProfile,
    PractitionerSuspended,
    ScheduleNotFound,
    SlotOverlap,
    SubscriptionRequired,
)
from services.practitioners.domain.hours import overlapping
from services.practitioners.operations import availability as operations
from services.practitioners.operations.finding import own_practitioner
from services.practitioners.queries import availability as queries
from services.practitioners.queries.schedules import override_of
from shared.clock import utc_now
from shared.database import transaction
from shared.errors import Invalid, NotFound
from shared.http import PRACTITIONER, Blueprint, MethodView, identity
from shared.localtime import local_day, start_of_day

availability = Blueprint("availability", "How somebody can be booked.")

_CHANGES = (NoProfile, NotFound, PractitionerSuspended)
Body = dict[str, Any]


@availability.route("/availability/preferences/")
class Preferences(MethodView):
    """How the caller can be booked."""

    @availability.operation("availability_preferences_retrieve", PRACTITIONER, refuses=[NoProfile])
    @availability.response(200, SchedulePreference)
    def get(self) -> Body:
        """Return how the caller can be booked."""
        with transaction() as session:
            practitioner = own_practitioner(session, identity())
            return queries.preference_body(operations.preference_of(session, practitioner), practitioner)

    @availability.operation(
        "availability_preferences_update", PRACTITIONER, refuses=[NoProfile, PractitionerSuspended], matches=True
    )
    @availability.arguments(SchedulePreferenceRequest)
    @availability.response(200, SchedulePreference)
    def put(self, body: Body) -> Body:
        """Change how the caller can be booked; what is absent stays."""
        return _change_preference(body)

    @availability.operation(
        "availability_preferences_partial_update",
        PRACTITIONER,
        refuses=[NoProfile, PractitionerSuspended],
        matches=True,
    )
    @availability.arguments(SchedulePreferenceRequest(partial=True))
    @availability.response(200, SchedulePreference)
    def patch(self, body: Body) -> Body:
        """Change how the caller can be booked; what is absent stays."""
        return _change_preference(body)


def _change_preference(body: Body) -> Body:
    with transaction() as session:
        preference = operations.update_preference(session, by=identity(), data=body)
        return queries.preference_body(preference, own_practitioner(session, identity()))


@availability.route("/availability/out_of_office/", twins=["/availability/out-of-office/"])
class OutOfOffices(MethodView):
    """Days away."""

    @availability.operation("availability_out_of_office_retrieve", PRACTITIONER, refuses=[NoProfile])
    @availability.arguments(OutOfOfficeQuery, location="query")
    @availability.response(200, OutOfOffice(many=True))
    def get(self, query: Body) -> list[Body]:
        """List the caller's days away, in order; past and archived ones only if asked for."""
        with transaction() as session:
            practitioner = own_practitioner(session, identity())
            zone = operations.preference_of(session, practitioner).timezone
            return queries.absences(
                session,
                practitioner,
                zone,
                past=query.get("include_past", False),
                archived=query.get("include_archived", False),
                now=utc_now(),
            )

    @availability.operation(
        "availability_out_of_office_create", PRACTITIONER, refuses=[NoProfile, PractitionerSuspended, LimitReached]
    )
    @availability.arguments(OutOfOfficeRequest)
    @availability.response(201, OutOfOffice)
    def post(self, body: Body) -> Body:
        """Take whole days off; bookings stay, and are counted in the answer."""
        with transaction() as session:
            absence = operations.add_absence(session, by=identity(), data=body, now=utc_now())
            return _absence_body(session, absence)


def _absence_body(session: Any, absence: Any) -> Body:
    zone = operations.preference_of(session, own_practitioner(session, identity())).timezone
    return queries.absence_body(session, absence, zone)


@availability.route(
    "/availability/out_of_office/<id:absence_id>/", twins=["/availability/out-of-office/<id:absence_id>/"]
)
class OneOutOfOffice(MethodView):
    """Some days away."""

    @availability.operation("availability_out_of_office_partial_update", PRACTITIONER, refuses=_CHANGES)
    @availability.arguments(OutOfOfficeRequest(partial=True))
    @availability.response(200, OutOfOffice)
    def patch(self, body: Body, absence_id: int) -> Body:
        """Change days away."""
        with transaction() as session:
            return _absence_body(session, operations.change_absence(session, absence_id, by=identity(), data=body))

    @availability.operation("availability_out_of_office_destroy", PRACTITIONER, refuses=_CHANGES)
    @availability.response(204)
    def delete(self, absence_id: int) -> None:
        """Take days away back."""
        with transaction() as session:
            operations.remove_absence(session, absence_id, by=identity())


@availability.route("/availability/overrides/")
class Overrides(MethodView):
    """Dates with hours of their own."""

    @availability.operation("availability_overrides_list", PRACTITIONER, refuses=[NoProfile])
    @availability.arguments(OverridesQuery, location="query")
    @availability.response(200, DateOverride(many=True))
    def get(self, query: Body) -> list[Body]:
        """List the caller's dates with hours of their own, from today unless asked otherwise."""
        with transaction() as session:
            practitioner = own_practitioner(session, identity())
            return queries.overrides(
                session,
                practitioner,
                first=query.get("start_date") or local_day(utc_now(), practitioner.timezone),
                last=query.get("end_date"),
                schedule_id=query.get("schedule_id"),
            )

    @availability.operation(
        "availability_overrides_create",
        PRACTITIONER,
        refuses=[NoProfile, PractitionerSuspended, ScheduleNotFound, LimitReached, SlotOverlap],
    )
    @availability.arguments(DateOverrideRequest)
    @availability.response(201, DateOverride(many=True))
    def post(self, body: Body) -> list[Body]:
        """Give dates hours of their own, in place of what they had; none closes them."""
        dates = body.get("dates") or ([body["date"]] if body.get("date") else [])
        if not dates:
            raise Invalid.field("date", "Say which date, or dates.")
        windows = [(slot["start_min"], slot["end_min"]) for slot in body["time_slots"]]
        if overlapping(windows):
            raise SlotOverlap
        with transaction() as session:
            rows = operations.override_dates(
                session,
                by=identity(),
                dates=dates,
                windows=windows,
                schedule_id=body.get("schedule_id"),
                reason=body.get("reason"),
                now=utc_now(),
            )
            return [override_of(row) for row in rows]


@availability.route("/availability/overrides/<id:override_id>/")
class OneOverride(MethodView):
    """A date with hours of its own."""

    @availability.operation("availability_overrides_destroy", PRACTITIONER, refuses=_CHANGES)
    @availability.response(204)
    def delete(self, override_id: int) -> None:
        """Let a date have its weekly hours again."""
        with transaction() as session:
            operations.remove_override(session, override_id, by=identity())


@availability.route("/availability/block_time/", twins=["/availability/block-time/"])
class Blocks(MethodView):
    """Blocked time."""

    @availability.operation("availability_blocks_list", PRACTITIONER, refuses=[NoProfile])
    @availability.arguments(BlocksQuery, location="query")
    @availability.response(200, TimeBlock(many=True))
    def get(self, query: Body) -> list[Body]:
        """List the caller's blocked times, in order."""
        with transaction() as session:
            practitioner = own_practitioner(session, identity())
            bounds = [query.get("start_date"), query.get("end_date")]
            start, end = (start_of_day(day, practitioner.timezone) if day else None for day in bounds)
            return queries.blocks(session, practitioner, start=start, end=end)

    @availability.operation(
        "availability_block_time_create",
        PRACTITIONER,
        refuses=[NoProfile, PractitionerSuspended, LimitReached, SubscriptionRequired],
    )
    @availability.arguments(TimeBlockRequest)
    @availability.response(201, TimeBlock)
    def post(self, body: Body) -> Body:
        """Block a stretch of time, once or again and again; bookings stay, and are counted in the answer."""
        with transaction() as session:
            block = operations.block_time(session, by=identity(), data=body, now=utc_now())
            return queries.block_body(session, block)


@availability.route("/availability/block_time/<id:block_id>/", twins=["/availability/block-time/<id:block_id>/"])
class OneBlock(MethodView):
    """A blocked time."""

    @availability.operation("availability_block_time_destroy", PRACTITIONER, refuses=_CHANGES)
    @availability.response(204)
    def delete(self, block_id: int) -> None:
        """Free blocked time."""
        with transaction() as session:
            operations.remove_block(session, block_id, by=identity())
