"""Keeping copies of what other services own, whatever order and repetition their events arrive in."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, DateTime, inspect, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.sql.dml import ReturningInsert

from shared.messaging import metrics
from shared.messaging.messages import Message

# Event types whose states this process was told completely, as far as it knows. What is told again of them should be
# known already: each state that is not is drift.
complete_types: set[str] = set()

Newer = Callable[[Any, Any], ColumnElement[bool]]


class Replica:
    """A row that copies a subject of another service.

    (`epoch`, `sequence`) is the newest state taken; older ones are passed over. A deleted subject stays as a row
    with `deleted_at`, so that a late event can not bring it back: queries leave such rows out.
    """

    epoch: Mapped[int] = mapped_column(BigInteger)
    sequence: Mapped[int] = mapped_column(BigInteger)
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


def replace_replica(
    session: Session, model: type[Any], *, key: Mapping[str, Any], values: Mapping[str, Any], message: Message
) -> bool:
    """Take the state of `message` into the replica row named by `key`, unless a newer one is held.

    `key` and `values` are by attribute name; `key` must be the row's primary key or unique. Returns whether it was
    taken. Attributes that are not named keep what they have. Objects already loaded are not refreshed.
    """
    return _take(session, model, key=key, values=values, fresh={}, message=message, deleted_at=None)


def remove_replica(
    session: Session,
    model: type[Any],
    *,
    key: Mapping[str, Any],
    message: Message,
    values: Mapping[str, Any] | None = None,
) -> bool:
    """Mark the replica row named by `key` as deleted, unless a newer state is held; returns whether it was.

    A row that never existed is written as a tombstone, with empty values where the columns demand some; `values`
    overrides these and blanks what must not be kept.
    """
    values = dict(values or {})
    fresh = _emptiness(model, named={*key, *values, "epoch", "sequence", "deleted_at"})
    return _take(session, model, key=key, values=values, fresh=fresh, message=message, deleted_at=message.occurred_at)


def _take(
    session: Session,
    model: Any,
    *,
    key: Mapping[str, Any],
    values: Mapping[str, Any],
    fresh: Mapping[str, Any],
    message: Message,
    deleted_at: datetime | None,
) -> bool:
    """Write key + values if they are newer; `fresh` is only written into a new row."""
    if message.sequence < 1:
        raise ValueError(f"{message.type}: a replica needs events that are counted, this one has no sequence")
    replaced = {**_touched(model), **values}
    replaced |= {"epoch": message.epoch, "sequence": message.sequence, "deleted_at": deleted_at}
    statement = _upsert(model, tuple(key), tuple(replaced), is_newer)
    columns = _columns(model)
    session.flush()
    taken = session.execute(
        statement, {columns[name].key: value for name, value in {**fresh, **key, **replaced}.items()}
    )
    was_taken = taken.first() is not None
    if was_taken and message.snapshot and message.type in complete_types:
        metrics.REPLICA_DRIFT.labels(message.type).inc()
    return was_taken


@lru_cache(maxsize=1024)
def _upsert(model: Any, key: tuple[str, ...], replaced: tuple[str, ...], newer: Newer) -> ReturningInsert[Any]:
    """Return the statement that writes a row if there is none or an older one; built once for each set of names."""
    columns = _columns(model)
    table = inspect(model).local_table
    statement = insert(table)
    return statement.on_conflict_do_update(
        index_elements=[columns[name] for name in key],
        set_={columns[name].name: statement.excluded[columns[name].key] for name in replaced},
        where=newer(table, statement.excluded),
    ).returning(table.c.sequence)


@lru_cache(maxsize=1024)
def _columns(model: Any) -> dict[str, Any]:
    """Return a model's columns by attribute name."""
    return {attribute.key: attribute.columns[0] for attribute in inspect(model).column_attrs}


def _emptiness(model: Any, *, named: set[str]) -> dict[str, Any]:
    """Return an empty value for each column that demands one and is not named."""
    return {
        name: _empty(column) for name, column in _columns(model).items() if name not in named and _must_be_given(column)
    }


def _touched(model: Any) -> dict[str, Any]:
    """Return what a model sets by itself at each update (`updated_at`)."""
    return {
        name: column.onupdate.arg(None) if column.onupdate.is_callable else column.onupdate.arg
        for name, column in _columns(model).items()
        if column.onupdate is not None
    }


def is_newer(held: Any, offered: Any) -> ColumnElement[bool]:
    """Return the condition that the offered state was made after the held one."""
    return tuple_(held.c.epoch, held.c.sequence) < tuple_(offered.epoch, offered.sequence)


_EMPTY: dict[type, Any] = {
    str: "",
    int: 0,
    float: 0.0,
    bool: False,
    Decimal: Decimal(0),
    UUID: UUID(int=0),
    datetime: datetime(1970, 1, 1, tzinfo=UTC),
    date: date(1970, 1, 1),
    time: time(0),
}


def _empty(column: Any) -> Any:
    """Return what stands in a tombstone's column that may not be null."""
    if isinstance(column.type, ARRAY):
        return []
    if isinstance(column.type, JSONB):
        return {}
    return _EMPTY[column.type.python_type]


def _must_be_given(column: Any) -> bool:
    return (
        not column.nullable
        and column.default is None
        and column.server_default is None
        and column.identity is None
        and column.computed is None
    )
