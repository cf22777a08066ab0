"""Making a service's web process: Flask and flask-smorest with our edges.

Order of a request: gateway's signature, token, operation's policy, idempotency key, arguments, the operation; then the
message, version and waiting preference become headers, and failures become JSON.
"""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import structlog
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_cls
from flask import Flask, Request, Response, g, request
from flask.sessions import NullSession, SessionInterface
from flask_smorest import Api
from werkzeug.routing import BaseConverter, IntegerConverter, MapAdapter

from shared.database import connect, let_reads_lag
from shared.errors import Unauthenticated
from shared.http import fields
from shared.http.blueprint import Blueprint
from shared.http.context import ANONYMOUS
from shared.http.failures import answer_failures
from shared.http.health import Check, Readiness, add_health, database_check
from shared.http.json import use_orjson
from shared.http.schemas import Schema
from shared.identity import Identity
from shared.identity.claims import TokenError
from shared.identity.edge import EDGE_HEADER, EdgeSignatureInvalid, verify_edge
from shared.identity.keys import KeyRing
from shared.messaging.context import Actor, reset_context, set_context
from shared.observability import configure_logging
from shared.settings import ServiceSettings
from shared.tracing import begin_span, configure_tracing

_EDGE = f"HTTP_{EDGE_HEADER.upper().replace('-', '_')}"
UNSIGNED_PATHS = ("/health/live", "/health/ready", "/metrics")
MAX_BODY_BYTES = 1 << 20
FINISHING = "finishing"
"""Where `app.extensions` lists what is called, without arguments, when a process that answers ends."""


class Error(Schema):
    """A refusal, as the service says it; the gateway adds status and request id."""

    message = fields.String(required=True)
    code = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)


class IdConverter(IntegerConverter):
    """A positive 64-bit number; anything else is another path, hence 404."""

    regex = r"[1-9][0-9]{0,18}"

    def __init__(self, map: Any) -> None:  # noqa: A002 - werkzeug's own name.
        super().__init__(map, min=1, max=fields.INT64_MAX)


class ReferenceConverter(BaseConverter):
    """An id, a uuid or a slug; `services.<name>.queries` finds out which."""

    regex = r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}"


class NoSessions(SessionInterface):
    """No sessions: who calls is told by a token."""

    def open_session(self, app: Flask, request: Request) -> NullSession:  # noqa: ARG002 - The parent's signature.
        """Return the one that refuses to be written."""
        return _NO_SESSION

    def is_null_session(self, obj: object) -> bool:  # noqa: ARG002 - The parent's signature.
        """Whether there is nothing to save: always."""
        return True


_NO_SESSION = NullSession()


class ServiceFlask(Flask):
    """Flask without what it does at every request for applications of other kinds.

    It asks of every function whether it is a coroutine, looks for sessions in cookies, and reads the host, twice, for
    routes that depend on it. Here nothing does.
    """

    session_interface = NoSessions()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function itself."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return what finds the operation by the path and the method alone."""
        if request is None:
            return None
        host, query = request.environ.get("HTTP_HOST", ""), request.environ.get("QUERY_STRING", "")
        return MapAdapter(self.url_map, host, "", "", request.scheme, request.path, request.method, query)


class ServiceApi(Api):
    """flask-smorest's Api; failures are answered by `shared.http.failures`, so its own handler stays out."""

    ERROR_SCHEMA = Error
    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """Leave the error handlers to us."""

    def _register_pagination_header(self) -> None:
        """Leave out its own form of pages."""


def create_service_app(
    service: str,
    title: str,
    settings: ServiceSettings,
    blueprints: Iterable[Blueprint],
    *,
    checks: dict[str, Check] | None = None,
    notices: dict[str, Check] | None = None,
    unsigned_prefixes: tuple[str, ...] = (),
    lenient_paths: tuple[str, ...] = (),
    max_body_bytes: int = MAX_BODY_BYTES,
    replica_url: str | None = None,
) -> Flask:
    """Return the web process of a service.

    `checks` are parts of readiness beyond the database; `notices` are parts whose trouble is told but leaves the
    process ready. Paths under `unsigned_prefixes` are answered without the gateway's signature; on `lenient_paths` a
    token that is not accepted counts as none. `replica_url` is a read replica of the database, for what strangers
    read. Nothing is connected yet: the first request does that.
    """
    configure_logging(service, level=settings.log_level)
    configure_tracing(service)
    connect(
        settings.database_url,
        pool_size=settings.database_pool_size,
        application_name=f"{service}-web",
        replica_url=replica_url,
    )
    app = ServiceFlask(service, static_folder=None)
    app.url_map.strict_slashes = False
    app.url_map.converters.update(id=IdConverter, ref=ReferenceConverter)
    app.config.update(
        API_TITLE=title,
        API_VERSION="1.0.0",
        OPENAPI_VERSION="3.0.3",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
        MAX_CONTENT_LENGTH=max_body_bytes,
        PROPAGATE_EXCEPTIONS=False,
    )
    use_orjson(app)
    answer_failures(app)
    keys = KeyRing(issuer=settings.public_url, legacy_secret=settings.jwt_legacy_secret)
    _authenticate(app, settings.edge_key.encode(), keys, unsigned_prefixes, lenient_paths)
    add_health(
        app, service, Readiness({"database": database_check(service), **(checks or {})}), Readiness(notices or {})
    )
    _finish(app)
    plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
    api = ServiceApi(app, spec_kwargs={"marshmallow_plugin": plugin})
    assert plugin.converter is not None, "the API has just given it one"
    plugin.converter.add_attribute_function(_common_pattern)  # type: ignore[no-untyped-call]
    api.register_converter(ReferenceConverter, _reference_schema)
    api.spec.components.security_scheme("bearerAuth", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    return app


def _common_pattern(_converter: Any, _field: Any, *, ret: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return a field's pattern as every language writes it: the ends of a text have other names in Python."""
    pattern: str = ret.get("pattern", "")
    return {"pattern": pattern.replace(r"\A", "^").replace(r"\Z", "$")} if pattern else {}


def _reference_schema(converter: ReferenceConverter) -> dict[str, Any]:
    """Return what the document says of a reference in a path."""
    return {"type": "string", "pattern": f"^{converter.regex}$"}


def _schema_name(schema: Any) -> str:
    """Return the name of a schema in the document; one that may be given in part is another one."""
    cls = resolve_schema_cls(schema)
    name = str(getattr(cls, "__name__", cls)).removesuffix("Schema")
    return f"Patched{name}" if getattr(schema, "partial", None) else name


def _present(proxy: Any) -> Any:
    """Return what one of Flask's proxies stands for in this request."""
    return proxy._get_current_object()


def _authenticate(
    app: Flask,
    edge_key: bytes,
    keys: KeyRing,
    unsigned_prefixes: tuple[str, ...],
    lenient_paths: tuple[str, ...],
) -> None:
    """Know the caller before anything else runs, or refuse."""

    @app.before_request
    def know_the_caller() -> None:
        # Each look at `g` and `request` searches for the present one; so they are looked up once.
        own, asked = _present(g), _present(request)
        own.identity = ANONYMOUS
        let_reads_lag(allowed=False)
        structlog.contextvars.clear_contextvars()
        path, method, environ = asked.path, asked.method, asked.environ
        if path in UNSIGNED_PATHS or (unsigned_prefixes and path.startswith(unsigned_prefixes)):
            return
        try:
            edge = verify_edge(edge_key, environ.get(_EDGE), method=method, path=path)
        except EdgeSignatureInvalid as invalid:
            raise Unauthenticated("Call this through the gateway.") from invalid
        own.identity = caller = Identity(client_ip=edge.client_ip, request_id=edge.request_id)
        token = _bearer_token(environ.get("HTTP_AUTHORIZATION", ""))
        if token is not None:
            try:
                claims = keys.verify(token)
                own.identity = caller = Identity.of(claims, client_ip=edge.client_ip, request_id=edge.request_id)
            except TokenError as refused:
                if path not in lenient_paths:
                    raise Unauthenticated("This token is not accepted.", code=refused.code) from refused
        let_reads_lag(allowed=method in ("GET", "HEAD") and not caller.is_signed_in)
        structlog.contextvars.bind_contextvars(request_id=edge.request_id)
        traceparent = environ.get("HTTP_TRACEPARENT")
        own.span = begin_span(method, "SERVER", traceparent, attributes={"estuary.request_id": edge.request_id})
        own.context_token = set_context(
            correlation_id=_correlation_id(edge.request_id),
            traceparent=own.span.traceparent if own.span else traceparent,
            actor=Actor(user_id=caller.user_id or None, role=caller.role),
        )

    @app.after_request
    def end_span(response: Response) -> Response:
        span = g.pop("span", None)
        if span is not None:
            name = g.get("operation_id") or f"{request.method} {request.url_rule or 'unmatched'}"
            status = response.status_code
            span.end(name=name, failed=status >= 500, attributes={"http.response.status_code": status})
        return response

    @app.teardown_request
    def forget_the_caller(_error: BaseException | None) -> None:
        token = g.pop("context_token", None)
        if token is not None:
            reset_context(token)


def _bearer_token(authorization: str) -> str | None:
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _correlation_id(request_id: str) -> UUID:
    try:
        return UUID(request_id)
    except ValueError:
        return uuid5(NAMESPACE_URL, request_id)


def _finish(app: Flask) -> None:
    """Answer conditional reads with 304, and confirm what was preferred."""

    @app.after_request
    def finish(response: Response) -> Response:
        own, asked = _present(g), _present(request)
        if "preference_applied" in own:
            response.headers["Preference-Applied"] = own.preference_applied
        if "HTTP_IF_NONE_MATCH" in asked.environ and asked.method in ("GET", "HEAD") and response.status_code == 200:
            etag, _weak = response.get_etag()
            if etag is not None and asked.if_none_match.contains_weak(etag):
                response.status_code = 304
                response.set_data(b"")
        return response
