"""What a list of reviews is narrowed to: whom it is about, which stars, whose, which words."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, false, func, literal_column, or_, select

from services.reviews.domain import words
from services.reviews.domain.tally import STARS
from services.reviews.models import Practitioner, Rating, Review, Service, User
from shared.errors import Invalid
from shared.identity import Identity

Clause = ColumnElement[bool]

_WORD = re.compile(r"\w+")


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
        found.parameters["names"] = " & ".join(f"{word}:*A" for word in _WORD.findall(query["search"].lower()))
    found.count = _kept_count(query, about)
    return found


TARGETS = (words.PRACTITIONER, words.SERVICE)
_UNCOUNTED = frozenset({"page", "page_size", "limit", "offset", "cursor", "ordering", "practitioner", "service"})


def _kept_count(query: Mapping[str, Any], about: Mapping[str, ColumnElement[int]]) -> ColumnElement[int] | None:
    """Return how many published reviews of whom the list is about there are: all, or those of one kind.

    None where the list is narrowed by something else, or by two things, or is about nobody: then its rows are counted.
    """
    others = {name for name, value in query.items() if value is not None} - _UNCOUNTED
    if query.get("is_published") is True:
        others -= {"is_published"}
    number = _number(query, others)
    if not about or number is None:
        return None
    kind = words.PAIR if len(about) > 1 else next(iter(about))
    kept = select(func.coalesce(func.max(number), 0)).where(
        Rating.target == literal_column(f"'{kind}'"),
        *(getattr(Rating, f"{name}_id") == about.get(name, literal_column("0")) for name in TARGETS),
    )
    return kept.scalar_subquery()


def _number(query: Mapping[str, Any], asked: set[str]) -> Any:
    """Return the figure that says how many reviews have the one thing that is asked for; None where there is none."""
    if not asked:
        return Rating.count
    if asked == {"rating"}:
        low, high = query["rating"]
        return None if low == high else getattr(Rating, STARS[low // 100 - 1])
    for name, figure in (("has_response", Rating.with_response), ("is_verified", Rating.verified)):
        if asked == {name}:
            return figure if query[name] else Rating.count - figure
    return None


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
