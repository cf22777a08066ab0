"""Writing many rows in one statement, however many there are."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Row, TextClause, text
from sqlalchemy.orm import Session

from services.notifications.models import Base


def insert_new(
    session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]], *, returning: Sequence[str]
) -> Sequence[Row[Any]]:
    """Insert rows (alike, by names of columns), and return those columns of the ones that were not there before.

    The rows travel as one JSON value and are unfolded by the database: parameters for each column of each row cost the
    process ten times as much. They are inserted in their order, so that two who insert the same do not wait for
    each other crosswise.
    """
    if not rows:
        return []
    statement = _statement(model.__tablename__, tuple(rows[0]), tuple(returning))
    return session.execute(statement, {"rows": orjson.dumps(rows).decode()}).all()


@cache
def _statement(table: str, columns: tuple[str, ...], returning: tuple[str, ...]) -> TextClause:
    names, told = (", ".join(f'"{name}"' for name in some) for some in (columns, returning))
    unfolded = f"json_populate_recordset(CAST(NULL AS {table}), CAST(:rows AS json))"
    # Names of our own tables and columns, never values.
    found = f"SELECT {names} FROM {unfolded}"  # noqa: S608
    return text(f"INSERT INTO {table} ({names}) {found} ON CONFLICT DO NOTHING RETURNING {told}")
