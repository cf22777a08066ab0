"""What the gateway knows about one request while it is under way."""

from time import perf_counter

from gateway.client_request import ClientRequest
from gateway.incoming import Incoming
from gateway.places import Place
from gateway.routes import GATEWAY, Route
from shared.identity.claims import Claims


class Exchange:
    """Filled step by step; what is not known yet is None or empty, `said`, `place` and `route` missing.

    `lines` are header lines that every answer to it carries. `body` is the client's, once it has been read, `asked`
    when its service was asked. `code` is set when the gateway itself refuses.
    """

    # What a class holds for all costs nothing to make: most requests change only a few of these.
    incoming: Incoming | None = None
    request_id: str = ""
    traceparent: str = ""
    said: Incoming
    place: Place
    route: Route
    query: str = ""
    pattern: str = "unmatched"
    service: str = GATEWAY
    cors: bool = True
    address: str = ""
    claims: Claims | None = None
    token: str = ""
    body: bytes | None = None
    asked: float = 0.0
    service_seconds: float = 0.0
    code: str = ""

    def __init__(self, request: ClientRequest) -> None:
        self.request = request
        self.method = request.method
        self.started = perf_counter()
        self.lines: list[bytes] = []
