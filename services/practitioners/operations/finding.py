"""Finding the practitioner that an operation is about, and deciding whether the caller may change it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.practitioners.domain.errors import NoProfile, PractitionerNotFound, PractitionerSuspended
from services.practitioners.domain.words import SUSPENDED
from services.practitioners.models import Practitioner
from services.practitioners.models.referring import referred_to
from shared.errors import Forbidden
from shared.identity import Identity


def own_practitioner(session: Session, by: Identity, *, lock: bool = False) -> Practitioner:
    """Return the caller's practitioner, found by user: a token may be older than the profile. Raises NoProfile."""
    statement = select(Practitioner).where(Practitioner.user_id == by.user_id, Practitioner.deleted_at.is_(None))
    practitioner = session.scalar(statement.with_for_update() if lock else statement)
    if practitioner is None:
        raise NoProfile
    return practitioner


def changing_practitioner(session: Session, by: Identity) -> Practitioner:
    """Return the caller's practitioner, locked. Raises NoProfile, PractitionerSuspended."""
    practitioner = own_practitioner(session, by, lock=True)
    if practitioner.verification_status == SUSPENDED:
        raise PractitionerSuspended
    return practitioner


def find_practitioner(session: Session, reference: str, *, lock: bool = False) -> Practitioner:
    """Return the practitioner, whoever asks. Raises PractitionerNotFound."""
    statement = select(Practitioner).where(referred_to(reference), Practitioner.deleted_at.is_(None))
    practitioner = session.scalar(statement.with_for_update(of=Practitioner) if lock else statement)
    if practitioner is None:
        raise PractitionerNotFound
    return practitioner


def managed_practitioner(session: Session, reference: str, by: Identity, *, writes: bool = True) -> Practitioner:
    """Return the caller's own practitioner, or any for staff; locked if `writes`.

    Raises PractitionerNotFound, Forbidden for somebody else's visible one, PractitionerSuspended for its owner.
    """
    practitioner = find_practitioner(session, reference, lock=writes)
    if by.is_staff:
        return practitioner
    if practitioner.user_id != by.user_id:
        raise Forbidden if practitioner.is_visible else PractitionerNotFound
    if writes and practitioner.verification_status == SUSPENDED:
        raise PractitionerSuspended
    return practitioner


def reviewed_practitioner(session: Session, practitioner_id: int, by: Identity) -> Practitioner:
    """Return whom staff decide about, locked. Raises PractitionerNotFound; Forbidden if it is their own profile."""
    practitioner = session.scalar(
        select(Practitioner)
        .where(Practitioner.id == practitioner_id, Practitioner.deleted_at.is_(None))
        .with_for_update()
    )
    if practitioner is None:
        raise PractitionerNotFound
    if practitioner.user_id == by.user_id:
        raise Forbidden("Staff do not decide about their own profile.")
    return practitioner
