"""Fixtures for every service's tests; which service is meant follows from the test file's folder."""

import importlib
import os
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from shared.database import Database
from shared.testing import environment
from shared.testing.http import Caller, trust_test_key

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
        _empty(entered, kept)
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
        _empty(database, _seeded[service])
    return _seeded[service]


def _empty(database: Database, kept: frozenset[str]) -> None:
    """Delete every row that a test may have left; counters of keys run on, so tests never share ids by accident."""
    with database.transaction() as session:
        tables = session.execute(
            text(
                "SELECT c.relname, has_table_privilege(c.oid, 'TRUNCATE') FROM pg_class c"
                " JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
            )
        ).all()
        wanted = [name for name, _ in tables if name not in kept]
        # Emptying a table costs a file; most tests write to few of them.
        asked = " UNION ALL ".join(
            f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")"  # noqa: S608 - names of the database's own tables.
            for name in wanted
        )
        filled = session.scalars(text(asked)).all() if asked else []
        if filled:
            session.execute(text("SET LOCAL lock_timeout = '5s'"))
            # A service's role may have given up emptying some tables; their owner can take it up again, and drop it.
            guarded = ", ".join(f'"{name}"' for name, may_empty in tables if not may_empty)
            if guarded:
                session.execute(text(f"GRANT TRUNCATE ON {guarded} TO CURRENT_USER"))
            session.execute(text("TRUNCATE " + ", ".join(f'"{name}"' for name in filled) + " CASCADE"))
            if guarded:
                session.execute(text(f"REVOKE TRUNCATE ON {guarded} FROM CURRENT_USER"))
