"""Google Maps, as locations uses it: geocoding, reverse geocoding, address validation, completing addresses.

Refusals are of three kinds, which decide what happens next:

GoogleRefusal
├── KeyRefused    the key may not do this: final, Google is not asked again by this process
├── OverLimit     too many calls: not for a minute
└── Unanswered    no answer, or none that makes sense

Names, e-mail addresses and the like are never sent. Source: https://developers.google.com/maps/documentation.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import googlemaps
from googlemaps import exceptions
from googlemaps.addressvalidation import addressvalidation
from googlemaps.places import places_autocomplete

from services.locations.domain.addresses import Components, Correction, Found, Question, Verdict
from services.locations.domain.sphere import Point

# A second try is made only if the first one failed sooner than this: so both fit into the caller's patience.
RETRY_WITHIN_SECONDS: Final = 0.3
_REFUSED: Final = frozenset({"REQUEST_DENIED", "PERMISSION_DENIED", "UNAUTHENTICATED", "INVALID_KEY"})
T = TypeVar("T")
_OVER: Final = frozenset({"OVER_QUERY_LIMIT", "OVER_DAILY_LIMIT", "RESOURCE_EXHAUSTED"})


class GoogleRefusal(Exception):
    """No answer from Google."""


class KeyRefused(GoogleRefusal):
    """The key is not accepted."""


class OverLimit(GoogleRefusal):
    """Too many calls."""


class Unanswered(GoogleRefusal):
    """No answer in time, or none that makes sense."""


class GoogleMaps:
    """The real library against the real API, or against a sandbox that speaks the same wire."""

    def __init__(self, *, key: str, base: str = "", timeout_ms: int = 3000) -> None:
        options: dict[str, Any] = {"base_url": base} if base else {}
        try:
            self._client = googlemaps.Client(
                key,
                timeout=timeout_ms / 1000,
                retry_timeout=RETRY_WITHIN_SECONDS,
                retry_over_query_limit=False,
                **options,
            )
        except ValueError as bad:
            raise KeyRefused("This does not look like a key of Google Maps.") from bad
        self._base = base

    def geocode(self, question: Question) -> list[Found]:
        """Return the places that an address may mean, best first. Raises KeyRefused, OverLimit, Unanswered."""
        components = {"country": question.country} if question.country else None
        rows = _answer(lambda: self._client.geocode(question.one_line, components=components))
        return _read(lambda: [_found(row) for row in rows])

    def place(self, place_id: str) -> Found | None:
        """Return a place by Google's id, None if it is no more. Raises KeyRefused, OverLimit, Unanswered."""
        rows = _answer(lambda: self._client.geocode(place_id=place_id))
        found = _read(lambda: [_found(row) for row in rows])
        return found[0] if found else None

    def reverse(self, point: Point) -> Found | None:
        """Return the address at a point. Raises KeyRefused, OverLimit, Unanswered."""
        rows = _answer(lambda: self._client.reverse_geocode((point.latitude, point.longitude)))
        found = _read(lambda: [_found(row) for row in rows])
        return found[0] if found else None

    def verdict(self, question: Question) -> Verdict:
        """Return Google's verdict on an address. Raises KeyRefused, OverLimit, Unanswered."""
        asked = [line for line in (question.line1, question.line2) if line]
        rest = question.text or ", ".join(
            part for part in (question.city, f"{question.state} {question.postal_code}".strip()) if part
        )
        at = _At(self._client, self._base)
        body = _answer(lambda: addressvalidation(at, [*asked, rest], regionCode=question.country))
        error = body.get("error") if isinstance(body, dict) else None
        if error:
            _raise(str(error.get("status", "")))
        return _read(lambda: _verdict(body["result"]))

    def suggestions(
        self, text: str, *, session_token: str, countries: tuple[str, ...], point: Point | None
    ) -> list[Any]:
        """Return addresses that begin so: text, secondary text, place id. Raises KeyRefused, OverLimit, Unanswered."""
        rows = _answer(
            lambda: places_autocomplete(
                self._client,
                text,
                session_token=session_token,
                types="address",
                components={"country": list(countries[:5])} if countries else None,
                location=(point.latitude, point.longitude) if point else None,
                radius=50_000 if point else None,
            )
        )
        return _read(
            lambda: [
                (
                    row["structured_formatting"]["main_text"],
                    row["structured_formatting"].get("secondary_text", ""),
                    row["place_id"],
                )
                for row in rows
            ]
        )


class _At:
    """The library's client with another host: address validation lives on one of its own, which tests replace."""

    def __init__(self, client: Any, base: str) -> None:
        self._client, self._base = client, base

    def _request(self, url: str, params: Any, **options: Any) -> Any:
        if self._base:
            options["base_url"] = self._base
        return self._client._request(url, params, **options)


def _answer(call: Callable[[], Any]) -> Any:
    """Return what Google answers, with the library's and the network's failures as our three."""
    try:
        return call()
    except exceptions.ApiError as refused:
        return _raise(str(refused.status))
    except exceptions.HTTPError as refused:
        return _raise("REQUEST_DENIED" if refused.status_code in (401, 403) else "")
    except (exceptions.Timeout, exceptions.TransportError, ValueError, KeyError, TypeError, AttributeError) as failed:
        raise Unanswered(type(failed).__name__) from None


def _raise(status: str) -> Any:
    """Raise what a status means. Its text may hold the key, so it is left out."""
    if status in _REFUSED:
        raise KeyRefused(status)
    if status in _OVER:
        raise OverLimit(status)
    raise Unanswered(status or "no status")


def _read(read: Callable[[], T]) -> T:
    """Return what was read of an answer. Raises Unanswered if it is not of the form that Google documents."""
    try:
        return read()
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        raise Unanswered("unreadable") from None


_TYPES: Final = {
    "street_number": ("street_number",),
    "street": ("route",),
    "unit": ("subpremise",),
    "city": ("locality", "postal_town", "sublocality_level_1", "sublocality", "administrative_area_level_3"),
    "state": ("administrative_area_level_1",),
    "postal_code": ("postal_code",),
    "country": ("country",),
}


def _components(parts: list[Mapping[str, Any]]) -> Components:
    """Return our parts of Google's; codes for state and country."""
    found: dict[str, str] = {}
    for ours, theirs in _TYPES.items():
        for kind in theirs:
            named = next((part for part in parts if kind in part["types"]), None)
            if named is not None:
                found[ours] = named["short_name" if ours in ("state", "country") else "long_name"]
                break
    return Components(**found)


_FINENESS: Final = (
    ({"street_address", "premise", "subpremise", "route", "intersection"}, "street"),
    ({"postal_code"}, "postal_code"),
    ({"locality", "sublocality", "postal_town", "neighborhood", "administrative_area_level_3"}, "city"),
    ({"administrative_area_level_1", "administrative_area_level_2"}, "state"),
)


def _found(row: Mapping[str, Any]) -> Found:
    geometry = row["geometry"]
    point = Point(round(float(geometry["location"]["lat"]), 6), round(float(geometry["location"]["lng"]), 6))
    precision = "rooftop" if geometry.get("location_type") == "ROOFTOP" else None
    if precision is None and geometry.get("location_type") == "RANGE_INTERPOLATED":
        precision = "street"
    kinds = set(row.get("types", ()))
    precision = precision or next((ours for theirs, ours in _FINENESS if kinds & theirs), "country")
    box = geometry.get("bounds") or geometry.get("viewport")
    corners = [box[corner][axis] for corner in ("southwest", "northeast") for axis in ("lat", "lng")] if box else None
    return Found(
        point=point,
        precision=precision,
        components=_components(row["address_components"]),
        formatted_address=row["formatted_address"],
        partial_match=bool(row.get("partial_match")),
        place_id=row["place_id"],
        bounds=",".join(f"{number:.6f}" for number in corners) if corners else None,
    )


_GRANULARITY: Final = {
    "SUB_PREMISE": "unit",
    "PREMISE": "building",
    "PREMISE_PROXIMITY": "building",
    "BLOCK": "street",
    "ROUTE": "street",
}


def _verdict(result: Mapping[str, Any]) -> Verdict:
    address, judged = result["address"], result.get("verdict", {})
    values: dict[str, str] = {}
    confirmed: list[str] = []
    unconfirmed: list[str] = []
    corrections = []
    for part in address.get("addressComponents", ()):
        ours = next((name for name, kinds in _TYPES.items() if part["componentType"] in kinds), None)
        if ours is None:
            continue
        values[ours] = part["componentName"]["text"]
        is_sure = part.get("confirmationLevel") == "CONFIRMED"
        (confirmed if is_sure else unconfirmed).append(ours)
        if part.get("spellCorrected") or part.get("replaced"):
            corrections.append(Correction(component=ours, before="", after=values[ours]))
    values["country"] = (address.get("postalAddress") or {}).get("regionCode") or values.get("country", "")
    missing = [
        next((name for name, kinds in _TYPES.items() if kind in kinds), kind)
        for kind in address.get("missingComponentTypes", ())
    ]
    granularity = _GRANULARITY.get(judged.get("validationGranularity", ""), "")
    coarse = next((name for name in ("postal_code", "city", "state", "country") if values.get(name)), "none")
    is_found = granularity in ("unit", "building") and not {"street_number", "street"} & set(unconfirmed)
    place = result.get("geocode") or {}
    at = place.get("location")
    return Verdict(
        valid=is_found and not missing,
        error=None if is_found and not missing else "The address could not be confirmed",
        formatted_address=address.get("formattedAddress"),
        point=Point(round(float(at["latitude"]), 6), round(float(at["longitude"]), 6)) if at else None,
        components=Components(**values),
        granularity=granularity or coarse,
        confirmed=tuple(confirmed),
        unconfirmed=tuple(unconfirmed),
        corrections=tuple(corrections),
        missing=tuple(missing),
        place_id=place.get("placeId"),
    )
