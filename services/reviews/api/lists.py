"""Lists of reviews: which of them, and in which order."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marshmallow import validate
from sqlalchemy import ColumnElement, and_, any_, bindparam, false, func, literal_column, or_, select

from services.reviews.api.fields import Reference, StarRange, Stars
from services.reviews.domain import words
from services.reviews.domain.tally import STARS
from services.reviews.models import Booking, Practitioner, Rating, Report, Review, Service, User
from services.reviews.queries.rows import DETAILED, LISTED, QUEUED, REPORTED
from shared.errors import Invalid
from shared.http import fields
from shared.http.pages import query_schema
from shared.identity import Identity
from shared.listing import Filter, Listing

Clause = ColumnElement[bool]

_WORD = re.compile(r"\w+")


def _least(bound: ColumnElement[int]) -> Clause:
    return Review.rating >= bound


def _most(bound: ColumnElement[int]) -> Clause:
    return Review.rating <= bound


def _filled(column: Any) -> Any:
    return lambda wanted: column != "" if wanted else column == ""


def _with_photos(wanted: bool) -> Clause:  # noqa: FBT001 - a filter's value.
    return func.jsonb_array_length(Review.photos) > 0 if wanted else func.jsonb_array_length(Review.photos) == 0


REVIEWS = Listing(
    columns=LISTED,
    key=Review.id,
    filters={
        "min_rating": Filter(Stars(low=0), _least),
        "max_rating": Filter(Stars(low=0), _most),
        "is_verified": Filter(fields.Boolean(), Review.is_verified.is_, by_value=True),
        "is_anonymous": Filter(fields.Boolean(), Review.is_anonymous.is_, by_value=True),
        "has_response": Filter(fields.Boolean(), _filled(Review.response_text), by_value=True),
        "has_comment": Filter(fields.Boolean(), _filled(Review.comment), by_value=True),
        "has_media": Filter(fields.Boolean(), _with_photos, by_value=True),
        "created_after": Filter(fields.DateTime(), lambda bound: Review.created_at >= bound),
        "created_before": Filter(fields.DateTime(), lambda bound: Review.created_at < bound),
    },
    orderings={
        "created_at": Review.created_at,
        "rating": Review.rating,
        "helpful_votes": Review.helpful,
        "net_helpful_votes": Review.helpful - Review.unhelpful,
        "helpful": Review.helpful_score,
    },
    default_ordering="-created_at",
)

OWN = Listing(
    columns=DETAILED,
    key=Review.id,
    filters={
        "status": Filter(fields.String(validate=validate.OneOf(words.STATUSES)), lambda bound: Review.status == bound)
    },
    orderings={"created_at": Review.created_at, "rating": Review.rating},
    default_ordering="-created_at",
)

RECEIVED = Listing(
    columns=DETAILED,
    key=Review.id,
    filters={
        "has_response": Filter(fields.Boolean(), _filled(Review.response_text), by_value=True),
        "min_rating": Filter(Stars(low=0), _least),
        "max_rating": Filter(Stars(low=0), _most),
        "service": Filter(fields.UUID(), lambda bound: Service.public_uuid == bound),
    },
    orderings={"created_at": Review.created_at, "rating": Review.rating, "helpful": Review.helpful_score},
    default_ordering="-created_at",
)

PENDING = Listing(
    columns=select(
        Booking.public_uuid.label("booking_uuid"),
        Service.public_uuid.label("service_uuid"),
        func.coalesce(Service.name, "").label("service_name"),
        Practitioner.public_uuid.label("practitioner_uuid"),
        func.coalesce(Practitioner.display_name, "").label("practitioner_name"),
        Booking.starts_at.label("start_time"),
        Booking.completed_at,
    )
    .select_from(Booking)
    .outerjoin(Service, Service.id == Booking.service_id)
    .outerjoin(Practitioner, Practitioner.id == Booking.practitioner_id)
    .where(
        Booking.user_id == bindparam("me"),
        Booking.status == words.COMPLETED,
        Booking.completed_at >= bindparam("oldest"),
        Practitioner.user_id.is_distinct_from(bindparam("me")),
        ~select(Review.id)
        .where(Review.booking_id == Booking.booking_id, Review.status != words.WITHDRAWN)
        .correlate(Booking)
        .exists(),
    ),
    key=Booking.booking_id,
    orderings={"completed_at": Booking.completed_at},
    default_ordering="-completed_at",
)

_OPEN = or_(Review.reports_open > 0, Review.status == words.HELD)
_REPORTED_FOR = select(Report.review_id).where(Report.resolution.is_(None))
_QUEUES: dict[str, Clause] = {
    words.OPEN: _OPEN,
    **{status: Review.status == status for status in (words.HELD, words.HIDDEN, words.REMOVED)},
}

QUEUE = Listing(
    columns=QUEUED,
    key=Review.id,
    filters={
        "status": Filter(
            fields.String(validate=validate.OneOf(tuple(_QUEUES)), load_default=words.OPEN),
            lambda wanted: _QUEUES[wanted],
            by_value=True,
        ),
        "reason": Filter(
            fields.String(validate=validate.Length(max=20)),
            lambda bound: or_(
                Review.id.in_(_REPORTED_FOR.where(Report.reason == bound)), bound == any_(Review.held_reasons)
            ),
        ),
        "practitioner": Filter(fields.UUID(), lambda bound: Practitioner.public_uuid == bound),
    },
    orderings={
        "score": Review.queue_score,
        "first_reported_at": Review.first_reported_at,
        "created_at": Review.created_at,
    },
    default_ordering="-score",
    nullable=frozenset({"first_reported_at"}),
)

REPORTS = Listing(
    columns=REPORTED,
    key=Report.id,
    filters={
        "is_resolved": Filter(
            fields.Boolean(),
            lambda wanted: Report.resolution.is_not(None) if wanted else Report.resolution.is_(None),
            by_value=True,
        ),
        "reason": Filter(
            fields.String(validate=validate.OneOf(words.REPORT_REASONS)), lambda bound: Report.reason == bound
        ),
    },
    orderings={"created_at": Report.created_at, "weight": Report.weight},
    default_ordering="-created_at",
)

ReviewsQuery = query_schema(
    REVIEWS,
    "ReviewsQuery",
    practitioner=Reference(metadata={"description": "A uuid, an id or a slug."}),
    service=Reference(metadata={"description": "A uuid, an id or a slug."}),
    rating=StarRange(metadata={"type": "string", "example": "4"}),
    user=fields.UUID(metadata={"description": "Anonymous reviews of others are left out."}),
    is_published=fields.Boolean(metadata={"description": "For staff."}),
    search=fields.String(validate=validate.Length(2, 100)),
)
OwnQuery = query_schema(OWN, "OwnReviewsQuery")
ReceivedQuery = query_schema(RECEIVED, "ReceivedReviewsQuery")
PendingQuery = query_schema(PENDING, "PendingReviewsQuery")
QueueQuery = query_schema(QUEUE, "ModerationQuery", mine=fields.Boolean())
ReportsQuery = query_schema(REPORTS, "ReportsQuery")


class Narrowed:
    """What a list is narrowed to beyond its plain filters: clauses, their name, their parameters.

    `count` is how many reviews that leaves, where the numbers of whom they are about say it.
    """

    def __init__(self) -> None:
        self.where: list[Clause] = []
        self.names: list[str] = []
        self.parameters: dict[str, Any] = {}
        self.count: ColumnElement[int] | None = None

    def add(self, name: str, clause: Clause, **parameters: Any) -> None:
        """Narrow by one more."""
        self.where.append(clause)
        self.names.append(name)
        self.parameters.update(parameters)

    @property
    def variant(self) -> str:
        """The name of this choice of clauses."""
        return ",".join(self.names)


def narrowed(query: Mapping[str, Any], *, by: Identity) -> Narrowed:
    """Return what a list of reviews is narrowed to for this caller. Raises Invalid."""
    after, before = query.get("created_after"), query.get("created_before")
    if after is not None and before is not None and after > before:
        raise Invalid.field("created_after", "Must not lie after created_before.")
    found = Narrowed()
    _by_status(found, query.get("is_published"), by=by)
    about: dict[str, ColumnElement[int]] = {}
    for name, model, column in (
        ("practitioner", Practitioner, Review.practitioner_id),
        ("service", Service, Review.service_id),
    ):
        if query.get(name) is not None:
            about[name] = _by_reference(found, name, model, column, query[name])
    if query.get("rating") is not None:
        _by_rating(found, *query["rating"])
    if query.get("user") is not None:
        named = select(User.id).where(User.uuid == bindparam("user")).limit(1).scalar_subquery()
        found.add("user", Review.author_id == named, user=query["user"])
        if not by.is_staff:
            shown = or_(Review.is_anonymous.is_(False), Review.author_id == bindparam("me"))
            found.add("named", shown, me=by.user_id)
    if query.get("search"):
        both = func.websearch_to_tsquery("english", bindparam("text")).op("||")(
            func.to_tsquery("simple", bindparam("names"))
        )
        names = " & ".join(f"{word}:*A" for word in _WORD.findall(query["search"].lower()))
        found.add("search", Review.search.op("@@")(both), text=query["search"], names=names)
    found.count = _kept_count(query, about)
    return found


_TARGETS = (words.PRACTITIONER, words.SERVICE)
_UNCOUNTED = frozenset({"page", "page_size", "limit", "offset", "cursor", "ordering", "practitioner", "service"})


def _kept_count(query: Mapping[str, Any], about: Mapping[str, ColumnElement[int]]) -> ColumnElement[int] | None:
    """Return how many reviews of whom the list is about are published, all or those of one star.

    None where something else narrows the list, or nobody is named: then its rows are counted.
    """
    low, high = query.get("rating") or (0, 0)
    others = {name for name, value in query.items() if value is not None} - _UNCOUNTED - {"rating"}
    is_public = query.get("is_published") is not False
    if not about or not is_public or others - {"is_published"} or (low and low == high):
        return None
    kind = words.PAIR if len(about) > 1 else next(iter(about))
    number = getattr(Rating, STARS[low // 100 - 1]) if low else Rating.count
    kept = select(func.coalesce(func.max(number), 0)).where(
        Rating.target == literal_column(f"'{kind}'"),
        *(getattr(Rating, f"{name}_id") == about.get(name, literal_column("0")) for name in _TARGETS),
    )
    return kept.scalar_subquery()


def _by_status(found: Narrowed, wanted: bool | None, *, by: Identity) -> None:  # noqa: FBT001 - a filter's value.
    if wanted is not False:
        found.add("published", Review.status == words.PUBLISHED)
    elif by.is_staff:
        found.add("unpublished", Review.status != words.PUBLISHED)
    else:
        found.add("nothing", and_(Review.status == words.PUBLISHED, false()))


def _by_rating(found: Narrowed, low: int, high: int) -> None:
    """Narrow to an exact rating, or to one of five stars, written out: a plan for any range would guess far less."""
    if low == high:
        found.add("rating", Review.rating == bindparam("rating"), rating=low)
    else:
        found.add(f"stars={low}", Review.rating.between(literal_column(str(low)), literal_column(str(high))))


def _by_reference(found: Narrowed, name: str, model: Any, column: Any, wanted: int | UUID | str) -> ColumnElement[int]:
    """Narrow to whom a reference names, and return their number."""
    if isinstance(wanted, int):
        found.add(f"{name}/id", column == bindparam(name), **{name: wanted})
        return bindparam(name)
    held = model.public_uuid if isinstance(wanted, UUID) else model.slug
    number = select(model.id).where(held == bindparam(name)).limit(1).scalar_subquery()
    found.add(f"{name}/{held.key}", column == number, **{name: wanted})
    return number
