"""Marking what matches in names and short descriptions."""

from collections.abc import Sequence
from html import escape

from sqlalchemy import Connection

from services.catalog.queries.gauging import QUERY

_MARK, _UNMARK = "\x02", "\x03"
"""Around what matches, until the rest is escaped; texts hold no control characters."""
_HEADLINE = f'\'StartSel="{_MARK}", StopSel="{_UNMARK}", HighlightAll=true\''
_MARKED = f"""
    SELECT s.id, ts_headline('estuary', s.name, {QUERY}, {_HEADLINE}) AS name,
           ts_headline('estuary', coalesce(s.short_description, ''), {QUERY}, {_HEADLINE}) AS short_description
    FROM services s WHERE s.id = ANY(%(ids)s)
"""  # noqa: S608 - our own text; values are bound.


def highlights(connection: Connection, ids: Sequence[int], q: str) -> dict[str, dict[str, str]]:
    """Return names and short descriptions by id, as HTML: what matches stands between <em> and </em>."""
    rows = connection.exec_driver_sql(_MARKED, {"ids": list(ids), "q": q})
    return {
        str(row.id): {"name": _marked(row.name), "short_description": _marked(row.short_description)} for row in rows
    }


def _marked(text: str) -> str:
    return escape(text).replace(_MARK, "<em>").replace(_UNMARK, "</em>")
