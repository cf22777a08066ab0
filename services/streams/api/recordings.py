"""Recordings of live streams."""

from typing import Any

from marshmallow import validate
from sqlalchemy.orm import Session

from services.streams.api.answers import video
from services.streams.api.parameters import Tier, one_of
from services.streams.clients.video import VideoDeclined, VideoFailed
from services.streams.domain import errors, words
from services.streams.models import LiveStream as LiveRow
from services.streams.models import Recording as RecordingRow
from services.streams.models import Room
from services.streams.models.access import Access, access_to
from services.streams.operations import desk
from services.streams.operations import recordings as operations
from services.streams.operations.callers import live_seen, live_to_change
from services.streams.queries.recordings import one_recording, playback, recording_shown, recordings_of
from services.streams.settings import settings
from shared.clock import utc_now
from shared.database import transaction
from shared.errors import Forbidden
from shared.http import ANYONE, SIGNED_IN, Blueprint, MethodView, Schema, fields, identity

recordings = Blueprint("recordings", "Recordings of live streams.")
FOREIGN = [Forbidden, errors.LiveStreamNotFound]
ASKED = [errors.VideoRefused, errors.VideoAway]


class RecordedLiveStream(Schema):
    """What was recorded."""

    id = fields.Integer()
    title = fields.String()
    public_uuid = fields.UUID()


class Recording(Schema):
    """A recording; who may watch it asks for its playback address."""

    id = fields.Integer()
    public_uuid = fields.UUID()
    room = fields.Integer()
    room_name = fields.String()
    recording_id = fields.String()
    egress_id = fields.String()
    status = one_of(*words.RECORDING_STATUSES)
    started_at = fields.DateTime()
    ended_at = fields.DateTime(allow_none=True)
    duration_seconds = fields.Integer()
    duration_formatted = fields.String()
    file_url = fields.String(allow_none=True, metadata={"format": "uri"})
    file_size_bytes = fields.Integer()
    file_format = fields.String()
    storage_provider = fields.String()
    is_processed = fields.Boolean()
    processed_at = fields.DateTime(allow_none=True)
    thumbnail_url = fields.String(allow_none=True, metadata={"format": "uri"})
    is_public = fields.Boolean()
    tier_level = one_of(*words.TIERS)
    title = fields.String(allow_none=True)
    access_expires_at = fields.DateTime(allow_none=True)
    can_access = fields.Boolean()
    error_code = fields.String(allow_none=True)
    media_id = fields.UUID(allow_none=True)
    metadata = fields.Dict()
    live_stream = fields.Nested(RecordedLiveStream, allow_none=True)
    created_at = fields.DateTime()
    updated_at = fields.DateTime()


class Recordings(Schema):
    """All of a live stream's."""

    recordings = fields.List(fields.Nested(Recording))


class RecordingStartRequest(Schema):
    """How it is filmed."""

    layout = one_of("speaker", "grid", "single-speaker", load_default="speaker")
    audio_only = fields.Boolean(load_default=False)


class RecordingUpdateRequest(Schema):
    """Who may watch it, and what it is called."""

    title = fields.String(validate=validate.Length(min=1, max=255))
    is_public = fields.Boolean()
    tier_rank = Tier(data_key="tier_level")
    access_expires_at = fields.DateTime(allow_none=True)


class Playback(Schema):
    """Where it plays, for four hours."""

    url = fields.String(metadata={"format": "uri"})
    expires_at = fields.DateTime()
    content_type = fields.String()
    duration_seconds = fields.Integer()


OWN = Access(is_host=True, is_staff=False, rank=None, is_banned=False)


@recordings.route("/live-streams/<ref:reference>/recordings/")
class RecordingsOf(MethodView):
    """All of a live stream's."""

    @recordings.operation("live_streams_recordings_retrieve", ANYONE, refuses=[errors.LiveStreamNotFound])
    @recordings.response(200, Recordings)
    def get(self, reference: str) -> dict[str, Any]:
        """List a live stream's recordings: ready ones; to its owner and staff all."""
        with transaction() as session:
            live, access = _seen(session, reference)
            return {"recordings": recordings_of(session, live, access, now=utc_now())}


def _seen(session: Session, reference: str) -> tuple[LiveRow, Access]:
    live = live_seen(session, reference, identity())
    return live, access_to(session, live, identity(), now=utc_now())


@recordings.route("/live-streams/<ref:reference>/recordings/start/")
class Start(MethodView):
    """Beginning."""

    @recordings.operation(
        "live_streams_recordings_start_create",
        SIGNED_IN,
        refuses=[*FOREIGN, errors.NotLive, errors.RecordingActive, errors.RecordingUnavailable, *ASKED],
    )
    @recordings.arguments(RecordingStartRequest)
    @recordings.response(201, Recording)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Begin to record what is on."""
        if not settings().can_record:
            raise errors.RecordingUnavailable
        with transaction() as session:
            live = live_to_change(session, reference, identity())
            if live.status != words.LIVE:
                raise errors.NotLive
            room = session.query(Room).filter_by(live_stream_id=live.id).one()
            begun = operations.begin_recording(session, room, live=live, now=utc_now(), **body)
            assert begun is not None
            number = begun.id
        desk.start_recording(video(), number)
        return shown_now(number)


def shown_now(recording_id: int) -> dict[str, Any]:
    """Return a recording as it stands, to its owner."""
    with transaction() as session:
        recording = session.get_one(RecordingRow, recording_id)
        room = session.get_one(Room, recording.room_id)
        live = session.get(LiveRow, recording.live_stream_id) if recording.live_stream_id else None
        return recording_shown(recording, room.name, live, OWN, now=utc_now())


def stop_now(recording_id: int) -> dict[str, Any]:
    """Ask LiveKit to end a recording, and return it. Raises VideoRefused, VideoAway."""
    try:
        desk.stop_recording(video(), recording_id)
    except VideoFailed as failed:
        raise (errors.VideoRefused if isinstance(failed, VideoDeclined) else errors.VideoAway) from failed
    return shown_now(recording_id)


@recordings.route("/live-streams/<ref:reference>/recordings/stop/")
class Stop(MethodView):
    """Ending."""

    @recordings.operation(
        "live_streams_recordings_stop_create", SIGNED_IN, refuses=[*FOREIGN, errors.RecordingNotActive, *ASKED]
    )
    @recordings.response(200, Recording)
    def post(self, reference: str) -> dict[str, Any]:
        """End the running recording; its file is ready some minutes later."""
        with transaction() as session:
            live = live_to_change(session, reference, identity())
            room = session.query(Room).filter_by(live_stream_id=live.id).one()
            running = operations.running_in(session, room.id)
            operations.stop_soon(session, running)
            number = running.id
        return stop_now(number)


@recordings.route("/live-streams/<ref:reference>/recordings/<id:recording_id>/")
class OneRecording(MethodView):
    """One recording."""

    @recordings.operation(
        "live_streams_recordings_detail_retrieve",
        ANYONE,
        refuses=[errors.LiveStreamNotFound, errors.RecordingNotFound],
    )
    @recordings.response(200, Recording)
    def get(self, reference: str, recording_id: int) -> dict[str, Any]:
        """Return a recording."""
        with transaction() as session:
            live, access = _seen(session, reference)
            recording, shown = one_recording(session, live, recording_id, access, now=utc_now())
            if recording.status != words.READY and not (access.is_host or access.is_staff):
                raise errors.RecordingNotFound
            return shown

    @recordings.operation(
        "live_streams_recordings_partial_update", SIGNED_IN, refuses=[*FOREIGN, errors.RecordingNotFound]
    )
    @recordings.arguments(RecordingUpdateRequest)
    @recordings.response(200, Recording)
    def patch(self, body: dict[str, Any], reference: str, recording_id: int) -> dict[str, Any]:
        """Change who may watch a recording, or its title."""
        with transaction() as session:
            live = live_to_change(session, reference, identity())
            recording, _shown = one_recording(session, live, recording_id, OWN, now=utc_now())
            for name, value in body.items():
                setattr(recording, name, value)
            session.flush()
            return one_recording(session, live, recording_id, OWN, now=utc_now())[1]

    @recordings.operation(
        "live_streams_recordings_destroy",
        SIGNED_IN,
        refuses=[*FOREIGN, errors.RecordingNotFound, errors.RecordingActive],
    )
    @recordings.response(204)
    def delete(self, reference: str, recording_id: int) -> None:
        """Delete a recording, and its file."""
        with transaction() as session:
            live = live_to_change(session, reference, identity())
            recording, _shown = one_recording(session, live, recording_id, OWN, now=utc_now())
            operations.drop_recording(session, recording)


@recordings.route("/live-streams/<ref:reference>/recordings/<id:recording_id>/playback/")
class Play(MethodView):
    """Watching."""

    @recordings.operation(
        "live_streams_recordings_playback_create",
        ANYONE,
        refuses=[
            errors.LiveStreamNotFound,
            errors.RecordingNotFound,
            errors.SubscriptionRequired,
            errors.RecordingNotReady,
            errors.RecordingExpired,
        ],
    )
    @recordings.response(200, Playback)
    def post(self, reference: str, recording_id: int) -> dict[str, Any]:
        """Return the address under which a recording plays, for four hours."""
        with transaction() as session:
            live, access = _seen(session, reference)
            recording, _shown = one_recording(session, live, recording_id, access, now=utc_now())
            return playback(session, recording, access, now=utc_now())
