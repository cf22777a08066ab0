"""Tickets for sockets over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.notifications.api.schemas import SocketTicket
from services.notifications.domain.errors import TooManyTickets
from services.notifications.operations.tickets import TICKET_LIFETIME, issue_ticket
from services.notifications.settings import settings
from shared.clock import utc_now
from shared.database import transaction
from shared.http import SIGNED_IN, Blueprint, MethodView, identity

tickets = Blueprint("sockets", "Live notifications.")

TOKEN_LIFETIME = timedelta(minutes=30)


@tickets.route("/notifications/ws-ticket/", twins=["/notifications/ws_ticket/"])
class Tickets(MethodView):
    """Permission to open a socket."""

    @tickets.operation("notifications_ws_ticket_create", SIGNED_IN, refuses=[TooManyTickets])
    @tickets.response(201, SocketTicket)
    def post(self) -> dict[str, Any]:
        """Get a ticket for one socket.

        Open `url` with `?ticket=` within thirty seconds. It works once and stands for the token it was asked with.
        There are ten a minute.
        """
        caller, now = identity(), utc_now()
        with transaction() as session:
            ticket = issue_ticket(
                session,
                user_id=caller.user_id,
                session_id=caller.session_id,
                token_expires_at=_until(caller.expires_at, now),
                now=now,
            )
        return {"ticket": ticket, "expires_in": int(TICKET_LIFETIME.total_seconds()), "url": settings().realtime_url}


def _until(expires_at: int | None, now: datetime) -> datetime:
    return datetime.fromtimestamp(expires_at, UTC) if expires_at else now + TOKEN_LIFETIME
