"""A person's favourite practitioners."""

from typing import Any, Final

from sqlalchemy import Connection, and_

from services.practitioners.models import FavoritePractitioner, Practitioner
from services.practitioners.queries.columns import SUMMARY_COLUMNS, profiles
from services.practitioners.queries.presenting import summary

MOST: Final = 500


def favorite_rows(connection: Connection, user_id: int) -> list[dict[str, Any]]:
    """Return favourites that anybody may see now, newest first."""
    statement = (
        profiles(SUMMARY_COLUMNS)
        .join(
            FavoritePractitioner,
            and_(
                FavoritePractitioner.practitioner_id == Practitioner.id,
                FavoritePractitioner.user_id == user_id,
            ),
        )
        .where(
            Practitioner.verification_status == "verified",
            Practitioner.activity.in_(("active", "vacation")),
            Practitioner.deleted_at.is_(None),
            Practitioner.user_active,
        )
        .order_by(FavoritePractitioner.created_at.desc(), Practitioner.id.desc())
        .limit(MOST)
    )
    return [summary(dict(row)) for row in connection.execute(statement).mappings()]
