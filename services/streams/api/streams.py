"""Streams."""

from datetime import date, timedelta
from typing import Any

from flask import Response, make_response
from marshmallow import validate
from sqlalchemy.orm import Session

from services.streams.api.answers import public_page, require_version, tag
from services.streams.api.lists import (
    BY_CATEGORY,
    BY_TAGS,
    IS_SUBSCRIBED,
    LIVE,
    MEMBERS,
    OF_STREAM,
    STREAMS,
    MembersQuery,
    OfStreamQuery,
    StreamsQuery,
)
from services.streams.api.narrowing import Narrowing, category_ids
from services.streams.api.pages import LiveStreamPage, StreamPage
from services.streams.api.stream_schemas import (
    Launch,
    Member,
    PatchedStreamRequest,
    PricingRequest,
    Stream,
    StreamAccess,
    StreamAnalyticsDay,
    StreamRequest,
)
from services.streams.domain import errors, words
from services.streams.models import Practitioner
from services.streams.models import Stream as StreamRow
from services.streams.models.access import membership_of
from services.streams.operations import streams as operations
from services.streams.operations.callers import is_host, stream_seen, stream_to_change
from services.streams.operations.media import follow_pictures
from services.streams.queries.audience import member_shown, members_of_stream
from services.streams.queries.calendars import stream_calendar
from services.streams.queries.figures import stream_days
from services.streams.queries.live import live_shown
from services.streams.queries.shown import NOW, OWN_STREAM, binds, live_shown_to, streams_shown_to
from services.streams.queries.streams import one_stream, own_stream, stream_shown
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import Forbidden, Invalid, Unauthenticated
from shared.http import (
    ANYONE,
    PRACTITIONER,
    SIGNED_IN,
    Blueprint,
    Idempotency,
    MethodView,
    QuerySchema,
    fields,
    identity,
    say,
)
from shared.http.pages import page_body, page_schema

streams = Blueprint("streams", "Content streams of practitioners, with three tiers.")
FOREIGN = [Forbidden, errors.StreamNotFound]
DAYS_MAX = 365


class DaysQuery(QuerySchema):
    """Which days."""

    days = fields.Integer(load_default=30, validate=validate.Range(min=1, max=DAYS_MAX))
    date_from = fields.Date()
    date_to = fields.Date()


@streams.route("/streams/")
class Streams(MethodView):
    """All streams."""

    @streams.operation("streams_list", ANYONE, refuses=[Unauthenticated])
    @streams.arguments(StreamsQuery, location="query")
    @streams.response(200, StreamPage)
    def get(self, query: dict[str, Any]) -> Any:
        """List streams: launched and active ones, one's own, and all to staff."""
        by, now = identity(), utc_now()
        clauses, variant = streams_shown_to(by)
        narrowed = Narrowing(clauses, variant, binds(by, now))
        if query.get("subscribed"):
            if not by.is_signed_in:
                raise Unauthenticated
            narrowed.add("subscribed", IS_SUBSCRIBED)
        if query.get("mine"):
            narrowed.add("mine", OWN_STREAM)
        if query.get("tags"):
            wanted = [one.strip() for one in query["tags"].split(",") if one.strip()]
            narrowed.add("tags", BY_TAGS, tags=wanted)
        narrowed.by_reference("practitioner", query.get("practitioner"), StreamRow.practitioner_id, Practitioner)
        with reading() as connection:
            if query.get("categories"):
                with Session(connection) as session:
                    ids = category_ids(session, query["categories"], parameter="categories")
                narrowed.add("categories", BY_CATEGORY, categories=ids)
            page = STREAMS.page(
                connection, query, where=narrowed.clauses, variant=narrowed.variant, parameters=narrowed.parameters
            )
        return public_page(page_body(page, [stream_shown(row, by, now) for row in page.rows]), StreamPage())

    @streams.operation(
        "streams_create",
        PRACTITIONER,
        refuses=[Forbidden, errors.StreamExists, errors.PractitionerSuspended],
        idempotency=Idempotency.IN_TRANSACTION,
    )
    @streams.arguments(StreamRequest)
    @streams.response(201, Stream)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Make one's stream, one a practitioner. It is shown from its launch on."""
        with transaction() as session:
            made = operations.create_stream(session, body, by=identity())
            follow_pictures(session, made)
            say("Stream created successfully")
            return _shown(session, made.id)


def _shown(session: Session, stream_id: int) -> dict[str, Any]:
    session.flush()
    shown = own_stream(session, stream_id, identity(), now=utc_now())
    tag(shown)
    return shown


def _change(body: dict[str, Any], reference: str) -> dict[str, Any]:
    with transaction() as session:
        stream = stream_to_change(session, reference, identity())
        require_version(stream.version)
        operations.update_stream(session, stream, body, by=identity(), now=utc_now())
        follow_pictures(session, stream)
        say("Stream updated successfully")
        return _shown(session, stream.id)


@streams.route("/streams/<ref:reference>/")
class OneStream(MethodView):
    """One stream."""

    @streams.operation("streams_retrieve", ANYONE, refuses=[errors.StreamNotFound])
    @streams.response(200, Stream)
    def get(self, reference: str) -> dict[str, Any]:
        """Return a stream."""
        with transaction() as session:
            shown = one_stream(session, reference, identity(), now=utc_now())
        tag(shown)
        return shown

    @streams.operation("streams_update", SIGNED_IN, refuses=FOREIGN, matches=True)
    @streams.arguments(StreamRequest)
    @streams.response(200, Stream)
    def put(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Change a stream."""
        return _change(body, reference)

    @streams.operation("streams_partial_update", SIGNED_IN, refuses=FOREIGN, matches=True)
    @streams.arguments(PatchedStreamRequest)
    @streams.response(200, Stream)
    def patch(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Change some fields of a stream."""
        return _change(body, reference)

    @streams.operation(
        "streams_destroy", SIGNED_IN, refuses=[*FOREIGN, errors.StreamHasMembers, errors.StreamIsLive], matches=True
    )
    @streams.response(204)
    def delete(self, reference: str) -> None:
        """Delete a stream that nobody pays for; staff may force it."""
        with transaction() as session:
            stream = stream_to_change(session, reference, identity())
            require_version(stream.version)
            operations.delete_stream(session, stream, by=identity(), now=utc_now())


@streams.route("/streams/<ref:reference>/launch/")
class LaunchStream(MethodView):
    """Its launch."""

    @streams.operation(
        "streams_launch_create",
        SIGNED_IN,
        refuses=[*FOREIGN, errors.AlreadyLaunched, errors.StreamIncomplete, errors.PractitionerNotVerified],
    )
    @streams.response(200, Launch)
    def post(self, reference: str) -> dict[str, Any]:
        """Show a stream to everybody from now on."""
        with transaction() as session:
            stream = stream_to_change(session, reference, identity())
            at = operations.launch_stream(session, stream, now=utc_now())
        say("Stream launched successfully")
        return {"message": "Stream launched successfully", "launched_at": at}


@streams.route("/streams/<ref:reference>/pricing/")
class Pricing(MethodView):
    """Its prices."""

    @streams.operation("streams_pricing_partial_update", SIGNED_IN, refuses=FOREIGN, matches=True)
    @streams.arguments(PricingRequest)
    @streams.response(200, Stream)
    def patch(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Change a stream's prices for new members; who is one already keeps theirs."""
        return _change(body, reference)


@streams.route("/streams/<ref:reference>/live_streams/")
class OfStream(MethodView):
    """Its live streams."""

    @streams.operation("streams_live_streams_retrieve", ANYONE, refuses=[errors.StreamNotFound])
    @streams.arguments(OfStreamQuery, location="query")
    @streams.response(200, LiveStreamPage)
    def get(self, query: dict[str, Any], reference: str) -> dict[str, Any]:
        """List a stream's live streams."""
        by, now = identity(), utc_now()
        with transaction() as session:
            stream_id = stream_seen(session, reference, by).id
        clauses, variant = live_shown_to(by)
        if query.pop("upcoming", None):
            query = {"ordering": ("scheduled_start",), **query, "time_filter": "upcoming"}
        with reading() as connection:
            page = LIVE.page(
                connection,
                query,
                where=[*clauses, OF_STREAM],
                variant=f"of-stream {variant}",
                parameters={**binds(by, now), "stream_id": stream_id},
            )
        return page_body(page, [live_shown(row, by, now) for row in page.rows])


@streams.route("/streams/<ref:reference>/analytics/")
class Analytics(MethodView):
    """Its days."""

    @streams.operation("streams_analytics_retrieve", SIGNED_IN, refuses=FOREIGN)
    @streams.arguments(DaysQuery, location="query")
    @streams.response(200, StreamAnalyticsDay(many=True))
    def get(self, query: dict[str, Any], reference: str) -> list[dict[str, Any]]:
        """Return a stream's days, oldest first, without gaps."""
        first, last = _days(query)
        with transaction() as session:
            stream = stream_to_change(session, reference, identity())
            return stream_days(session, stream, first=first, last=last)


def _days(query: dict[str, Any]) -> tuple[date, date]:
    last = query.get("date_to") or utc_now().date()
    first = query.get("date_from") or last - timedelta(days=query["days"] - 1)
    if not first <= last <= first + timedelta(days=DAYS_MAX):
        raise Invalid.field("date_from", f"From 1 to {DAYS_MAX} days.")
    return first, last


@streams.route("/streams/<ref:reference>/members/")
class Members(MethodView):
    """Its members."""

    @streams.operation("streams_members_list", SIGNED_IN, refuses=FOREIGN)
    @streams.arguments(MembersQuery, location="query")
    @streams.response(200, page_schema(Member))
    def get(self, query: dict[str, Any], reference: str) -> dict[str, Any]:
        """List a stream's members, newest first."""
        with transaction() as session:
            stream_id = stream_to_change(session, reference, identity()).id
        with reading() as connection:
            page = MEMBERS.page(
                connection,
                query,
                where=members_of_stream(stream_id_bound, NOW),
                variant="of-stream",
                parameters={"stream_id": stream_id, "now": utc_now()},
            )
        return page_body(page, [member_shown(row) for row in page.rows])


stream_id_bound: Any = OF_STREAM.right


@streams.route("/streams/<ref:reference>/access/")
class Access(MethodView):
    """What one may see."""

    @streams.operation("streams_access_retrieve", ANYONE, refuses=[errors.StreamNotFound])
    @streams.response(200, StreamAccess)
    def get(self, reference: str) -> dict[str, Any]:
        """Return what the caller may see of a stream now; asked again and again after paying, until it is there."""
        by, now = identity(), utc_now()
        with transaction() as session:
            stream = stream_seen(session, reference, by)
            held = membership_of(session, user_id=by.user_id, stream_id=stream.id, now=now)
            everything = by.is_staff or is_host(session, stream.practitioner_id, by)
        rank = held.tier_rank if held else -1
        return {
            "tier": words.TIERS[rank] if held else None,
            "access_until": held.access_until if held else None,
            "can_access": {tier: everything or rank >= words.rank(tier) for tier in words.TIERS},
        }


@streams.route("/streams/<ref:reference>/calendar/")
class CalendarOfStream(MethodView):
    """Its calendar."""

    @streams.operation("streams_calendar_retrieve", ANYONE, refuses=[errors.StreamNotFound])
    @streams.response(200, content_type="text/calendar")
    def get(self, reference: str) -> Response:
        """Return the live streams of the coming ninety days as a calendar."""
        with transaction() as session:
            stream = stream_seen(session, reference, identity())
            return as_calendar(stream_calendar(session, stream, now=utc_now()))


def as_calendar(written: bytes) -> Response:
    """Return a calendar that readers ask for again after five minutes."""
    response: Response = make_response(written)
    response.headers["Content-Type"] = "text/calendar; charset=utf-8"
    response.headers["Cache-Control"] = "private, max-age=300"
    response.add_etag()
    return response
