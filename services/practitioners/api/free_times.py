"""Free times over HTTP, and a service's own hours."""

from datetime import timedelta
from typing import Any

from services.practitioners.api.schemas.availability import (
    AvailabilityAnswer,
    AvailabilityQuery,
    HolidaysQuery,
    NextAvailable,
    NextSlots,
    NextSlotsQuery,
    PublicHoliday,
    ServiceSchedulesQuery,
    SlotCheck,
    SlotCheckRequest,
)
from services.practitioners.api.schemas.schedules import ServiceSchedule, ServiceScheduleRequest
from services.practitioners.domain.errors import (
    LimitReached,
    NoProfile,
    PractitionerNotFound,
    PractitionerSuspended,
    ScheduleNotFound,
    SlotOverlap,
    TooOften,
)
from services.practitioners.operations import next_available
from services.practitioners.operations.finding import own_practitioner
from services.practitioners.operations.service_hours import remove_service_hours, set_service_hours
from services.practitioners.operations.throttling import throttle
from services.practitioners.queries import availability as queries
from services.practitioners.queries.holidays import holidays_of
from services.practitioners.queries.schedules import service_schedule_body, service_schedules
from shared.clock import utc_now
from shared.database import transaction
from shared.errors import Invalid
from shared.http import ANYONE, PRACTITIONER, Blueprint, MethodView, identity

free_times = Blueprint("free-times", "Free times.")

DAYS_MAX = 90
Body = dict[str, Any]


@free_times.route("/availability/check/")
class Check(MethodView):
    """Free times of some days."""

    @free_times.operation("availability_check_retrieve", ANYONE, refuses=[PractitionerNotFound])
    @free_times.arguments(AvailabilityQuery, location="query")
    @free_times.response(200, AvailabilityAnswer)
    def get(self, query: Body) -> Body:
        """Return a practitioner's free times, or why there are none. Bookings decides; this may be seconds behind."""
        days = (query["end_date"] - query["start_date"]).days
        if days < 0:
            raise Invalid.field("end_date", "Must not lie before start_date.")
        if days > DAYS_MAX:
            raise Invalid.field("end_date", f"At most {DAYS_MAX} days after start_date.")
        with transaction() as session:
            practitioner = queries.shown_practitioner(session, query["practitioner_id"])
            return queries.availability(session, practitioner, query, now=utc_now())


@free_times.route("/availability/check_slot/", twins=["/availability/check-slot/"])
class CheckSlot(MethodView):
    """One start."""

    @free_times.operation("availability_check_slot_create", ANYONE, refuses=[PractitionerNotFound])
    @free_times.arguments(SlotCheckRequest)
    @free_times.response(200, SlotCheck)
    def post(self, body: Body) -> Body:
        """Return whether one start is free, or why not."""
        with transaction() as session:
            practitioner = queries.shown_practitioner(session, str(body["practitioner_id"])[:128])
            return queries.slot_check(session, practitioner, body, now=utc_now())


@free_times.route("/availability/next_available/", twins=["/availability/next-available/"])
class NextTimes(MethodView):
    """The next few."""

    @free_times.operation("availability_next_available_retrieve", ANYONE, refuses=[PractitionerNotFound])
    @free_times.arguments(NextSlotsQuery, location="query")
    @free_times.response(200, NextSlots)
    def get(self, query: Body) -> Body:
        """Return the next free times from a day on."""
        with transaction() as session:
            practitioner = queries.shown_practitioner(session, query["practitioner_id"])
            return queries.next_slots(session, practitioner, query, now=utc_now())


@free_times.route("/availability/update_next_available/", twins=["/availability/update-next-available/"])
class UpdateNextAvailable(MethodView):
    """The caller's next free time."""

    @free_times.operation("availability_update_next_available_create", PRACTITIONER, refuses=[NoProfile, TooOften])
    @free_times.response(200, NextAvailable)
    def post(self) -> Body:
        """Compute the caller's next free time now; at most ten times a minute."""
        now = utc_now()
        with transaction() as session:
            practitioner = own_practitioner(session, identity())
            throttle(session, practitioner.id, "next_available", most=10, window=timedelta(minutes=1), now=now)
            earliest = next_available.compute_next_available(session, practitioner, now=now)
            return {
                "next_available_date": earliest,
                "reason": None if earliest else queries.why_none(session, practitioner, now=now),
            }


@free_times.route("/availability/holidays/")
class Holidays(MethodView):
    """Public holidays."""

    @free_times.operation("availability_holidays_retrieve", PRACTITIONER, refuses=[NoProfile])
    @free_times.arguments(HolidaysQuery, location="query")
    @free_times.response(200, PublicHoliday(many=True))
    def get(self, query: Body) -> list[Body]:
        """Return the holidays of a year, by default those of the caller's country, and whether they close."""
        with transaction() as session:
            practitioner = own_practitioner(session, identity())
            return holidays_of(session, practitioner, query, now=utc_now())


@free_times.route("/availability/service_schedules/", twins=["/availability/service-schedules/"])
class ServiceSchedules(MethodView):
    """Services with hours of their own."""

    @free_times.operation("availability_service_schedules_list", PRACTITIONER, refuses=[NoProfile])
    @free_times.arguments(ServiceSchedulesQuery, location="query")
    @free_times.response(200, ServiceSchedule(many=True))
    def get(self, query: Body) -> list[Body]:
        """List the caller's services with hours of their own."""
        with transaction() as session:
            practitioner = own_practitioner(session, identity())
            return service_schedules(session, practitioner.id, service_id=query.get("service_id"))


@free_times.route(
    "/availability/service_schedules/<id:service_id>/", twins=["/availability/service-schedules/<id:service_id>/"]
)
class OneServiceSchedule(MethodView):
    """A service's own hours."""

    @free_times.operation(
        "availability_service_schedules_update",
        PRACTITIONER,
        refuses=[NoProfile, PractitionerSuspended, ScheduleNotFound, SlotOverlap, LimitReached],
    )
    @free_times.arguments(ServiceScheduleRequest)
    @free_times.response(200, ServiceSchedule)
    def put(self, body: Body, service_id: int) -> Body:
        """Give a service hours of its own: the whole week at once."""
        with transaction() as session:
            schedule, name = set_service_hours(session, service_id, by=identity(), data=body)
            return service_schedule_body(schedule, name)

    @free_times.operation(
        "availability_service_schedules_destroy",
        PRACTITIONER,
        refuses=[NoProfile, PractitionerSuspended, ScheduleNotFound],
    )
    @free_times.response(204)
    def delete(self, service_id: int) -> None:
        """Let a service follow its schedule, or the default one, again."""
        with transaction() as session:
            remove_service_hours(session, service_id, by=identity())
