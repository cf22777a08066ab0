"""Recurring live streams."""

from datetime import timedelta
from typing import Any

from services.streams.api.answers import require_version, tag
from services.streams.api.lists import SCHEDULES, SchedulesQuery
from services.streams.api.narrowing import Narrowing
from services.streams.api.schedule_schemas import (
    GenerateRequest,
    GenerateResult,
    KeepQuery,
    Occurrence,
    OccurrenceRequest,
    OccurrencesQuery,
    PatchedStreamScheduleRequest,
    RulePreview,
    RulePreviewRequest,
    StreamSchedule,
    StreamScheduleRequest,
)
from services.streams.domain import errors
from services.streams.domain.occurrences import between, check_yields, total
from services.streams.domain.recurrence import read_rule
from services.streams.domain.rule_words import in_words
from services.streams.models import Practitioner, Stream
from services.streams.models import Schedule as ScheduleRow
from services.streams.operations import schedules as operations
from services.streams.operations.callers import profile_of, schedule_to_change
from services.streams.operations.generating import generate_by_hand
from services.streams.queries.live import own_live
from services.streams.queries.schedules import occurrence_shown, occurrences_of, one_schedule, schedules_shown
from services.streams.queries.shown import binds, schedules_shown_to
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import Forbidden, Invalid
from shared.http import (
    ANYONE,
    PRACTITIONER,
    SIGNED_IN,
    Blueprint,
    Idempotency,
    MethodView,
    identity,
    say,
)
from shared.http.pages import page_body, page_schema

schedules = Blueprint("stream-schedules", "Recurring live streams.")
FOREIGN = [Forbidden, errors.ScheduleNotFound]
RULES = [errors.InvalidRecurrence, errors.ScheduleLimit]
YEAR = timedelta(days=366)
PREVIEWED = timedelta(days=366 * 10)


@schedules.route("/stream-schedules/")
class Schedules(MethodView):
    """All schedules."""

    @schedules.operation("stream_schedules_list", ANYONE)
    @schedules.arguments(SchedulesQuery, location="query")
    @schedules.response(200, page_schema(StreamSchedule))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List schedules: active ones of streams that are shown, and one's own."""
        by, now = identity(), utc_now()
        clauses, variant = schedules_shown_to(by)
        narrowed = Narrowing(clauses, variant, binds(by, now))
        narrowed.by_reference("stream", query.get("stream"), ScheduleRow.stream_id, Stream)
        narrowed.by_reference("practitioner", query.get("practitioner"), Stream.practitioner_id, Practitioner)
        with reading() as connection:
            page = SCHEDULES.page(
                connection, query, where=narrowed.clauses, variant=narrowed.variant, parameters=narrowed.parameters
            )
        with transaction() as session:
            return page_body(page, schedules_shown(session, [row["id"] for row in page.rows], now=now))

    @schedules.operation(
        "stream_schedules_create",
        PRACTITIONER,
        refuses=[Forbidden, errors.PractitionerSuspended, *RULES],
        idempotency=Idempotency.IN_TRANSACTION,
    )
    @schedules.arguments(StreamScheduleRequest)
    @schedules.response(201, StreamSchedule)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Make a schedule in one's own stream, and its first live streams."""
        now = utc_now()
        with transaction() as session:
            made = operations.create_schedule(session, body, by=identity(), now=now)
            say("Schedule created successfully")
            return schedules_shown(session, [made.id], now=now)[0]


@schedules.route("/stream-schedules/preview/")
class Preview(MethodView):
    """Trying a rule."""

    @schedules.operation("stream_schedules_preview_create", SIGNED_IN, refuses=[errors.InvalidRecurrence])
    @schedules.arguments(RulePreviewRequest)
    @schedules.response(200, RulePreview)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Show what a rule means, in words and times, before it is kept."""
        now = utc_now()
        with transaction() as session:
            profile = profile_of(session, identity())
        rule = read_rule(
            body["recurrence_rule"],
            starts_at=body.get("starts_at"),
            zone=body.get("timezone"),
            default_zone=(profile.timezone if profile else None) or "UTC",
            now=now,
        )
        check_yields(rule)
        found = between(rule, now, now + PREVIEWED, limit=body["limit"])
        return {
            "description_text": in_words(rule),
            "occurrences": [
                occurrence_shown(one, minutes=body["duration_minutes"], skipped=one.local in rule.exdates)
                for one in found
            ],
            "total": total(rule),
        }


def _change(body: dict[str, Any], schedule_id: int) -> dict[str, Any]:
    now = utc_now()
    with transaction() as session:
        schedule = schedule_to_change(session, schedule_id, identity())
        require_version(schedule.version)
        operations.change_schedule(session, schedule, body, by=identity(), now=now)
        say("Schedule updated successfully")
        shown = schedules_shown(session, [schedule_id], now=now)[0]
    tag(shown)
    return shown


@schedules.route("/stream-schedules/<id:schedule_id>/")
class OneSchedule(MethodView):
    """One schedule."""

    @schedules.operation("stream_schedules_retrieve", ANYONE, refuses=[errors.ScheduleNotFound])
    @schedules.response(200, StreamSchedule)
    def get(self, schedule_id: int) -> dict[str, Any]:
        """Return a schedule."""
        with transaction() as session:
            shown = one_schedule(session, schedule_id, identity(), now=utc_now())
        tag(shown)
        return shown

    @schedules.operation("stream_schedules_update", SIGNED_IN, refuses=[*FOREIGN, *RULES], matches=True)
    @schedules.arguments(StreamScheduleRequest)
    @schedules.response(200, StreamSchedule)
    def put(self, body: dict[str, Any], schedule_id: int) -> dict[str, Any]:
        """Change a schedule and what is to come of it; what is on or was moved by hand stays."""
        return _change(body, schedule_id)

    @schedules.operation("stream_schedules_partial_update", SIGNED_IN, refuses=[*FOREIGN, *RULES], matches=True)
    @schedules.arguments(PatchedStreamScheduleRequest)
    @schedules.response(200, StreamSchedule)
    def patch(self, body: dict[str, Any], schedule_id: int) -> dict[str, Any]:
        """Change some fields of a schedule, and what is to come of it."""
        return _change(body, schedule_id)

    @schedules.operation("stream_schedules_destroy", SIGNED_IN, refuses=FOREIGN)
    @schedules.arguments(KeepQuery, location="query")
    @schedules.response(204)
    def delete(self, query: dict[str, Any], schedule_id: int) -> None:
        """End a schedule; what is to come of it is cancelled, unless it is to be kept."""
        with transaction() as session:
            schedule = schedule_to_change(session, schedule_id, identity())
            operations.delete_schedule(
                session, schedule, keep_upcoming=query["keep_upcoming"], by=identity(), now=utc_now()
            )


@schedules.route(
    "/stream-schedules/<id:schedule_id>/generate_streams/",
    twins=["/stream-schedules/<id:schedule_id>/generate-streams/"],
)
class Generate(MethodView):
    """Making live streams now."""

    @schedules.operation(
        "stream_schedules_generate_streams_create", SIGNED_IN, refuses=[*FOREIGN, errors.InvalidTransition]
    )
    @schedules.arguments(GenerateRequest)
    @schedules.response(200, GenerateResult)
    def post(self, body: dict[str, Any], schedule_id: int) -> dict[str, Any]:
        """Make the live streams of the coming days that are not there yet; again: the same."""
        now = utc_now()
        with transaction() as session:
            schedule = schedule_to_change(session, schedule_id, identity())
            made = generate_by_hand(session, schedule, days=body["days"], now=now)
            shown = own_live(session, made.made, identity(), now=now)
        message = f"{len(made.made)} live streams created"
        if made.overlapping:
            left_out = ", ".join(f"{one:%Y-%m-%d %H:%M}" for one in made.overlapping[:10])
            message += f"; left out, because another is planned then: {left_out}"
        say(message)
        return {
            "message": message,
            "schedule_id": schedule_id,
            "created": len(made.made),
            "existing": made.existing,
            "live_streams": shown,
        }


@schedules.route("/stream-schedules/<id:schedule_id>/occurrences/")
class Occurrences(MethodView):
    """When it takes place."""

    @schedules.operation("stream_schedules_occurrences_retrieve", ANYONE, refuses=[errors.ScheduleNotFound])
    @schedules.arguments(OccurrencesQuery, location="query")
    @schedules.response(200, Occurrence(many=True))
    def get(self, query: dict[str, Any], schedule_id: int) -> list[dict[str, Any]]:
        """List when a schedule takes place, skipped times among them."""
        now = utc_now()
        after = query.get("after") or now
        until = query.get("until") or after + YEAR
        if not after <= until <= after + YEAR:
            raise Invalid.field("to", "At most a year after from.")
        with transaction() as session:
            one_schedule(session, schedule_id, identity(), now=now)
            schedule = session.get_one(ScheduleRow, schedule_id)
            return occurrences_of(session, schedule, after=after, until=until)


@schedules.route("/stream-schedules/<id:schedule_id>/skip/")
class Skip(MethodView):
    """Leaving one out."""

    @schedules.operation("stream_schedules_skip_create", SIGNED_IN, refuses=[*FOREIGN, errors.InvalidTransition])
    @schedules.arguments(OccurrenceRequest)
    @schedules.response(200, StreamSchedule)
    def post(self, body: dict[str, Any], schedule_id: int) -> dict[str, Any]:
        """Leave one occurrence out; its live stream is cancelled."""
        now = utc_now()
        with transaction() as session:
            schedule = schedule_to_change(session, schedule_id, identity())
            operations.skip(session, schedule, body["occurrence"], by=identity(), now=now)
            return schedules_shown(session, [schedule_id], now=now)[0]


@schedules.route("/stream-schedules/<id:schedule_id>/unskip/")
class Unskip(MethodView):
    """Taking it back in."""

    @schedules.operation("stream_schedules_unskip_create", SIGNED_IN, refuses=FOREIGN)
    @schedules.arguments(OccurrenceRequest)
    @schedules.response(200, StreamSchedule)
    def post(self, body: dict[str, Any], schedule_id: int) -> dict[str, Any]:
        """Take a skipped occurrence back in."""
        now = utc_now()
        with transaction() as session:
            schedule = schedule_to_change(session, schedule_id, identity())
            operations.unskip(session, schedule, body["occurrence"], now=now)
            return schedules_shown(session, [schedule_id], now=now)[0]
