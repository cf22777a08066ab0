"""Writing many rows so that only what is new or different is written."""

from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

Row = Mapping[str, Any]


def write_rows(
    session: Session,
    table: str,
    rows: Iterable[Row],
    *,
    key: Sequence[str],
    columns: Sequence[str],
    only_new: Sequence[str] = (),
    unless_edited: Sequence[str] = (),
) -> int:
    """Insert the rows that are missing by `key` and update those that differ in `columns`; return how many changed.

    `only_new` columns are set when a row is made. `unless_edited` columns are left alone where the row's `edited`
    names them. Names are our own, never input.
    """
    named = [*key, *columns, *only_new]
    fresh = f"fresh_{table}"
    session.execute(text(f"DROP TABLE IF EXISTS {fresh}"))
    session.execute(
        text(f"CREATE TEMP TABLE {fresh} ON COMMIT DROP AS SELECT {_list(named)} FROM {table} WITH NO DATA")  # noqa: S608
    )
    connection: Any = session.connection().connection
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {fresh} ({_list(named)}) FROM STDIN", _copied(rows, named))
    session.execute(text(f"ANALYZE {fresh}"))
    same = " AND ".join(f"t.{name} = f.{name}" for name in key)
    taken = {
        name: f"CASE WHEN '{name}' = ANY(t.edited) THEN t.{name} ELSE f.{name} END"
        if name in unless_edited
        else f"f.{name}"
        for name in columns
    }
    changed = f"({_list(f't.{name}' for name in columns)}) IS DISTINCT FROM ({_list(taken.values())})"
    assigned = _list(f"{name} = {value}" for name, value in taken.items())
    updated = session.execute(
        text(f"UPDATE {table} t SET {assigned}, updated_at = now() FROM {fresh} f WHERE {same} AND {changed}")  # noqa: S608
    )
    added = session.execute(
        text(
            f"INSERT INTO {table} ({_list(named)}) SELECT {_list(f'f.{name}' for name in named)} FROM {fresh} f"  # noqa: S608
            f" WHERE NOT EXISTS (SELECT FROM {table} t WHERE {same}) ORDER BY {_list(f'f.{name}' for name in key)}"
        )
    )
    return int(getattr(updated, "rowcount", 0)) + int(getattr(added, "rowcount", 0))


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)


def _copied(rows: Iterable[Row], names: Sequence[str]) -> StringIO:
    """Return the rows in PostgreSQL's text form of COPY."""
    file = StringIO()
    for row in rows:
        file.write("\t".join(_value(row[name]) for name in names))
        file.write("\n")
    file.seek(0)
    return file


def _value(value: Any) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, (list, tuple)):
        items = (str(item).replace("\\", "\\\\").replace('"', '\\"') for item in value)
        value = "{" + ",".join(f'"{item}"' for item in items) + "}"
    return str(value).replace("\\", "\\\\").replace("\t", " ").replace("\n", " ").replace("\r", " ")
