"""Certificates, schools and questions as they are answered."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, func, literal_column, or_, select
from sqlalchemy.orm import Session

from services.practitioners.domain.errors import PractitionerNotFound
from services.practitioners.models import Certification, Document, Education, Practitioner, Question
from services.practitioners.models.referring import LISTED, is_named
from services.practitioners.queries.profiles import is_visible, profile_row
from services.practitioners.queries.texts import holds
from shared.http import fields
from shared.identity import Identity
from shared.listing import Filter, Listing, Page

_TODAY: ColumnElement[Any] = literal_column("(now() AT TIME ZONE 'UTC')::date")
_IS_EXPIRED = func.coalesce(Certification.expiry_date < _TODAY, False).label("is_expired")
_IS_VERIFIED = (
    exists().where(Document.id == Certification.document_id, Document.status == "approved").label("is_verified")
)
_COLUMNS: dict[type[Any], tuple[Any, ...]] = {
    Certification: (
        *(Certification.id, Certification.certificate, Certification.institution, Certification.issue_date),
        *(Certification.expiry_date, Certification.order, Certification.practitioner_id.label("practitioner")),
        *(_IS_EXPIRED, _IS_VERIFIED),
    ),
    Education: (
        *(Education.id, Education.degree, Education.educational_institute, Education.year),
        *(Education.order, Education.practitioner_id.label("practitioner")),
    ),
    Question: (Question.id, Question.title, Question.answer, Question.order),
}


def _listing(model: type[Any], searched: tuple[Any, ...]) -> Listing:
    return Listing(
        columns=select(*_COLUMNS[model]).join(Practitioner, Practitioner.id == model.practitioner_id),
        key=model.id,
        filters={"practitioner": Filter(fields.String(), is_named)},
        orderings={"order": model.order, "id": model.id},
        default_ordering="order",
        search=lambda value: or_(*(holds(column, value) for column in searched)),
    )


CERTIFICATIONS: Final = _listing(Certification, (Certification.certificate, Certification.institution))
EDUCATIONS: Final = _listing(Education, (Education.degree, Education.educational_institute))


def credentials_page(connection: Connection, listing: Listing, query: Mapping[str, Any], *, by: Identity) -> Page:
    """Return those that the caller may see: a practitioner's own, all for staff, else those of listed ones."""
    present = Practitioner.deleted_at.is_(None)
    if by.is_staff:
        return listing.page(connection, query, where=[present], variant="staff")
    own = and_(Practitioner.user_id == bindparam("me"), present)
    if "practitioner" in query:
        where = [or_(LISTED, own)]
        return listing.page(connection, query, where=where, variant="named", parameters={"me": by.user_id})
    is_practitioner = connection.execute(_HAS_PROFILE, {"me": by.user_id}).scalar()
    if is_practitioner:
        return listing.page(connection, query, where=[own], variant="own", parameters={"me": by.user_id})
    return listing.page(connection, query, where=[LISTED], variant="listed")


_HAS_PROFILE = select(Practitioner.id).where(Practitioner.user_id == bindparam("me"), Practitioner.deleted_at.is_(None))


def credential_body(session: Session, row: Certification | Education | Question) -> dict[str, Any]:
    """Return one as it is answered."""
    session.flush()
    model = type(row)
    return dict(session.execute(select(*_COLUMNS[model]).where(model.id == row.id)).mappings().one())


def nested(connection: Connection, reference: str, name: str, *, by: Identity) -> list[dict[str, Any]]:
    """Return `certifications`, `educations` or `questions` of a profile. Raises PractitionerNotFound."""
    row = profile_row(connection, reference)
    is_own = by.is_signed_in and row["user_id"] == by.user_id
    if not (by.is_staff or is_own or is_visible(row)):
        raise PractitionerNotFound
    held: list[dict[str, Any]] = row[name]
    return held
