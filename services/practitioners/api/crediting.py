"""What the operations on certificates, schools and questions have in common."""

from typing import Any

from services.practitioners.domain.errors import (
    LimitReached,
    NoProfile,
    PractitionerNotFound,
    PractitionerSuspended,
)
from services.practitioners.operations import credentials as operations
from services.practitioners.operations.finding import changing_practitioner, managed_practitioner
from services.practitioners.queries.credentials import credential_body, nested
from shared.database import reading, transaction
from shared.errors import Forbidden, NotFound
from shared.http import identity

ADDS = (NoProfile, Forbidden, PractitionerSuspended, LimitReached)
CHANGES = (NotFound, PractitionerSuspended)
NESTED_ADDS = (PractitionerNotFound, Forbidden, PractitionerSuspended, LimitReached)
NESTED_CHANGES = (NotFound, Forbidden, PractitionerSuspended)

Body = dict[str, Any]


def add_credential(model: Any, body: Body) -> Body:
    """Add one to the caller's profile, or to the one that staff name."""
    with transaction() as session:
        by = identity()
        named = operations.target_practitioner(session, by, body.pop("practitioner_id", None))
        practitioner = named or changing_practitioner(session, by)
        row = operations.add_credential(session, practitioner, model, body)
        return credential_body(session, row)


def one_credential(model: Any, item_id: int) -> Body:
    """Return one that the caller may see."""
    with transaction() as session:
        row = operations.visible_credential(session, model, item_id, identity())
        return credential_body(session, row)


def change_credential(model: Any, item_id: int, body: Body) -> Body:
    """Change one of the caller's, or anybody's for staff."""
    body.pop("practitioner_id", None)
    with transaction() as session:
        practitioner, row = operations.managed_credential(session, model, item_id, identity())
        return credential_body(session, operations.change_credential(session, practitioner, row, body))


def remove_credential(model: Any, item_id: int) -> None:
    """Delete one of the caller's, or anybody's for staff."""
    with transaction() as session:
        practitioner, row = operations.managed_credential(session, model, item_id, identity())
        operations.remove_credential(session, practitioner, row)


def nested_list(reference: str, name: str) -> list[Body]:
    """Return those of a profile that the caller may open."""
    with reading() as connection:
        return nested(connection, reference, name, by=identity())


def nested_add(model: Any, reference: str, body: Body) -> Body:
    """Add one to a profile."""
    body.pop("practitioner_id", None)
    with transaction() as session:
        practitioner = managed_practitioner(session, reference, identity())
        return credential_body(session, operations.add_credential(session, practitioner, model, body))


def nested_change(model: Any, reference: str, item_id: int, body: Body) -> Body:
    """Change one of a profile's."""
    body.pop("practitioner_id", None)
    with transaction() as session:
        practitioner = managed_practitioner(session, reference, identity())
        row = operations.find_credential(session, model, item_id, practitioner=practitioner)
        return credential_body(session, operations.change_credential(session, practitioner, row, body))


def nested_remove(model: Any, reference: str, item_id: int) -> None:
    """Delete one of a profile's."""
    with transaction() as session:
        practitioner = managed_practitioner(session, reference, identity())
        row = operations.find_credential(session, model, item_id, practitioner=practitioner)
        operations.remove_credential(session, practitioner, row)
