"""A gateway as it is usually written: aiohttp on both sides, PyJWT on every request, a wrapping dictionary."""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import jwt
from aiohttp import web
from jwt import PyJWK

UPSTREAM = os.environ["BENCH_UPSTREAM"]


async def session(app: web.Application) -> AsyncIterator[None]:
    app["session"] = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=512))
    yield
    await app["session"].close()


async def proxy(request: web.Request) -> web.Response:
    token = request.headers["Authorization"].removeprefix("Bearer ")
    jwt.decode(token, request.app["key"], algorithms=["ES256"], audience="estuary")
    headers = {name: value for name, value in request.headers.items() if name.lower() not in {"host", "connection"}}
    path = request.path_qs.removeprefix("/api/v1/drf")
    async with request.app["session"].request(request.method, UPSTREAM + path, headers=headers) as answer:
        data = await answer.json()
    return web.json_response({"status": "success", "message": "Success", "data": data}, status=answer.status)


def make() -> web.Application:
    app = web.Application()
    app["key"] = PyJWK(json.loads(Path(os.environ["BENCH_KEYS"]).read_bytes())["keys"]["keys"][0]).key
    app.cleanup_ctx.append(session)
    app.router.add_route("*", "/{rest:.*}", proxy)
    return app


if __name__ == "__main__":
    import uvloop

    uvloop.install()
    web.run_app(make(), host="127.0.0.1", port=int(os.environ["BENCH_PORT"]), print=None)
