"""Which practitioners are meant: by an address, or because everybody may find them."""

from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, false, or_, select, true

from services.practitioners.models.practitioner import OldSlug, Practitioner

# Written as an equation, which PostgreSQL reads as the bare column: `IS TRUE` would not match the partial indexes.
LISTED: ColumnElement[bool] = Practitioner.listed == true()


def referred_to(reference: str) -> ColumnElement[bool]:
    """Return the condition for an id, uuid, slug or old slug."""
    if reference.isdigit():
        number = int(reference)
        return Practitioner.id == number if number < 2**63 else false()
    try:
        return Practitioner.public_uuid == UUID(reference)
    except ValueError:
        old = select(OldSlug.practitioner_id).where(OldSlug.slug == reference).scalar_subquery()
        return or_(Practitioner.slug == reference, Practitioner.id == old)


def is_named(bound: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition for an id, uuid or slug that is a bound parameter."""
    return or_(
        cast(Practitioner.id, Text) == bound, cast(Practitioner.public_uuid, Text) == bound, Practitioner.slug == bound
    )
