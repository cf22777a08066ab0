"""Sorting the listed practitioners into bands by their rating, for searches to read the best first."""

from collections.abc import Iterable
from itertools import groupby

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.practitioners.domain.bands import BAND_ENDS

# One reading of the index by rating: nothing but those who stand in a wrong band leaves the database.
_MISPLACED = text("""
    SELECT id, right_band FROM (
        SELECT id, band, width_bucket(
            row_number() OVER (ORDER BY rating_weighted DESC, id DESC), CAST(:starts AS bigint[])) AS right_band
        FROM practitioners WHERE listed) AS ranked
    WHERE band <> right_band ORDER BY right_band, id LIMIT :most
""")
# Whom somebody else is writing waits for the next time: so nobody ever waits for whom this has locked, and it for them.
_PLACE = text("""
    UPDATE practitioners SET band = :band
    WHERE id IN (SELECT id FROM practitioners WHERE id = ANY(:ids) FOR UPDATE SKIP LOCKED)
""")
_PATIENCE = text("SET LOCAL statement_timeout = '60s'")


def misplaced(session: Session, *, most: int, ends: Iterable[int] = BAND_ENDS) -> list[tuple[int, int]]:
    """Return (band, id) for those who stand in another band than their rank says, `most` at once, by band and id."""
    session.execute(_PATIENCE)
    rows = session.execute(_MISPLACED, {"starts": [end + 1 for end in ends], "most": most})
    return [(row.right_band, row.id) for row in rows]


def place_in_bands(session: Session, placed: Iterable[tuple[int, int]]) -> None:
    """Put practitioners, given as (band, id) in order of bands, into their bands. Their version stays.

    Those whose rows are locked are left out.
    """
    for band, members in groupby(placed, key=lambda one: one[0]):
        session.execute(_PLACE, {"band": band, "ids": [practitioner_id for _, practitioner_id in members]})
