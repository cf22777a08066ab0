"""Video rooms of virtual bookings and dated sessions."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.streams.api.answers import room_access, video
from services.streams.api.live_schemas import RoomAccess
from services.streams.api.parameters import one_of
from services.streams.api.recordings import Recording, shown_now, stop_now
from services.streams.clients.video import VideoFailed
from services.streams.domain import errors, words
from services.streams.models import Recording as RecordingRow
from services.streams.models import Room as RoomRow
from services.streams.models import ViewerSession
from services.streams.operations import desk, recordings
from services.streams.operations import rooms as operations
from services.streams.operations.broadcasting import room_open, shut_room
from services.streams.operations.entering import Entry, display_name
from services.streams.settings import settings
from shared.clock import utc_now
from shared.database import transaction
from shared.errors import Forbidden
from shared.http import SIGNED_IN, Blueprint, MethodView, Schema, fields, identity

rooms = Blueprint("rooms", "Video rooms of virtual bookings and sessions.")
ROOM = "<string(maxlength=80):name>"


class Room(Schema):
    """A room, and whether one may come in now."""

    id = fields.Integer()
    name = fields.String()
    kind = one_of(*words.ROOM_KINDS)
    status = one_of(*words.ROOM_STATUSES)
    can_join = fields.Boolean()
    role = one_of(words.HOST, words.PARTICIPANT, words.VIEWER, allow_none=True)
    reason = fields.String(allow_none=True)
    opens_at = fields.DateTime()
    scheduled_start = fields.DateTime()
    scheduled_end = fields.DateTime()
    participants = fields.Integer()
    recording_status = fields.String()
    title = fields.String()


class ConsentRequest(Schema):
    """That everybody in the session has agreed to be recorded."""

    consent = fields.Boolean(load_default=False)


@rooms.route(f"/rooms/{ROOM}/")
class OneRoom(MethodView):
    """One room."""

    @rooms.operation("rooms_retrieve", SIGNED_IN, refuses=[errors.RoomNotFound])
    @rooms.response(200, Room)
    def get(self, name: str) -> dict[str, Any]:
        """Return the room of a virtual booking or session, for its people."""
        with transaction() as session:
            meeting, room, role = operations.room_seen(session, name, by=identity())
            return _shown(session, meeting, room, role)


def _shown(session: Session, meeting: operations.Meeting, room: RoomRow, role: str) -> dict[str, Any]:
    now = utc_now()
    reason = None
    try:
        operations.require_open(session, meeting, room, by=identity(), now=now)
    except (errors.TooEarly, errors.RoomEnded, errors.RoomFull) as closed:
        reason = closed.code
    inside = session.scalar(
        select(func.count()).where(ViewerSession.room_id == room.id, ViewerSession.left_at.is_(None))
    )
    recording = session.scalar(
        select(RecordingRow.status)
        .where(RecordingRow.room_id == room.id, RecordingRow.status.in_((*words.RUNNING, words.PROCESSING)))
        .order_by(RecordingRow.id.desc())
        .limit(1)
    )
    over = now > meeting.closes_at
    return {
        "id": room.id,
        "name": room.name,
        "kind": room.kind,
        "status": words.ENDED if over else room.status,
        "can_join": reason is None,
        "role": role,
        "reason": reason,
        "opens_at": meeting.opens_at,
        "scheduled_start": meeting.starts_at,
        "scheduled_end": meeting.ends_at,
        "participants": inside or 0,
        "recording_status": recording or "none",
        "title": meeting.title,
    }


@rooms.route(f"/rooms/{ROOM}/token/")
class Token(MethodView):
    """The way in."""

    @rooms.operation(
        "rooms_token_create",
        SIGNED_IN,
        refuses=[errors.RoomNotFound, errors.TooEarly, errors.RoomEnded, errors.RoomFull, errors.VideoAway],
    )
    @rooms.response(200, RoomAccess)
    def post(self, name: str) -> dict[str, Any]:
        """Get into the room, from 15 minutes before the start until an hour after the end."""
        by, now = identity(), utc_now()
        with transaction() as session:
            meeting, room, role = operations.room_seen(session, name, by=by)
            operations.require_open(session, meeting, room, by=by, now=now)
            entry = Entry(
                room=room.name,
                identity=operations.identity_in(role, by.user_id),
                name=display_name(session, by.user_id),
                role=role,
                tier=None,
            )
            is_new, capacity, room_id = room.status == words.PENDING, meeting.capacity, room.id
            metadata = {"room": room.kind, "title": meeting.title}
        if is_new:
            try:
                sid = video().create_room(entry.room, max_participants=capacity, metadata=metadata)
            except VideoFailed as failed:
                raise errors.VideoAway from failed
            with transaction() as session:
                room_open(session, room_id, sid, now=now)
        return room_access(entry)


@rooms.route(f"/rooms/{ROOM}/end/")
class End(MethodView):
    """Its end."""

    @rooms.operation("rooms_end_create", SIGNED_IN, refuses=[errors.RoomNotFound, Forbidden, errors.RoomEnded])
    @rooms.response(200, Room)
    def post(self, name: str) -> dict[str, Any]:
        """Close the room for everybody; the booking is completed elsewhere."""
        with transaction() as session:
            meeting, room, role = operations.room_seen(session, name, by=identity())
            operations.require_host(role)
            if room.status == words.ENDED:
                raise errors.RoomEnded
            shut_room(session, room, now=utc_now())
            session.flush()
            return _shown(session, meeting, room, role)


@rooms.route(f"/rooms/{ROOM}/recordings/start/")
class StartRecording(MethodView):
    """Beginning to record."""

    @rooms.operation(
        "rooms_recordings_start_create",
        SIGNED_IN,
        refuses=[
            *(errors.RoomNotFound, Forbidden, errors.ConsentRequired, errors.NotLive, errors.RecordingActive),
            *(errors.RecordingUnavailable, errors.VideoAway, errors.VideoRefused),
        ],
    )
    @rooms.arguments(ConsentRequest)
    @rooms.response(201, Recording)
    def post(self, body: dict[str, Any], name: str) -> dict[str, Any]:
        """Begin to record, once everybody has agreed; practitioner and client may watch it afterwards."""
        with transaction() as session:
            meeting, room, role = operations.room_seen(session, name, by=identity())
            operations.require_host(role)
            if not body["consent"]:
                raise errors.ConsentRequired
            if not settings().can_record:
                raise errors.RecordingUnavailable
            if room.status not in (words.ACTIVE, words.IN_USE):
                raise errors.NotLive
            begun = recordings.begin_recording(
                session,
                room,
                live=None,
                now=utc_now(),
                practitioner_id=meeting.practitioner_id,
                title=meeting.title,
            )
            assert begun is not None
            number = begun.id
        desk.start_recording(video(), number)
        return shown_now(number)


@rooms.route(f"/rooms/{ROOM}/recordings/stop/")
class StopRecording(MethodView):
    """Ending it."""

    @rooms.operation(
        "rooms_recordings_stop_create",
        SIGNED_IN,
        refuses=[errors.RoomNotFound, Forbidden, errors.RecordingNotActive, errors.VideoAway, errors.VideoRefused],
    )
    @rooms.response(200, Recording)
    def post(self, name: str) -> dict[str, Any]:
        """End the running recording."""
        with transaction() as session:
            _meeting, room, role = operations.room_seen(session, name, by=identity())
            operations.require_host(role)
            running = recordings.running_in(session, room.id)
            recordings.stop_soon(session, running)
            number = running.id
        return stop_now(number)
