"""What streams tells: notices in batches of people, and to the host how it went."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notifications.models import Practitioner
from services.notifications.operations.telling import MEMBER, News, tell, tell_all
from shared.clock import utc_now
from shared.messaging import Message, handles

NOTICES = ("scheduled", "reminder", "started", "cancelled", "rescheduled", "recording_ready")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDue:
    """People of a stream are to be told something; `user_ids` are at most 500."""

    kind: str
    live_stream_id: int
    stream_id: int
    practitioner_id: int
    title: str
    user_ids: list[int]
    stream_title: str = ""
    scheduled_start: datetime | None = None


@handles("stream.notice_due", NoticeDue)
def tell_the_members(session: Session, event: NoticeDue, message: Message) -> None:
    """Tell everybody of the batch; a repeated notice is one, and somebody unknown holds up nobody."""
    now = utc_now()
    if event.kind not in NOTICES:
        return
    if event.kind == "reminder" and event.scheduled_start is not None and event.scheduled_start <= now:
        return
    host = session.scalar(select(Practitioner.display_name).where(Practitioner.id == event.practitioner_id))
    occasion = None
    if event.kind != "reminder":  # Of which there are several, each an event of its own.
        occasion = f"stream:{event.live_stream_id}:{event.kind}:{event.scheduled_start}"
    news = News(
        kind=f"stream.{event.kind}",
        values={
            "title": event.title,
            "stream": event.stream_title,
            "host": host or MEMBER,
            "start": event.scheduled_start,
        },
        related=("stream", event.stream_id),
        occasion=occasion,
        before=event.scheduled_start if event.kind == "reminder" else None,
    )
    tell_all(session, event.user_ids, news, message=message, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A live stream is over."""

    live_stream_id: int
    practitioner_user_id: int
    title: str
    duration_minutes: int | None = None
    unique_viewers: int | None = None


@handles("live_stream.ended", Ended)
def tell_the_host(session: Session, event: Ended, message: Message) -> None:
    """Tell the host how many came."""
    values = {"title": event.title, "viewers": event.unique_viewers or 0, "minutes": event.duration_minutes or 0}
    news = News(kind="stream.ended", values=values, related=("live_stream", event.live_stream_id))
    tell(session, event.practitioner_user_id, news, message=message, now=utc_now())


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingReady:
    """A recording can be seen."""

    recording_id: int
    practitioner_user_id: int
    title: str


@handles("recording.ready", RecordingReady)
def tell_the_host_of_the_recording(session: Session, event: RecordingReady, message: Message) -> None:
    """Tell the host that the recording can be seen."""
    news = News(kind="stream.recording", values={"title": event.title}, related=("recording", event.recording_id))
    tell(session, event.practitioner_user_id, news, message=message, now=utc_now())
