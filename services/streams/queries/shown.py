"""What a caller may see in lists: conditions with the bound parameters `me` and `now`."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select

from services.streams.models import LiveStream, Membership, Practitioner, Schedule, Stream
from services.streams.models.access import valid_membership
from shared.identity import Identity

Clause = ColumnElement[bool]
ME: Any = bindparam("me")
NOW: Any = bindparam("now")

OWN_PRACTITIONERS = select(Practitioner.id).where(Practitioner.user_id == ME, Practitioner.deleted_at.is_(None))

# Bare booleans, as the partial indexes have them.
SHOWN = and_(
    cast("Clause", Stream.is_active),
    cast("Clause", Stream.practitioner_visible),
    Stream.deleted_at.is_(None),
    Stream.launched_at <= NOW,
)
OWN_STREAM = and_(Stream.deleted_at.is_(None), Stream.practitioner_id.in_(OWN_PRACTITIONERS))

RANK = (
    select(func.max(Membership.tier_rank))
    .where(Membership.user_id == ME, Membership.stream_id == Stream.id, valid_membership(NOW))
    .correlate(Stream)
    .scalar_subquery()
)


def binds(by: Identity, now: datetime) -> dict[str, Any]:
    """Return the values of the bound parameters."""
    return {"me": by.user_id, "now": now}


def streams_shown_to(by: Identity) -> tuple[list[Clause], str]:
    """Return the conditions for streams that the caller may see, and their name."""
    if by.is_staff:
        return [Stream.deleted_at.is_(None)], "staff"
    if not by.is_signed_in:
        return [SHOWN], "public"
    return [or_(SHOWN, OWN_STREAM)], "own"


def live_shown_to(by: Identity) -> tuple[list[Clause], str]:
    """Return the conditions for live streams that the caller may see, and their name."""
    clauses, variant = streams_shown_to(by)
    return [LiveStream.deleted_at.is_(None), *clauses], variant


def schedules_shown_to(by: Identity) -> tuple[list[Clause], str]:
    """Return the conditions for schedules that the caller may see, and their name."""
    there = Schedule.deleted_at.is_(None)
    if by.is_staff:
        return [there, Stream.deleted_at.is_(None)], "staff"
    public = and_(SHOWN, cast("Clause", Schedule.is_active))
    if not by.is_signed_in:
        return [there, public], "public"
    return [there, or_(public, OWN_STREAM)], "own"
