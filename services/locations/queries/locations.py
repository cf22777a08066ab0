"""Reading practitioners' locations: what their owners see, and what everybody else may."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, case, func, or_, select

from services.locations.domain import words
from services.locations.domain.addresses import country_in_address, full_address
from services.locations.domain.errors import LocationNotFound
from services.locations.domain.hiding import shown_postal_code
from services.locations.models import Country, Practitioner, PractitionerLocation, State
from shared.identity import Identity

Clause = ColumnElement[bool]
Row = dict[str, Any]
L = PractitionerLocation

_NAMES = (
    *("id", "public_uuid", "name", "address_line1", "address_line2", "city_name", "state_code", "country_code"),
    *("postal_code", "latitude", "longitude", "public_latitude", "public_longitude", "is_primary", "is_virtual"),
    *("is_in_person", "service_radius_miles", "timezone", "address_visibility", "precision", "geocode_status"),
    *("virtual_platform", "virtual_url", "arrival_notes", "accessibility", "created_at", "updated_at", "version"),
)
COLUMNS = (
    select(
        *(getattr(L, name) for name in _NAMES),
        L.practitioner_id.label("practitioner"),
        L.city_id.label("city"),
        L.state_id.label("state"),
        L.country_id.label("country"),
        State.name.label("state_name"),
        Country.name.label("country_name"),
    )
    .select_from(L)
    .outerjoin(State, State.id == L.state_id)
    .outerjoin(Country, Country.id == L.country_id)
)
ALIVE: Final[Clause] = L.deleted_at.is_(None)
# Bare: the partial indexes are not used for "listed IS TRUE".
PUBLIC: Final[tuple[Any, ...]] = (L.listed, ALIVE)


def matching(bound: Any) -> Clause:
    """Return the condition that a location's name, city or postal code begins so, or a word of its name does.

    Of a hidden address strangers can find no more of the postal code than they see. Needs `me` and `sees_all`.
    """
    is_open = or_(
        L.address_visibility == words.PUBLIC, L.practitioner_id == bindparam("me"), bindparam("sees_all").is_(True)
    )
    code = case((is_open, L.postal_code), else_=func.left(L.postal_code, 3))
    begins, word = func.concat(bound, "%"), func.concat("% ", bound, "%")
    return or_(L.name.ilike(begins), L.name.ilike(word), L.city_name.ilike(begins), code.ilike(begins))


def profile_id(connection: Connection, by: Identity) -> int | None:
    """Return the id of the caller's profile, if there is one."""
    if not by.is_signed_in:
        return None
    own = select(Practitioner.id).where(Practitioner.user_id == by.user_id, Practitioner.deleted_at.is_(None))
    found = connection.execute(own).scalar()
    return None if found is None else int(found)


def practitioner_id(connection: Connection, reference: str) -> int | None:
    """Return the id of a practitioner named by id, uuid or slug."""
    asked = reference.strip()
    if asked.isascii() and asked.isdigit():
        return min(int(asked[:19]), 2**63 - 1)
    try:
        named: Clause = Practitioner.public_uuid == UUID(asked)
    except ValueError:
        named = Practitioner.slug == asked
    found = connection.execute(select(Practitioner.id).where(named).limit(1)).scalar()
    return None if found is None else int(found)


def seen(connection: Connection, named: Clause, *, by: Identity) -> tuple[Row, bool]:
    """Return a location and whether the caller sees all of it. Raises LocationNotFound."""
    row = connection.execute(COLUMNS.add_columns(L.listed).where(named, ALIVE)).first()
    if row is None:
        raise LocationNotFound
    is_own = by.is_staff or row.practitioner == profile_id(connection, by)
    if not is_own and not row.listed:
        raise LocationNotFound
    return dict(row._mapping), is_own


def shown(row: Mapping[str, Any], *, is_own: bool, warnings: tuple[str, ...] = ()) -> Row:
    """Return a location as its owner sees it, or as everybody else does."""
    is_hidden = not is_own and row["address_visibility"] != words.PUBLIC
    view = {
        **row,
        "is_address_hidden": is_hidden,
        "location_types": location_types(row),
        "warnings": list(warnings),
        "accessibility": list(row["accessibility"]),
    }
    if not is_own:
        view |= {"virtual_url": None, "arrival_notes": None, "precision": None, "geocode_status": None}
        view |= {"latitude": row["public_latitude"], "longitude": row["public_longitude"]}
    if is_hidden:
        view |= hidden_address(row)
    view["full_address"] = written(view, country_name=row["country_name"])
    return view


def hidden_address(row: Mapping[str, Any]) -> Row:
    """Return the parts of an address that is told after booking only, as others see them."""
    return {"address_line1": "", "address_line2": None, "postal_code": shown_postal_code(row["postal_code"])}


def written(row: Mapping[str, Any], *, country_name: str | None) -> str:
    """Return the address in one line."""
    code = row["country_code"]
    return full_address(
        line1=row["address_line1"],
        line2=row["address_line2"],
        city=row["city_name"],
        state=row["state_code"],
        postal_code=row["postal_code"],
        country=country_in_address(code, country_name or code) if code else None,
    )


def location_types(row: Mapping[str, Any]) -> list[str]:
    """Return how people meet there."""
    kinds = ((words.IN_PERSON, row["is_in_person"]), (words.VIRTUAL, row["is_virtual"]))
    return [kind for kind, is_so in kinds if is_so]
