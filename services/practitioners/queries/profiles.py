"""Reading one profile."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from services.practitioners.domain.errors import PractitionerNotFound
from services.practitioners.models import Practitioner
from services.practitioners.models.referring import referred_to
from services.practitioners.queries import presenting
from services.practitioners.queries.columns import DETAIL_COLUMNS, profiles
from shared.identity import Identity

_PROFILES = profiles(DETAIL_COLUMNS)


def profile_row(connection: Connection, reference: str | int) -> dict[str, Any]:
    """Return a profile's columns, whoever asks. Raises PractitionerNotFound."""
    statement = _PROFILES.where(referred_to(str(reference)), Practitioner.deleted_at.is_(None))
    row = connection.execute(statement).mappings().first()
    if row is None:
        raise PractitionerNotFound
    return dict(row)


def shown_profile(
    connection: Connection, reference: str, *, by: Identity, now: datetime
) -> tuple[dict[str, Any], bool]:
    """Return the profile as the caller may see it, and whether that is the private view.

    Strangers see listed ones and those on vacation. Raises PractitionerNotFound.
    """
    row = profile_row(connection, reference)
    if by.is_staff or (by.is_signed_in and row["user_id"] == by.user_id):
        return presenting.private(row, now=now), True
    if not is_visible(row):
        raise PractitionerNotFound
    return presenting.detail(row, now=now), False


def public_profile(connection: Connection, reference: str, *, now: datetime) -> dict[str, Any]:
    """Return the profile as anybody sees it. Raises PractitionerNotFound."""
    row = profile_row(connection, reference)
    if not is_visible(row):
        raise PractitionerNotFound
    return presenting.detail(row, now=now)


def private_profile(connection: Connection, practitioner_id: int, *, now: datetime) -> dict[str, Any]:
    """Return the profile as its owner sees it. Raises PractitionerNotFound."""
    return presenting.private(profile_row(connection, practitioner_id), now=now)


def is_visible(row: dict[str, Any]) -> bool:
    """Tell whether strangers may open this profile."""
    return (
        row["verification_status"] == "verified"
        and row["activity"] in ("active", "vacation")
        and row["deleted_at"] is None
        and bool(row["user_active"])
    )
