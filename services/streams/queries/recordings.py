"""Reading recordings: which the caller may see, and how."""

import base64
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.streams.domain import words
from services.streams.domain.errors import (
    RecordingExpired,
    RecordingNotFound,
    RecordingNotReady,
    SubscriptionRequired,
)
from services.streams.models import LiveStream, Recording, Room, Stream
from services.streams.models.access import Access
from services.streams.settings import settings
from shared.clock import utc_now
from shared.signing import sign_address

PLAYBACK = timedelta(hours=4)


def may_watch(recording: Recording, access: Access, now: datetime) -> bool:
    """Whether a recording is open: to owner and staff always, to others before it expires, by tier or to all."""
    if access.is_host or access.is_staff:
        return True
    if is_expired(recording, now) or access.is_banned:
        return False
    return recording.is_public or (access.rank is not None and access.rank >= recording.tier_rank)


def is_expired(recording: Recording, now: datetime) -> bool:
    """Whether its time is over."""
    return recording.access_expires_at is not None and now >= recording.access_expires_at


def recordings_of(session: Session, live: LiveStream, access: Access, *, now: datetime) -> list[dict[str, Any]]:
    """Return a live stream's recordings: all to owner and staff, to others those that are ready."""
    rows = session.execute(
        select(Recording, Room.name)
        .join(Room, Room.id == Recording.room_id)
        .where(Recording.live_stream_id == live.id, Recording.deleted_at.is_(None))
        .order_by(Recording.id.desc())
    ).all()
    full = access.is_host or access.is_staff
    return [
        recording_shown(recording, room, live, access, now=now)
        for recording, room in rows
        if full or recording.status == words.READY
    ]


def one_recording(
    session: Session, live: LiveStream, recording_id: int, access: Access, *, now: datetime
) -> tuple[Recording, dict[str, Any]]:
    """Return a recording that the caller may know of. Raises RecordingNotFound."""
    row = session.execute(
        select(Recording, Room.name)
        .join(Room, Room.id == Recording.room_id)
        .where(Recording.id == recording_id, Recording.live_stream_id == live.id, Recording.deleted_at.is_(None))
    ).first()
    if row is None:
        raise RecordingNotFound
    return row[0], recording_shown(row[0], row[1], live, access, now=now)


def recording_shown(
    recording: Recording, room_name: str, live: LiveStream | None, access: Access, *, now: datetime
) -> dict[str, Any]:
    """Return a recording as the caller sees it; its address plays only where a signature or everybody's right does."""
    full = access.is_host or access.is_staff
    can_access = may_watch(recording, access, now)
    return {
        **{name: getattr(recording, name) for name in _COPIED},
        "room": recording.room_id,
        "room_name": room_name,
        "recording_id": str(recording.public_uuid),
        "egress_id": (recording.egress_id or "") if full else "",
        "duration_formatted": clock_text(recording.duration_seconds),
        "file_url": recording.file_url if can_access else None,
        "file_format": "mp4",
        "storage_provider": "local" if recording.source_url or not recording.storage_key else "r2",
        "is_processed": recording.status == words.READY,
        "tier_level": words.TIERS[recording.tier_rank],
        "can_access": can_access,
        "error_code": recording.error_code if full else None,
        "metadata": {"layout": recording.layout, "audio_only": recording.audio_only},
        "live_stream": {"id": live.id, "title": live.title, "public_uuid": live.public_uuid} if live else None,
    }


_COPIED = (
    *("id", "public_uuid", "status", "started_at", "ended_at", "duration_seconds", "file_size_bytes", "processed_at"),
    *("thumbnail_url", "is_public", "title", "access_expires_at", "media_id", "created_at", "updated_at"),
)


def clock_text(seconds: int) -> str:
    """Return a length as players show it: `9:05`, `1:02:03`."""
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def playback(session: Session, recording: Recording, access: Access, *, now: datetime) -> dict[str, Any]:
    """Return the signed address under which a recording plays for four hours.

    Raises RecordingExpired, SubscriptionRequired, RecordingNotReady.
    """
    full = access.is_host or access.is_staff
    if is_expired(recording, now) and not full:
        raise RecordingExpired
    if not may_watch(recording, access, now):
        live = session.get(LiveStream, recording.live_stream_id)
        stream = session.get(Stream, live.stream_id) if live else None
        price = stream.tier_prices[recording.tier_rank] if stream else 0
        raise SubscriptionRequired.of(
            tier=words.TIERS[recording.tier_rank], stream_id=stream.id if stream else 0, price_cents=price
        )
    if recording.status != words.READY or recording.media_id is None:
        raise RecordingNotReady
    expires = utc_now() + PLAYBACK
    return {
        "url": signed(f"/media/{recording.media_id}/content/", expires),
        "expires_at": expires,
        "content_type": "video/mp4",
        "duration_seconds": recording.duration_seconds,
    }


def signed(path: str, expires: datetime) -> str:
    """Return media's content address with the permission to read it."""
    key = base64.urlsafe_b64decode(settings().media_signing_keys.partition(",")[0].partition(":")[2] + "==")
    return f"{settings().public_url}/api/v1/drf{sign_address(key, path, expires_at=expires)}"
