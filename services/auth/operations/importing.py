"""Taking over the accounts of the system that is replaced."""

import math
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.auth.clients.hashing import hasher
from services.auth.domain import emails, names, password_hashes
from services.auth.events import UserChanged
from services.auth.models import User
from shared.clock import utc_now
from shared.database import transaction
from shared.ids import uuid7
from shared.messaging import record

BATCH = 500
TRIES = 5


@dataclass(slots=True)
class Report:
    """What came of an import; `refused` are sentences.

    `floor_ms` is how long checking the costliest kind of imported password takes here: no sign-in should be quicker
    while such are left (AUTH_LOGIN_FLOOR_MS), or time would tell which addresses have an account.
    """

    added: int = 0
    kept: int = 0
    floor_ms: int = 0
    refused: list[str] = field(default_factory=list)


class Importing:
    """Takes JSON lines of accounts; those that are there by id and uuid are left alone, so it can be repeated.

    Of addresses that differ only by case, the account that was used last keeps its own; the others are suspended
    under an address that says so, and listed.
    """

    def __init__(self, *, source: str) -> None:
        self._source = source
        self._report = Report()
        self._hashes: dict[str, str] = {}

    def run(self, lines: Iterable[str]) -> Report:
        """Import every line, 500 a transaction; announces each account's state and mails nobody. Emits UserChanged."""
        rows = self._without_twins(list(self._read(lines)))
        for start in range(0, len(rows), BATCH):
            with transaction() as session:
                for row in rows[start : start + BATCH]:
                    self._take(session, row)
        with transaction() as session:
            session.execute(
                text("SELECT setval(pg_get_serial_sequence('users', 'id'), greatest((SELECT max(id) FROM users), 1))")
            )
        self._report.floor_ms = max((_check_ms(stored) for stored in self._hashes.values()), default=0)
        return self._report

    def _read(self, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                yield _values(orjson.loads(line), source=self._source)
            except (ValueError, KeyError, TypeError) as wrong:
                self._report.refused.append(f"line {number}: {wrong}")

    def _without_twins(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Leave each address, whatever its case, to one account."""
        by_address: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in rows:
            by_address[row["email"].lower()].append(row)
        for twins in by_address.values():
            twins.sort(key=lambda row: row["last_login"] or row["date_joined"], reverse=True)
            for loser in twins[1:]:
                self._report.refused.append(
                    f"user {loser['id']}: {loser['email']} is also user {twins[0]['id']}'s, used later; suspended"
                )
                loser.update(
                    email=f"duplicate-{loser['id']}@invalid",
                    account_status="suspended",
                    status_reason=f"Same address as user {twins[0]['id']}.",
                )
        return rows

    def _take(self, session: Session, row: dict[str, Any]) -> None:
        held = session.execute(select(User.uuid).where(User.id == row["id"])).scalar()
        if held is not None:
            if held == row["uuid"]:
                self._report.kept += 1
            else:
                self._report.refused.append(f"user {row['id']}: another uuid has this id")
            return
        added = session.scalar(insert(User).values(version=1, **row).on_conflict_do_nothing().returning(User.id))
        if added is None:
            self._report.refused.append(f"user {row['id']}: {row['email']} or its uuid is another account's")
            return
        stored = row["password_hash"]
        if password_hashes.scheme(stored) == "imported":
            self._hashes.setdefault(password_hashes.kind(stored), stored)
        user = session.get_one(User, added)
        record(session, UserChanged.of(user), subject=user)
        session.expunge(user)
        self._report.added += 1


def _check_ms(stored: str) -> int:
    """Return how long checking a password against this takes at most, of some tries and with a little to spare."""
    took = []
    for _ in range(TRIES):
        began = time.perf_counter()
        hasher().check("not the password", stored)
        took.append(time.perf_counter() - began)
    return math.ceil(max(took) * 1_100)


def _values(told: dict[str, Any], *, source: str) -> dict[str, Any]:
    """Return the row of one line. Raises ValueError, KeyError, TypeError."""
    password = told.get("password") or ""
    joined = _instant(told.get("date_joined")) or utc_now()
    number = told["id"]
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise ValueError("id is no positive number")
    email = emails.normalized(told["email"])
    zone = told.get("timezone")
    return {
        "id": number,
        "uuid": UUID(told["uuid"]) if told.get("uuid") else uuid7(),
        "email": email,
        "email_verified_at": joined if told.get("email_verified") else None,
        "first_name": str(told.get("first_name") or "")[:150],
        "last_name": str(told.get("last_name") or "")[:150],
        "phone_number": _phone(told.get("phone_number")),
        "timezone": zone if zone and names.is_timezone(zone) else "UTC",
        "timezone_chosen": bool(zone),
        "password_hash": password if password_hashes.is_readable(password) else None,
        "account_status": "active" if told.get("is_active", True) else "suspended",
        "status_reason": None,
        "is_staff": bool(told.get("is_staff")),
        "is_superuser": bool(told.get("is_superuser")),
        "last_login": _instant(told.get("last_login")),
        "date_joined": joined,
        "imported_from": source[:50],
    }


def _instant(value: str | None) -> datetime | None:
    if not value:
        return None
    read = datetime.fromisoformat(value)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _phone(value: str | None) -> str | None:
    try:
        return names.phone_number(value or "")
    except ValueError:
        return None
