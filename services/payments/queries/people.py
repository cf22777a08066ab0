"""Who is who."""

from uuid import UUID

from sqlalchemy import ColumnElement, Connection, select

from services.payments.models import PractitionerRef, UserRef
from shared.errors import Forbidden, NotFound
from shared.identity import Identity


def practitioner_id_of(connection: Connection, by: Identity) -> int | None:
    """Return the caller's practitioner profile, from the token or from the replica where the token is older."""
    if by.practitioner_id is not None:
        return by.practitioner_id
    return connection.scalar(
        select(PractitionerRef.id).where(PractitionerRef.user_id == by.user_id, PractitionerRef.deleted_at.is_(None))
    )


def require_practitioner(connection: Connection, by: Identity) -> int:
    """The same. Raises Forbidden for somebody without a profile."""
    found = practitioner_id_of(connection, by)
    if found is None:
        raise Forbidden("Only practitioners have this.")
    return found


def user_id_of(connection: Connection, reference: str) -> int:
    """Return a user's id from an id or a uuid. Raises NotFound."""
    named = UserRef.id == int(reference) if reference.isascii() and reference.isdigit() else _uuid_is(reference)
    found = connection.scalar(select(UserRef.id).where(named, UserRef.deleted_at.is_(None)))
    if found is None:
        raise NotFound("There is no such user.")
    return found


def _uuid_is(reference: str) -> ColumnElement[bool]:
    try:
        return UserRef.uuid == UUID(reference)
    except ValueError as bad:
        raise NotFound("There is no such user.") from bad
