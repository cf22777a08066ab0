"""The list of practitioners, as ids: filters, orderings, and who sees whom."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Float,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, array

from services.practitioners.domain import words
from services.practitioners.domain.geo import Circle
from services.practitioners.models import Place, Practitioner
from services.practitioners.models.referring import LISTED
from services.practitioners.queries.parameters import LANGUAGE, LOCATION_TYPES, Between, Box, Facets, PlaceName, Rating
from shared.http import fields
from shared.identity import Identity
from shared.listing import Filter, Listing

Clause = ColumnElement[bool]
SOON_HOURS: Final = 48


def _prefixed(value: Any) -> Any:
    return func.array(select(literal_column("'v:' || asked")).select_from(_asked(value)).scalar_subquery())


def _asked(value: Any) -> Any:
    return func.unnest(cast(value, ARRAY(Text))).alias("asked")


status = case(
    (Practitioner.verification_status == words.VERIFIED, Practitioner.activity),
    (Practitioner.verification_status.in_((words.REJECTED, words.SUSPENDED)), Practitioner.verification_status),
    else_=words.PENDING,
)


def tagged(bound: Any) -> Clause:
    """Return the condition that a practitioner has any of these facets."""
    return Practitioner.tags.op("&&")(cast(bound, ARRAY(Text)))


def tagged_by_slug(prefix: str, kind: str) -> Any:
    """Return the clause for facets among which may be slugs of catalog's words."""
    looked_up = (
        f"(SELECT '{prefix}' || modalities.id FROM modalities"  # noqa: S608 - our own words only.
        f" WHERE modalities.kind = '{kind}' AND modalities.slug = asked AND modalities.deleted_at IS NULL LIMIT 1)"
    )
    facet: ColumnElement[Any] = literal_column(f"CASE WHEN asked ~ '^{prefix}[0-9]+$' THEN asked ELSE {looked_up} END")

    def clause(bound: Any) -> Clause:
        return Practitioner.tags.op("&&")(func.array(select(facet).select_from(_asked(bound)).scalar_subquery()))

    return clause


def words_of(bound: Any) -> Clause:
    """Return the text condition; none for a query of stop words only."""
    query = func.websearch_to_tsquery("estuary", bound)
    return or_(func.numnode(query) == 0, Practitioner.search.op("@@")(query))


def at(*conditions: Clause) -> Clause:
    """Return the condition that a practitioner works at such a place."""
    return exists().where(Place.practitioner_id == Practitioner.id, Place.deleted_at.is_(None), *conditions)


_ONLINE = Practitioner.__table__.alias("online")


def in_box(bound: Any) -> Clause:
    """Return the condition of the one box for places: `name|region`, virtual or online."""
    name, region = func.split_part(bound, "|", 1), func.split_part(bound, "|", 2)
    there = select(Place.practitioner_id).where(
        Place.deleted_at.is_(None), called(name, "cskp"), or_(region == "", called(region, "sk"))
    )
    online = select(_ONLINE.c.id).where(
        name.in_(("virtual", "online")), _ONLINE.c.listed, _ONLINE.c.tags.contains(["v:virtual"])
    )
    return Practitioner.id.in_(there.union_all(online))


def called(name: Any, kinds: str) -> Clause:
    """Return the condition that a place has this name, as one of `kinds`: c city, s state, k country, p postal code."""
    return Place.names.op("&&")(array([func.concat(f"{kind}:", name) for kind in kinds], type_=Text))


def within_hours(bound: Any) -> Clause:
    """Return the condition that a free time is that near."""
    return Practitioner.next_available_at <= func.now() + func.make_interval(0, 0, 0, 0, bound)


def free_on(bound: Any) -> Clause:
    """Return the condition that a local day has a free time, as far as that is known."""
    parts = func.substr(Practitioner.free_map, 3 * (bound - Practitioner.free_from) + 1, 3)
    return and_(bound >= Practitioner.free_from, func.strpos(parts, "1") > 0)


def point() -> Any:
    """Return the place that is asked about: bound parameters px, py, pz on the unit sphere."""
    return func.cube(array([bindparam(name, type_=Float) for name in ("px", "py", "pz")]))


def near() -> Clause:
    """Return the condition of being within `chord` of the asked place."""
    return at(around())


def around() -> Clause:
    """Return the condition that a place lies within `chord` of the asked one."""
    chord = bindparam("chord", type_=Float)
    return and_(
        Place.geo.op("<@")(func.cube_enlarge(point(), chord, 3)), func.cube_distance(Place.geo, point()) <= chord
    )


def between() -> Clause:
    """Return the condition of lying within bounds; west above east crosses the antimeridian."""
    west, east = bindparam("west", type_=Float), bindparam("east", type_=Float)
    along = or_(
        and_(west <= east, Place.longitude.between(west, east)),
        and_(west > east, or_(Place.longitude >= west, Place.longitude <= east)),
    )
    return at(Place.latitude.between(bindparam("south", type_=Float), bindparam("north", type_=Float)), along)


_DISTANCE = (
    select(func.min(func.cube_distance(Place.geo, point())))
    .where(Place.practitioner_id == Practitioner.id, Place.deleted_at.is_(None))
    .correlate(Practitioner)
    .scalar_subquery()
)


def _facets(prefix: str, **more: Any) -> Filter:
    return Filter(Facets(prefix, **more), tagged)


FILTERS: Final = {
    "available_now": Filter(
        fields.Boolean(), lambda value: within_hours(SOON_HOURS) if value else true(), by_value=True
    ),
    "available_within_hours": Filter(Between(1, 1440), within_hours),
    "available_on": Filter(fields.Date(), free_on),
    "city": Filter(PlaceName(), lambda value: at(called(value, "c"))),
    "state": Filter(PlaceName(), lambda value: at(called(value, "s"))),
    "country": Filter(PlaceName(), lambda value: at(called(value, "k"))),
    "location": Filter(Box(), in_box),
    "featured": Filter(fields.Boolean(), lambda value: Practitioner.featured == value),
    "is_featured": Filter(fields.Boolean(), lambda value: Practitioner.featured == value),
    "is_verified": Filter(
        fields.Boolean(),
        lambda value: (Practitioner.verification_status == words.VERIFIED) == value,
    ),
    "is_active": Filter(fields.Boolean(), lambda value: Practitioner.listed == value),
    "practitioner_status": Filter(fields.Names(words.PRACTITIONER_STATUSES), lambda value: status == func.any(value)),
    "language": _facets("l:", pattern=LANGUAGE),
    "location_type": Filter(fields.Names(LOCATION_TYPES), lambda value: Practitioner.tags.op("&&")(_prefixed(value))),
    "max_experience": Filter(fields.Integer(), lambda value: Practitioner.years_of_experience <= value),
    "min_experience": Filter(fields.Integer(), lambda value: Practitioner.years_of_experience >= value),
    "min_price": Filter(fields.Money(), lambda value: Practitioner.max_price_cents >= value),
    "max_price": Filter(fields.Money(), lambda value: Practitioner.min_price_cents <= value),
    "min_rating": Filter(Rating(), lambda value: Practitioner.rating_average >= value),
    "modality": Filter(Facets("m", slugs=True), tagged_by_slug("m", "modality")),
    "modality_id": _facets("m"),
    "modality_category": Filter(Facets("M", slugs=True), tagged_by_slug("M", "modality_category")),
    "service_category": _facets("c"),
    "categories": Filter(Facets("c", slugs=True), tagged_by_slug("c", "service")),
    "service_type": _facets("k", known=words.SERVICE_TYPES),
    "specialization": _facets("s"),
    "style": _facets("y"),
    "topic": _facets("t"),
}
ORDERED: dict[str, Any] = {
    "created_at": Practitioner.created_at,
    "years_of_experience": Practitioner.years_of_experience,
    "years_experience": Practitioner.years_of_experience,
    "featured": Practitioner.featured,
    "is_featured": Practitioner.featured,
    "average_rating": Practitioner.rating_average,
    "total_reviews": Practitioner.rating_count,
    "min_price": Practitioner.min_price_cents,
    "max_price": Practitioner.max_price_cents,
    "next_available_date": Practitioner.next_available_at,
    "display_name": Practitioner.display_name,
    "distance": _DISTANCE,
}
PRACTITIONERS: Final = Listing(
    columns=select(Practitioner.id),
    key=Practitioner.id,
    filters=FILTERS,
    orderings=ORDERED,
    default_ordering="-featured,-created_at",
    search=words_of,
    nullable=frozenset(
        {
            *("years_of_experience", "years_experience", "min_price", "max_price", "next_available_date"),
            *("display_name", "distance"),
        }
    ),
)


def asked_of(
    query: Mapping[str, Any], by: Identity | None, circle: Circle | None, bounds: Mapping[str, float] | None
) -> tuple[list[Clause], str, dict[str, Any]]:
    """Return whom a list may show to `by`, in a place if one is asked about: clauses, their name, their parameters."""
    where, variant, parameters = _visible(query, by)
    if circle is not None:
        where.append(near())
        variant += "+near"
        parameters |= circle.parameters
    if bounds is not None:
        where.append(between())
        variant += "+bounds"
        parameters |= bounds
    return where, variant, parameters


def _visible(query: Mapping[str, Any], by: Identity | None) -> tuple[list[Clause], str, dict[str, Any]]:
    asks_status = query.get("practitioner_status") is not None
    if by is not None and by.is_staff and asks_status:
        return [Practitioner.deleted_at.is_(None)], "staff", {}
    if by is not None and by.is_signed_in and asks_status:
        own = and_(Practitioner.user_id == bindparam("me"), Practitioner.deleted_at.is_(None))
        return [or_(LISTED, own)], "own", {"me": by.user_id}
    return [LISTED], "listed", {}


def part_of_day(hour: int) -> int:
    """Return which part of a day an hour lies in: 0 morning, 1 afternoon, 2 evening."""
    return 0 if hour < 12 else 1 if hour < 17 else 2


def part_is_free(day: Any, part: Any) -> Clause:
    """Return the condition that a part of a local day has a free time, as far as that is known."""
    place = 3 * (day - Practitioner.free_from) + part + 1
    return and_(day >= Practitioner.free_from, func.substr(Practitioner.free_map, place, 1) == "1")
