"""Which practitioners are meant: by an address, or because everybody may find them."""

from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Text, Uuid, case, cast, false, or_, select, true

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
    # The name is read as each kind, instead of each row's keys as text, so that every kind has its index.
    said = cast(bound, Text)
    number = case((said.op("~")("^[0-9]{1,18}$"), cast(said, BigInteger)))
    uuid = case((said.op("~*")("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"), cast(said, Uuid)))
    return or_(Practitioner.id == number, Practitioner.public_uuid == uuid, Practitioner.slug == said)
