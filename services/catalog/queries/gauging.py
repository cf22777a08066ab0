"""How many services match, roughly and quickly, so that a search can choose its way."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection

from services.catalog.models.service import SAMPLED

COUNT_MAX = 10_000

QUERY = "websearch_to_tsquery('estuary', %(q)s)"
MATCHES = f"(numnode({QUERY}) = 0 OR s.search @@ {QUERY})"
IN_SAMPLE = SAMPLED.replace("public_uuid", "s.public_uuid")
"""True for one service in 64; indexes of their own hold these."""
_SHARE = 64


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is looked at.

    `ranked` services at most are scored. What matches `few` or more is frequent. From `many` on nothing is counted:
    that is estimated from one service in 64, and lies five standard deviations above `COUNT_MAX`. Facets are counted
    among `faceted` services at most.
    """

    ranked: int = 1_000
    few: int = 3_000
    many: int = 14_080
    faceted: int = 2_000


BOUNDS = Bounds()


class Gauged(NamedTuple):
    """About how many services match, how many there are, and whether there are words to look for."""

    matches: int
    services: int
    has_words: bool


def gauge(
    connection: Connection, conditions: str, parameters: Mapping[str, Any], bounds: Bounds, *, whole: bool = False
) -> Gauged:
    """Look at the sample, until it tells that `bounds.many` match, or at the whole of it.

    Without words no index is as good as counting, which then ends at the bound. The sample is planned to be read
    whole, by its indexes, and read until it is enough.
    """
    enough = "ALL" if whole else max(1, bounds.many // _SHARE)
    sampled, services = connection.exec_driver_sql(
        f"""
        SELECT CASE WHEN numnode({QUERY}) = 0 THEN NULL ELSE (
                   WITH sample AS MATERIALIZED (
                       SELECT FROM services s WHERE {IN_SAMPLE} AND s.listed AND {conditions}
                   )
                   SELECT count(*) FROM (SELECT FROM sample LIMIT {enough}) read
               ) END,
               (SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'services'::regclass)
        """,  # noqa: S608 - our own text; values are bound.
        dict(parameters),
    ).one()
    if sampled is not None:
        return Gauged(sampled * _SHARE, services, has_words=True)
    return Gauged(count(connection, conditions, parameters, whole=False), services, has_words=False)


def count(connection: Connection, conditions: str, parameters: Mapping[str, Any], *, whole: bool = True) -> int:
    """Return how many match, up to one more than `COUNT_MAX`; what words find is planned to be read whole."""
    counted: int = connection.exec_driver_sql(
        f"""
        WITH matching AS {"" if whole else "NOT "}MATERIALIZED (
            SELECT FROM services s WHERE s.listed AND {conditions}
        )
        SELECT count(*) FROM (SELECT FROM matching LIMIT {COUNT_MAX + 1}) read
        """,  # noqa: S608 - our own text; values are bound.
        dict(parameters),
    ).scalar_one()
    return counted
