"""A client's request, as `wire` or aiohttp's parser has read it."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from aiohttp import EMPTY_PAYLOAD, StreamReader
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage, StreamWriter
from aiohttp.web import BaseRequest

from gateway.incoming import Incoming, read_headers

if TYPE_CHECKING:
    from gateway.client_connection import ClientConnection
    from gateway.responses import GatewayResponse


class ClientRequest:
    """What the gateway needs of a request; aiohttp's own, which can much more, is made where that is needed.

    `abandon` is set while no task works for the request: it is called when the client leaves.
    """

    __slots__ = (
        "_incoming",
        "_message",
        "_writer",
        "abandon",
        "content",
        "has_body",
        "keep_alive",
        "method",
        "protocol",
        "raw_path",
    )

    def __init__(
        self,
        protocol: "ClientConnection",
        method: str,
        raw_path: str,
        content: StreamReader,
        incoming: Incoming | None,
        message: RawRequestMessage | None = None,
    ) -> None:
        self.protocol = protocol
        self.method = method
        self.raw_path = raw_path
        self.content = content
        self.abandon: Callable[[], None] | None = None
        self._incoming = incoming
        self._message = message
        self._writer: StreamWriter | None = None
        # Whether a body comes with it, here already or not, and whether the client would use the connection again.
        self.has_body = content is not EMPTY_PAYLOAD
        self.keep_alive = message is None or not message.should_close

    def headers(self) -> Incoming:
        """Return what its header lines say. Raises Refusal."""
        if self._incoming is None:
            assert self._message is not None
            self._incoming = read_headers(self._message.raw_headers)
        return self._incoming

    def reply(self, answer: "GatewayResponse") -> None:
        """Answer it."""
        self.protocol.reply(answer)

    @property
    def takes_chunks(self) -> bool:
        """Whether the client understands a body whose length is not told."""
        return self._message is None or self._message.version >= (1, 1)

    @property
    def upgrades(self) -> bool:
        """Whether the client would speak something else from here on."""
        return self._message is not None and bool(self._message.upgrade)

    @property
    def remote(self) -> str:
        """The address at the other end of the connection."""
        return self.protocol.remote

    @property
    def transport(self) -> asyncio.Transport | None:
        """The connection, None when it is lost."""
        return self.protocol.transport

    @property
    def writer(self) -> AbstractStreamWriter:
        """What an answer that streams is written to, with back-pressure."""
        if self._writer is None:
            self.protocol.writes.flush()
            self._writer = StreamWriter(self.protocol, self.protocol.loop)
        return self._writer

    def for_aiohttp(self) -> BaseRequest:
        """Return aiohttp's own request, which its WebSocket is made from."""
        task = asyncio.current_task()
        assert task is not None
        assert self._message is not None
        return BaseRequest(self._message, self.content, self.protocol, self.writer, task, self.protocol.loop)

    def _cancel(self, error: BaseException) -> None:
        """Tell whoever reads the body that no more of it will come; called by aiohttp."""
        self.content.set_exception(error)

    def _finish(self) -> None:
        """Let go of what was read; called by aiohttp."""
