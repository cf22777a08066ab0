"""The composition root: one Gateway is everything one process holds."""

import asyncio
import gc
import logging
import os
import socket
import time
from collections.abc import Coroutine
from time import perf_counter
from typing import Any

from gateway.access_log import AccessLog
from gateway.answers import Answers
from gateway.authentication import Authenticator
from gateway.cors import Cors, SecurityHeaders
from gateway.documentation import Documentation
from gateway.exchange import Exchange
from gateway.health import Health
from gateway.identity import Identity
from gateway.internal import Internal
from gateway.journal import Journal
from gateway.limits import Limiter
from gateway.listener import EventListener
from gateway.metrics import Finished, Metrics
from gateway.own import OwnPages
from gateway.places import Places
from gateway.pool import Service
from gateway.probes import Probes
from gateway.proxy import Proxy
from gateway.redis_store import shared_store
from gateway.revocations import Revocations
from gateway.server import GatewayServer
from gateway.settings import SERVICES, GatewaySettings
from gateway.sockets import Sockets
from gateway.windows import SharedWindows
from gateway.writes import Writes
from shared.identity.keyset import KeySet
from shared.identity.verifying import TokenVerifier
from shared.tracing import configure_tracing, is_tracing, stop_tracing, tell_span

TICK_SECONDS = 0.25
BALANCER_SECONDS = 5.0
FRESH_SECONDS = 1.0
FINISH_SECONDS = 25.0
log = logging.getLogger("gateway")


class Gateway:
    """One process of the gateway, on sockets that are bound already.

    Made inside a running event loop; `start` serves, `stop` finishes what is under way.
    """

    def __init__(self, settings: GatewaySettings, windows: SharedWindows, *, log_descriptor: int = 1) -> None:
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        writes = Writes(self._loop)
        self.metrics = Metrics()
        self.journal = Journal(self.metrics, AccessLog(log_descriptor))
        self.services = {name: Service(name, settings.addresses(name), self._loop, writes) for name in SERVICES}
        internal = Internal(self.services, settings.edge_key.encode())
        keys, revocations = KeySet(), Revocations()
        self.identity = Identity(internal, keys, revocations, poll_seconds=settings.identity_poll_seconds)
        verifier = TokenVerifier(keys, issuer=settings.public_url, legacy_secret=settings.jwt_legacy_secret or None)
        cors = Cors(settings.origins)
        self._answers = answers = Answers(
            cors,
            SecurityHeaders(https=settings.is_https),
            diagnostics=not settings.is_production,
            instance=f"{socket.gethostname()}-{os.getpid()}",
            finished=self._finished,
        )
        authenticator = Authenticator(verifier, keys, revocations, self.identity.refetch_keys)
        self._limiter = Limiter(settings, windows, store=shared_store(settings))
        places = Places()
        self.documentation = Documentation(settings, internal, places)
        self._sockets = Sockets(settings.realtime_url, cors, self.metrics, finished=self._finished)
        self.proxy = Proxy(
            settings,
            services=self.services,
            authenticator=authenticator,
            limiter=self._limiter,
            answers=answers,
            cors=cors,
            own=OwnPages(settings, Health(internal, settings), answers, self.documentation, authenticator),
            sockets=self._sockets,
            places=places,
        )
        self._probes = Probes(self.identity, revocations, self.services, self.metrics, self.journal)
        self._server = GatewayServer(self.proxy, writes)
        self._probe_server = GatewayServer(self._probes, writes)
        self._listener = (
            EventListener(
                settings.rabbitmq_url,
                self._loop,
                handle=self.identity.handle,
                on_bound=lambda: self._spawn(self.identity.load()),
            )
            if settings.rabbitmq_url
            else None
        )
        self._listening: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[object]] = set()

    async def start(self, public: socket.socket, probes: socket.socket | None) -> None:
        """Serve on these sockets."""
        configure_tracing("gateway")
        if self._listener is not None:
            self._listener.start()
        self._spawn(self._tick())
        self._spawn(self.identity.run())
        self._spawn(self.documentation.run())
        self._listening.append(await self._loop.create_server(self._server, sock=public, backlog=2048))
        if probes is not None:
            self._listening.append(await self._loop.create_server(self._probe_server, sock=probes))
        # What is loaded now lives as long as the process: no collection has to look at it again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 50, 50)

    async def stop(self, *, balancer_seconds: float = BALANCER_SECONDS) -> None:
        """Tell balancers, wait until they have noticed, take no more, finish what is under way, close."""
        self._probes.draining = self._answers.draining = True
        if balancer_seconds:
            await asyncio.sleep(balancer_seconds)
        for listening in self._listening:
            listening.close()
        if balancer_seconds:
            # Who has connected at the last moment has not asked yet.
            await asyncio.sleep(FRESH_SECONDS)
        await self._sockets.close()
        self._server.pre_shutdown()
        await self._server.shutdown(FINISH_SECONDS)
        await self._probe_server.shutdown(1)
        if self._listener is not None:
            self._listener.stop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for service in self.services.values():
            service.close()
        await self._limiter.close()
        self.journal.close()
        stop_tracing()

    async def _tick(self) -> None:
        """Do four times a second what no request should pay for."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            for service in self.services.values():
                service.tick()
            self.journal.flush()

    def _spawn(self, work: Coroutine[Any, Any, object]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[object]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a background task ended", exc_info=task.exception())

    def _finished(self, exchange: Exchange, status: int, size: int) -> None:
        """Count and log a request whose answer is out."""
        claims = exchange.claims
        if is_tracing():
            _trace(exchange, status)
        # As its class would make it, without a call into Python: every request pays for this.
        finished = tuple.__new__(
            Finished,
            (
                exchange.request_id,
                exchange.method,
                exchange.pattern,
                exchange.service,
                status,
                perf_counter() - exchange.started,
                size,
                claims.user_id if claims is not None else None,
                exchange.code,
            ),
        )
        self.journal.note(finished)


def _trace(exchange: Exchange, status: int) -> None:
    """Tell the request as a span: the one whose id the service was given as its parent."""
    incoming = exchange.incoming
    if incoming is None:
        return
    given = incoming.get(b"traceparent").decode("latin-1")
    tell_span(
        f"{exchange.method} {exchange.pattern}",
        "SERVER",
        exchange.traceparent,
        parent=given or None,
        began=time.time_ns() - int((perf_counter() - exchange.started) * 1e9),
        failed=status >= 500,
        attributes={
            "http.request.method": exchange.method,
            "http.route": exchange.pattern,
            "http.response.status_code": status,
            "estuary.service": exchange.service,
            "estuary.request_id": exchange.request_id,
        },
    )
