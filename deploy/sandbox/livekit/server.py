"""The web application: calls, sockets, controls, the page, and the clock."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import structlog
from aiohttp import web

from .control import Control
from .egress import Recorder
from .hall import Hall
from .settings import Settings
from .sockets import Sockets
from .trouble import Trouble
from .twirp import Twirp
from .webhooks import Deliverer

TICK_SECONDS = 0.25
BODY_BYTES_MAX = 1 << 20
PAGE = Path(__file__).with_name("page.html")
log = structlog.get_logger()


def create_app(settings: Settings) -> web.Application:
    """Return the application; its background work starts with the server."""
    trouble = Trouble()
    deliverer = Deliverer(settings, trouble)
    hall = Hall(deliverer.tell, trouble)
    recorder = Recorder(settings, hall)
    twirp = Twirp(settings, hall, recorder)
    sockets = Sockets(settings, hall)
    app = web.Application(client_max_size=BODY_BYTES_MAX)
    app.router.add_routes(
        [
            web.get("/health/live", _live),
            web.get("/health/ready", _live),
            web.get("/", _page),
            web.get("/rtc", sockets.enter),
            web.get("/rtc/validate", sockets.validate),
            web.post("/twirp/livekit.{service}/{method}", twirp.handle),
            *Control(hall, recorder, deliverer, trouble).routes(),
        ]
    )

    async def background(_: web.Application) -> AsyncIterator[None]:
        ticking = asyncio.create_task(_tick(hall, recorder))
        yield
        ticking.cancel()
        with suppress(asyncio.CancelledError):
            await ticking
        await deliverer.close()

    app.cleanup_ctx.append(background)
    return app


async def _live(_: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


async def _page(_: web.Request) -> web.FileResponse:
    return web.FileResponse(PAGE)


async def _tick(hall: Hall, recorder: Recorder) -> None:
    while True:
        try:
            hall.tick()
            await recorder.tick()
        except Exception:
            log.exception("tick.failed")
        await asyncio.sleep(TICK_SECONDS)
