"""How many listed practitioners and visible services each city has: kept by difference, recounted at night."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.orm import Session

_FIGURES = text("""
    SELECT l.city_id, bool_or(l.listed) AS is_listed,
           coalesce(sum((SELECT count(*) FROM services s WHERE s.location_id = l.id AND s.is_visible)), 0) AS services
    FROM practitioner_locations l
    WHERE l.practitioner_id = :practitioner_id AND l.deleted_at IS NULL AND l.city_id IS NOT NULL
    GROUP BY l.city_id
""")
# Cities in one order, so that two differences never wait for each other in a circle.
_ADD = text("""
    WITH wanted AS (
        SELECT * FROM unnest(CAST(:cities AS bigint[]), CAST(:practitioners AS bigint[]), CAST(:services AS bigint[]))
            AS given (city_id, practitioners, services)
    ), locked AS (
        SELECT id FROM cities WHERE id IN (SELECT city_id FROM wanted) ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE cities SET practitioner_count = greatest(0, practitioner_count + wanted.practitioners),
                      service_count = greatest(0, service_count + wanted.services)
    FROM wanted, locked WHERE locked.id = cities.id AND wanted.city_id = cities.id
""")
_RECOUNT = text("""
    UPDATE cities SET practitioner_count = found.practitioners, service_count = found.services
    FROM (
        SELECT c.id,
            (SELECT count(DISTINCT l.practitioner_id) FROM practitioner_locations l
             WHERE l.city_id = c.id AND l.listed AND l.deleted_at IS NULL) AS practitioners,
            (SELECT count(*) FROM services s JOIN practitioner_locations l ON l.id = s.location_id
             WHERE l.city_id = c.id AND l.deleted_at IS NULL AND s.is_visible) AS services
        FROM cities c WHERE c.id % 30 = :day
    ) found
    WHERE found.id = cities.id
      AND (cities.practitioner_count <> found.practitioners OR cities.service_count <> found.services)
""")


@contextmanager
def counted(session: Session, practitioner_id: int) -> Iterator[None]:
    """Bring the figures of cities up to what the block changes of one practitioner's locations.

    The practitioner's row must be locked, so that nobody else counts the same change.
    """
    practitioners, services = _figures(session, practitioner_id)
    yield
    session.flush()
    after_practitioners, after_services = _figures(session, practitioner_id)
    after_practitioners.subtract(practitioners)
    after_services.subtract(services)
    add_figures(session, after_practitioners, after_services)


def add_figures(session: Session, practitioners: Mapping[int, int], services: Mapping[int, int]) -> None:
    """Add differences to cities' figures."""
    changed = sorted(
        city_id for city_id in {*practitioners, *services} if practitioners.get(city_id) or services.get(city_id)
    )
    if changed:
        values = {
            "cities": changed,
            "practitioners": [practitioners.get(city_id, 0) for city_id in changed],
            "services": [services.get(city_id, 0) for city_id in changed],
        }
        session.execute(_ADD, values)


def recount(session: Session, *, day: int) -> int:
    """Recount a thirtieth of the cities; return how many were wrong."""
    return int(getattr(session.execute(_RECOUNT, {"day": day % 30}), "rowcount", 0))


def _figures(session: Session, practitioner_id: int) -> tuple[Counter[int], Counter[int]]:
    rows = session.execute(_FIGURES, {"practitioner_id": practitioner_id}).all()
    return (
        Counter({row.city_id: int(row.is_listed) for row in rows}),
        Counter({row.city_id: int(row.services) for row in rows}),
    )
