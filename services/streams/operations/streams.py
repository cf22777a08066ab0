"""Making, changing and launching streams."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.streams.domain.errors import (
    AlreadyLaunched,
    PractitionerNotVerified,
    StreamExists,
    StreamHasMembers,
    StreamIncomplete,
    StreamIsLive,
)
from services.streams.models import Practitioner, Stream, StreamCategory, StreamCategoryLink
from services.streams.operations.announcing import announce_stream
from services.streams.operations.callers import practitioner_in_business
from shared.errors import Invalid
from shared.identity import Identity

PRICES_RISE = "The premium price must be above the entry price."


def create_stream(session: Session, body: Mapping[str, Any], *, by: Identity) -> Stream:
    """Make the caller's stream, unlaunched.

    Raises NotAPractitioner, PractitionerSuspended, StreamExists, Invalid. Emits StreamChanged.
    """
    host = practitioner_in_business(session, by)
    values = _values(body, by)
    values.pop("launched_at", None)
    stream = Stream(
        practitioner_id=host.id,
        practitioner_visible=host.is_visible,
        practitioner_name=host.display_name,
        **values,
    )
    _check_prices(stream)
    try:
        with session.begin_nested():
            session.add(stream)
            session.flush()
    except IntegrityError as taken:
        raise StreamExists from taken
    _shelve(session, stream, body.get("category_ids"))
    announce_stream(session, stream)
    return stream


def update_stream(session: Session, stream: Stream, body: Mapping[str, Any], *, by: Identity, now: datetime) -> None:
    """Change what the body names; what only staff may write is ignored from others. Emits StreamChanged."""
    values = _values(body, by)
    planned = values.pop("launched_at", stream.launched_at)
    if planned != stream.launched_at:
        _plan_launch(session, stream, planned, by=by, now=now)
    for name, value in values.items():
        setattr(stream, name, value)
    _check_prices(stream)
    _shelve(session, stream, body.get("category_ids"))
    announce_stream(session, stream)


def launch_stream(session: Session, stream: Stream, *, now: datetime) -> datetime:
    """Show a stream to everybody from now on. Raises AlreadyLaunched, StreamIncomplete, PractitionerNotVerified."""
    if stream.is_launched(now):
        raise AlreadyLaunched
    _check_complete(session, stream)
    stream.launched_at, stream.launch_told = now, True
    announce_stream(session, stream)
    return now


def delete_stream(session: Session, stream: Stream, *, by: Identity, now: datetime) -> None:
    """Hide a stream for good. Raises StreamIsLive, StreamHasMembers (staff may)."""
    if stream.live_stream_id is not None:
        raise StreamIsLive
    if stream.entry_count + stream.premium_count and not by.is_staff:
        raise StreamHasMembers
    stream.deleted_at, stream.is_active = now, False
    announce_stream(session, stream)


def _plan_launch(session: Session, stream: Stream, planned: datetime | None, *, by: Identity, now: datetime) -> None:
    """Set, move or take back a launch that has not come; staff may change any."""
    if stream.is_launched(now) and not by.is_staff:
        return
    if planned is not None:
        _check_complete(session, stream)
        if planned < now and not by.is_staff:
            raise Invalid.field("launched_at", "A launch is planned for the future; to launch now, use launch.")
    stream.launched_at, stream.launch_told = planned, planned is not None and planned <= now


def _check_complete(session: Session, stream: Stream) -> None:
    if not (stream.title.strip() and stream.description.strip()):
        raise StreamIncomplete
    host = session.get(Practitioner, stream.practitioner_id)
    if host is None or not host.is_visible:
        raise PractitionerNotVerified


def _check_prices(stream: Stream) -> None:
    if stream.premium_price_cents <= stream.entry_price_cents:
        raise Invalid.field("premium_tier_price_cents", PRICES_RISE)


def _values(body: Mapping[str, Any], by: Identity) -> dict[str, Any]:
    """Return the columns that a body sets, without what the caller may not write."""
    values = {name: value for name, value in body.items() if name in _WRITTEN}
    if by.is_staff:
        values |= {name: body[name] for name in ("is_featured", "commission_bps") if name in body}
    if "tags" in values:
        values["tag_words"] = " ".join(values["tags"])
    return values


_TIERS = ("free_tier", "entry_tier", "premium_tier")
_WRITTEN = frozenset(
    {
        *("title", "tagline", "description", "about", "cover_image_url", "profile_image_url", "intro_video_url"),
        *("tags", "entry_price_cents", "premium_price_cents", "is_active", "allow_comments", "allow_dms", "allow_tips"),
        *("preview_post_count", "watermark_media", "launched_at"),
        *(f"{tier}_{part}" for tier in _TIERS for part in ("name", "description", "perks")),
    }
)


def _shelve(session: Session, stream: Stream, category_ids: list[int] | None) -> None:
    """Put the stream on exactly these shelves; None leaves it where it is. Raises Invalid."""
    if category_ids is None:
        return
    wanted = set(category_ids)
    known = set(session.scalars(select(StreamCategory.id).where(StreamCategory.id.in_(wanted))))
    if unknown := wanted - known:
        raise Invalid.field("category_ids", f"Unknown: {', '.join(map(str, sorted(unknown)))}.")
    session.execute(delete(StreamCategoryLink).where(StreamCategoryLink.stream_id == stream.id))
    if wanted:
        session.execute(
            insert(StreamCategoryLink), [{"stream_id": stream.id, "category_id": one} for one in sorted(wanted)]
        )
