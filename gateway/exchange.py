"""What the gateway knows about one request while it is under way."""

from dataclasses import dataclass, field
from time import perf_counter

from aiohttp.web import BaseRequest

from gateway.incoming import Incoming
from gateway.places import Place
from gateway.routes import GATEWAY
from shared.identity.claims import Claims


@dataclass(slots=True, eq=False)
class Exchange:
    """Filled step by step; what is not known yet is None or empty.

    `lines` are header lines that every answer to it carries. `code` is set when the gateway itself refuses.
    """

    request: BaseRequest
    method: str
    started: float = field(default_factory=perf_counter)
    incoming: Incoming | None = None
    request_id: str = ""
    place: Place | None = None
    query: str = ""
    pattern: str = "unmatched"
    service: str = GATEWAY
    cors: bool = True
    address: str = ""
    claims: Claims | None = None
    token: str = ""
    lines: list[bytes] = field(default_factory=list)
    service_seconds: float = 0.0
    code: str = ""
