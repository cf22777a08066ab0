"""Every failure as the same JSON: domain refusals, werkzeug's HTTP errors, the database's, and our own mistakes."""

from typing import Any

from flask import Flask, Response, g, jsonify
from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from shared.errors import Conflict, DomainError, Invalid, Unavailable
from shared.observability import logger

log = logger(__name__)

_HTTP_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "request_timeout",
    411: "length_required",
    413: "payload_too_large",
    415: "unsupported_media_type",
}

# Werkzeug's own sentences speak to programmers of its servers.
_HTTP_MESSAGES = {
    400: "The request could not be understood.",
    404: "Not found.",
    405: "This method is not allowed here.",
    406: "This cannot be answered in a form that you accept.",
    413: "The body is too large.",
    415: "Send JSON with Content-Type: application/json.",
}

# Connection lost, too many connections, shutting down, a lock or a statement that took too long.
_PASSING_SQLSTATES = ("08", "53", "57", "55P03", "40")


def answer_failures(app: Flask) -> None:
    """Register the handlers that make every failure a JSON answer."""
    app.register_error_handler(DomainError, _domain)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(StaleDataError, _stale)
    app.register_error_handler(PoolTimeout, _pool_exhausted)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(Exception, _unexpected)


def _domain(refusal: DomainError) -> Response:
    response = jsonify(refusal.body())
    response.status_code = refusal.status
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    if isinstance(refusal, Unavailable) or refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after or 1)
    return response


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    code = _HTTP_CODES.get(status, "internal_error" if status >= 500 else "bad_request")
    message = _HTTP_MESSAGES.get(status) or f"{error.name}."
    response = jsonify({"message": message, "code": code, "errors": {}})
    response.status_code = status
    valid_methods = getattr(error, "valid_methods", None)
    if valid_methods:
        response.headers["Allow"] = ", ".join(sorted(valid_methods))
    return response


def _stale(_error: StaleDataError) -> Response:
    return _domain(Conflict("This was changed by somebody else at the same moment. Try again.", retry_after=1))


def _pool_exhausted(_error: PoolTimeout) -> Response:
    log.warning("database_pool_exhausted", operation=g.get("operation_id"))
    return _domain(Unavailable())


def _database(error: DBAPIError) -> Response:
    sqlstate = getattr(error.orig, "pgcode", None) or ""
    if error.connection_invalidated or not sqlstate or sqlstate.startswith(_PASSING_SQLSTATES):
        log.warning("database_unavailable", operation=g.get("operation_id"), sqlstate=sqlstate or None)
        return _domain(Unavailable())
    if isinstance(error, DataError):
        log.warning("value_refused_by_database", operation=g.get("operation_id"), sqlstate=sqlstate)
        return _domain(Invalid("A value lies outside of what can be stored."))
    return _unexpected(error)


def _unexpected(error: Exception) -> Response:
    log.error("request_failed", operation=g.get("operation_id"), exc_info=error)
    body: dict[str, Any] = {"message": DomainError.message, "code": DomainError.code, "errors": {}}
    response = jsonify(body)
    response.status_code = 500
    return response
