"""What lists show of practitioners, read for the few on a page: however many it passes over, the rest costs nothing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import ARRAY, BigInteger, Connection, any_, bindparam

from services.practitioners.models import Practitioner
from services.practitioners.queries.columns import SUMMARY_COLUMNS, profiles
from shared.listing import Page, Row
from shared.listing.statements import compiled, run

_SUMMARIES: Final = compiled(
    profiles(SUMMARY_COLUMNS).where(Practitioner.id == any_(bindparam("ids", type_=ARRAY(BigInteger)))),
    is_preparable=True,
)


def summary_rows(connection: Connection, ids: Sequence[int]) -> list[Row]:
    """Return what lists show of these, in their order."""
    found = {row["id"]: row for row in run(connection, _SUMMARIES, {"ids": list(ids)})}
    return [found[one] for one in ids if one in found]


def with_summaries(connection: Connection, page: Page) -> Page:
    """Return a page of ids as one of what lists show."""
    return replace(page, rows=summary_rows(connection, [row["id"] for row in page.rows]))
