"""Reading streams and categories: the columns of their lists, and what is shown of a row."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import Session

from services.streams.domain import words
from services.streams.domain.errors import CategoryNotFound, StreamNotFound
from services.streams.models import Practitioner, Stream, StreamCategory, StreamCategoryLink
from services.streams.models.naming import named
from services.streams.queries.shown import NOW, RANK, binds, streams_shown_to
from shared.http.fields import dollars
from shared.identity import Identity

_COUNT = (
    select(func.count())
    .select_from(StreamCategoryLink)
    .join(Stream, Stream.id == StreamCategoryLink.stream_id)
    .where(
        StreamCategoryLink.category_id == StreamCategory.id,
        Stream.is_active,
        Stream.practitioner_visible,
        Stream.deleted_at.is_(None),
        Stream.launched_at <= NOW,
    )
    .correlate(StreamCategory)
    .scalar_subquery()
)
CATEGORY_COLUMNS = select(
    *(StreamCategory.id, StreamCategory.name, StreamCategory.slug, StreamCategory.description, StreamCategory.icon),
    *(StreamCategory.is_active, StreamCategory.created_at, StreamCategory.updated_at),
    StreamCategory.position.label("order"),
    _COUNT.label("streams_count"),
)

_CATEGORIES = (
    select(
        func.coalesce(
            func.jsonb_agg(
                func.jsonb_build_object(
                    *("id", StreamCategory.id, "name", StreamCategory.name, "slug", StreamCategory.slug),
                    *("description", StreamCategory.description, "icon", StreamCategory.icon),
                    *("is_active", StreamCategory.is_active, "order", StreamCategory.position),
                    *("created_at", StreamCategory.created_at, "updated_at", StreamCategory.updated_at),
                    *("streams_count", _COUNT),
                ).op("ORDER BY")(literal_column("stream_categories.position, stream_categories.id"))
            ),
            literal_column("'[]'::jsonb"),
        )
    )
    .select_from(StreamCategory)
    .join(StreamCategoryLink, StreamCategoryLink.category_id == StreamCategory.id)
    .where(StreamCategoryLink.stream_id == Stream.id)
    .correlate(Stream)
    .scalar_subquery()
)

_PLAIN = (
    *("id", "public_uuid", "practitioner_id", "title", "tagline", "description", "about", "cover_image_url"),
    *("profile_image_url", "intro_video_url", "tags", "free_tier_name", "entry_tier_name", "premium_tier_name"),
    *("free_tier_description", "entry_tier_description", "premium_tier_description", "free_tier_perks"),
    *("entry_tier_perks", "premium_tier_perks", "entry_price_cents", "premium_price_cents", "is_active"),
    *("is_featured", "allow_comments", "allow_dms", "allow_tips", "watermark_media", "preview_post_count"),
    *("commission_bps", "launched_at", "free_count", "entry_count", "premium_count", "subscriber_count"),
    *("revenue_cents", "live_stream_id", "next_live_at", "created_at", "updated_at", "version"),
)
STREAM_COLUMNS = (
    select(
        *(getattr(Stream, name) for name in _PLAIN),
        Practitioner.user_id.label("host_user_id"),
        Practitioner.display_name.label("practitioner_name"),
        Practitioner.slug.label("practitioner_slug"),
        Practitioner.image_url.label("practitioner_image_url"),
        _CATEGORIES.label("categories"),
        RANK.label("rank"),
        NOW.label("now"),
    )
    .select_from(Stream)
    .outerjoin(Practitioner, Practitioner.id == Stream.practitioner_id)
)


# Inside an aggregate they come as texts with PostgreSQL's offset.
_TIMES = ("created_at", "updated_at")


def stream_shown(row: Mapping[str, Any], by: Identity, now: datetime) -> dict[str, Any]:
    """Return a stream as the caller sees it; money is for its owner and staff."""
    is_own = by.is_staff or (by.is_signed_in and row["host_user_id"] == by.user_id)
    rank = row["rank"] if by.is_signed_in else None
    return {
        **row,
        "categories": [
            {**shelf, **{at: datetime.fromisoformat(shelf[at]) for at in _TIMES}} for shelf in row["categories"]
        ],
        "practitioner": row["practitioner_id"],
        "practitioner_name": row["practitioner_name"] or "Practitioner",
        "entry_tier_price_cents": row["entry_price_cents"],
        "premium_tier_price_cents": row["premium_price_cents"],
        "entry_tier_price": row["entry_price_cents"],
        "premium_tier_price": row["premium_price_cents"],
        "free_subscriber_count": row["free_count"],
        "paid_subscriber_count": row["entry_count"] + row["premium_count"],
        "post_count": 0,
        "total_revenue_cents": row["revenue_cents"] if is_own else None,
        "commission_rate": dollars(row["commission_bps"]) if is_own else None,
        "is_launched": row["launched_at"] is not None and row["launched_at"] <= now,
        "is_subscribed": rank is not None,
        "subscription_tier": None if rank is None else words.TIERS[rank],
        "is_live_now": row["live_stream_id"] is not None,
    }


def one_stream(session: Session, reference: str | int, by: Identity, *, now: datetime) -> dict[str, Any]:
    """Return a stream that the caller may see. Raises StreamNotFound."""
    clauses, _variant = streams_shown_to(by)
    row = session.execute(STREAM_COLUMNS.where(named(Stream, reference), *clauses), binds(by, now)).mappings().first()
    if row is None:
        raise StreamNotFound
    return stream_shown(dict(row), by, now)


def own_stream(session: Session, stream_id: int, by: Identity, *, now: datetime) -> dict[str, Any]:
    """Return a stream to somebody who has just changed it."""
    row = session.execute(STREAM_COLUMNS.where(Stream.id == stream_id), binds(by, now)).mappings().one()
    return stream_shown(dict(row), by, now)


def one_category(session: Session, reference: str, *, now: datetime) -> dict[str, Any]:
    """Return a category by id or slug. Raises CategoryNotFound."""
    wanted = StreamCategory.id == int(reference[:18]) if reference.isdigit() else StreamCategory.slug == reference
    row = session.execute(CATEGORY_COLUMNS.where(wanted), {"now": now}).mappings().first()
    if row is None:
        raise CategoryNotFound
    return dict(row)


def categories_named(session: Session, names: list[str]) -> tuple[list[int], list[str], list[str]]:
    """Return the ids of categories by id or slug, the names that are unknown, and those that are known."""
    rows = session.execute(select(StreamCategory.id, StreamCategory.slug)).all()
    by_name = {**{str(row.id): row.id for row in rows}, **{row.slug: row.id for row in rows}}
    unknown = [name for name in names if name not in by_name]
    return [by_name[name] for name in names if name in by_name], unknown, sorted(row.slug for row in rows)
