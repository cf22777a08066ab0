"""The realtime process: handshakes, probes, events, and a graceful end."""

import asyncio
import re
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import uvloop
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Gauge, generate_latest

from services.notifications.realtime.connection import MAX_MESSAGE_BYTES, SILENT, UNAUTHENTICATED, Connection
from services.notifications.realtime.hub import Hub
from services.notifications.realtime.reading import Reader
from services.notifications.settings import Settings, settings
from shared.database import connect
from shared.http.health import Readiness, database_check
from shared.identity.claims import Claims, TokenError
from shared.identity.edge import EDGE_HEADER, EdgeSignatureInvalid, verify_edge
from shared.identity.keys import KeyRing
from shared.messaging import Message
from shared.messaging.live import Listener
from shared.messaging.names import EVENTS, live_exchange
from shared.observability import configure_logging, logger

AUTH_SECONDS = 5.0
PROTOCOL = "estuary.v1"
FORBIDDEN = ("token", "access_token", "jwt")
_AFTER = re.compile(r"[0-9]{1,18}")
log = logger(__name__)
SOCKETS = Gauge("estuary_sockets", "Open notification sockets of this process.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whose socket this is; `expires_at` in unix seconds."""

    user_id: int
    session_id: str | None
    expires_at: int


class Realtime:
    """One process of sockets."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys = KeyRing(issuer=settings.public_url, legacy_secret=settings.jwt_legacy_secret)
        database = connect(settings.database_url, pool_size=4, application_name="notifications-realtime")
        self._reader = Reader(database)
        self._hub = Hub(
            self._reader,
            per_user=settings.sockets_per_user,
            per_network=settings.sockets_per_network,
            total=settings.sockets_max,
        )
        self._readiness = Readiness({"database": database_check("notifications")})
        self._is_ending = False

    def application(self) -> web.Application:
        """Return the web application; its background work starts and ends with it."""
        application = web.Application()
        application.router.add_get("/notifications/ws/", self.open_socket)
        application.router.add_get("/health/live", self.live)
        application.router.add_get("/health/ready", self.ready)
        application.router.add_get("/metrics", self.metrics)
        application.cleanup_ctx.append(self._background)
        application.on_shutdown.append(self._shut_down)
        return application

    async def open_socket(self, request: web.Request) -> web.StreamResponse:
        """Judge the handshake, find out who it is, and serve the socket until it closes."""
        network = self._judge(request)
        self._hub.admit(network)
        SOCKETS.set(self._hub.count)
        try:
            return await self._serve(request)
        finally:
            self._hub.dismiss(network)
            SOCKETS.set(self._hub.count)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        claimed = await self._claimed(request)
        socket = web.WebSocketResponse(
            protocols=(PROTOCOL,), max_msg_size=MAX_MESSAGE_BYTES, compress=False, timeout=2.0
        )
        await socket.prepare(request)
        caller = claimed or await self._first_message(socket)
        if caller is None:
            return socket
        connection = Connection(
            socket,
            self._reader,
            user_id=caller.user_id,
            session_id=caller.session_id,
            expires_at=caller.expires_at,
        )
        after = request.query.get("after", "")
        self._hub.enter(connection)
        try:
            await connection.run(
                partial(self._renewed, caller),
                int(after) if _AFTER.fullmatch(after) else None,
                # What happened meanwhile was told to nobody.
                on_welcomed=partial(self._hub.note, caller.user_id),
            )
        finally:
            self._hub.leave(connection)
        return socket

    async def live(self, _request: web.Request) -> web.Response:
        """Say that the process answers."""
        return web.json_response({"status": "ok", "service": "notifications-realtime"})

    async def ready(self, _request: web.Request) -> web.Response:
        """Say whether the process can take sockets."""
        failing = dict(await self._reader.call(self._readiness.failing))
        if self._is_ending:
            failing["process"] = "ending"
        state = {"status": "unavailable" if failing else "ok", "service": "notifications-realtime", "failing": failing}
        return web.json_response(state, status=503 if failing else 200)

    async def metrics(self, _request: web.Request) -> web.Response:
        """Show Prometheus what is counted."""
        return web.Response(body=generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    def _judge(self, request: web.Request) -> str:
        """Return the network the request comes from, or refuse: signature, origin, secrets in the address, room."""
        try:
            edge = verify_edge(
                self._settings.edge_key.encode(),
                request.headers.get(EDGE_HEADER),
                method=request.method,
                path=request.path,
            )
        except EdgeSignatureInvalid as invalid:
            raise web.HTTPUnauthorized from invalid
        if any(name in request.query for name in FORBIDDEN):
            raise web.HTTPBadRequest(text="A token must not stand in an address: ask for a ticket.")
        origin = request.headers.get("Origin")
        if origin is not None and origin not in self._settings.cors_allowed_origins:
            raise web.HTTPForbidden
        if self._is_ending or not self._hub.has_room(edge.client_ip):
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "5"})
        return edge.client_ip

    async def _claimed(self, request: web.Request) -> Caller | None:
        """Return who the ticket or the bearer subprotocol names; None where the first message shall tell."""
        ticket = request.query.get("ticket")
        if ticket is not None:
            holder = await self._reader.holder(ticket)
            if holder is None:
                raise web.HTTPUnauthorized
            return Caller(
                user_id=holder.user_id,
                session_id=holder.session_id,
                expires_at=int(holder.token_expires_at.timestamp()),
            )
        offered = [part.strip() for part in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
        bearer = next((part.removeprefix("bearer.") for part in offered if part.startswith("bearer.")), None)
        if bearer is None:
            return None
        caller = await self._verified(bearer)
        if caller is None:
            raise web.HTTPUnauthorized
        return caller

    async def _first_message(self, socket: web.WebSocketResponse) -> Caller | None:
        try:
            message = await socket.receive_json(timeout=AUTH_SECONDS)
        except TimeoutError:
            await socket.close(code=SILENT, message=b"no sign-in")
            return None
        except (TypeError, ValueError):
            await socket.close(code=UNAUTHENTICATED, message=b"not signed in")
            return None
        token = message.get("token") if isinstance(message, dict) and message.get("type") == "auth" else None
        caller = await self._verified(token) if isinstance(token, str) else None
        if caller is None:
            await socket.close(code=UNAUTHENTICATED, message=b"token refused")
        return caller

    async def _verified(self, token: str) -> Caller | None:
        try:
            claims: Claims = await self._reader.call(partial(self._keys.verify, token))
        except TokenError:
            return None
        revoked = await self._reader.is_revoked(
            user_id=claims.user_id, session_id=claims.session_id, issued_at=claims.issued_at
        )
        if revoked:
            return None
        return Caller(user_id=claims.user_id, session_id=claims.session_id, expires_at=claims.expires_at)

    async def _renewed(self, before: Caller, token: str) -> int | None:
        caller = await self._verified(token)
        return caller.expires_at if caller is not None and caller.user_id == before.user_id else None

    async def _background(self, _application: web.Application) -> Any:
        """Listen for hints and ended sessions, and look after the sockets, while the application runs."""
        loop = asyncio.get_running_loop()
        listener = Listener(
            self._settings.rabbitmq_url,
            user="notifications",
            bindings=[(live_exchange("notifications"), ""), (EVENTS, "session.revoked"), (EVENTS, "user.changed")],
            on_message=lambda message: loop.call_soon_threadsafe(self._hear, message),
        )
        listener.start()
        tasks = [asyncio.create_task(self._hub.tell()), asyncio.create_task(self._hub.look_after())]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.to_thread(listener.stop)
        self._reader.close()

    def _hear(self, message: Message) -> None:
        data = message.data
        if message.type == "inbox.hint":
            self._hub.note(int(data["user_id"]))
        elif message.type == "inboxes.hint":
            for user_id in data["user_ids"]:
                self._hub.note(int(user_id))
        elif message.type == "session.revoked" and data.get("kind") == "session":
            self._hub.end_sessions(data.get("session_ids") or [], user_id=int(data["user_id"]))
        elif message.type == "session.revoked" or not data.get("is_active", True):
            self._hub.end_person(int(data["user_id"] if "user_id" in data else data["id"]))

    async def _shut_down(self, _application: web.Application) -> None:
        self._is_ending = True
        await self._hub.say_goodbye()


async def serve(settings: Settings, until: Callable[[], Awaitable[object]]) -> None:
    """Serve sockets at `REALTIME_BIND` until `until()` returns."""
    host, _, port = settings.realtime_bind.rpartition(":")
    runner = web.AppRunner(Realtime(settings).application(), access_log=None, shutdown_timeout=5.0)
    await runner.setup()
    await web.TCPSite(runner, host, int(port), backlog=1024).start()
    log.info("realtime_started", bind=settings.realtime_bind, at=int(time.time()))
    try:
        await until()
    finally:
        await runner.cleanup()


async def _until_told() -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    await told.wait()


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    configure_logging("notifications-realtime", level=settings().log_level)
    uvloop.run(serve(settings(), _until_told))
