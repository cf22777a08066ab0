"""Where a page ended, packed into the text of `?cursor=`: the ordering, the last row's values, and the count."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson

from shared.errors import Invalid


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended, and the count that its first page found."""

    values: list[Any]
    count: int
    count_exact: bool


def write_cursor(order: tuple[str, ...], values: Sequence[Any], count: int, *, exact: bool) -> str:
    """Return the text for the page behind the row that has these values."""
    packed = orjson.dumps([list(order), [_tagged(value) for value in values], count, exact])
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_cursor(text: str, order: tuple[str, ...]) -> Cursor:
    """Return what a text says. Raises Invalid for one that is broken, or of another ordering."""
    try:
        named, values, count, exact = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if tuple(named) != order or len(values) != len(order):
            raise Invalid.field("cursor", "This cursor belongs to another ordering.")
        return Cursor([_untagged(*value) for value in values], int(count), bool(exact))
    except (ValueError, TypeError, KeyError) as broken:
        raise Invalid.field("cursor", "This cursor is broken.") from broken


_TAGS: dict[str, Callable[[Any], Any]] = {
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
    "u": UUID,
    "i": int,
    "f": float,
    "s": str,
    "b": bool,
}


def _tagged(value: Any) -> tuple[str, Any]:
    for tag, kind in (("b", bool), ("i", int), ("s", str), ("t", datetime), ("d", date), ("u", UUID)):
        if isinstance(value, kind):
            return tag, value if tag in "bis" else str(value)
    return ("n", None) if value is None else ("f", float(value))


def _untagged(tag: str, value: Any) -> Any:
    return None if tag == "n" else _TAGS[tag](value)
