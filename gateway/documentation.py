"""The schema, the pages made from it, and the lists of resources, examples and errors.

Each service's own document is read at start and every minute; until then, and while a service is down, the one
committed beside `gateway.openapi` stands in, so that the whole is always whole.
"""

import asyncio
import hashlib
import logging
from typing import Any, Literal

import orjson
import yaml

from gateway.assets import Assets
from gateway.errors import Refusal
from gateway.exchange import Exchange
from gateway.guide import error_code, errors, examples, resources
from gateway.internal import Internal, whole_body
from gateway.openapi import merge, read_descriptions
from gateway.page import Page
from gateway.paths import BASE
from gateway.places import Place, Places
from gateway.settings import SERVICES, GatewaySettings
from gateway.upstream_answers import UpstreamError

Form = Literal["json", "yaml"]
_TYPES: dict[Form, str] = {"json": "application/vnd.oai.openapi+json", "yaml": "application/yaml"}
_MAX_AGE = "public, max-age=60"
log = logging.getLogger("gateway.documentation")


class Documentation:
    """Everything that is made from the merged document; made when first asked for, kept until a service changes."""

    def __init__(self, settings: GatewaySettings, internal: Internal, places: Places) -> None:
        self._settings = settings
        self._internal = internal
        self._places = places
        self._documents = read_descriptions()
        self._tags: dict[str, str] = {}
        self._made: dict[tuple[str, ...], Page] = {}
        self._assets = Assets()
        for service, document in self._documents.items():
            places.load(service, document)

    async def run(self) -> None:
        """Read the services' documents now and then every minute; runs until cancelled."""
        while True:
            changed = await asyncio.gather(*(self._read(service) for service in SERVICES))
            if any(changed):
                self._made.clear()
            await asyncio.sleep(self._settings.openapi_poll_seconds)

    async def serve(self, exchange: Exchange, place: Place) -> Page:
        """Return the page of a path. Raises Refusal: not_found, not_acceptable."""
        path, base = place.path, place.base or BASE
        if path.startswith("/docs/assets/"):
            return self._assets.file(path.removeprefix("/docs/assets/"))
        if path in {"/docs/", "/docs/redoc/"}:
            return self._assets.page(path)
        if path == "/schema/":
            return await self._schema(exchange, exchange.query, base)
        if path.startswith("/errors/") and path != "/errors/":
            return Page(data=error_code(await self._merged(base), path.split("/")[2]))
        makers = {"/resources/": resources, "/errors/": errors, "/examples/": examples}
        key = (path, base)
        if key not in self._made:
            self._made[key] = Page(data=makers[path](await self._merged(base), self._origin, base))
        return self._made[key]

    @property
    def _origin(self) -> str:
        return self._settings.public_url.rstrip("/")

    async def _schema(self, exchange: Exchange, query: str, base: str) -> Page:
        assert exchange.incoming is not None
        asked = dict(part.partition("=")[::2] for part in query.split("&") if part)
        form = _form(asked.get("format"), exchange.incoming.get(b"accept").decode("latin-1"))
        version = "3.1.0" if asked.get("openapi", "3.0").startswith("3.1") else "3.0.3"
        service = asked.get("service", "")
        if service and service not in SERVICES:
            raise Refusal("not_found")
        key = ("/schema/", base, version, service, form)
        page = self._made.get(key)
        if page is None:
            page = self._made[key] = await asyncio.to_thread(self._render, base, version, service, form)
        return page

    def _render(self, base: str, version: str, service: str, form: Form) -> Page:
        document = self._merge(base, version, service)
        if form == "json":
            body = orjson.dumps(document)
        else:
            body = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True).encode()
        etag = hashlib.sha256(body).hexdigest()[:16]
        return Page(body=body, content_type=_TYPES[form], etag=etag, max_age=_MAX_AGE)

    async def _merged(self, base: str) -> dict[str, Any]:
        return await asyncio.to_thread(self._merge, base, "3.0.3", "")

    def _merge(self, base: str, version: str, service: str) -> dict[str, Any]:
        documents = {service: self._documents[service]} if service in self._documents else self._documents
        return merge(documents, openapi=version, base=base, origin=self._origin, version=self._settings.estuary_version)

    async def _read(self, service: str) -> bool:
        """Read a service's document; False when it is away or has not changed."""
        known = self._tags.get(service)
        try:
            answer = await self._internal.get(
                service, "/openapi.json", headers=f"If-None-Match: {known}\r\n" if known else ""
            )
            if answer.status != 200:
                return False
            document = orjson.loads(await whole_body(answer))
            paths = document["paths"]
        except (Refusal, UpstreamError, ValueError, KeyError, TypeError) as error:
            log.info("the document of %s could not be read: %r", service, error)
            return False
        self._tags[service] = answer.said.get(b"etag", b"").decode("latin-1")
        if not paths or document == self._documents.get(service):
            return False
        self._documents[service] = document
        self._places.load(service, document)
        return True


class _Dumper(yaml.CSafeDumper):
    """Writes everything out: anchors would be valid, but no reader of OpenAPI expects them."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 (PyYAML's signature)
        return True


def _form(asked: str | None, accept: str) -> Form:
    if asked in {"json", "yaml"}:
        return "yaml" if asked == "yaml" else "json"
    if asked is not None:
        raise Refusal("not_acceptable")
    wanted = [part.partition(";")[0].strip().lower() for part in accept.split(",") if part.strip()]
    for kind in wanted:
        if kind in {"application/yaml", "application/x-yaml", "text/yaml", "application/vnd.oai.openapi"}:
            return "yaml"
        if kind in {"*/*", "application/*", "text/html"} or kind.endswith("json"):
            return "json"
    if wanted:
        raise Refusal("not_acceptable")
    return "json"
