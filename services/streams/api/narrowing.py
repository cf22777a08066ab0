"""Parameters of lists that name something else: a stream, a practitioner, categories."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, select
from sqlalchemy.orm import Session

from services.streams.models import Practitioner, Stream
from services.streams.queries.streams import categories_named
from shared.errors import Invalid

PAGE_OF_NAMES = 50
Clause = ColumnElement[bool]


class Narrowing:
    """The conditions of one request, their names and values."""

    def __init__(self, clauses: list[Clause], variant: str, parameters: dict[str, Any]) -> None:
        self.clauses = list(clauses)
        self.variant = variant
        self.parameters = dict(parameters)

    def add(self, name: str, clause: Clause, **values: Any) -> None:
        """Narrow by a condition of its own."""
        self.clauses.append(clause)
        self.variant += f" {name}"
        self.parameters |= values

    def by_reference(self, name: str, reference: str | None, column: Any, model: type[Stream | Practitioner]) -> None:
        """Narrow to what belongs to something named by id or uuid."""
        if reference is None:
            return
        if reference.isdigit():
            self.add(name, column == bindparam(f"{name}_id"), **{f"{name}_id": int(reference)})
        else:
            wanted = select(model.id).where(model.public_uuid == bindparam(f"{name}_uuid")).scalar_subquery()
            self.add(f"{name}:uuid", column == wanted, **{f"{name}_uuid": UUID(reference)})


def category_ids(session: Session, names: list[str], *, parameter: str) -> list[int]:
    """Return the ids of categories by id or slug. Raises Invalid, which lists the known ones."""
    wanted = [part.strip() for name in names for part in name.split(",") if part.strip()][:PAGE_OF_NAMES]
    ids, unknown, known = categories_named(session, wanted)
    if unknown:
        listed = ", ".join(known[:PAGE_OF_NAMES])
        raise Invalid.field(parameter, f"Unknown: {', '.join(unknown)[:200]}. Known: {listed}.")
    return ids
