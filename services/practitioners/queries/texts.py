"""Looking for a text inside another one."""

from typing import Any

from sqlalchemy import ColumnElement, func


def holds(column: Any, words: Any) -> ColumnElement[bool]:
    """Return the condition that a column holds these words, whatever their case; nothing in them is a wildcard."""
    return func.strpos(func.lower(column), func.lower(words)) > 0
