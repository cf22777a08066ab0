"""The sandbox over HTTP."""

import base64
import binascii
from collections.abc import Awaitable, Callable
from html import escape
from urllib.parse import unquote, urlencode

from aiohttp import web

from deploy.sandbox.oidc.provider import PEOPLE, Provider, Refused

PROVIDER: web.AppKey[Provider] = web.AppKey("provider", Provider)
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Sign in</title>
<style>body{{font:16px system-ui;max-width:28rem;margin:4rem auto}}button{{display:block;width:100%;margin:.5rem 0;
padding:.75rem;font:inherit}}</style>
<h1>Sign in as</h1><form method="post" action="/authorize?{query}">{buttons}</form></html>
"""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_app(provider: Provider) -> web.Application:
    """Return the application of one provider."""
    app = web.Application(middlewares=[_refuse])
    app[PROVIDER] = provider
    app.add_routes(
        [
            web.get("/.well-known/openid-configuration", _describe),
            web.get("/keys", _keys),
            web.get("/authorize", _choose),
            web.post("/authorize", _chosen),
            web.post("/token", _token),
        ]
    )
    return app


@web.middleware
async def _refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as refused:
        return web.json_response({"error": str(refused)}, status=400)


async def _describe(request: web.Request) -> web.Response:
    return web.json_response(request.app[PROVIDER].document())


async def _keys(request: web.Request) -> web.Response:
    return web.json_response(request.app[PROVIDER].keys())


async def _choose(request: web.Request) -> web.Response:
    """Show the page with the test people."""
    request.app[PROVIDER].check_request(dict(request.query))
    buttons = "".join(
        f'<button name="subject" value="{escape(one.subject)}">{escape(one.first_name)} {escape(one.last_name)}'
        f" &lt;{escape(one.email)}&gt;</button>"
        for one in PEOPLE
    )
    cancel = '<button name="subject" value="">Cancel</button>'
    page = _PAGE.format(query=escape(request.query_string), buttons=buttons + cancel)
    return web.Response(text=page, content_type="text/html")


async def _chosen(request: web.Request) -> web.Response:
    """Send the browser back with a code, or with the refusal."""
    asked = dict(request.query)
    request.app[PROVIDER].check_request(asked)
    subject = str((await request.post()).get("subject", ""))
    answer = {"state": asked.get("state", "")}
    try:
        answer["code"] = request.app[PROVIDER].give_code(asked, subject)
    except Refused as refused:
        answer["error"] = str(refused)
    raise web.HTTPFound(f"{asked['redirect_uri']}?{urlencode(answer)}")


async def _token(request: web.Request) -> web.Response:
    sent = {name: str(value) for name, value in (await request.post()).items()}
    client_id, client_secret = _client(request, sent)
    return web.json_response(
        request.app[PROVIDER].exchange(sent, client_id=client_id, client_secret=client_secret),
        headers={"Cache-Control": "no-store"},
    )


def _client(request: web.Request, sent: dict[str, str]) -> tuple[str, str]:
    """Return the client's credentials, from the header or the form. Source: RFC 6749, section 2.3.1."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return sent.get("client_id", ""), sent.get("client_secret", "")
    try:
        client_id, _, client_secret = base64.b64decode(given).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as broken:
        raise Refused("invalid_client") from broken
    return unquote(client_id), unquote(client_secret)
