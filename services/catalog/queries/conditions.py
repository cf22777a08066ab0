"""Conditions on services: who may find them, what matches words, what is near."""

from math import cos, degrees, radians
from typing import Any, cast

from sqlalchemy import ColumnElement, and_, bindparam, func, literal_column, or_, select

from services.catalog.models import Practitioner, Service, ServicePractitioner
from shared.identity import Identity

Clause = ColumnElement[bool]
EARTH_KM = 6371.0088
RADIUS_KM = 40.0


def matching(bound: Any) -> Clause:
    """Return the condition that a service's words match; nothing but stop words matches everything."""
    query = func.websearch_to_tsquery(literal_column("'estuary'"), bound)
    return or_(func.numnode(query) == 0, Service.search.op("@@")(query))


_NEAR_LAT: Any = bindparam("near_lat")
_NEAR_LNG: Any = bindparam("near_lng")
_NEAR_KM: Any = bindparam("near_km")

# Bare: the partial indexes are not used for "listed IS TRUE".
LISTED = cast("Clause", Service.listed)
DISTANCE = (
    2
    * EARTH_KM
    * func.asin(
        func.sqrt(
            func.least(
                1.0,
                func.power(func.sin(func.radians(Service.lat - _NEAR_LAT) / 2), 2)
                + func.cos(func.radians(_NEAR_LAT))
                * func.cos(func.radians(Service.lat))
                * func.power(func.sin(func.radians(Service.lng - _NEAR_LNG) / 2), 2),
            )
        )
    )
)


def seen_by(by: Identity, *, include_deleted: bool = False) -> tuple[list[Clause], str, dict[str, Any]]:
    """Return what lists show the caller: the clauses, their name and their parameters."""
    if by.is_staff:
        return ([], "all", {}) if include_deleted else ([Service.deleted_at.is_(None)], "staff", {})
    if not by.is_signed_in:
        return [LISTED], "public", {}
    own = select(ServicePractitioner.service_id).where(
        ServicePractitioner.practitioner_id.in_(
            select(Practitioner.id).where(Practitioner.user_id == bindparam("me"), Practitioner.deleted_at.is_(None))
        )
    )
    return [or_(LISTED, and_(Service.deleted_at.is_(None), Service.id.in_(own)))], "own", {"me": by.user_id}


def around() -> list[Clause]:
    """Return the conditions for services near a point: a box that the index finds, then the circle."""
    corners = (("near_west", "near_south"), ("near_east", "near_north"))
    box = func.box(*(func.point(bindparam(lng), bindparam(lat)) for lng, lat in corners))
    inside: Clause = func.point(Service.lng, Service.lat).op("<@", is_comparison=True)(box)
    return [inside, DISTANCE <= _NEAR_KM]


def around_parameters(near: tuple[float, float], radius_km: float) -> dict[str, float]:
    """Return the parameters of `around`."""

    lat, lng = near
    up = degrees(radius_km / EARTH_KM)
    aside = min(180.0, up / max(0.01, cos(radians(lat))))
    return {
        "near_lat": lat,
        "near_lng": lng,
        "near_km": radius_km,
        "near_south": lat - up,
        "near_north": lat + up,
        "near_west": lng - aside,
        "near_east": lng + aside,
    }
