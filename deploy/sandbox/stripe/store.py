"""The sandbox's memory: one sqlite file, objects as the JSON that the API shows.

Members whose names begin with an underscore are the sandbox's own and never leave it.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .errors import Body, no_such

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (kind, number);
CREATE INDEX IF NOT EXISTS objects_by_customer ON objects (kind, json_extract(body, '$.customer'));
CREATE INDEX IF NOT EXISTS objects_by_intent ON objects (kind, json_extract(body, '$.payment_intent'));
CREATE INDEX IF NOT EXISTS objects_by_charge ON objects (kind, json_extract(body, '$.charge'));
CREATE TABLE IF NOT EXISTS timers (
    number INTEGER PRIMARY KEY AUTOINCREMENT, due_at INTEGER NOT NULL, name TEXT NOT NULL, object_id TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS timers_by_due ON timers (due_at, number);
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, request TEXT NOT NULL, request_id TEXT NOT NULL, status INTEGER NOT NULL,
    body TEXT NOT NULL, created INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
    number INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, event_type TEXT NOT NULL, url TEXT NOT NULL,
    secret TEXT NOT NULL, due_at REAL NOT NULL, state TEXT NOT NULL DEFAULT 'waiting',
    attempts INTEGER NOT NULL DEFAULT 0, last_status INTEGER, last_error TEXT);
CREATE INDEX IF NOT EXISTS deliveries_waiting ON deliveries (due_at) WHERE state = 'waiting';
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
TABLES = ("objects", "timers", "answers", "deliveries", "facts")


class Store:
    """Objects, timers, idempotent answers and webhook deliveries.

    Within a transaction an object is loaded once, so two functions that change it see each other's changes.
    """

    def __init__(self, path: str) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.row_factory = sqlite3.Row
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = NORMAL")
        self.connection.executescript(SCHEMA)
        self._loaded: dict[str, Body] = {}

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is written inside, or undo it all if an exception passes."""
        self._loaded.clear()
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        else:
            self.connection.execute("COMMIT")
        finally:
            self._loaded.clear()

    def insert(self, body: Body) -> None:
        """Keep a new object."""
        self.connection.execute(
            "INSERT INTO objects (id, kind, body) VALUES (?, ?, ?)", (body["id"], body["object"], json.dumps(body))
        )
        self._loaded[body["id"]] = body

    def save(self, body: Body) -> Body:
        """Write an object's new state and return the state it had."""
        before = self.connection.execute("SELECT body FROM objects WHERE id = ?", (body["id"],)).fetchone()
        self.connection.execute("UPDATE objects SET body = ? WHERE id = ?", (json.dumps(body), body["id"]))
        self._loaded[body["id"]] = body
        held: Body = json.loads(before["body"])
        return held

    def find(self, kind: str, object_id: str) -> Body | None:
        """Return an object, or None."""
        if object_id not in self._loaded:
            row = self.connection.execute("SELECT body FROM objects WHERE id = ?", (object_id,)).fetchone()
            if row is None:
                return None
            self._loaded[object_id] = json.loads(row["body"])
        body = self._loaded[object_id]
        return body if body["object"] == kind else None

    def get(self, kind: str, object_id: str, *, param: str | None = None) -> Body:
        """Return an object. Raises InvalidRequest `resource_missing`."""
        body = self.find(kind, object_id)
        if body is None:
            raise no_such(kind, object_id, param=param)
        return body

    def select(
        self,
        kind: str,
        where: Mapping[str, Any] | None = None,
        *,
        created: Mapping[str, int] | None = None,
        limit: int = -1,
        after: str | None = None,
        before: str | None = None,
    ) -> list[Body]:
        """Return objects whose members have the values of `where` newest first.

        A list as value means: one of these, `*` being anything. `after` and `before` are ids; with `before`, the ones
        next to it are returned, still newest first.
        """
        clauses = ["kind = ?"]
        values: list[Any] = [kind]
        for name, value in (where or {}).items():
            if isinstance(value, list):
                clauses.append("(" + " OR ".join([f"json_extract(body, '$.{name}') GLOB ?"] * len(value)) + ")")
                values.extend(value)
            else:
                clauses.append(f"json_extract(body, '$.{name}') IS ?")
                values.append(value)
        for name, moment in (created or {}).items():
            comparison = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "="}[name]
            clauses.append(f"json_extract(body, '$.created') {comparison} ?")
            values.append(moment)
        for cursor, comparison in ((after, "<"), (before, ">")):
            if cursor is not None:
                clauses.append(f"number {comparison} (SELECT number FROM objects WHERE id = ?)")  # noqa: S608
                values.append(cursor)
        direction = "ASC" if before else "DESC"
        condition = " AND ".join(clauses)  # Names come from the routes' own tables, values are bound.
        query = f"SELECT id, body FROM objects WHERE {condition} ORDER BY number {direction} LIMIT ?"  # noqa: S608
        rows = self.connection.execute(query, (*values, limit)).fetchall()
        if before:
            rows.reverse()
        return [self._loaded.setdefault(row["id"], json.loads(row["body"])) for row in rows]

    def delete(self, object_id: str) -> None:
        """Forget an object."""
        self.connection.execute("DELETE FROM objects WHERE id = ?", (object_id,))
        self._loaded.pop(object_id, None)

    def fact(self, name: str, default: int) -> int:
        """Return a number remembered under a name."""
        row = self.connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return int(row["value"]) if row else default

    def remember(self, name: str, value: int) -> None:
        """Remember a number under a name."""
        self.connection.execute("INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)", (name, value))

    def clear(self) -> None:
        """Forget everything."""
        for table in TABLES:
            self.connection.execute(f"DELETE FROM {table}")  # noqa: S608 — a name from the list above.
        self._loaded.clear()
