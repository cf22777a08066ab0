"""A client's request, as aiohttp's parser has read it."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from aiohttp import HttpVersion, StreamReader
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage, StreamWriter
from aiohttp.web import BaseRequest

if TYPE_CHECKING:
    from gateway.responses import GatewayResponse
    from gateway.server import ClientConnection


class ClientRequest:
    """What the gateway needs of a request; aiohttp's own, which can much more, is made where that is needed.

    `abandon` is set while no task works for the request: it is called when the client leaves.
    """

    __slots__ = ("_writer", "abandon", "content", "message", "method", "protocol", "raw_path")

    def __init__(self, message: RawRequestMessage, content: StreamReader, protocol: "ClientConnection") -> None:
        self.message = message
        self.method: str = message.method
        self.raw_path: str = message.path
        self.content = content
        self.protocol = protocol
        self.abandon: Callable[[], None] | None = None
        self._writer: StreamWriter | None = None

    def reply(self, answer: "GatewayResponse") -> None:
        """Answer it."""
        self.protocol.reply(answer)

    @property
    def version(self) -> HttpVersion:
        """The version of HTTP that the client speaks."""
        return self.message.version

    @property
    def keep_alive(self) -> bool:
        """Whether the client would use the connection again."""
        return not self.message.should_close

    @property
    def can_read_body(self) -> bool:
        """Whether a body comes with it."""
        return not self.content.at_eof()

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
            self._writer = StreamWriter(self.protocol, self.protocol.loop)
        return self._writer

    def for_aiohttp(self) -> BaseRequest:
        """Return aiohttp's own request, which its WebSocket is made from."""
        task = asyncio.current_task()
        assert task is not None
        return BaseRequest(self.message, self.content, self.protocol, self.writer, task, self.protocol.loop)

    def _cancel(self, error: BaseException) -> None:
        """Tell whoever reads the body that no more of it will come; called by aiohttp."""
        self.content.set_exception(error)

    def _finish(self) -> None:
        """Let go of what was read; called by aiohttp."""
