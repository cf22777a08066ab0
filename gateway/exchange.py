"""What the gateway knows about one request while it is under way."""

from dataclasses import dataclass, field
from time import perf_counter

from aiohttp.web import BaseRequest

from gateway.incoming import Incoming
from gateway.paths import Target
from gateway.routes import GATEWAY, Route
from shared.identity.tokens import Claims


@dataclass(slots=True, eq=False)
class Exchange:
    """Filled step by step; what is not known yet is None. `lines` are header lines every answer to it carries."""

    request: BaseRequest
    started: float = field(default_factory=perf_counter)
    incoming: Incoming | None = None
    target: Target | None = None
    route: Route | None = None
    pattern: str = ""
    address: str = ""
    claims: Claims | None = None
    token: str = ""
    lines: list[bytes] = field(default_factory=list)
    service_seconds: float = 0.0
    code: str = ""

    @property
    def request_id(self) -> str:
        """The id told to the client and to services; empty while the headers are unread."""
        return self.incoming.request_id if self.incoming is not None else ""

    @property
    def service(self) -> str:
        """The service the request goes to, `gateway` when nowhere."""
        return self.route.service if self.route is not None else GATEWAY
