"""The gateway's own pages."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import orjson

from gateway.answers import Answers
from gateway.authentication import Authenticator
from gateway.compression import Coding, choose, compress
from gateway.documentation import Documentation
from gateway.envelope import wrap
from gateway.exchange import Exchange
from gateway.health import Health
from gateway.page import Page
from gateway.paths import BASE
from gateway.places import Place
from gateway.responses import GatewayResponse
from gateway.settings import GatewaySettings
from shared.identity.minting import ACCESS_TOKEN_SECONDS

LARGE_BYTES = 64 * 1024
_JSON = b"Content-Type: application/json\r\n"


class OwnPages:
    """Health, info, and everything that is made from the merged OpenAPI document."""

    def __init__(
        self,
        settings: GatewaySettings,
        health: Health,
        answers: Answers,
        documentation: Documentation,
        authenticator: Authenticator,
    ) -> None:
        self._authenticator = authenticator
        self._settings = settings
        self._health = health
        self._answers = answers
        self._documentation = documentation

    async def serve(self, exchange: Exchange, place: Place) -> GatewayResponse:
        """Answer one of the gateway's own paths."""
        if place.path == "/health/":
            assert exchange.incoming is not None
            for_staff = self._authenticator.is_staff(exchange.incoming.authorization)
            status, report = await self._health.report(for_staff=for_staff)
            page = Page(data=report, status=status)
        elif place.path == "/info/":
            page = Page(data=self._info(place))
        else:
            page = await self._documentation.serve(exchange, place)
        return await self._answer(exchange, page)

    async def _answer(self, exchange: Exchange, page: Page) -> GatewayResponse:
        assert exchange.incoming is not None
        body, lines = page.body, [f"Content-Type: {page.content_type}\r\n".encode()]
        if page.data is not None:
            body, lines = _enveloped(page), [_JSON]
        if page.max_age:
            lines.append(f"Cache-Control: {page.max_age}\r\n".encode())
        if page.etag:
            lines.append(f'ETag: W/"{page.etag}"\r\n'.encode())
            if f'"{page.etag}"' in exchange.incoming.get(b"if-none-match").decode("latin-1"):
                return self._answers.own(exchange, 304, b"".join(lines), docs=page.docs)
        coding = choose(exchange.incoming.get(b"accept-encoding")) if len(body) >= 1024 else ""
        if coding:
            body = page.packed.get(coding) or await self._pack(page, body, coding)
            lines.append(f"Content-Encoding: {coding}\r\nVary: Accept-Encoding\r\n".encode())
        return self._answers.own(exchange, page.status, b"".join(lines), body, docs=page.docs)

    async def _pack(self, page: Page, body: bytes, coding: Coding) -> bytes:
        """Compress a body; megabytes take a while, in which this process answers others."""
        large = len(body) > LARGE_BYTES
        packed = await asyncio.to_thread(compress, body, coding) if large else compress(body, coding)
        page.packed[coding] = packed
        return packed

    def _info(self, place: Place) -> dict[str, Any]:
        settings = self._settings
        public = settings.public_url.rstrip("/")
        base = public + (place.base or BASE)
        return {
            "title": "Estuary API",
            "description": "A wellness marketplace: sessions, workshops, courses and live streams.",
            "version": settings.estuary_version,
            "environment": settings.estuary_env,
            "base_url": base,
            "documentation": {
                "swagger": f"{base}/docs/",
                "redoc": f"{base}/docs/redoc/",
                "openapi": f"{base}/schema/",
            },
            "authentication": {
                "type": "JWT Bearer",
                "login": f"{place.base}/auth/login/",
                "refresh": f"{place.base}/auth/token/refresh/",
                "register": f"{place.base}/auth/register/",
                "jwks": f"{public}/.well-known/jwks.json",
                "access_token_seconds": ACCESS_TOKEN_SECONDS,
                "providers": list(settings.auth_providers),
            },
            "realtime": {"notifications": f"{public.replace('http', 'ws', 1)}/ws/notifications/"},
            "limits": {
                "anonymous": settings.rate_limit_anonymous.split(";", maxsplit=1)[0],
                "authenticated": settings.rate_limit_user.split(";", maxsplit=1)[0],
                "page_size_max": 100,
                "body_max_bytes": 1024 * 1024,
            },
            "time": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "contact": {"email": settings.support_email, "support": settings.frontend_url},
        }


def _enveloped(page: Page) -> bytes:
    """Wrap a page's data; health's 503 is a report, not a refusal, so its data is told as well."""
    body = orjson.dumps(page.data)
    if page.status < 400:
        return wrap(body, page.status)
    message = orjson.dumps(page.data.get("message", ""))
    return (
        b'{"status":"error","message":' + message + b',"code":"service_unavailable","errors":{},"data":' + body + b"}"
    )
