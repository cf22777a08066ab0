"""Addresses of services: from the name until first published, then frozen; former ones keep leading there."""

from sqlalchemy import func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.catalog.domain.text import numbered, slug_of
from services.catalog.models import Service, ServiceSlug


def free_slug(session: Session, name: str, *, of: int | None = None) -> str:
    """Return an address for `name` that no other service has or had.

    Two creations of one name wait for each other here, so that the second sees the first one's address.
    """
    wanted = slug_of(name)
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(literal(f"slug {wanted}"), 0))))
    number = 1
    while _taken(session, numbered(wanted, number), of):
        number = number + 1 if number < 50 else number * 2
    return numbered(wanted, number)


def follow_name(session: Session, service: Service) -> None:
    """Let the address follow the name of a service that was never published."""
    if service.published_at is not None or slug_of(service.name) == service.slug:
        return
    before = service.slug
    service.slug = free_slug(session, service.name, of=service.id)
    if service.slug != before:
        session.execute(insert(ServiceSlug).values(slug=before, service_id=service.id).on_conflict_do_nothing())


def _taken(session: Session, slug: str, of: int | None) -> bool:
    current = select(Service.id).where(Service.slug == slug, Service.id != (of or 0))
    former = select(ServiceSlug.service_id).where(ServiceSlug.slug == slug, ServiceSlug.service_id != (of or 0))
    return bool(session.scalar(select(or_(current.exists(), former.exists()))))
