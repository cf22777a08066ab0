"""Live streams: planning them, going live, ending."""

from typing import Any

from sqlalchemy.orm import Session

from services.streams.api.answers import public_page, require_version, room_access, tag, video
from services.streams.api.audience_schemas import ReminderSet
from services.streams.api.lists import IN_CATEGORY, LIVE, LiveStreamsQuery
from services.streams.api.live_schemas import (
    CancelRequest,
    EndStream,
    GoLive,
    LiveStream,
    LiveStreamCreate,
    LiveStreamCreateRequest,
    LiveStreamRequest,
    PatchedLiveStreamRequest,
)
from services.streams.api.narrowing import Narrowing, category_ids
from services.streams.api.pages import LiveStreamPage
from services.streams.api.streams import as_calendar
from services.streams.clients.video import VideoDeclined, VideoFailed
from services.streams.domain import errors, words
from services.streams.models import LiveStream as LiveRow
from services.streams.models import Practitioner, Stream
from services.streams.operations import broadcasting
from services.streams.operations import live as operations
from services.streams.operations.callers import is_host, live_seen, live_to_change
from services.streams.operations.entering import host_entry
from services.streams.operations.media import follow_pictures
from services.streams.operations.reminders import drop_reminder, set_reminder
from services.streams.queries.calendars import written
from services.streams.queries.live import accessible, live_shown, one_live, own_live
from services.streams.queries.shown import binds, live_shown_to
from services.streams.settings import settings
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import Forbidden
from shared.http import ANYONE, PRACTITIONER, SIGNED_IN, Blueprint, Idempotency, MethodView, identity, say
from shared.http.pages import page_body

live_streams = Blueprint("live-streams", "Broadcasts: planned, on, over.")
FOREIGN = [Forbidden, errors.LiveStreamNotFound]
CHANGES = [*FOREIGN, errors.InvalidTransition, errors.LiveStreamOverlap]


@live_streams.route("/live-streams/")
class LiveStreams(MethodView):
    """All live streams."""

    @live_streams.operation("live_streams_list", ANYONE)
    @live_streams.arguments(LiveStreamsQuery, location="query")
    @live_streams.response(200, LiveStreamPage)
    def get(self, query: dict[str, Any]) -> Any:
        """List live streams; to come ones from the next on, all others from the newest."""
        by, now = identity(), utc_now()
        clauses, variant = live_shown_to(by)
        narrowed = Narrowing(clauses, variant, binds(by, now))
        if query.get("time_filter") == "upcoming":
            query = {"ordering": ("scheduled_start",), **query}
        narrowed.by_reference("stream", query.get("stream"), LiveRow.stream_id, Stream)
        narrowed.by_reference("practitioner", query.get("practitioner"), LiveRow.practitioner_id, Practitioner)
        if query.get("accessible"):
            narrowed.add("accessible" if by.is_signed_in else "public", accessible(by))
        with reading() as connection:
            if query.get("category"):
                with Session(connection) as session:
                    ids = category_ids(session, [query["category"]], parameter="category")
                narrowed.add("category", IN_CATEGORY, categories=ids)
            page = LIVE.page(
                connection, query, where=narrowed.clauses, variant=narrowed.variant, parameters=narrowed.parameters
            )
        return public_page(page_body(page, [live_shown(row, by, now) for row in page.rows]), LiveStreamPage())

    @live_streams.operation(
        "live_streams_create",
        PRACTITIONER,
        refuses=[Forbidden, errors.LiveStreamOverlap, errors.PractitionerSuspended],
        idempotency=Idempotency.IN_TRANSACTION,
    )
    @live_streams.arguments(LiveStreamCreateRequest)
    @live_streams.response(201, LiveStreamCreate)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Plan a live stream in one's own stream."""
        with transaction() as session:
            made = operations.create_live(session, body, by=identity(), now=utc_now())
            follow_pictures(session, made)
            say("Live stream created successfully")
            return own_live(session, [made.id], identity(), now=utc_now())[0]


def _shown(session: Session, live_id: int) -> dict[str, Any]:
    shown = own_live(session, [live_id], identity(), now=utc_now())[0]
    tag(shown)
    return shown


def _change(body: dict[str, Any], reference: str) -> dict[str, Any]:
    if body.get("status") == "canceled":
        body["status"] = words.CANCELLED
    with transaction() as session:
        live = live_to_change(session, reference, identity())
        require_version(live.version)
        operations.change_live(session, live, body, by=identity(), now=utc_now())
        follow_pictures(session, live)
        say("Live stream updated successfully")
        return _shown(session, live.id)


@live_streams.route("/live-streams/<ref:reference>/")
class OneLiveStream(MethodView):
    """One live stream."""

    @live_streams.operation("live_streams_retrieve", ANYONE, refuses=[errors.LiveStreamNotFound])
    @live_streams.response(200, LiveStream)
    def get(self, reference: str) -> dict[str, Any]:
        """Return a live stream."""
        with transaction() as session:
            shown = one_live(session, reference, identity(), now=utc_now())
        tag(shown)
        return shown

    @live_streams.operation("live_streams_update", SIGNED_IN, refuses=CHANGES, matches=True)
    @live_streams.arguments(LiveStreamRequest)
    @live_streams.response(200, LiveStream)
    def put(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Change a live stream."""
        return _change(body, reference)

    @live_streams.operation("live_streams_partial_update", SIGNED_IN, refuses=CHANGES, matches=True)
    @live_streams.arguments(PatchedLiveStreamRequest)
    @live_streams.response(200, LiveStream)
    def patch(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Change some fields of a live stream; while it is on, times and audience stay as they are."""
        return _change(body, reference)

    @live_streams.operation(
        "live_streams_destroy", SIGNED_IN, refuses=[*FOREIGN, errors.InvalidTransition], matches=True
    )
    @live_streams.response(204)
    def delete(self, reference: str) -> None:
        """Delete a live stream: one to come is cancelled first, one that is over takes its recordings along."""
        with transaction() as session:
            live = live_to_change(session, reference, identity())
            require_version(live.version)
            operations.delete_live(session, live, by=identity(), now=utc_now())


@live_streams.route("/live-streams/<ref:reference>/cancel/")
class Cancel(MethodView):
    """Calling it off."""

    @live_streams.operation("live_streams_cancel_create", SIGNED_IN, refuses=[*FOREIGN, errors.InvalidTransition])
    @live_streams.arguments(CancelRequest)
    @live_streams.response(200, LiveStream)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Call a planned live stream off; members are told."""
        with transaction() as session:
            live = live_to_change(session, reference, identity())
            operations.cancel_live(session, live, reason=body["reason"], by=identity())
            say("Live stream cancelled")
            return _shown(session, live.id)


@live_streams.route("/live-streams/<ref:reference>/go_live/", twins=["/live-streams/<ref:reference>/go-live/"])
class TurnOn(MethodView):
    """Going live."""

    @live_streams.operation(
        "live_streams_go_live_create",
        SIGNED_IN,
        refuses=[
            *FOREIGN,
            errors.TooEarly,
            errors.InvalidTransition,
            errors.AnotherLive,
            errors.PractitionerSuspended,
            errors.VideoRefused,
            errors.VideoAway,
        ],
    )
    @live_streams.response(200, GoLive)
    def post(self, reference: str) -> dict[str, Any]:
        """Go live, from 15 minutes before the start on; again while it is on: a fresh way in."""
        by, now = identity(), utc_now()
        with transaction() as session:
            live = live_to_change(session, reference, by)
            was_live = broadcasting.go_live(session, live, now=now)
            live_id, started_at = live.id, live.actual_start
            entry = host_entry(session, live, by=by)
            metadata = {"live_stream": live.id, "title": live.title}
        assert started_at is not None
        try:
            sid = video().create_room(
                entry.room, max_participants=settings().stream_max_viewers + 10, metadata=metadata
            )
        except VideoFailed as failed:
            if not was_live:
                with transaction() as session:
                    broadcasting.back_to_planned(session, live_id, started_at=started_at)
            raise (errors.VideoRefused if isinstance(failed, VideoDeclined) else errors.VideoAway) from failed
        message = "You are live already" if was_live else "You are live"
        say(message)
        with transaction() as session:
            broadcasting.room_made(session, live_id, sid, now=now)
            shown = own_live(session, [live_id], by, now=now)[0]
        return {"message": message, "room": room_access(entry), "already_live": was_live, "live_stream": shown}


@live_streams.route("/live-streams/<ref:reference>/end_stream/", twins=["/live-streams/<ref:reference>/end-stream/"])
class End(MethodView):
    """Ending."""

    @live_streams.operation("live_streams_end_stream_create", SIGNED_IN, refuses=[*FOREIGN, errors.InvalidTransition])
    @live_streams.response(200, EndStream)
    def post(self, reference: str) -> dict[str, Any]:
        """End a live stream at once; its room is closed even if the video service is away for the moment."""
        by, now = identity(), utc_now()
        with transaction() as session:
            live = live_to_change(session, reference, by)
            reason = words.BY_HOST if is_host(session, live.practitioner_id, by) else words.BY_STAFF
            minutes = broadcasting.end_live(session, live, reason=reason, now=now)
            shown = own_live(session, [live.id], by, now=now)[0]
        say("Live stream ended")
        return {"message": "Live stream ended", "duration_minutes": minutes, "live_stream": shown}


@live_streams.route("/live-streams/<ref:reference>/reminder/")
class Reminder(MethodView):
    """Being reminded."""

    @live_streams.operation(
        "live_streams_reminder_create", SIGNED_IN, refuses=[errors.LiveStreamNotFound, errors.InvalidTransition]
    )
    @live_streams.response(200, ReminderSet)
    def post(self, reference: str) -> dict[str, Any]:
        """Be reminded before a live stream begins."""
        with transaction() as session:
            set_reminder(session, live_seen(session, reference, identity()), by=identity(), now=utc_now())
        return {"reminder_set": True}

    @live_streams.operation("live_streams_reminder_destroy", SIGNED_IN, refuses=[errors.LiveStreamNotFound])
    @live_streams.response(204)
    def delete(self, reference: str) -> None:
        """Be reminded no longer."""
        with transaction() as session:
            drop_reminder(session, live_seen(session, reference, identity()), by=identity())


@live_streams.route("/live-streams/<ref:reference>/calendar/")
class CalendarEntry(MethodView):
    """Its calendar entry."""

    @live_streams.operation("live_streams_calendar_retrieve", ANYONE, refuses=[errors.LiveStreamNotFound])
    @live_streams.response(200, content_type="text/calendar")
    def get(self, reference: str) -> Any:
        """Return a live stream as a calendar entry."""
        with transaction() as session:
            live = live_seen(session, reference, identity())
            return as_calendar(written([live], title=live.title))
