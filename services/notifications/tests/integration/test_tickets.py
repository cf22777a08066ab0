"""What opens a socket: tickets that work once and not for long, and nothing that auth has revoked."""

import time
from datetime import timedelta

from services.notifications.handlers import auth
from services.notifications.models import SocketTicket
from services.notifications.operations.tickets import is_revoked, use_ticket
from services.notifications.tests.sockets import ticket
from shared.clock import utc_now
from shared.database import Database
from shared.messaging.testing import apply, message
from shared.testing.http import Caller


def test_a_ticket_is_good_for_thirty_seconds_and_ten_a_minute(http: Caller, database: Database) -> None:
    me = http.as_user(7)
    tickets = [me.post("/notifications/ws-ticket/").json["ticket"] for _ in range(10)]
    late = me.post("/notifications/ws-ticket/")
    assert (late.status, late.code, late.headers["Retry-After"]) == (429, "rate_limited", "60")
    assert http.as_user(8).post("/notifications/ws-ticket/").status == 201

    with database.transaction() as session:
        assert use_ticket(session, tickets[0], now=utc_now() + timedelta(seconds=29)) is not None
        assert use_ticket(session, tickets[0], now=utc_now()) is None
        assert use_ticket(session, tickets[1], now=utc_now() + timedelta(seconds=30)) is None
        session.query(SocketTicket).update({"issued_at": utc_now() - timedelta(seconds=61)})
    assert me.post("/notifications/ws-ticket/").status == 201


def test_dead_tokens_open_nothing(http: Caller, database: Database) -> None:
    """What auth revoked is refused, as soon as this service has heard of it."""
    expires = int(time.time()) + 1800
    one = {"kind": "session", "session_ids": ["s1"], "user_id": 7, "expires_at": expires, "not_before": None}
    everywhere = {"kind": "user", "session_ids": [], "user_id": 8, "expires_at": expires, "not_before": 1_000}
    dead_ticket = ticket(http, session_id="s1")
    apply(database, "notifications", [auth], message("session.revoked", one), message("session.revoked", everywhere))

    def refused(user_id: int, session_id: str, issued_at: int) -> bool:
        with database.transaction() as session:
            return is_revoked(session, user_id=user_id, session_id=session_id, issued_at=issued_at, now=utc_now())

    assert refused(7, "s1", 2_000)
    assert not refused(7, "s2", 2_000)
    assert refused(8, "x", 999)
    assert not refused(8, "x", 1_000)
    with database.transaction() as session:
        assert use_ticket(session, dead_ticket, now=utc_now()) is None
