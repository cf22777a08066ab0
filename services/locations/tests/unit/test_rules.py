"""Rules of places and addresses."""

from datetime import UTC, datetime
from math import asin, cos, pi, radians, sin, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.locations.clients import formats
from services.locations.domain.addresses import full_address
from services.locations.domain.breaker import Breaker
from services.locations.domain.sphere import (
    EARTH_METRES,
    Bounds,
    Point,
    bearing,
    kilometres,
    metres_between,
    snapped,
)
from services.locations.domain.text import folded, highlighted, search_text, slug_of
from services.locations.domain.timezones import described, next_transition

points = st.builds(
    Point,
    st.one_of(st.sampled_from((-90.0, 0.0, 90.0)), st.floats(-90, 90)),
    st.one_of(st.sampled_from((-180.0, -179.99, 0.0, 179.99, 180.0)), st.floats(-180, 180)),
)


def haversine(one: Point, other: Point) -> float:
    up = radians(other.latitude - one.latitude) / 2
    across = radians(other.longitude - one.longitude) / 2
    inner = sin(up) ** 2 + cos(radians(one.latitude)) * cos(radians(other.latitude)) * sin(across) ** 2
    return 2 * EARTH_METRES * asin(min(1.0, sqrt(inner)))


@settings(max_examples=60, deadline=None)
@given(points, points)
def test_distances_are_great_circles(one: Point, other: Point) -> None:
    assert metres_between(one, other) == pytest.approx(haversine(one, other), abs=0.5)
    assert 0 <= bearing(one, other) < 360


def test_antipodes_are_half_the_way_around() -> None:
    assert str(kilometres(metres_between(Point(0, 0), Point(0, 180)))) == "20015.11"


@settings(max_examples=60, deadline=None)
@given(points)
def test_the_public_point_is_near_and_the_same_for_a_whole_cell(point: Point) -> None:
    public = snapped(point)

    assert metres_between(point, public) <= 1_120
    assert snapped(public) == public
    assert -90 < public.latitude < 90
    assert -180 < public.longitude <= 180


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.floats(-90, 90), st.floats(-90, 90)),
    st.tuples(st.floats(-180, 180), st.floats(-180, 180)),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_the_box_in_space_holds_every_point_of_a_part_of_the_map(
    latitudes: tuple[float, float], longitudes: tuple[float, float], down: float, right: float
) -> None:
    bounds = Bounds(min(latitudes), longitudes[0], max(latitudes), longitudes[1])
    longitude = bounds.west + right * bounds.width
    inside = Point(
        bounds.south + down * (bounds.north - bounds.south), longitude if longitude <= 180 else longitude - 360
    )
    low, high = (tuple(map(float, corner.strip("()").split(","))) for corner in bounds.cube.split("),("))

    assert all(least <= value <= most for least, value, most in zip(low, inside.vector, high, strict=True))


def test_longitude_has_one_spelling_of_the_date_line() -> None:
    assert Point(0, -180) == Point(0, 180)


@pytest.mark.parametrize(
    ("name", "compared"),
    [("São Paulo", "sao paulo"), ("MÜNCHEN", "munchen"), ("Straße", "strasse"), ("Coeur d'Alene", "coeur dalene")],
)
def test_names_are_compared_without_accents_and_case(name: str, compared: str) -> None:
    assert folded(name) == compared


def test_words_begin_after_a_space_and_names_end_with_a_bar() -> None:
    assert search_text(["New York City", "NYC", "nyc"]) == " new york city| nyc|"
    assert slug_of("Łódź & Øst") == "lodz-ost"
    assert slug_of("東京") == ""


@pytest.mark.parametrize(
    ("text", "asked", "marked"),
    [
        ("São Paulo", "sao", "<em>São</em> Paulo"),
        ("New York", "yo", "New <em>Yo</em>rk"),
        ("<b>", "b", "&lt;<em>b</em>&gt;"),
        ("Austin", "xyz", "Austin"),
    ],
)
def test_what_was_typed_is_marked_and_the_rest_escaped(text: str, asked: str, marked: str) -> None:
    assert highlighted(text, asked) == marked


def test_empty_parts_leave_no_comma() -> None:
    whole = {"line1": "1 Main St", "line2": "Ste 4", "city": "Austin", "state": "TX", "postal_code": "78701"}
    assert full_address(**whole, country="USA") == "1 Main St, Ste 4, Austin, TX 78701, USA"
    assert full_address(**{**whole, "city": None, "line2": None}, country=None) == "1 Main St, TX 78701"


@pytest.mark.parametrize(
    ("country", "written", "kept"),
    [("CA", "m5v3l9", "M5V 3L9"), ("GB", "SW1A  1AA", "SW1A 1AA"), ("DE", "10115", "10115"), ("US", "10001", "10001")],
)
def test_postal_codes_are_spaced_as_their_countries_do(country: str, written: str, kept: str) -> None:
    assert formats.spaced(country, written) == kept
    assert formats.fits_pattern(country, kept)


def test_postal_codes_fit_their_states() -> None:
    assert formats.fits_state("CA", "ON", "M5V 3L9")
    assert not formats.fits_state("CA", "BC", "M5V 3L9")
    assert not formats.fits_state("US", "CA", "10001")
    assert formats.fits_state("DE", "BE", "10115")


def test_an_unknown_country_has_a_plain_format() -> None:
    assert formats.address_format("XX")["required"] == ["address_line1", "city"]
    assert (
        formats.one_line("US", {"address_line1": "1 Main St", "city": "Austin", "state": "TX"})
        == "1 Main St, Austin, TX"
    )


def test_clocks_change_when_they_do() -> None:
    winter = datetime(2026, 1, 15, 12, tzinfo=UTC)
    zone = described("America/New_York", winter, ["US"])

    assert (zone["label"], zone["utc_offset"], zone["utc_offset_minutes"]) == ("New York (UTC-05:00)", "-05:00", -300)
    assert zone["next_transition"] == datetime(2026, 3, 8, 7, tzinfo=UTC)
    assert next_transition("Asia/Tokyo", winter) is None
    assert described("Asia/Kathmandu", winter, [])["utc_offset"] == "+05:45"
    assert next_transition("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)) == datetime(
        2026, 11, 1, 6, tzinfo=UTC
    )


def test_somebody_who_does_not_answer_is_left_alone_for_a_minute() -> None:
    breaker = Breaker()
    for _ in range(5):
        assert breaker.is_closed(100)
        breaker.failed(100)

    assert not breaker.is_closed(159)
    assert breaker.is_closed(160)
    breaker.open_for_good()
    assert not breaker.is_closed(10_000)


def test_the_radius_is_the_earths() -> None:
    assert pytest.approx(40_030_230, abs=10) == 2 * pi * EARTH_METRES
