"""The lists of streams."""

from marshmallow import validate
from sqlalchemy import any_, bindparam, exists, func, or_

from services.streams.api.parameters import Reference, Tier
from services.streams.domain import words
from services.streams.models import (
    LiveCounters,
    LiveStream,
    Membership,
    Recording,
    Schedule,
    Stream,
    StreamCategory,
    StreamCategoryLink,
    User,
)
from services.streams.queries.audience import (
    MEMBER_COLUMNS,
    PRESENT,
    VIEWER_COLUMNS,
    VIEWER_JOINED,
    VIEWER_KEY,
)
from services.streams.queries.live import LIVE_COLUMNS
from services.streams.queries.schedules import SCHEDULE_IDS
from services.streams.queries.shown import ME
from services.streams.queries.streams import CATEGORY_COLUMNS, STREAM_COLUMNS
from shared.http import fields
from shared.http.pages import query_schema
from shared.listing import Filter, Listing

CATEGORIES = Listing(
    columns=CATEGORY_COLUMNS,
    key=StreamCategory.id,
    orderings={"order": StreamCategory.position, "name": StreamCategory.name},
    default_ordering="order,name",
    search=lambda bound: func.strpos(func.lower(StreamCategory.name), func.lower(bound)) > 0,
    search_min=1,
)
CategoriesQuery = query_schema(CATEGORIES, "CategoriesQuery")


STREAMS = Listing(
    columns=STREAM_COLUMNS,
    key=Stream.id,
    filters={
        "is_active": Filter(fields.Boolean(), Stream.is_active.is_, by_value=True),
        "is_featured": Filter(fields.Boolean(), Stream.is_featured.is_, by_value=True),
        "launched_only": Filter(
            fields.Boolean(),
            lambda value: Stream.launched_at <= func.now() if value else Stream.id > 0,
            by_value=True,
        ),
        "live_now": Filter(
            fields.Boolean(),
            lambda value: Stream.live_stream_id.is_not(None) if value else Stream.live_stream_id.is_(None),
            by_value=True,
        ),
    },
    orderings={
        "created_at": Stream.created_at,
        "subscriber_count": Stream.subscriber_count,
        "post_count": Stream.preview_post_count * 0,
        "launched_at": Stream.launched_at,
        "title": Stream.title,
        "popularity": Stream.popularity,
    },
    default_ordering="-created_at",
    nullable=frozenset({"launched_at"}),
    search=lambda bound: Stream.search.op("@@")(func.websearch_to_tsquery("simple", bound)),
)
StreamsQuery = query_schema(
    STREAMS,
    "StreamsQuery",
    categories=fields.List(
        fields.String(), metadata={"description": "Ids or slugs, repeated or a comma list; any of."}
    ),
    practitioner=Reference(metadata={"type": "string", "description": "Id or uuid."}),
    tags=fields.String(metadata={"description": "Comma list; any of."}),
    subscribed=fields.Boolean(),
    mine=fields.Boolean(),
)
ShelfQuery = query_schema(STREAMS, "ShelfQuery")

BY_CATEGORY = exists().where(
    StreamCategoryLink.stream_id == Stream.id, StreamCategoryLink.category_id == any_(bindparam("categories"))
)
BY_TAGS = Stream.tags.overlap(bindparam("tags"))
IS_SUBSCRIBED = exists().where(
    Membership.stream_id == Stream.id,
    Membership.user_id == ME,
    Membership.is_active,
    or_(Membership.access_until.is_(None), Membership.access_until > func.now()),
)

_TIME = {
    "live": LiveStream.status == words.LIVE,
    "upcoming": (LiveStream.status == words.SCHEDULED) & (LiveStream.scheduled_end > func.now()),
    "past": LiveStream.status == words.ENDED,
}
_READY = exists().where(Recording.live_stream_id == LiveStream.id, Recording.status == words.READY)

LIVE = Listing(
    columns=LIVE_COLUMNS,
    key=LiveStream.id,
    filters={
        "status": Filter(
            fields.Names(words.STATUSES, aliases={"canceled": words.CANCELLED}), LiveStream.status.in_, by_value=True
        ),
        "tier_level": Filter(Tier(), lambda bound: LiveStream.tier_rank == bound),
        "is_public": Filter(fields.Boolean(), LiveStream.is_public.is_, by_value=True),
        "time_filter": Filter(
            fields.String(validate=validate.OneOf(tuple(_TIME))), lambda value: _TIME[value], by_value=True
        ),
        "schedule": Filter(fields.Integer(), lambda bound: LiveStream.schedule_id == bound),
        "start_after": Filter(fields.DateTime(), lambda bound: LiveStream.scheduled_start >= bound),
        "start_before": Filter(fields.DateTime(), lambda bound: LiveStream.scheduled_start < bound),
        "has_recording": Filter(fields.Boolean(), lambda value: _READY if value else ~_READY, by_value=True),
    },
    orderings={
        "scheduled_start": LiveStream.scheduled_start,
        "created_at": LiveStream.created_at,
        "current_viewers": LiveCounters.current,
        "peak_viewers": LiveCounters.peak,
    },
    default_ordering="-scheduled_start",
    search=lambda bound: LiveStream.search.op("@@")(func.websearch_to_tsquery("simple", bound)),
)
LiveStreamsQuery = query_schema(
    LIVE,
    "LiveStreamsQuery",
    stream=Reference(metadata={"type": "string", "description": "Id or uuid."}),
    practitioner=Reference(metadata={"type": "string", "description": "Id or uuid."}),
    accessible=fields.Boolean(),
    category=fields.String(metadata={"description": "Id or slug."}),
)
OfStreamQuery = query_schema(LIVE, "OfStreamQuery", upcoming=fields.Boolean())
OF_STREAM = LiveStream.stream_id == bindparam("stream_id")
IN_CATEGORY = exists().where(
    StreamCategoryLink.stream_id == LiveStream.stream_id,
    StreamCategoryLink.category_id == any_(bindparam("categories")),
)

SCHEDULES = Listing(
    columns=SCHEDULE_IDS,
    key=Schedule.id,
    filters={
        "is_active": Filter(fields.Boolean(), Schedule.is_active.is_, by_value=True),
        "tier_level": Filter(Tier(), lambda bound: Schedule.tier_rank == bound),
    },
    orderings={
        "created_at": Schedule.created_at,
        "next_occurrence": Schedule.next_occurrence,
        "title": Schedule.title,
    },
    default_ordering="next_occurrence",
    nullable=frozenset({"next_occurrence"}),
)
SchedulesQuery = query_schema(
    SCHEDULES,
    "SchedulesQuery",
    stream=Reference(metadata={"type": "string", "description": "Id or uuid."}),
    practitioner=Reference(metadata={"type": "string", "description": "Id or uuid."}),
)

VIEWERS = Listing(
    columns=VIEWER_COLUMNS,
    key=VIEWER_KEY,
    filters={"all": Filter(fields.Boolean(), lambda value: VIEWER_KEY > 0 if value else PRESENT, by_value=True)},
    orderings={"joined_at": VIEWER_JOINED},
    default_ordering="joined_at",
    search=lambda bound: func.strpos(func.lower(User.display_name), func.lower(bound)) > 0,
    search_min=1,
)
ViewersQuery = query_schema(VIEWERS, "ViewersQuery")

MEMBERS = Listing(
    columns=MEMBER_COLUMNS,
    key=Membership.membership_id,
    filters={"tier": Filter(Tier(), lambda bound: Membership.tier_rank == bound)},
    orderings={"since": Membership.since},
    default_ordering="-since",
    search=lambda bound: func.strpos(func.lower(User.display_name), func.lower(bound)) > 0,
    search_min=1,
)
MembersQuery = query_schema(MEMBERS, "MembersQuery")
