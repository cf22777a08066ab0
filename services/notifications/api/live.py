"""The socket of notifications in the description of the API; the realtime process serves it."""

from typing import Any

from services.notifications.api.schemas import SocketQuery
from services.notifications.domain.errors import UpgradeRequired
from shared.http import ANYONE, Blueprint, MethodView

live = Blueprint("live-notifications", "The socket.")


@live.route("/notifications/ws/")
class Live(MethodView):
    """The socket."""

    @live.operation("notifications_ws", ANYONE, refuses=[UpgradeRequired])
    @live.arguments(SocketQuery, location="query")
    @live.response(101)
    def get(self, _query: dict[str, Any]) -> None:
        """Open the socket of live notifications.

        A WebSocket. Sign in by `?ticket=` (from ws-ticket), by the subprotocols `estuary.v1, bearer.<token>`, or by a
        first message `{"type":"auth","token":…}` within five seconds; a token in the address is refused. `after` tells
        what was missed since that `seq`. Then come `new_notification`, `notification_update` and `ping`; the client
        says `resume`, `mark_read`, `mark_unread`, `mark_all_read`, `get_unread_count`, `ping`, and `auth` with a new
        token before the old one runs out (`token_expiring`). Closed with 4401 the client needs a new token; with 1001
        it comes back in some seconds.
        """
        raise UpgradeRequired
