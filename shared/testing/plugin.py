"""Fixtures for every service's tests; which service is meant follows from the test file's folder."""

import importlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.database import Database
from shared.testing import environment
from shared.testing.http import Caller, trust_test_key

# Bytes; larger tables are truncated, so that what was deleted does not pile up in them.
LARGE = 2**18

_apps: dict[str, Flask] = {}


@pytest.fixture
def service(request: pytest.FixtureRequest) -> str:
    """The name of the service whose folder the test lies in."""
    parts = request.path.relative_to(environment.ROOT).parts
    assert parts[0] == "services", f"{request.path} belongs to no service"
    return parts[1]


@pytest.fixture
def database(service: str) -> Iterator[Database]:
    """The service's migrated database, emptied of what the test wrote (seeded reference rows stay).

    The service's environment is this process's for the test only: another test may start processes of its own, which
    would inherit it.
    """
    before = dict(os.environ)
    try:
        entered = environment.enter(service)
        kept = _rows_from_migrations(service, entered)
        yield entered
        _empty(entered, service, kept)
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture
def app(service: str, database: Database) -> Flask:
    """The service's web process, answering in this one."""
    if service not in _apps:
        made: Flask = importlib.import_module(f"services.{service}.app").create_app()
        environment.enter(service)
        _apps[service] = made
    trust_test_key(database)
    return _apps[service]


@pytest.fixture
def http(service: str, app: Flask) -> Caller:
    """A client of the service under test; nobody is signed in."""
    variables = environment.read(service)
    return Caller(app=app, edge_key=variables["EDGE_KEY"], issuer=variables["PUBLIC_URL"])


_seeded: dict[str, frozenset[str]] = {}


def _rows_from_migrations(service: str, database: Database) -> frozenset[str]:
    """Return the tables that migrations filled; found once, right after migrating."""
    if service not in _seeded:
        module: Any = importlib.import_module(f"services.{service}.models")
        _seeded[service] = frozenset(getattr(module, "REFERENCE_TABLES", ())) | {"event_epoch", "alembic_version"}
        _empty(database, service, _seeded[service])
    return _seeded[service]


@dataclass(frozen=True)
class _Emptying:
    """How a database's tables lose their rows; found once, as tests change rows and not tables."""

    # Those that rows can be deleted from, each before what it refers to: for a few rows far cheaper than TRUNCATE,
    # which makes new files and has every connection look its tables up again.
    deleted: tuple[str, ...]
    # A service's role may have given up emptying some tables; their owner can take it up again, and drop it.
    guarded: tuple[str, ...]
    # Names the tables that hold rows, and whether they are large.
    asked: str


_emptyings: dict[str, _Emptying] = {}


def _empty(database: Database, service: str, kept: frozenset[str]) -> None:
    """Delete every row that a test may have left; counters of keys run on, so tests never share ids by accident."""
    with database.transaction() as session:
        emptying = _emptyings.get(service) or _how_to_empty(session, kept)
        _emptyings[service] = emptying
        connection = session.connection()
        if "filled" not in connection.info:
            session.execute(text(f"PREPARE filled AS {emptying.asked}"))
            connection.info["filled"] = True
        filled = {row.name: row.is_large for row in session.execute(text("EXECUTE filled"))}
        deleted = [name for name in emptying.deleted if filled.get(name) is False]
        truncated = [name for name in filled if name not in deleted]
        statements = ["SET LOCAL lock_timeout = '5s'"]
        if truncated:
            statements += [f"GRANT TRUNCATE ON {name} TO CURRENT_USER" for name in emptying.guarded]
            statements += [f"TRUNCATE {', '.join(truncated)} CASCADE"]
            statements += [f"REVOKE TRUNCATE ON {name} FROM CURRENT_USER" for name in emptying.guarded]
        statements += [f"DELETE FROM {name}" for name in deleted]  # noqa: S608 - as above.
        if filled:
            session.execute(text(";".join(statements)))


def _how_to_empty(session: Session, kept: frozenset[str]) -> _Emptying:
    tables = session.execute(
        text(
            "SELECT quote_ident(relname), has_table_privilege(c.oid, 'TRUNCATE'), has_table_privilege(c.oid, 'DELETE')"
            " AND NOT EXISTS (SELECT FROM pg_trigger"
            "  WHERE tgrelid = c.oid AND NOT tgisinternal AND tgtype & 8 <> 0 /* on DELETE */)"
            " FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            " AND NOT relispartition AND relname <> ALL(:kept)"
        ),
        {"kept": sorted(kept)},
    ).all()
    referring = session.execute(
        text(
            "SELECT quote_ident(a.relname), quote_ident(b.relname) FROM pg_constraint"
            " JOIN pg_class a ON a.oid = conrelid JOIN pg_class b ON b.oid = confrelid"
            " WHERE contype = 'f' AND conrelid <> confrelid"
        )
    ).all()
    may_delete = {name for name, _, is_free in tables if is_free}
    # Deleting a row asks the tables that refer to it, which asks for the right to change those.
    while held := {parent for child, parent in referring if parent in may_delete and child not in may_delete}:
        may_delete -= held
    order = TopologicalSorter({name: set() for name in may_delete})
    for child, parent in referring:
        if parent in may_delete:
            order.add(parent, child)
    return _Emptying(
        deleted=tuple(order.static_order()),
        guarded=tuple(name for name, may_truncate, _ in tables if not may_truncate),
        asked=" UNION ALL ".join(
            f"SELECT '{name}' AS name, pg_relation_size('{name}') > {LARGE} AS is_large"  # noqa: S608 - our own names.
            f" WHERE EXISTS (SELECT FROM {name})"
            for name, _, _ in tables
        ),
    )
