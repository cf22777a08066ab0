"""Who calls, and which locations they may change."""

import threading
import time
from collections import OrderedDict
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from services.locations.domain.errors import LocationNotFound, NotAPractitioner, NotYours, PractitionerSuspended
from services.locations.models import Practitioner, PractitionerLocation
from shared.identity import Identity

FRESH_SECONDS: Final = 5.0
RETRY_AFTER: Final = 2
_FIRST_SEEN_MAX: Final = 10_000
_first_seen: OrderedDict[int, float] = OrderedDict()
_lock = threading.Lock()


def named(reference: str | int) -> ColumnElement[bool]:
    """Return the condition for the location that an id or a uuid names. Raises LocationNotFound."""
    asked = str(reference)
    if asked.isascii() and asked.isdigit():
        return PractitionerLocation.id == min(int(asked[:19]), 2**63 - 1)
    try:
        return PractitionerLocation.public_uuid == UUID(asked)
    except ValueError as neither:
        raise LocationNotFound from neither


def profile_of(session: Session, by: Identity) -> Practitioner | None:
    """Return the caller's practitioner profile, or None."""
    if not by.is_signed_in:
        return None
    return session.scalar(
        select(Practitioner).where(Practitioner.user_id == by.user_id, Practitioner.deleted_at.is_(None))
    )


def practitioner_in_business(session: Session, by: Identity) -> Practitioner:
    """Return the caller's profile. Raises NotAPractitioner, PractitionerSuspended.

    Somebody who became a practitioner a moment ago is told to come back in two seconds: the copy is on its way.
    """
    found = profile_of(session, by)
    if found is None:
        raise NotAPractitioner(retry_after=RETRY_AFTER if _is_fresh(by.practitioner_id) else None)
    if found.status == "suspended":
        raise PractitionerSuspended
    return found


def _is_fresh(practitioner_id: int | None) -> bool:
    """Tell whether this process has seen the id in a token for less than five seconds."""
    if practitioner_id is None:
        return False
    with _lock:
        seen = _first_seen.setdefault(practitioner_id, time.monotonic())
        while len(_first_seen) > _FIRST_SEEN_MAX:
            _first_seen.popitem(last=False)
    return time.monotonic() - seen < FRESH_SECONDS


def lock_practitioner(session: Session, practitioner_id: int) -> Practitioner | None:
    """Lock the practitioner's row: whoever changes primaries, counts or limits does so one after the other."""
    return session.get(Practitioner, practitioner_id, with_for_update=True, populate_existing=True)


def location_to_change(session: Session, reference: str | int, by: Identity) -> PractitionerLocation:
    """Return the location for its owner or staff; not locked.

    Raises LocationNotFound where the caller may not even see it, NotYours, PractitionerSuspended.
    """
    location = session.scalar(
        select(PractitionerLocation).where(named(reference), PractitionerLocation.deleted_at.is_(None))
    )
    if location is None:
        raise LocationNotFound
    if by.is_staff:
        return location
    mine = profile_of(session, by)
    if mine is None or mine.id != location.practitioner_id:
        raise NotYours if location.listed else LocationNotFound
    if mine.status == "suspended":
        raise PractitionerSuspended
    return location
