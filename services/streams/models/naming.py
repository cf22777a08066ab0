"""How things are named from outside."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false

INT64_MAX = 2**63 - 1


def named(model: Any, reference: str | int) -> ColumnElement[bool]:
    """Return the condition for the row that an id or a uuid names; other texts name none."""
    text = str(reference)
    if text.isascii() and text.isdigit():
        found: ColumnElement[bool] = model.id == min(int(text), INT64_MAX)
        return found
    try:
        found = model.public_uuid == UUID(text)
    except ValueError:
        return false()
    return found
