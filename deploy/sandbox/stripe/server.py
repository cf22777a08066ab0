"""The web application: the API, the hosted pages, the control calls, the webhooks and the clock."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiohttp import web

from . import timers
from .api import Api
from .control import Control
from .pages import Pages
from .sandbox import Sandbox
from .settings import Settings
from .webhooks import Deliverer

TICK_SECONDS = 0.5
BODY_BYTES_MAX = 1024 * 1024


def create_app(settings: Settings) -> web.Application:
    """Return the application; its state is opened at once, its background work starts with the server."""
    sandbox = Sandbox(settings)
    deliverer = Deliverer(sandbox)
    api = Api(sandbox, deliverer)
    app = web.Application(client_max_size=BODY_BYTES_MAX)
    app.router.add_routes(
        [
            web.get("/health/live", _live),
            web.get("/health/ready", _live),
            *Control(sandbox, api).routes(),
            *Pages(sandbox, deliverer).routes(),
            web.route("*", "/v1/{rest:.*}", api.handle),
        ]
    )

    async def background(_: web.Application) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(deliverer.run()), asyncio.create_task(_tick(sandbox, deliverer))]
        yield
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    app.cleanup_ctx.append(background)
    return app


async def _live(_: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


async def _tick(sandbox: Sandbox, deliverer: Deliverer) -> None:
    while True:
        if timers.run_due(sandbox):
            deliverer.wake()
        await asyncio.sleep(TICK_SECONDS)
