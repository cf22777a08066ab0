"""Whom a reference names, and how many reviews they have."""

from collections.abc import Mapping
from functools import cache
from uuid import UUID

from sqlalchemy import Connection, text

from services.reviews.domain import words
from shared.listing.statements import Compiled, compiled, run

Reference = int | UUID | str
_COLUMN: dict[type, str] = {UUID: "public_uuid", str: "slug"}
_TABLE = {words.PRACTITIONER: "practitioners", words.SERVICE: "services"}


def numbered(connection: Connection, about: Mapping[str, Reference]) -> tuple[dict[str, int], int]:
    """Return the ids of the practitioner, the service or both that are named, and how many reviews that leaves.

    An id is 0 where nobody is known by that name.
    """
    kind = words.PAIR if len(about) > 1 else next(iter(about))
    [row] = run(connection, _statement(kind, tuple((name, type(value)) for name, value in about.items())), about)
    return {name: row[name] for name in about}, row["count"]


@cache
def _statement(kind: str, named: tuple[tuple[str, type], ...]) -> Compiled:
    ids = {name: f"CAST(:{name} AS bigint)" if held is int else _found(name, held) for name, held in named}
    shown = ", ".join(f"{ids.get(name, '0')} AS {name}" for name in _TABLE)
    statement = text(f"""
        WITH target AS (SELECT {shown})
        SELECT coalesce(t.practitioner, 0) AS practitioner, coalesce(t.service, 0) AS service,
               coalesce(r.count, 0) AS count
        FROM target t LEFT JOIN ratings r
            ON r.target = '{kind}' AND r.practitioner_id = t.practitioner AND r.service_id = t.service
    """)  # noqa: S608 - our own names.
    return compiled(statement, is_preparable=True)


def _found(name: str, held: type) -> str:
    return f"(SELECT id FROM {_TABLE[name]} WHERE {_COLUMN[held]} = :{name} LIMIT 1)"  # noqa: S608 - our own names.
