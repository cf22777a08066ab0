"""The rooms and who is inside: LiveKit's state, with its timeouts, and the news of every change."""

import secrets
import string
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from livekit.api import VideoGrants
from livekit.protocol.egress import EgressInfo
from livekit.protocol.models import DisconnectReason, ParticipantInfo, ParticipantPermission, Room, TrackInfo
from livekit.protocol.room import CreateRoomRequest
from livekit.protocol.webhook import WebhookEvent

from .errors import TwirpError
from .trouble import Trouble

ALPHABET = string.ascii_letters + string.digits
EMPTY_SECONDS, DEPARTURE_SECONDS = 300, 20

Close = Callable[[int], Awaitable[None]]


def new_id(prefix: str) -> str:
    """Return an id in LiveKit's form, such as `PA_h3Xk…`."""
    return f"{prefix}_{''.join(secrets.choice(ALPHABET) for _ in range(12))}"


@dataclass
class Person:
    """Somebody inside; `close` ends their socket, if they came by one."""

    info: ParticipantInfo
    grants: VideoGrants
    close: Close | None = None
    received: list[dict[str, object]] = field(default_factory=list)


@dataclass
class Space:
    """A room."""

    room: Room
    people: dict[str, Person] = field(default_factory=dict)
    empty_since: float = 0.0
    was_used: bool = False


class Hall:
    """All rooms. `tell` takes every webhook event."""

    def __init__(self, tell: Callable[[WebhookEvent], None], trouble: Trouble) -> None:
        self.tell = tell
        self.trouble = trouble
        self.rooms: dict[str, Space] = {}

    def create(self, wish: CreateRoomRequest) -> Room:
        """Make a room, or return the one of that name."""
        found = self.rooms.get(wish.name)
        if found is not None:
            return self.shown(found)
        now = time.time()
        room = Room(
            sid=new_id("RM"),
            name=wish.name,
            empty_timeout=wish.empty_timeout or EMPTY_SECONDS,
            departure_timeout=wish.departure_timeout or DEPARTURE_SECONDS,
            max_participants=wish.max_participants,
            creation_time=int(now),
            creation_time_ms=int(now * 1000),
            metadata=wish.metadata,
        )
        space = self.rooms[wish.name] = Space(room, empty_since=now)
        self.news("room_started", space)
        return self.shown(space)

    def space(self, name: str) -> Space:
        """Return a room. Raises TwirpError."""
        if name not in self.rooms:
            raise TwirpError("not_found", "requested room does not exist")
        return self.rooms[name]

    def person(self, room: str, identity: str) -> Person:
        """Return somebody in a room. Raises TwirpError."""
        people = self.space(room).people
        if identity not in people:
            raise TwirpError("not_found", "participant does not exist")
        return people[identity]

    def enter(
        self, room: str, identity: str, grants: VideoGrants, *, name: str = "", attributes: dict[str, str] | None = None
    ) -> Person:
        """Let somebody in; the room is made if there is none, and an older self of theirs is put out."""
        if room not in self.rooms:
            self.create(CreateRoomRequest(name=room))
        space = self.rooms[room]
        if identity in space.people:
            self.leave(room, identity, DisconnectReason.DUPLICATE_IDENTITY)
        if space.room.max_participants and len(space.people) >= space.room.max_participants:
            raise TwirpError("resource_exhausted", "room is full")
        now = time.time()
        info = ParticipantInfo(
            sid=new_id("PA"),
            identity=identity,
            name=name or identity,
            state=ParticipantInfo.State.ACTIVE,
            joined_at=int(now),
            joined_at_ms=int(now * 1000),
            kind=ParticipantInfo.Kind.STANDARD,
            attributes=attributes or {},
            permission=ParticipantPermission(
                can_publish=grants.can_publish,
                can_subscribe=grants.can_subscribe,
                can_publish_data=grants.can_publish_data,
                hidden=bool(grants.hidden),
            ),
        )
        person = space.people[identity] = Person(info, grants)
        space.was_used = True
        self.news("participant_joined", space, person)
        return person

    def leave(self, room: str, identity: str, reason: int = DisconnectReason.CLIENT_INITIATED) -> Person:
        """Put somebody out."""
        space, person = self.space(room), self.person(room, identity)
        for track in list(person.info.tracks):
            self.unpublish(room, identity, track.sid)
        del space.people[identity]
        person.info.state = ParticipantInfo.State.DISCONNECTED
        person.info.disconnect_reason = reason  # type: ignore[assignment]
        self.news("participant_left", space, person)
        if not space.people:
            space.empty_since = time.time()
        return person

    def publish(self, room: str, identity: str, track: TrackInfo) -> TrackInfo:
        """Let somebody show or say something, if they may. Raises TwirpError."""
        space, person = self.space(room), self.person(room, identity)
        if not person.grants.can_publish:
            raise TwirpError("permission_denied", "not allowed to publish")
        track.sid = track.sid or new_id("TR")
        person.info.tracks.append(track)
        person.info.is_publisher = True
        self.news("track_published", space, person, track=track)
        return track

    def unpublish(self, room: str, identity: str, sid: str) -> None:
        """Take a track back."""
        space, person = self.space(room), self.person(room, identity)
        track = next((one for one in person.info.tracks if one.sid == sid), None)
        if track is None:
            raise TwirpError("not_found", "track is not published")
        told = TrackInfo.FromString(track.SerializeToString())
        person.info.tracks.remove(track)
        self.news("track_unpublished", space, person, track=told)

    def delete(self, name: str) -> list[Person]:
        """Close a room; return who was put out."""
        space = self.space(name)
        gone = [self.leave(name, identity, DisconnectReason.ROOM_DELETED) for identity in list(space.people)]
        self.finish(name)
        return gone

    def finish(self, name: str) -> None:
        """Take a room off the list."""
        space = self.rooms.pop(name)
        self.news("room_finished", space)

    def tick(self) -> None:
        """Close rooms that nobody came to, or that everybody left, when their time is over."""
        now = time.time()
        for name, space in list(self.rooms.items()):
            limit = space.room.departure_timeout if space.was_used else space.room.empty_timeout
            if not space.people and now - space.empty_since >= limit:
                self.finish(name)

    def shown(self, space: Space) -> Room:
        """Return a room as calls answer it."""
        room = Room.FromString(space.room.SerializeToString())
        room.num_participants = len(space.people)
        room.num_publishers = sum(bool(person.info.tracks) for person in space.people.values())
        return room

    def news(
        self,
        event: str,
        space: Space | None = None,
        person: Person | None = None,
        *,
        track: TrackInfo | None = None,
        egress: EgressInfo | None = None,
    ) -> None:
        """Tell of a change."""
        told = WebhookEvent(event=event, id=new_id("EV"), created_at=int(time.time()))
        if space is not None:
            told.room.CopyFrom(self.shown(space))
        if person is not None:
            told.participant.CopyFrom(person.info)
        if track is not None:
            told.track.CopyFrom(track)
        if egress is not None:
            told.egress_info.CopyFrom(egress)
        self.tell(told)
