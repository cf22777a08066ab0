"""Every fact that streams announces."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import select

from services.streams.domain import words
from services.streams.models import LiveStream, Practitioner, Recording, Stream
from shared.clock import utc_now
from shared.messaging import Snapshot, event
from shared.privacy import PRIVACY_EVENTS

EXCERPT = 300


@event("stream.changed", state=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class StreamChanged:
    """A stream's whole public state: what payments sells memberships of."""

    id: int
    public_uuid: UUID
    practitioner_id: int
    title: str
    description: str
    cover_image_url: str | None
    entry_price_cents: int
    premium_price_cents: int
    free_tier_name: str
    entry_tier_name: str
    premium_tier_name: str
    is_active: bool
    is_launched: bool
    launched_at: datetime | None
    deleted: bool

    @classmethod
    def of(cls, stream: Stream) -> Self:
        """Tell the present state."""
        return cls(
            **{name: getattr(stream, name) for name in _COPIED},
            description=stream.description[:EXCERPT],
            is_launched=stream.is_launched(utc_now()),
            deleted=stream.deleted_at is not None,
        )


_COPIED = (
    *("id", "public_uuid", "practitioner_id", "title", "cover_image_url", "entry_price_cents", "premium_price_cents"),
    *("free_tier_name", "entry_tier_name", "premium_tier_name", "is_active", "launched_at"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveStreamFact:
    """What every event about a live stream says."""

    live_stream_id: int
    live_stream_uuid: UUID
    stream_id: int
    stream_title: str
    practitioner_id: int
    practitioner_user_id: int
    title: str
    scheduled_start: datetime
    scheduled_end: datetime
    timezone: str
    tier_level: str
    is_public: bool
    join_url: str

    @classmethod
    def about(
        cls, live: LiveStream, stream: Stream, practitioner: Practitioner | None, *, join_url: str, **facts: Any
    ) -> Self:
        """Return the event about a live stream; `facts` are what this type adds."""
        return cls(
            live_stream_id=live.id,
            live_stream_uuid=live.public_uuid,
            stream_id=stream.id,
            stream_title=stream.title,
            practitioner_id=live.practitioner_id,
            practitioner_user_id=practitioner.user_id if practitioner else 0,
            title=live.title,
            scheduled_start=live.scheduled_start,
            scheduled_end=live.scheduled_end,
            timezone=live.timezone,
            tier_level=words.TIERS[live.tier_rank],
            is_public=live.is_public,
            join_url=join_url,
            **facts,
        )


@event("stream.scheduled")
@dataclass(frozen=True, slots=True, kw_only=True)
class StreamScheduled(LiveStreamFact):
    """A live stream is planned, or moved: `previous` are its times before."""

    previous: dict[str, Any] | None
    schedule_id: int | None


@event("live_stream.started")
@dataclass(frozen=True, slots=True, kw_only=True)
class LiveStreamStarted(LiveStreamFact):
    """There is a picture. Told once."""

    actual_start: datetime


@event("live_stream.ended")
@dataclass(frozen=True, slots=True, kw_only=True)
class LiveStreamEnded(LiveStreamFact):
    """A live stream is over."""

    actual_start: datetime
    actual_end: datetime
    duration_minutes: int
    end_reason: str
    peak_viewers: int
    unique_viewers: int
    watch_minutes: int


@event("live_stream.cancelled")
@dataclass(frozen=True, slots=True, kw_only=True)
class LiveStreamCancelled(LiveStreamFact):
    """A planned live stream will not take place."""

    reason: str | None


@event("stream.notice_due")
@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDue(LiveStreamFact):
    """These people are to be told something: batch `batch` (from 1) of `of`."""

    kind: str
    user_ids: list[int]
    batch: int
    of: int


@event("recording.uploaded")
@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingUploaded:
    """A recording's file is there for media to adopt: at `storage_key`, or to be fetched from `source_url`."""

    recording_id: int
    recording_uuid: UUID
    live_stream_id: int | None
    practitioner_id: int
    practitioner_user_id: int
    storage_key: str | None
    source_url: str | None
    content_type: str
    size: int
    duration_seconds: int


@event("recording.ready")
@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingReady:
    """A recording can be watched."""

    recording_id: int
    recording_uuid: UUID
    live_stream_id: int | None
    stream_id: int | None
    booking_id: int | None
    practitioner_id: int
    practitioner_user_id: int
    title: str
    duration_seconds: int
    tier_level: str
    is_public: bool
    media_id: UUID | None
    thumbnail_url: str | None


@event("recording.deleted")
@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingDeleted:
    """A recording is gone; so is its file."""

    recording_id: int
    recording_uuid: UUID
    media_id: UUID | None

    @classmethod
    def of(cls, recording: Recording) -> Self:
        """Tell of a deleted recording."""
        return cls(recording_id=recording.id, recording_uuid=recording.public_uuid, media_id=recording.media_id)


@event("media.claimed")
@dataclass(frozen=True, slots=True, kw_only=True)
class MediaClaimed:
    """A file is in use."""

    media_id: UUID
    service: str
    entity_type: str
    entity_id: str


@event("media.released")
@dataclass(frozen=True, slots=True, kw_only=True)
class MediaReleased:
    """A file is no longer in use here."""

    media_id: UUID
    service: str
    entity_type: str
    entity_id: str


PUBLISHES = [
    StreamChanged,
    StreamScheduled,
    LiveStreamStarted,
    LiveStreamEnded,
    LiveStreamCancelled,
    NoticeDue,
    RecordingUploaded,
    RecordingReady,
    RecordingDeleted,
    MediaClaimed,
    MediaReleased,
    *PRIVACY_EVENTS,
]

SNAPSHOTS = [Snapshot(StreamChanged, select(Stream))]
