"""Who may watch what: read against the clock at each call, not only by events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from services.streams.domain import words
from services.streams.domain.errors import Banned, SubscriptionRequired
from services.streams.models.audience import Moderation
from services.streams.models.live import LiveStream
from services.streams.models.people import Membership, Practitioner
from services.streams.models.stream import Stream
from shared.identity import Identity


def valid_membership(now: object) -> ColumnElement[bool]:
    """Return the condition that a membership opens anything at `now`."""
    return and_(
        Membership.is_active,
        Membership.deleted_at.is_(None),
        or_(Membership.access_until.is_(None), Membership.access_until > now),
    )


def rank_of(session: Session, *, user_id: int, stream_id: int, now: datetime) -> int | None:
    """Return the rank of a person's best membership of a stream; None without one."""
    if not user_id:
        return None
    return session.scalar(
        select(func.max(Membership.tier_rank)).where(
            Membership.user_id == user_id, Membership.stream_id == stream_id, valid_membership(now)
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What somebody is to a live stream."""

    is_host: bool
    is_staff: bool
    rank: int | None
    is_banned: bool

    def may_watch(self, live: LiveStream) -> bool:
        """Whether a live stream is open to them, a ban aside."""
        if self.is_host or self.is_staff or live.is_public:
            return True
        return self.rank is not None and self.rank >= live.tier_rank


def access_to(session: Session, live: LiveStream, by: Identity, *, now: datetime) -> Access:
    """Return what the caller is to a live stream, in one statement."""
    rank = (
        select(func.max(Membership.tier_rank))
        .where(Membership.user_id == by.user_id, Membership.stream_id == live.stream_id, valid_membership(now))
        .scalar_subquery()
    )
    host = exists().where(Practitioner.id == live.practitioner_id, Practitioner.user_id == by.user_id)
    found = session.execute(select(rank, host, held(words.BAN, live, by.user_id, now))).one()
    return Access(
        is_host=by.is_signed_in and bool(found[1]), is_staff=by.is_staff, rank=found[0], is_banned=bool(found[2])
    )


def held(kind: str, live: LiveStream, user_id: int, now: datetime) -> ColumnElement[bool]:
    """Return the condition that somebody is muted or banned, here or in the whole stream."""
    return exists().where(
        Moderation.stream_id == live.stream_id,
        Moderation.user_id == user_id,
        Moderation.kind == kind,
        or_(Moderation.live_stream_id.is_(None), Moderation.live_stream_id == live.id),
        or_(Moderation.until.is_(None), Moderation.until > now),
    )


def require_access(session: Session, live: LiveStream, by: Identity, *, now: datetime) -> Access:
    """Return the caller's access. Raises Banned, SubscriptionRequired with what would open it."""
    access = access_to(session, live, by, now=now)
    if access.is_banned and not (access.is_host or access.is_staff):
        raise Banned
    if not access.may_watch(live):
        prices = session.get_one(Stream, live.stream_id).tier_prices
        raise SubscriptionRequired.of(
            tier=words.TIERS[live.tier_rank], stream_id=live.stream_id, price_cents=prices[live.tier_rank]
        )
    return access


def members_of(tier_rank: int, stream_id: int, now: datetime) -> Sequence[ColumnElement[bool]]:
    """Return the conditions for members of a stream who may watch what is of `tier_rank`."""
    return (Membership.stream_id == stream_id, Membership.tier_rank >= tier_rank, valid_membership(now))


def membership_of(session: Session, *, user_id: int, stream_id: int, now: datetime) -> Membership | None:
    """Return a person's best membership of a stream that is good at `now`; None without one."""
    if not user_id:
        return None
    return session.scalar(
        select(Membership)
        .where(Membership.user_id == user_id, Membership.stream_id == stream_id, valid_membership(now))
        .order_by(Membership.tier_rank.desc())
        .limit(1)
    )
