"""The gateway's own calls to services: identity, health and OpenAPI documents."""

import time

from uuid_utils import uuid7

from gateway.line import UpstreamRequest
from gateway.pool import Service
from gateway.upstream_answers import Answer
from shared.identity.edge import sign_edge


class Internal:
    """GETs that no client asked for, signed like any other request."""

    def __init__(self, services: dict[str, Service], edge_key: bytes) -> None:
        self._services = services
        self._edge_key = edge_key

    async def get(self, service: str, path: str, *, query: str = "", seconds: float = 5.0, headers: str = "") -> Answer:
        """Return a service's answer to GET `path`. Raises Refusal when there is none."""
        edge = sign_edge(
            self._edge_key, method="GET", path=path, ip="127.0.0.1", request_id=str(uuid7()), now=int(time.time())
        )
        line = f"GET {path}{'?' + query if query else ''} HTTP/1.1\r\n"
        fields = f"Estuary-Edge: {edge}\r\nAccept: application/json\r\nAccept-Encoding: identity\r\n{headers}"
        return await self._services[service].exchange(UpstreamRequest("GET", (line + fields).encode(), b"", seconds))


async def whole_body(answer: Answer) -> bytes:
    """Return the body of an answer, also of one that streams."""
    if answer.stream is None:
        return answer.body
    return b"".join([chunk async for chunk in answer.stream])
