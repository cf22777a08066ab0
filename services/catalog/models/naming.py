"""How a service is named from outside."""

from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from services.catalog.models.service import Service, ServiceSlug

INT64_MAX = 2**63 - 1


def named(reference: str | int) -> ColumnElement[bool]:
    """Return the condition for the service that an id, a uuid, or a present or former slug names."""
    text = str(reference)
    if text.isascii() and text.isdigit():
        return Service.id == min(int(text), INT64_MAX)
    try:
        return Service.public_uuid == UUID(text)
    except ValueError:
        old = select(ServiceSlug.service_id).where(ServiceSlug.slug == text)
        return or_(Service.slug == text, Service.id == old.scalar_subquery())
