"""Shapes of streams, their categories, members and days."""

from typing import Any

from marshmallow import validate

from services.streams.api.parameters import Link, Rate, tags
from shared.http import Schema, fields

_TITLE = validate.Length(min=1, max=255)
_CENTS = validate.Range(min=100, max=99_999)


def _perks() -> Any:
    return fields.List(fields.String(validate=validate.Length(min=1, max=200)), validate=validate.Length(max=20))


class StreamCategory(Schema):
    """A shelf that streams stand on."""

    id = fields.Integer()
    name = fields.String()
    slug = fields.String()
    description = fields.String(allow_none=True)
    icon = fields.String(allow_none=True)
    is_active = fields.Boolean()
    order = fields.Integer()
    streams_count = fields.Integer(metadata={"description": "Launched, active ones."})
    created_at = fields.DateTime()
    updated_at = fields.DateTime()


class CategoryChange(Schema):
    """What staff may change of a category."""

    name = fields.String(validate=validate.Length(min=1, max=100))
    description = fields.String(multiline=True, allow_none=True, validate=validate.Length(max=2000))
    icon = fields.String(allow_none=True, validate=validate.Length(max=50))
    position = fields.Integer(data_key="order", validate=validate.Range(min=0, max=100_000))
    is_active = fields.Boolean()


class CategoryRequest(CategoryChange):
    """A new category."""

    name = fields.String(required=True, validate=validate.Length(min=1, max=100))
    slug = fields.String(validate=[validate.Regexp(r"^[a-z0-9]+(-[a-z0-9]+)*$"), validate.Length(max=100)])


class Stream(Schema):
    """A practitioner's stream with its three tiers."""

    id = fields.Integer()
    public_uuid = fields.UUID()
    practitioner = fields.Integer()
    practitioner_id = fields.Integer()
    practitioner_name = fields.String()
    practitioner_slug = fields.String(allow_none=True)
    practitioner_image_url = fields.String(allow_none=True, metadata={"format": "uri"})
    title = fields.String()
    tagline = fields.String(allow_none=True)
    description = fields.String()
    about = fields.String(allow_none=True)
    cover_image_url = fields.String(allow_none=True, metadata={"format": "uri"})
    profile_image_url = fields.String(allow_none=True, metadata={"format": "uri"})
    intro_video_url = fields.String(allow_none=True, metadata={"format": "uri"})
    categories = fields.List(fields.Nested(StreamCategory))
    tags = fields.List(fields.String())
    free_tier_name = fields.String()
    entry_tier_name = fields.String()
    premium_tier_name = fields.String()
    entry_tier_price_cents = fields.Integer()
    premium_tier_price_cents = fields.Integer()
    entry_tier_price = fields.Money()
    premium_tier_price = fields.Money()
    free_tier_description = fields.String(allow_none=True)
    entry_tier_description = fields.String(allow_none=True)
    premium_tier_description = fields.String(allow_none=True)
    free_tier_perks = fields.List(fields.String())
    entry_tier_perks = fields.List(fields.String())
    premium_tier_perks = fields.List(fields.String())
    is_active = fields.Boolean()
    is_featured = fields.Boolean()
    allow_comments = fields.Boolean()
    allow_dms = fields.Boolean()
    allow_tips = fields.Boolean()
    preview_post_count = fields.Integer()
    watermark_media = fields.Boolean()
    subscriber_count = fields.Integer()
    free_subscriber_count = fields.Integer()
    paid_subscriber_count = fields.Integer()
    post_count = fields.Integer()
    total_revenue_cents = fields.Integer(allow_none=True, metadata={"description": "For its owner and staff."})
    commission_rate = fields.String(allow_none=True, metadata={"format": "decimal"})
    launched_at = fields.DateTime(allow_none=True)
    is_launched = fields.Boolean()
    is_subscribed = fields.Boolean()
    subscription_tier = fields.String(allow_none=True)
    next_live_at = fields.DateTime(allow_none=True)
    is_live_now = fields.Boolean()
    live_stream_id = fields.Integer(allow_none=True)
    created_at = fields.DateTime()
    updated_at = fields.DateTime()


class PatchedStreamRequest(Schema):
    """A change of a stream; absent fields stay."""

    title = fields.String(validate=_TITLE)
    tagline = fields.String(allow_none=True, validate=validate.Length(max=255))
    description = fields.String(multiline=True, validate=validate.Length(min=1, max=10_000))
    about = fields.String(multiline=True, allow_none=True, validate=validate.Length(max=20_000))
    cover_image_url = Link(allow_none=True)
    profile_image_url = Link(allow_none=True)
    intro_video_url = Link(allow_none=True)
    category_ids = fields.List(fields.Integer(validate=validate.Range(min=1)), validate=validate.Length(max=50))
    tags = tags()
    free_tier_name = fields.String(validate=validate.Length(min=1, max=50))
    entry_tier_name = fields.String(validate=validate.Length(min=1, max=50))
    premium_tier_name = fields.String(validate=validate.Length(min=1, max=50))
    entry_price_cents = fields.Integer(data_key="entry_tier_price_cents", strict=True, validate=_CENTS)
    premium_price_cents = fields.Integer(data_key="premium_tier_price_cents", strict=True, validate=_CENTS)
    free_tier_description = fields.String(multiline=True, allow_none=True, validate=validate.Length(max=2000))
    entry_tier_description = fields.String(multiline=True, allow_none=True, validate=validate.Length(max=2000))
    premium_tier_description = fields.String(multiline=True, allow_none=True, validate=validate.Length(max=2000))
    free_tier_perks = _perks()
    entry_tier_perks = _perks()
    premium_tier_perks = _perks()
    is_active = fields.Boolean()
    is_featured = fields.Boolean(metadata={"description": "Staff; from others ignored."})
    allow_comments = fields.Boolean()
    allow_dms = fields.Boolean()
    allow_tips = fields.Boolean()
    preview_post_count = fields.Integer(validate=validate.Range(min=0, max=100))
    watermark_media = fields.Boolean()
    commission_bps = Rate(data_key="commission_rate")
    launched_at = fields.DateTime(allow_none=True, metadata={"description": "A planned launch; fixed once it came."})


class StreamRequest(PatchedStreamRequest):
    """A whole stream."""

    title = fields.String(required=True, validate=_TITLE)
    description = fields.String(required=True, multiline=True, validate=validate.Length(min=1, max=10_000))
    entry_price_cents = fields.Integer(required=True, data_key="entry_tier_price_cents", strict=True, validate=_CENTS)
    premium_price_cents = fields.Integer(
        required=True, data_key="premium_tier_price_cents", strict=True, validate=_CENTS
    )


class PricingRequest(Schema):
    """New prices, for new members."""

    entry_price_cents = fields.Integer(required=True, data_key="entry_tier_price_cents", strict=True, validate=_CENTS)
    premium_price_cents = fields.Integer(
        required=True, data_key="premium_tier_price_cents", strict=True, validate=_CENTS
    )


class Launch(Schema):
    """A launched stream."""

    message = fields.String()
    launched_at = fields.DateTime()


class StreamAnalyticsDay(Schema):
    """What happened to a stream on one UTC day."""

    id = fields.Integer()
    stream = fields.Integer()
    stream_title = fields.String()
    date = fields.Date()
    total_subscribers = fields.Integer()
    free_subscribers = fields.Integer()
    entry_subscribers = fields.Integer()
    premium_subscribers = fields.Integer()
    new_subscribers = fields.Integer()
    churned_subscribers = fields.Integer()
    upgraded_subscribers = fields.Integer()
    downgraded_subscribers = fields.Integer()
    posts_published = fields.Integer()
    total_views = fields.Integer(metadata={"description": "Viewing sessions."})
    unique_viewers = fields.Integer()
    total_likes = fields.Integer(metadata={"description": "Reactions."})
    total_comments = fields.Integer(metadata={"description": "Chat messages."})
    watch_minutes = fields.Integer()
    live_streams = fields.Integer()
    peak_viewers = fields.Integer()
    subscription_revenue_cents = fields.Integer()
    tips_revenue_cents = fields.Integer()
    total_revenue_cents = fields.Integer()
    commission_paid_cents = fields.Integer()
    net_revenue_cents = fields.Integer()
    created_at = fields.DateTime()
    updated_at = fields.DateTime()


class Member(Schema):
    """A member of a stream."""

    user = fields.Integer()
    user_name = fields.String()
    user_avatar = fields.String(allow_none=True, metadata={"format": "uri"})
    tier = fields.String()
    since = fields.DateTime()
    access_until = fields.DateTime(allow_none=True)


class CanAccess(Schema):
    """What is open, by tier."""

    free = fields.Boolean()
    entry = fields.Boolean()
    premium = fields.Boolean()


class StreamAccess(Schema):
    """What the caller may see of a stream now."""

    tier = fields.String(allow_none=True)
    access_until = fields.DateTime(allow_none=True)
    can_access = fields.Nested(CanAccess)
