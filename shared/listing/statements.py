"""Statements that are rendered once, and prepared once on each connection that runs them.

Planning a list with its nested parts costs more than running it, so a connection in autocommit (one that only reads)
keeps the plans of the lists it has run, and every connection those of the few statements that busy transactions are
made of. Source: PostgreSQL's manual, "PREPARE". A connection pooler in between must pool sessions, not transactions.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg2
from sqlalchemy import ColumnElement, Connection, Executable, Join, Select, and_, literal_column, select, true
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

Row = dict[str, Any]

# Plans of wide lists take some 100 kB each.
_PREPARED_PER_CONNECTION = 48
_DIALECT = postgresql.psycopg2.dialect()  # type: ignore[no-untyped-call]
_PLACEHOLDER = re.compile(r"%\((\w+)\)s|%%")
_numbers = itertools.count(1)

# The statement is gone or its tables have changed since; a value fits the column's comparison, but not its type.
_FORGOTTEN, _MISFIT = ("26000", "0A000"), "22"


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A rendered statement. `literal` are values of its own; `is_preparable` lets connections keep its plan.

    `in_transactions` lets them keep it there too. A refusal to prepare, or a column of another type than before, ends
    the transaction, so PostgreSQL must be able to tell the type of each value from where it stands.
    """

    sql: str
    literal: Mapping[str, Any]
    is_preparable: bool = False
    in_transactions: bool = False


def compiled(statement: Executable, *, is_preparable: bool = False, in_transactions: bool = False) -> Compiled:
    """Render a statement; the driver binds what is left open, by name, at every use."""
    rendered: Any = statement.compile(dialect=_DIALECT)  # type: ignore[attr-defined]
    later = {name: None for name, bound in rendered.binds.items() if bound.required}
    # Lists inside IN are spread out here, which asks for every value; those that come with a request are left open.
    expanded = rendered.construct_expanded_state(later)
    literal = {name: value for name, value in expanded.parameters.items() if value is not None}
    return Compiled(expanded.statement, literal, is_preparable or in_transactions, in_transactions)


def run(connection: Connection, statement: Compiled, values: Mapping[str, Any]) -> list[Row]:
    """Return the rows as dicts by their columns' names."""
    prepared = _prepared(connection, statement) if statement.is_preparable else None
    if prepared is not None:
        try:
            return _rows_of_prepared(connection, prepared.sql, values)
        except DBAPIError as refused:
            code = getattr(refused.orig, "pgcode", None) or ""
            if code not in _FORGOTTEN and not code.startswith(_MISFIT):
                raise
            connection.info.pop("prepared", None)
            if not _is_autocommitting(connection):
                raise
    return _rows(connection, statement.sql, {**statement.literal, **values})


def _rows(connection: Connection, sql: str, values: Mapping[str, Any]) -> list[Row]:
    result = connection.exec_driver_sql(sql, dict(values))
    names = list(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result.cursor.fetchall()]


def _rows_of_prepared(connection: Connection, sql: str, values: Mapping[str, Any]) -> list[Row]:
    """Run it by the driver itself: SQLAlchemy's way there and back costs as much again as PostgreSQL's answer.

    Where somebody listens to what is executed, SQLAlchemy tells them of it; and it alone knows what to do with a
    connection that is lost.
    """
    if connection.engine.dispatch.before_cursor_execute:
        return _rows(connection, sql, values)
    driver: Any = connection.connection.dbapi_connection
    with driver.cursor() as cursor:
        try:
            cursor.execute(sql, values)
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        except psycopg2.Error as refused:
            dialect: Any = connection.dialect
            if not dialect.is_disconnect(refused, driver, cursor):
                raise DBAPIError.instance(
                    sql, None, refused, psycopg2.Error, hide_parameters=True, dialect=dialect
                ) from refused
    return _rows(connection, sql, values)


def _prepared(connection: Connection, statement: Compiled) -> Compiled | None:
    """Return what executes the statement on this connection; None where it must be sent as it is."""
    known: dict[Compiled, Compiled | None] = connection.info.setdefault("prepared", {})
    if statement in known:
        return known[statement]
    if not statement.in_transactions and (len(known) >= _PREPARED_PER_CONNECTION or not _is_autocommitting(connection)):
        return None
    name, text, open_names = f"kept_{next(_numbers)}", *_numbered(statement)
    driver: Any = connection.connection.dbapi_connection
    try:
        # Past SQLAlchemy: a refusal to prepare is no failure, and is no statement of the caller's either.
        with driver.cursor() as cursor:
            cursor.execute(f"PREPARE {name} AS {text}", dict(statement.literal))
    except psycopg2.ProgrammingError:
        if not _is_autocommitting(connection):
            raise
        # PostgreSQL cannot tell a parameter's type from where it stands.
        known[statement] = None
        return None
    given = ", ".join(f"%({open_name})s" for open_name in open_names)
    known[statement] = Compiled(f"EXECUTE {name} ({given})" if given else f"EXECUTE {name}", {})
    return known[statement]


def _is_autocommitting(connection: Connection) -> bool:
    driver: Any = connection.connection.dbapi_connection
    return bool(driver.autocommit)


def _numbered(statement: Compiled) -> tuple[str, list[str]]:
    """Return the text with `$1`, `$2` … for what is left open, and the names in that order."""
    names: dict[str, int] = {}

    def numbered(found: re.Match[str]) -> str:
        name = found[1]
        if name is None or name in statement.literal:
            return found[0]
        return f"${names.setdefault(name, len(names) + 1)}"

    return _PLACEHOLDER.sub(numbered, statement.sql), list(names)


def countable(columns: Select[Any], clauses: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Return a select of 1 for each row, without the joins that only fetch something to show.

    A list's rows are its key's: an outer join adds columns, never rows. PostgreSQL drops such a join too, but then no
    longer counts in an index alone.
    """
    one: Any = literal_column("1").label("one")
    froms = columns.get_final_froms()
    if len(froms) != 1 or columns._group_by_clauses or columns._distinct:
        return columns.with_only_columns(one, maintain_column_froms=True).where(*clauses)
    wanted = [clause for clause in (columns.whereclause, *clauses) if clause is not None]
    said = str(and_(true(), *wanted).compile(dialect=_DIALECT))
    source: Any = froms[0]
    while isinstance(source, Join) and source.isouter:
        shown: Any = source.right
        if re.search(rf"\b{shown.name}\b", said):
            break
        source = source.left
    return select(one).select_from(source).where(*wanted)
