"""How a service is named from outside."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, or_, select

from services.catalog.models.service import Service, ServiceSlug

INT64_MAX = 2**63 - 1


def _slug(text: Any) -> ColumnElement[bool]:
    old = select(ServiceSlug.service_id).where(ServiceSlug.slug == text).scalar_subquery()
    return or_(Service.slug == text, Service.id == old)


_CONDITIONS: dict[str, Callable[[Any], ColumnElement[bool]]] = {
    "id": lambda value: Service.id == value,
    "uuid": lambda value: Service.public_uuid == value,
    "slug": _slug,
}
NAMED_BY = {kind: condition(bindparam("named")) for kind, condition in _CONDITIONS.items()}
"""The condition for the service that `:named` names, by kind of name, for statements that are made once."""


def kind_of(reference: str | int) -> tuple[str, Any]:
    """Return which of `NAMED_BY` a reference is (an id, a uuid, or a present or former slug), and its value."""
    text = str(reference)
    if text.isascii() and text.isdigit():
        return "id", min(int(text), INT64_MAX)
    try:
        return "uuid", UUID(text)
    except ValueError:
        return "slug", text


def named(reference: str | int) -> ColumnElement[bool]:
    """Return the condition for the service that a reference names."""
    kind, value = kind_of(reference)
    return _CONDITIONS[kind](value)
