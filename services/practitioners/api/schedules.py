"""Working hours over HTTP."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from services.practitioners.api.schemas.schedules import (
    CopyDayRequest,
    DuplicateRequest,
    PatchedScheduleTimeSlotRequest,
    Schedule,
    ScheduleCreateRequest,
    SchedulePage,
    ScheduleRequest,
    SchedulesQuery,
    ScheduleTimeSlot,
    ScheduleTimeSlotRequest,
    SlotQuery,
    SlotReference,
    WeekRequest,
)
from services.practitioners.domain.errors import (
    LimitReached,
    NoProfile,
    PractitionerSuspended,
    ScheduleNotFound,
    SlotOverlap,
)
from services.practitioners.models import Schedule as ScheduleRow
from services.practitioners.operations import schedules as operations
from services.practitioners.operations.finding import own_practitioner
from services.practitioners.queries.schedules import OWN_SCHEDULES, SCHEDULES, schedule_body, schedule_row, slot_of
from shared.database import reading, transaction
from shared.errors import Invalid
from shared.http import (
    PRACTITIONER,
    Blueprint,
    Idempotency,
    MethodView,
    identity,
    require_match,
    say,
    set_version,
)
from shared.http.pages import page_body

schedules = Blueprint("schedules", "Working hours.")

_MISSING = (NoProfile, ScheduleNotFound)
_CHANGES = (*_MISSING, PractitionerSuspended)
_HOURS = (*_CHANGES, SlotOverlap, LimitReached)
_DAYS = {"all": range(7), "weekdays": range(5), "weekend": (5, 6)}


def _tag(schedule: ScheduleRow) -> str:
    return f"{schedule.updated_at.timestamp():.6f}"


def _changed(schedule_id: int, change: Callable[[Session, ScheduleRow], None]) -> dict[str, Any]:
    """Apply a change to one of the caller's schedules and answer it whole."""

    def matched(session: Session, schedule: ScheduleRow) -> None:
        require_match(_tag(schedule))
        change(session, schedule)

    with transaction() as session:
        schedule = operations.change_schedule(session, schedule_id, by=identity(), change=matched)
        set_version(_tag(schedule))
        return schedule_body(session, schedule)


@schedules.route("/schedules/")
class Schedules(MethodView):
    """All of the caller's."""

    @schedules.operation("schedules_list", PRACTITIONER)
    @schedules.arguments(SchedulesQuery, location="query")
    @schedules.response(200, SchedulePage)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List the caller's schedules, the default first; nothing without a profile."""
        if not {"limit", "offset"} & query.keys():
            query = {"page_size": 50, **query}
        with reading() as connection:
            page = SCHEDULES.page(
                connection, query, where=[OWN_SCHEDULES], variant="own", parameters={"me": identity().user_id}
            )
        return page_body(page, [schedule_row(row) for row in page.rows])

    @schedules.operation(
        "schedules_create",
        PRACTITIONER,
        refuses=[NoProfile, PractitionerSuspended, SlotOverlap, LimitReached],
        idempotency=Idempotency.IN_TRANSACTION,
    )
    @schedules.arguments(ScheduleCreateRequest)
    @schedules.response(201, Schedule)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Add a schedule, with its slots; the first one becomes the default."""
        with transaction() as session:
            schedule = operations.create_schedule(session, by=identity(), data=body)
            say("Schedule created")
            return schedule_body(session, schedule)


@schedules.route("/schedules/<id:schedule_id>/")
class OneSchedule(MethodView):
    """One of them."""

    @schedules.operation("schedules_retrieve", PRACTITIONER, refuses=_MISSING)
    @schedules.response(200, Schedule)
    def get(self, schedule_id: int) -> dict[str, Any]:
        """Return a schedule."""
        with transaction() as session:
            practitioner = own_practitioner(session, identity())
            schedule = operations.own_schedule(session, practitioner, schedule_id)
            set_version(_tag(schedule))
            return schedule_body(session, schedule)

    @schedules.operation("schedules_update", PRACTITIONER, refuses=_HOURS, matches=True)
    @schedules.arguments(ScheduleRequest)
    @schedules.response(200, Schedule)
    def put(self, body: dict[str, Any], schedule_id: int) -> dict[str, Any]:
        """Change a schedule; `time_slots`, if given, becomes the whole week."""
        return _changed(schedule_id, lambda session, schedule: operations.update_schedule(session, schedule, body))

    @schedules.operation("schedules_partial_update", PRACTITIONER, refuses=_HOURS, matches=True)
    @schedules.arguments(ScheduleRequest(partial=True))
    @schedules.response(200, Schedule)
    def patch(self, body: dict[str, Any], schedule_id: int) -> dict[str, Any]:
        """Change a schedule; `time_slots`, if given, becomes the whole week."""
        return _changed(schedule_id, lambda session, schedule: operations.update_schedule(session, schedule, body))

    @schedules.operation("schedules_destroy", PRACTITIONER, refuses=_CHANGES)
    @schedules.response(204)
    def delete(self, schedule_id: int) -> None:
        """Delete a schedule; services that used it fall back to the default."""
        with transaction() as session:
            operations.delete_schedule(session, schedule_id, by=identity())


@schedules.route("/schedules/<id:schedule_id>/add_time_slot/")
class AddTimeSlot(MethodView):
    """More hours."""

    @schedules.operation("schedules_add_time_slot_create", PRACTITIONER, refuses=_HOURS)
    @schedules.arguments(ScheduleTimeSlotRequest)
    @schedules.response(201, ScheduleTimeSlot)
    def post(self, body: dict[str, Any], schedule_id: int) -> dict[str, Any]:
        """Add hours to a weekday."""
        body.pop("id", None)
        added: list[Any] = []

        def change(session: Session, schedule: ScheduleRow) -> None:
            added.append(operations.add_slot(session, schedule, body))

        with transaction() as session:
            operations.change_schedule(session, schedule_id, by=identity(), change=change)
            return slot_of(added[0])


@schedules.route("/schedules/<id:schedule_id>/remove_time_slot/")
class RemoveTimeSlot(MethodView):
    """Fewer hours."""

    @schedules.operation("schedules_remove_time_slot_destroy", PRACTITIONER, refuses=_CHANGES)
    @schedules.arguments(SlotQuery, location="query")
    @schedules.arguments(SlotReference)
    @schedules.response(204)
    def delete(self, query: dict[str, Any], body: dict[str, Any], schedule_id: int) -> None:
        """Take hours away; `time_slot_id` in the body, or in the query for clients that send none."""
        slot_id = body.get("time_slot_id") or query.get("time_slot_id")
        if slot_id is None:
            raise Invalid.field("time_slot_id", "Say which slot.")

        def change(session: Session, schedule: ScheduleRow) -> None:
            operations.remove_slot(session, schedule, slot_id)

        with transaction() as session:
            operations.change_schedule(session, schedule_id, by=identity(), change=change)


@schedules.route("/schedules/<id:schedule_id>/set_default/")
class SetDefault(MethodView):
    """Serving what names no other schedule."""

    @schedules.operation("schedules_set_default_create", PRACTITIONER, refuses=_CHANGES)
    @schedules.response(200, Schedule)
    def post(self, schedule_id: int) -> dict[str, Any]:
        """Let this schedule serve every service that names no other."""
        return _changed(schedule_id, operations.set_default)


@schedules.route("/schedules/<id:schedule_id>/time_slots/")
class TimeSlots(MethodView):
    """The whole week."""

    @schedules.operation("schedules_time_slots_update", PRACTITIONER, refuses=_HOURS, matches=True)
    @schedules.arguments(WeekRequest)
    @schedules.response(200, Schedule)
    def put(self, body: dict[str, Any], schedule_id: int) -> dict[str, Any]:
        """Replace the whole week at once; slots with an id are kept and changed."""

        def change(session: Session, schedule: ScheduleRow) -> None:
            operations.replace_slots(session, schedule, body["time_slots"])

        return _changed(schedule_id, change)


@schedules.route("/schedules/<id:schedule_id>/time_slots/<id:slot_id>/")
class OneTimeSlot(MethodView):
    """Hours of a weekday."""

    @schedules.operation("schedules_time_slot_partial_update", PRACTITIONER, refuses=_HOURS)
    @schedules.arguments(PatchedScheduleTimeSlotRequest)
    @schedules.response(200, ScheduleTimeSlot)
    def patch(self, body: dict[str, Any], schedule_id: int, slot_id: int) -> dict[str, Any]:
        """Change hours."""

        def change(session: Session, schedule: ScheduleRow) -> None:
            operations.change_slot(session, schedule, slot_id, body)

        with transaction() as session:
            schedule = operations.change_schedule(session, schedule_id, by=identity(), change=change)
            return slot_of(operations.find_slot(schedule, slot_id))


@schedules.route("/schedules/<id:schedule_id>/copy_day/")
class CopyDay(MethodView):
    """The same hours on other days."""

    @schedules.operation("schedules_copy_day_create", PRACTITIONER, refuses=_HOURS)
    @schedules.arguments(CopyDayRequest)
    @schedules.response(200, Schedule)
    def post(self, body: dict[str, Any], schedule_id: int) -> dict[str, Any]:
        """Replace the hours of other days by those of one day."""
        days = body.get("to_days") or _DAYS.get(body.get("to", ""))
        if not days:
            raise Invalid.field("to", "Say to which days: all, weekdays, weekend, or to_days.")

        def change(session: Session, schedule: ScheduleRow) -> None:
            operations.copy_day(session, schedule, from_day=body["from_day"], to_days=days)

        return _changed(schedule_id, change)


@schedules.route("/schedules/<id:schedule_id>/duplicate/")
class Duplicate(MethodView):
    """A copy."""

    @schedules.operation("schedules_duplicate_create", PRACTITIONER, refuses=[*_CHANGES, LimitReached])
    @schedules.arguments(DuplicateRequest)
    @schedules.response(201, Schedule)
    def post(self, body: dict[str, Any], schedule_id: int) -> dict[str, Any]:
        """Copy a schedule with its slots."""
        with transaction() as session:
            copy = operations.duplicate_schedule(session, schedule_id, by=identity(), name=body.get("name"))
            return schedule_body(session, copy)
