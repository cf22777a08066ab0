"""Catalog's half of `python -m bench.finding`: its search among ten thousand services and a million."""

import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from sqlalchemy import text

from bench.servers import EDGE_KEY
from bench.turns import Question, asked_in_turns, filled, filling, plans, settle
from services.catalog.operations.upkeep import renew_hot_set
from services.catalog.queries.facets import FACETS, facets_of
from services.catalog.queries.search import PRICED, Wish, of_categories, search
from shared.database import Database, engine

PLANS: Final = Path(__file__).resolve().parents[1] / "docs" / "performance" / "finding-services-plans.md"
HOT = 20_000
CATEGORIES = ("massage-bodywork", "energy-healing", "yoga-movement", "breathwork", "sound-healing")
_OWNERS = """
    INSERT INTO practitioners (id, public_uuid, user_id, slug, display_name, status, is_verified, is_listed, featured,
        languages, specializations, modality_ids, limits, epoch, sequence)
    SELECT n, gen_random_uuid(), n, 'p-' || n, 'Practitioner ' || n, 'active', true, true, false, '{en}', '[]', '{}',
        '{}', 1, 1 FROM generate_series(1, 500) n;
    INSERT INTO locations (id, practitioner_id, name, city_name, city_slug, country_code, epoch, sequence)
    SELECT n, 1 + n % 500, 'Place ' || n, 'City ' || n % 200, 'city-' || n % 200, 'US', 1, 1
    FROM generate_series(1, 3000) n
"""
_SERVICES = """
    INSERT INTO services (public_uuid, slug, name, short_description, description, price_cents, duration_minutes,
        type_id, category_id, practitioner_id, min_participants, max_participants, experience_level, location_type,
        location_id, city_slug, includes, tags, is_active, is_featured, is_public, status, published_at, validity_days,
        is_transferable, is_shareable, bonus_sessions, policy_code, policy_tiers, practitioner_listed, version,
        created_at, popularity_sum, popularity_score, rating_average, rating_count, rating_weighted)
    SELECT gen_random_uuid(), 'service-' || n,
        (ARRAY['Massage','Reiki','Yoga','Breathwork','Sound bath'])[1 + n %% 5] || ' for '
            || (ARRAY['sleep','anxiety','energy','grief','focus','balance','back pain'])[1 + n %% 7],
        'A short description of what this is.', repeat('What happens, told at length. ', 8) || 'rare' || (n / 50),
        5000 + n %% 20000, 30 + 15 * (n %% 6), CASE WHEN n %% 5 = 0 THEN 2 ELSE 1 END, 1 + n %% 12, 1 + n %% 500, 1, 10,
        'all_levels', 'in_person', 1 + n %% 3000, 'city-' || (1 + n %% 3000) %% 200, '[]', '{calm,rest}', true,
        n %% 50 = 0, true, 'active', now(), 365, false, false, 0, 'flexible', '[]', true, 1,
        now() - n * interval '1 minute', (n::bigint * 7919) %% 100000, ((n::bigint * 7919) %% 100000) * 0.5,
        3 + n %% 20 / 10.0, 10, 3 + (n %% 2000) / 1000.0
    FROM generate_series(1, %(size)s) n;
    INSERT INTO service_modalities
    SELECT s.id, m.ids[1 + (s.id + nth * 7) %% 20]
    FROM services s, generate_series(0, 1) nth, (SELECT array_agg(id ORDER BY id) AS ids FROM modalities) m;
    INSERT INTO service_languages
    SELECT s.id, l.ids[1 + s.id %% 5] FROM services s, (SELECT array_agg(id ORDER BY id) AS ids FROM languages) l
"""


def measure(sizes: Sequence[int], rounds: int, *, write: bool) -> list[str]:
    """Fill, ask in turns, print; return the table's lines. `write` keeps the plans."""
    os.environ |= {"DATABASE_URL": "postgresql://unused", "EDGE_KEY": EDGE_KEY, "PUBLIC_URL": "http://localhost"}
    questions = _questions()
    with filled("catalog", sizes, _fill) as made:
        lines = asked_in_turns(questions, made, sizes, rounds)
        if write:
            PLANS.write_text(_PLANS_HEAD.format(size=sizes[-1]) + "\n" + plans(questions, made[-1]))
    return lines


def _fill(url: str, size: int) -> None:
    with filling(url, "services", "service_modalities", "service_languages") as cursor:
        # Counting the services of a dozen categories row by row is most of what such a filling would cost.
        for table in ("services", "service_modalities"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(_OWNERS)
        cursor.execute(_SERVICES, {"size": size})
    database = Database(url, pool_size=1)
    with database.transaction() as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        renew_hot_set(session, size=HOT)
    database.close()
    settle(url)


def _questions() -> list[Question]:
    def searched(name: str, wish: Callable[[random.Random], Wish], *, facets: Sequence[str] = ()) -> Question:
        def ask(database: Database, chance: random.Random) -> None:
            asked = wish(chance)
            # Searching looks in the process's database, which is another one at each turn here.
            with patch.object(engine, "_database", database):
                hits = search(asked)
                if facets:
                    facets_of(asked, facets, hits)

        return Question(name, ask)

    def frequent(chance: random.Random) -> Wish:
        return Wish(q=chance.choice(("massage", "reiki", "yoga", "sleep")))

    def two_words(chance: random.Random, **more: Any) -> Wish:
        return Wish(q=f"{chance.choice(('massage', 'reiki'))} {chance.choice(('sleep', 'grief'))}", **more)

    def rare(chance: random.Random) -> Wish:
        return Wish(q=f"rare{chance.randint(0, 190)}")

    def of_category(chance: random.Random, words: Sequence[str] = ("massage", "yoga"), **more: Any) -> Wish:
        condition, parameters = of_categories([chance.choice(CATEGORIES)])
        return Wish(q=chance.choice(words), conditions=(condition,), named=("category",), parameters=parameters, **more)

    def priced(chance: random.Random, **more: Any) -> Wish:
        least = 100 * chance.randint(60, 200)
        return Wish(q="sleep", conditions=PRICED, parameters={"min_price": least, "max_price": least + 2_000}, **more)

    return [
        searched("frequent word", frequent),
        searched("two words", two_words),
        searched("rare word", rare),
        searched("by price", lambda c: Wish(q=c.choice(("massage", "yoga")), sort="price")),
        searched("by price, page 50", lambda c: Wish(q=c.choice(("massage", "yoga")), sort="price", page=50)),
        searched("two words, best rated", lambda c: two_words(c, sort="-rating")),
        searched("a word, a category", of_category),
        searched("a word, a category, by price", lambda c: of_category(c, sort="price")),
        searched("a word, a category, counted", lambda c: of_category(c, ("sleep", "grief"))),
        searched("a word, a range of prices, by price", lambda c: priced(c, sort="price")),
        searched("newest", lambda _: Wish(q="", sort="-created_at")),
        searched("no words", lambda _: Wish(q="")),
        searched("frequent word, all facets", frequent, facets=FACETS),
        searched("two words, all facets", two_words, facets=FACETS),
        searched("rare word, all facets", rare, facets=FACETS),
        searched("a word, a category, all facets", of_category, facets=FACETS),
        searched("no words, all facets", lambda _: Wish(q="", sort="-created_at"), facets=FACETS),
    ]


_PLANS_HEAD = """# How PostgreSQL finds services

`python -m bench.finding --only catalog --write` wrote this page: the plans of one question of each kind among
{size:,}, as they ran. A plan that stands above already is not repeated. `finding.md` has what they cost."""
