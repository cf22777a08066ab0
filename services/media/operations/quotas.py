"""How much room people have. Charged in the transaction of the file, by one guarded statement."""

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.media.domain.errors import QuotaExceeded
from services.media.models import Practitioner, Usage
from services.media.settings import MIB, settings
from shared.identity import Identity

_CHARGE = text(
    """
    UPDATE usage SET
        used_bytes = greatest(used_bytes + :used, 0),
        reserved_bytes = greatest(reserved_bytes + :reserved, 0),
        files = greatest(files + :files, 0),
        by_type = CASE WHEN :used = 0 THEN by_type ELSE jsonb_set(
            by_type, ARRAY[:media_type],
            to_jsonb(greatest(coalesce((by_type ->> :media_type)::bigint, 0) + :used, 0))
        ) END,
        updated_at = now()
    WHERE user_id = :user_id
      AND (CAST(:most AS bigint) IS NULL OR used_bytes + reserved_bytes + :used + :reserved <= :most)
    RETURNING user_id
    """
)


def quota_of(session: Session, by: Identity) -> int | None:
    """Return how many bytes the caller may have; None for staff."""
    if by.is_staff:
        return None
    own = select(Practitioner.id).where(Practitioner.user_id == by.user_id, Practitioner.deleted_at.is_(None))
    gives = "practitioner" in by.roles or session.scalar(own.limit(1)) is not None
    told = settings()
    return (told.media_quota_practitioner_mb if gives else told.media_quota_user_mb) * MIB


def charge(
    session: Session,
    user_id: int,
    media_type: str,
    *,
    used: int = 0,
    reserved: int = 0,
    files: int = 0,
    most: int | None = None,
) -> None:
    """Change what a person uses, unless that would be more than `most`. The row stays locked. Raises QuotaExceeded."""
    values = {"user_id": user_id, "media_type": media_type, "used": used, "reserved": reserved, "files": files}

    def is_refused() -> bool:
        return session.execute(_CHARGE, {**values, "most": most}).scalar() is None

    if is_refused():
        # Nobody's first file finds a row; and one that somebody else makes meanwhile is there then.
        session.execute(insert(Usage).values(user_id=user_id).on_conflict_do_nothing())
        if not is_refused():
            return
        held = session.get(Usage, user_id, populate_existing=True)
        taken = held.used_bytes + held.reserved_bytes if held else 0
        left = max((most or 0) - taken, 0)
        raise QuotaExceeded(f"There is not enough room left: {left} bytes are available.")
