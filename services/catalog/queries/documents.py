"""Showing services by their ids: two statements for any number of them, and none for what was rendered just now."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, literal_column, select

from services.catalog.domain.errors import ServiceNotFound
from services.catalog.models import Service
from services.catalog.models.naming import NAMED_BY, kind_of
from services.catalog.queries import presenting
from services.catalog.queries.nested import nested_of
from services.catalog.queries.rows import BY_IDS, ROWS
from shared.clock import utc_now
from shared.identity import Identity
from shared.listing.statements import compiled, run

Document = dict[str, Any]
NOBODY = Identity()


class Found(NamedTuple):
    """What is known of a service before it is shown; `stamp` moves with every change of its row."""

    id: int
    version: int
    type_id: int
    visible: bool
    deleted_at: datetime | None
    stamp: int


_COLUMNS: Any = select(
    Service.id,
    Service.version,
    Service.type_id,
    Service.visible,
    Service.deleted_at,
    literal_column("services.xmin::text::bigint").label("stamp"),
)
_FOUND = {kind: compiled(_COLUMNS.where(condition), is_preparable=True) for kind, condition in NAMED_BY.items()}


def documents(connection: Connection, ids: Sequence[int], *, full: bool, by: Identity = NOBODY) -> list[Document]:
    """Return the services in the order of `ids`: as cards, or in full as the caller may see them."""
    if not ids:
        return []
    rows: list[dict[str, Any]] = ROWS.all(
        connection, where=BY_IDS, variant="ids", parameters={"ids": list(ids)}, limit=len(ids)
    )
    nested = nested_of(connection, ids, full=full, me=by.user_id)
    now = utc_now()
    found: dict[int, Document] = {}
    for row in rows:
        inside: Mapping[str, Any] = nested[row["id"]]
        found[row["id"]] = (
            presenting.detail(row, inside, by=by, now=now) if full else presenting.card(row, inside, now=now)
        )
    return presenting.in_order(found, ids)


def one_document(connection: Connection, reference: str | int, *, by: Identity) -> tuple[Document, int]:
    """Return the service that `reference` names, in full, and its version. Raises ServiceNotFound."""
    row = find(connection, reference)
    [shown] = documents(connection, [row.id], full=True, by=by)
    if not may_see(row, shown, by):
        raise ServiceNotFound
    return shown, row.version


def find(connection: Connection, reference: str | int) -> Found:
    """Return what is known of the service that `reference` names. Raises ServiceNotFound."""
    kind, value = kind_of(reference)
    rows = run(connection, _FOUND[kind], {"named": str(value) if kind == "uuid" else value})
    if not rows:
        raise ServiceNotFound
    return Found(**rows[0])


def may_see(row: Found, shown: Document, by: Identity) -> bool:
    """Whether the caller may see it: strangers what is visible, its practitioners and staff all but deleted."""
    if row.deleted_at is not None:
        return False
    return (
        bool(row.visible)
        or by.is_staff
        or any(one["revenue_share_percentage"] is not None for one in shown["practitioner_relationships"])
    )
