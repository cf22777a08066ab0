"""Practitioners' locations, for their owners and for everybody else."""

from typing import Any

from flask import request
from marshmallow import validate
from sqlalchemy import bindparam

from services.locations.api.location_shapes import PinRequest, PractitionerLocationRequest, merged
from services.locations.api.location_shapes import PractitionerLocation as LocationShape
from services.locations.api.shapes import line
from services.locations.domain.errors import (
    LocationLimitReached,
    LocationNotFound,
    NotAPractitioner,
    NotYours,
    PinTooFar,
    PractitionerSuspended,
)
from services.locations.domain.sphere import Point
from services.locations.models import PractitionerLocation
from services.locations.operations import locations as operations
from services.locations.operations.callers import named
from services.locations.operations.throttling import throttle
from services.locations.queries import locations as queries
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import Conflict, Invalid, RateLimited
from shared.http import (
    SIGNED_IN,
    Blueprint,
    Idempotency,
    MethodView,
    fields,
    identity,
    require_match,
    say,
    set_version,
)
from shared.http.pages import page_body, page_schema, query_schema
from shared.listing import Filter, Listing

locations = Blueprint("practitioner-locations", "Where practitioners work.")

CHANGING = [NotYours, LocationNotFound, PractitionerSuspended]
_WRITING = [*CHANGING, LocationLimitReached, Conflict]

LOCATIONS = Listing(
    columns=queries.COLUMNS,
    key=PractitionerLocation.id,
    filters={
        "city": Filter(fields.Integer(), lambda bound: PractitionerLocation.city_id == bound),
        "state": Filter(fields.Integer(), lambda bound: PractitionerLocation.state_id == bound),
        "is_in_person": Filter(fields.Boolean(), PractitionerLocation.is_in_person.is_, by_value=True),
        "is_primary": Filter(fields.Boolean(), PractitionerLocation.is_primary.is_, by_value=True),
        "is_virtual": Filter(fields.Boolean(), PractitionerLocation.is_virtual.is_, by_value=True),
        "practitioner": Filter(
            line(128, metadata={"description": "Id, uuid or slug."}),
            lambda bound: PractitionerLocation.practitioner_id == bound,
        ),
    },
    orderings={
        "created_at": PractitionerLocation.created_at,
        "is_primary": PractitionerLocation.is_primary,
        "name": PractitionerLocation.name,
    },
    default_ordering="-is_primary,-created_at",
    search=queries.matching,
    search_min=1,
    nullable=frozenset({"name"}),
)
LocationsQuery = query_schema(LOCATIONS, "LocationsQuery", scope=fields.String(validate=validate.OneOf(("own", "all"))))


@locations.route("/practitioner-locations/", twins=["/locations/practitioner-locations/"])
class Locations(MethodView):
    """All locations."""

    @locations.operation("practitioner_locations_list", SIGNED_IN)
    @locations.arguments(LocationsQuery, location="query")
    @locations.response(200, page_schema(LocationShape))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List one's own locations, or with `practitioner` or `scope=all` what the public may see of everybody's."""
        by, scope = identity(), query.pop("scope", None)
        with reading() as connection:
            mine = queries.profile_id(connection, by)
            if "practitioner" in query:
                query["practitioner"] = queries.practitioner_id(connection, query["practitioner"]) or -1
            own = scope == "own" or (scope is None and mine is not None and "practitioner" not in query)
            if "practitioner" in query and query["practitioner"] == mine:
                own = True
            where: list[Any] = [queries.ALIVE]
            if own and not (by.is_staff and mine is None):
                where.append(PractitionerLocation.practitioner_id == bindparam("me"))
                variant = "own"
            else:
                variant = "staff" if by.is_staff else "public"
                where = where if by.is_staff else [*queries.PUBLIC]
            parameters = {"me": mine or -1, "sees_all": by.is_staff}
            page = LOCATIONS.page(connection, query, where=where, variant=variant, parameters=parameters)
        sees_all = by.is_staff
        return page_body(
            page, [queries.shown(row, is_own=sees_all or row["practitioner"] == mine) for row in page.rows]
        )

    @locations.operation(
        "practitioner_locations_create",
        SIGNED_IN,
        refuses=[NotAPractitioner, PractitionerSuspended, LocationLimitReached],
        idempotency=Idempotency.ACROSS_TRANSACTIONS,
    )
    @locations.arguments(PractitionerLocationRequest)
    @locations.response(201, LocationShape)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Add a location to one's practice; the first one becomes the primary one.

        The address is found on the map; `warnings` say what is not sure. What is found badly now is tried again later.
        """
        key = request.headers.get("Idempotency-Key")
        written = operations.create_location(merged(body), by=identity(), now=utc_now(), creation_key=key)
        say("Location created successfully")
        return _answer(written)


@locations.route(
    "/practitioner-locations/<ref:reference>/", twins=["/locations/practitioner-locations/<ref:reference>/"]
)
class OneLocation(MethodView):
    """One location."""

    @locations.operation("practitioner_locations_retrieve", SIGNED_IN, refuses=[LocationNotFound])
    @locations.response(200, LocationShape)
    def get(self, reference: str) -> dict[str, Any]:
        """Return a location: all of it to its owner, to others what is public."""
        with reading() as connection:
            row, is_own = queries.seen(connection, named(reference), by=identity())
        set_version(row["version"] if is_own else f"{row['version']}-public")
        return queries.shown(row, is_own=is_own)

    @locations.operation("practitioner_locations_update", SIGNED_IN, refuses=_WRITING, matches=True)
    @locations.arguments(PractitionerLocationRequest)
    @locations.response(200, LocationShape)
    def put(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Change all of a location; what is absent takes its default."""
        return _update(reference, body, whole=True)

    @locations.operation("practitioner_locations_partial_update", SIGNED_IN, refuses=_WRITING, matches=True)
    @locations.arguments(PractitionerLocationRequest(partial=True))
    @locations.response(200, LocationShape)
    def patch(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Change parts of a location. A changed address is found on the map again, unless a point comes with it."""
        return _update(reference, body, whole=False)

    @locations.operation("practitioner_locations_destroy", SIGNED_IN, refuses=CHANGING)
    @locations.response(204)
    def delete(self, reference: str) -> None:
        """Delete a location. Bookings keep what they copied; the next location becomes the primary one."""
        with transaction() as session:
            operations.delete_location(session, reference, by=identity(), now=utc_now())


@locations.route(
    "/practitioner-locations/<ref:reference>/set_primary/",
    twins=["/locations/practitioner-locations/<ref:reference>/set_primary/"],
)
class SetPrimary(MethodView):
    """The primary location."""

    @locations.operation("practitioner_locations_set_primary_create", SIGNED_IN, refuses=CHANGING)
    @locations.response(200, LocationShape)
    def post(self, reference: str) -> dict[str, Any]:
        """Make a location the primary one; the former one is it no more."""
        with transaction() as session:
            location = operations.set_primary(session, reference, by=identity())
            session.flush()
            row, _ = queries.seen(session.connection(), PractitionerLocation.id == location.id, by=identity())
        say("Primary location updated")
        set_version(row["version"])
        return queries.shown(row, is_own=True)


@locations.route(
    "/practitioner-locations/<ref:reference>/geocode/",
    twins=["/locations/practitioner-locations/<ref:reference>/geocode/"],
)
class Geocode(MethodView):
    """A location's point."""

    @locations.operation(
        "practitioner_locations_geocode_create", SIGNED_IN, refuses=[*CHANGING, PinTooFar, RateLimited, Conflict]
    )
    @locations.arguments(PinRequest)
    @locations.response(200, LocationShape)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Find a location's address on the map again, or with a point: put its pin there."""
        throttle("geocode", by=identity(), now=utc_now())
        latitude, longitude = body.get("latitude"), body.get("longitude")
        if (latitude is None) != (longitude is None):
            raise Invalid.field("latitude" if latitude is None else "longitude", "A point needs both.")
        pin = None if latitude is None or longitude is None else Point(latitude, longitude)
        return _answer(operations.place_again(reference, pin, by=identity(), now=utc_now()))


def _update(reference: str, body: dict[str, Any], *, whole: bool) -> dict[str, Any]:
    written = operations.update_location(
        reference, merged(body), by=identity(), now=utc_now(), match=require_match, whole=whole
    )
    say("Location updated successfully")
    return _answer(written)


def _answer(written: operations.Written) -> dict[str, Any]:
    with reading() as connection:
        row, _ = queries.seen(connection, PractitionerLocation.id == written.location.id, by=identity())
    set_version(row["version"])
    return queries.shown(row, is_own=True, warnings=written.warnings)
