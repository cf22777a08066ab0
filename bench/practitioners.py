"""Practitioners' half of `python -m bench.finding`: their list and search among ten thousand and a million."""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench.turns import Question, asked_in_turns, filled, filling, plans, settle
from services.practitioners.api.searching import asked_by
from services.practitioners.domain.bands import BAND_ENDS
from services.practitioners.domain.geo import Circle
from services.practitioners.operations.banding import misplaced
from services.practitioners.queries.paging import practitioners_page
from services.practitioners.queries.search import find
from shared.database import Database

PLANS: Final = Path(__file__).resolve().parents[1] / "docs" / "performance" / "finding-plans.md"
CITIES: Final = (
    ("Austin", 30.27, -97.74),
    ("New York", 40.71, -74.01),
    ("Berlin", 52.52, 13.4),
    ("Suva", -18.14, 178.44),
)
WORDS: Final = ("massage", "reiki", "breathwork", "somatic", "sleep", "anxiety", "yoga", "sound")

# One practitioner in five hundred lives around a city of CITIES, the others anywhere; so a radius holds as many times
# more as the marketplace is larger, as it does in life. Ratings and who is featured are dealt out by hash: what
# somebody offers says nothing about how well. Everybody stands in the band where the service would keep them.
_TAGS = """
        ARRAY['s' || (1 + n % 30), 's' || (1 + n % 7), 'y' || (1 + n % 12), 't' || (1 + n % 40),
              'm' || (1 + n % 20), 'k' || (1 + n % 5), 'l:en',
              CASE WHEN n % 3 = 0 THEN 'v:virtual' ELSE 'v:in_person' END]"""
_PRACTITIONERS = f"""
    INSERT INTO practitioners (public_uuid, user_id, slug, display_name, professional_title, bio, years_of_experience,
        buffer_minutes, languages, timezone, verification_status, activity, featured, is_onboarded, requested_changes,
        tier_code, features, full_name, user_active, rating_average, rating_count, rating_weighted, services_count,
        min_price_cents, max_price_cents, next_available_at, tags, search_extra, version, created_at, band)
    SELECT gen_random_uuid(), n, 'practitioner-' || n,
        (ARRAY['Ada','Ben','Cleo','Dan','Eva','Finn','Gia','Hal'])[1 + n % 8] || ' ' || md5(n::text),
        (ARRAY['Massage therapist','Reiki master','Breathwork guide','Somatic coach'])[1 + n % 4],
        repeat('What I do and how I came to it. ', 8), n % 30, 15, '{{en}}', 'UTC', 'verified', 'active',
        abs(hashint4(n + 2)::bigint) % 100 = 0,
        true, '{{}}', 'basic', '{{}}', 'Full Name', true, 3 + (abs(hashint4(n + 1)::bigint) % 200) / 100.0, n % 90,
        weighted, 3, 4000 + n % 9000, 9000 + n % 9000, now() + (n % 500) * interval '1 hour',
        {_TAGS},
        (ARRAY['massage','reiki','breathwork','somatic','sleep','anxiety','yoga','sound'])[1 + n % 8]
            || ' ' || (ARRAY['grief','trauma','energy','balance','focus'])[1 + n % 5] || ' rare' || (n / 50),
        1, now() - n * interval '1 minute', width_bucket(rank, $2)
    FROM (SELECT n, weighted, row_number() OVER (ORDER BY weighted DESC, n DESC) AS rank
          FROM (SELECT n, 3.5 + (abs(hashint4(n)::bigint) % 1500) / 1000.0 AS weighted
                FROM generate_series(1, $1) AS n) AS rated) AS ranked
    ORDER BY n
"""
_PLACES = f"""
    INSERT INTO places (id, practitioner_id, line1, postal_code, full_address, city_name, city_slug, state_code,
        state_name, country_code, country_name, latitude, longitude, address_visibility, is_primary, is_virtual,
        is_in_person, location_types, city_key, state_key, country_key, epoch, sequence, listed, tags, featured, since)
    SELECT n, n, '', '', '', 'City ' || n % 3000, 'town-' || n % 300, 'ST', 'State', 'US', 'United States',
        CASE WHEN n % 500 < 4 THEN ($2)[1 + n % 500] + (random() - 0.5) * 0.4
             ELSE degrees(asin(random() * 2 - 1)) END,
        CASE WHEN n % 500 < 4 THEN ($3)[1 + n % 500] + (random() - 0.5) * 0.4
             ELSE random() * 360 - 180 END,
        'after_booking', true, false, true, '{{in_person}}', 'city ' || n % 3000, 'state', 'united states', 1, 1,
        true, {_TAGS}, featured, created_at
    FROM (SELECT id AS n, featured, created_at FROM practitioners WHERE id <= $1 ORDER BY id) AS people
"""


def measure(sizes: Sequence[int], rounds: int, *, write: bool) -> list[str]:
    """Fill, ask in turns, print; return the table's lines. `write` keeps the plans."""
    questions = _questions()
    with filled("practitioners", sizes, _fill) as made:
        lines = asked_in_turns(questions, made, sizes, rounds)
        if write:
            PLANS.write_text(_PLANS_HEAD.format(size=sizes[-1]) + "\n" + plans(questions, made[-1]))
    return lines


def _fill(url: str, size: int) -> None:
    with filling(url, "practitioners", "places") as cursor:
        cursor.execute("SET work_mem = '128MB'; SELECT setseed(0.5)")
        cursor.execute(f"PREPARE people (int, bigint[]) AS {_PRACTITIONERS}")
        cursor.execute("EXECUTE people (%s, %s)", (size, [end + 1 for end in BAND_ENDS]))
        cursor.execute(f"PREPARE places (int, float[], float[]) AS {_PLACES}")
        towns = [[city[place] for city in CITIES] for place in (1, 2)]
        cursor.execute("EXECUTE places (%s, %s, %s)", (size, *towns))
    settle(url)
    database = Database(url, pool_size=1)
    with database.transaction() as session:
        assert misplaced(session, most=1) == [], "everybody stands where the service would keep them"
    database.close()


def _questions() -> list[Question]:
    def circle(chance: random.Random) -> Circle:
        _, latitude, longitude = chance.choice(CITIES)
        return Circle(latitude, longitude, chance.choice((5.0, 10.0, 40.0)))

    def listed(name: str, query: Callable[[random.Random], dict[str, Any]], *, placed: bool = False) -> Question:
        def ask(database: Database, chance: random.Random) -> None:
            with database.reading() as connection:
                practitioners_page(connection, query(chance), circle=circle(chance) if placed else None)

        return Question(f"practitioners: {name}", ask)

    def searched(name: str, query: Callable[[random.Random], dict[str, Any]], *, counted: bool = False) -> Question:
        def ask(database: Database, chance: random.Random) -> None:
            asked = asked_by(query(chance))
            with database.reading() as connection:
                find(connection, asked, now=datetime.now(UTC), counted=counted)

        return Question(f"search: {name}", ask)

    def near(chance: random.Random) -> dict[str, Any]:
        place = circle(chance)
        return {"latitude": place.latitude, "longitude": place.longitude, "radius": place.radius_km}

    return [
        listed("first pages", lambda c: {"page": c.randint(1, 5)}),
        listed(
            "a speciality, best rated",
            lambda c: {"specialization": (f"s{c.randint(8, 30)}",), "ordering": ("-average_rating",)},
        ),
        listed("a price", lambda c: {"max_price": c.randint(5000, 9000), "ordering": ("min_price",)}),
        listed("a city's name", lambda c: {"city": f"city {c.randint(0, 2999)}"}),
        listed("a larger city's name", lambda c: {"city": f"town-{c.randint(0, 299)}"}),
        listed("a country's name", lambda _: {"country": "united states"}),
        listed("around a place", lambda _: {}, placed=True),
        listed("frequent word", lambda c: {"search": c.choice(WORDS)}),
        listed("rare word", lambda c: {"search": f"rare{c.randint(0, 190)}"}),
        searched("no words", lambda _: {}),
        searched("frequent word", lambda c: {"q": c.choice(WORDS)}),
        searched("rare word", lambda c: {"q": f"rare{c.randint(0, 190)}"}),
        searched("around a place", near),
        searched("around a place, a word", lambda c: {**near(c), "q": c.choice(WORDS)}),
        searched("a speciality", lambda c: {"specialization": (f"s{c.randint(8, 30)}",)}),
        searched("a speciality, with facets", lambda c: {"specialization": (f"s{c.randint(8, 30)}",)}, counted=True),
        searched(
            "a frequent speciality, with facets", lambda c: {"specialization": (f"s{c.randint(1, 7)}",)}, counted=True
        ),
    ]


_PLANS_HEAD = """# How PostgreSQL finds practitioners

`python -m bench.finding --only practitioners --write` wrote this page: the plans of one question of each kind among
{size:,}, as they ran. A plan that stands above already, as that of what lists show of the rows on a page, is not
repeated. `finding.md` has what they cost."""
