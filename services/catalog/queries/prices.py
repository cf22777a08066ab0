"""What others ask for the same."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from shared.errors import NotFound
from shared.http.fields import dollars

LEAST = 20

_QUARTILES = """
    SELECT count(*) AS number,
           percentile_disc(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY s.price_cents) AS quartiles
    FROM services s
    WHERE s.listed AND s.type_id = %(type_id)s
      AND (%(category)s::text IS NULL
           OR s.category_id = (SELECT id FROM service_categories WHERE slug = %(category)s::text))
      AND (%(modality)s::text IS NULL OR s.id IN (
          SELECT sm.service_id FROM service_modalities sm JOIN modalities m ON m.id = sm.modality_id
          WHERE m.slug = %(modality)s::text))
      AND (%(minutes)s::bigint IS NULL OR abs(s.duration_minutes - %(minutes)s::bigint) <= 15)
"""


def price_guidance(connection: Connection, wish: Mapping[str, Any]) -> dict[str, Any]:
    """Return the quartiles of listed prices. Raises NotFound where there are too few to tell nobody's price."""
    row = connection.exec_driver_sql(_QUARTILES, dict(wish)).one()
    if row.number < LEAST:
        raise NotFound("There are too few services like that.")
    low, middle, high = (dollars(cents) for cents in row.quartiles)
    return {"count": row.number, "currency": "usd", "p25": low, "median": middle, "p75": high}
