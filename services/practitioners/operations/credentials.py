"""Certificates, schools and questions on a profile."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.practitioners.domain.errors import LimitReached, PractitionerSuspended
from services.practitioners.domain.words import SUSPENDED
from services.practitioners.models import Certification, Document, Education, Practitioner, Question
from services.practitioners.operations.profiles import settle_profile
from shared.clock import utc_now
from shared.errors import Forbidden, Invalid, NotFound
from shared.identity import Identity

CREDENTIALS_MAX: Final = 50

Credential = TypeVar("Credential", Certification, Education, Question)


def add_credential(
    session: Session, practitioner: Practitioner, model: type[Credential], data: Mapping[str, Any]
) -> Credential:
    """Add one, at the end unless `order` says otherwise. Raises Invalid, LimitReached."""
    held, last = session.execute(
        select(func.count(), func.max(model.order)).where(model.practitioner_id == practitioner.id)
    ).one()
    if held >= CREDENTIALS_MAX:
        raise LimitReached
    values = _written(model, data)
    if values.get("order") is None:
        values["order"] = (last + 1) if held else 0
    row = model(practitioner_id=practitioner.id, **values)
    _check(session, row)
    session.add(row)
    settle_profile(session, practitioner, now=utc_now())
    return row


def change_credential(
    session: Session, practitioner: Practitioner, row: Credential, data: Mapping[str, Any]
) -> Credential:
    """Change what is given. Raises Invalid."""
    for name, value in _written(type(row), data).items():
        if name != "order" or value is not None:
            setattr(row, name, value)
    _check(session, row)
    settle_profile(session, practitioner, now=utc_now())
    return row


def remove_credential(session: Session, practitioner: Practitioner, row: Credential) -> None:
    """Take one off the profile."""
    session.delete(row)
    settle_profile(session, practitioner, now=utc_now())


def find_credential(
    session: Session, model: type[Credential], item_id: int, *, practitioner: Practitioner
) -> Credential:
    """Return a practitioner's own one. Raises NotFound."""
    row = session.scalar(select(model).where(model.id == item_id, model.practitioner_id == practitioner.id))
    if row is None:
        raise NotFound
    return row


def managed_credential(
    session: Session, model: type[Credential], item_id: int, by: Identity
) -> tuple[Practitioner, Credential]:
    """Return the caller's own one with its practitioner (locked), or anybody's for staff.

    Raises NotFound, also for somebody else's; PractitionerSuspended.
    """
    row = session.get(model, item_id)
    practitioner = session.get(Practitioner, row.practitioner_id, with_for_update=True) if row else None
    if row is None or practitioner is None or practitioner.deleted_at is not None:
        raise NotFound
    if not by.is_staff:
        if practitioner.user_id != by.user_id:
            raise NotFound
        if practitioner.verification_status == SUSPENDED:
            raise PractitionerSuspended
    return practitioner, row


def target_practitioner(session: Session, by: Identity, practitioner_id: int | None) -> Practitioner | None:
    """Return the practitioner that staff name for a new credential, locked; None if the caller means the own one.

    Raises Forbidden for others, Invalid for an unknown id.
    """
    if practitioner_id is None:
        return None
    practitioner = session.scalar(
        select(Practitioner)
        .where(Practitioner.id == practitioner_id, Practitioner.deleted_at.is_(None))
        .with_for_update()
    )
    if practitioner is not None and practitioner.user_id == by.user_id:
        return None
    if not by.is_staff:
        raise Forbidden
    if practitioner is None:
        raise Invalid.field("practitioner_id", "There is no such practitioner.")
    return practitioner


def reorder_questions(session: Session, practitioner: Practitioner, question_ids: Sequence[int]) -> None:
    """Put questions into the wished order; those left out follow in theirs. Raises Invalid for unknown ids."""
    held = list(
        session.scalars(
            select(Question.id).where(Question.practitioner_id == practitioner.id).order_by(Question.order, Question.id)
        )
    )
    wished = list(dict.fromkeys(question_ids))
    unknown = [str(one) for one in wished if one not in held]
    if unknown:
        raise Invalid.field("question_ids", f"Unknown: {', '.join(unknown)}.")
    for place, one in enumerate([*wished, *(one for one in held if one not in wished)]):
        session.execute(update(Question).where(Question.id == one).values(order=place))
    settle_profile(session, practitioner, now=utc_now())


def _written(model: type[Any], data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name in model.__table__.c}


def _check(session: Session, row: Certification | Education | Question) -> None:
    if not isinstance(row, Certification):
        return
    if row.issue_date and row.expiry_date and row.expiry_date < row.issue_date:
        raise Invalid.field("expiry_date", "Must not lie before the issue date.")
    if row.document_id is not None:
        document = session.get(Document, row.document_id)
        if document is None or document.practitioner_id != row.practitioner_id:
            raise Invalid.field("document_id", "This is not a document of yours.")


def visible_credential(session: Session, model: type[Credential], item_id: int, by: Identity) -> Credential:
    """Return one that the caller may see: an own one, a listed practitioner's, any for staff. Raises NotFound."""
    row = session.get(model, item_id)
    practitioner = session.get(Practitioner, row.practitioner_id) if row else None
    if row is None or practitioner is None or practitioner.deleted_at is not None:
        raise NotFound
    if not (by.is_staff or practitioner.user_id == by.user_id or practitioner.is_listed):
        raise NotFound
    return row
