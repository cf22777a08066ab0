"""Rooms of virtual bookings and dated sessions: who belongs there, when they are open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.streams.domain import lifecycle, words
from services.streams.domain.errors import NotYours, RoomEnded, RoomFull, RoomNotFound, TooEarly
from services.streams.models import Booking, LiveStream, Practitioner, Room, Service, ServiceSession, ViewerSession
from services.streams.operations.log import DELETE_ROOM, REMOVE, intend
from shared.identity import Identity

CERTAIN = ("confirmed", "in_progress")
VIRTUAL = ("virtual", "hybrid")
OVER = ("canceled", "cancelled", "completed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """What a booking's or a dated session's room is for. `hosts` and `clients` are user ids."""

    kind: str
    name: str
    title: str
    booking_id: int | None
    service_session_id: int | None
    practitioner_id: int
    starts_at: datetime
    ends_at: datetime
    hosts: frozenset[int]
    clients: frozenset[int]
    capacity: int

    @property
    def opens_at(self) -> datetime:
        """When people may come in."""
        return self.starts_at - lifecycle.EARLY

    @property
    def closes_at(self) -> datetime:
        """When the last must have gone."""
        return self.ends_at + lifecycle.ROOM_CLOSES

    def role_of(self, by: Identity) -> str | None:
        """Return what the caller is here; None for a stranger."""
        if by.user_id in self.hosts:
            return words.HOST
        if by.user_id in self.clients:
            return words.PARTICIPANT
        return words.HOST if by.is_staff else None


def locked_room(session: Session, which: ColumnElement[bool]) -> Room | None:
    """Return the room of which `which` is true, locked; its live stream first, as whoever ends one locks them."""
    of_live = select(Room.live_stream_id).where(which).scalar_subquery()
    session.execute(select(LiveStream.id).where(LiveStream.id == of_live).with_for_update())
    return session.scalar(select(Room).where(which).with_for_update().execution_options(populate_existing=True))


def meeting_named(session: Session, name: str) -> Meeting | None:
    """Return what the room `booking-{uuid}` or `session-{uuid}` is for; None for what has no room, or no more."""
    kind, _, text = name.partition("-")
    try:
        uuid = UUID(text)
    except ValueError:
        return None
    if kind == words.ROOM_BOOKING:
        return _of_booking(session, uuid, name)
    return _of_session(session, uuid, name) if kind == words.ROOM_SESSION else None


def _of_booking(session: Session, uuid: UUID, name: str) -> Meeting | None:
    booking = session.scalar(select(Booking).where(Booking.public_uuid == uuid, Booking.deleted_at.is_(None)))
    if booking is None or booking.status not in CERTAIN or booking.location_type not in VIRTUAL:
        return None
    if booking.start_time is None or booking.end_time is None or booking.service_session_id is not None:
        return None
    hosts = {booking.practitioner_user_id, *_helpers(session, booking.service_id)}
    return Meeting(
        kind=words.ROOM_BOOKING,
        name=name,
        title=booking.title or "Session",
        booking_id=booking.id,
        service_session_id=None,
        practitioner_id=booking.practitioner_id,
        starts_at=booking.start_time,
        ends_at=booking.end_time,
        hosts=frozenset(hosts),
        clients=frozenset({booking.user_id}),
        capacity=2 + len(hosts),
    )


def _of_session(session: Session, uuid: UUID, name: str) -> Meeting | None:
    dated = session.scalar(
        select(ServiceSession).where(ServiceSession.public_uuid == uuid, ServiceSession.deleted_at.is_(None))
    )
    if dated is None or dated.starts_at is None or dated.ends_at is None or dated.status in OVER[:2]:
        return None
    service = session.get(Service, dated.service_id)
    seats = session.execute(
        select(Booking.user_id, Booking.location_type).where(
            Booking.service_session_id == dated.id, Booking.status.in_(CERTAIN), Booking.deleted_at.is_(None)
        )
    ).all()
    places = {service.location_type} if service else {seat.location_type for seat in seats}
    if not places & set(VIRTUAL):
        return None
    owner = session.get(Practitioner, dated.practitioner_id)
    hosts = {*_helpers(session, dated.service_id), *({owner.user_id} if owner else ())}
    return Meeting(
        kind=words.ROOM_SESSION,
        name=name,
        title=dated.title or (service.name if service else "") or "Session",
        booking_id=None,
        service_session_id=dated.id,
        practitioner_id=dated.practitioner_id,
        starts_at=dated.starts_at,
        ends_at=dated.ends_at,
        hosts=frozenset(hosts),
        clients=frozenset(seat.user_id for seat in seats),
        capacity=(dated.max_participants or len(seats)) + len(hosts) + 1,
    )


def _helpers(session: Session, service_id: int) -> Sequence[int]:
    """Return the users of everybody who gives a service."""
    service = session.get(Service, service_id)
    if service is None or not service.practitioner_ids:
        return []
    return session.scalars(select(Practitioner.user_id).where(Practitioner.id.in_(service.practitioner_ids))).all()


def room_seen(session: Session, name: str, *, by: Identity) -> tuple[Meeting, Room, str]:
    """Return a room for one of its people or staff, with what they are there. Raises RoomNotFound."""
    meeting = meeting_named(session, name)
    role = meeting.role_of(by) if meeting else None
    if meeting is None or role is None:
        raise RoomNotFound
    return meeting, room_of(session, meeting), role


def room_of(session: Session, meeting: Meeting) -> Room:
    """Return the room of a meeting, which is made at its first use."""
    session.execute(
        insert(Room)
        .values(
            kind=meeting.kind,
            name=meeting.name,
            booking_id=meeting.booking_id,
            service_session_id=meeting.service_session_id,
            max_participants=meeting.capacity,
            status=words.PENDING,
        )
        .on_conflict_do_nothing()
    )
    room = session.scalar(select(Room).where(Room.name == meeting.name))
    assert room is not None
    return room


def require_open(session: Session, meeting: Meeting, room: Room, *, by: Identity, now: datetime) -> None:
    """Let somebody come in now. Raises TooEarly, RoomEnded, RoomFull."""
    if now < meeting.opens_at:
        raise TooEarly
    if now > meeting.closes_at or room.status == words.ENDED:
        raise RoomEnded
    inside = set(
        session.scalars(
            select(ViewerSession.user_id).where(ViewerSession.room_id == room.id, ViewerSession.left_at.is_(None))
        )
    )
    if by.user_id not in inside and len(inside) >= meeting.capacity:
        raise RoomFull


def identity_in(role: str, user_id: int) -> str:
    """Return the name by which LiveKit knows somebody: one device each, a second takes over."""
    return f"{role}-{user_id}"


def require_host(role: str) -> None:
    """Let only hosts pass. Raises NotYours."""
    if role != words.HOST:
        raise NotYours


def put_out_strangers(session: Session, room: Room, identities: Sequence[str], *, now: datetime) -> None:
    """Put out whoever came in with a token that was good when it was made, but no longer is."""
    meeting = meeting_named(session, room.name)
    for identity in identities:
        role, _, number = identity.partition("-")
        welcome = meeting is not None and now <= meeting.closes_at
        if welcome and meeting is not None and role == words.PARTICIPANT:
            welcome = int(number) in meeting.clients
        if not welcome:
            put_out(session, room, identity, occasion=f"{now:%Y%m%d%H%M%S}")


def put_out(session: Session, room: Room, identity: str, *, occasion: str) -> None:
    """Have LiveKit put somebody out of a room."""
    params = {"room": room.name, "identity": identity}
    intend(session, call=REMOVE, key=f"remove:{room.name}:{identity}:{occasion}", params=params)


def booking_changed(session: Session, booking_id: int, *, now: datetime) -> None:
    """Put people out of the room of a booking that does not take place any more, or now at another time."""
    booking = session.get(Booking, booking_id, populate_existing=True)
    if booking is None or booking.status in CERTAIN:
        return
    own = Room.booking_id == booking.id
    room = session.scalar(
        select(Room).where(
            own if booking.service_session_id is None else Room.service_session_id == booking.service_session_id
        )
    )
    if room is None:
        return
    put_out(session, room, identity_in(words.PARTICIPANT, booking.user_id), occasion=f"booking:{booking.sequence}")
    if room.booking_id is not None and room.status != words.ENDED and booking.status in OVER[:2]:
        close(session, room, now=now)


def close(session: Session, room: Room, *, now: datetime) -> None:
    """Let nobody in any more; LiveKit puts out who is inside."""
    session.execute(update(Room).where(Room.id == room.id).values(status=words.ENDED, closed_at=now))
    intend(session, call=DELETE_ROOM, key=f"delete:{room.name}:{room.generation}", params={"room": room.name})
