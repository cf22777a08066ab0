"""How many locations a practitioner may have."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.locations.domain.errors import LocationLimitReached
from services.locations.domain.words import VIRTUAL_MAX
from services.locations.models import Practitioner, PractitionerLocation


def check_limit(
    session: Session, practitioner: Practitioner, *, is_in_person: bool, except_id: int | None = None
) -> None:
    """Refuse one more location of the kind. Raises LocationLimitReached."""
    limit = practitioner.locations_max if is_in_person else VIRTUAL_MAX
    if limit is None:
        return
    same_kind = PractitionerLocation.is_in_person.is_(is_in_person)
    own = select(func.count()).where(
        PractitionerLocation.practitioner_id == practitioner.id, PractitionerLocation.deleted_at.is_(None), same_kind
    )
    if except_id is not None:
        own = own.where(PractitionerLocation.id != except_id)
    used = session.scalar(own) or 0
    if used >= limit:
        raise LocationLimitReached(errors={"limit": [str(limit)], "used": [str(used)]})
