"""The gateway's own refusals, in the same envelope as everybody's."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import orjson

REFUSALS: dict[str, tuple[int, str]] = {
    "bad_path": (400, "The path is not in canonical form."),
    "bad_request": (400, "The request could not be understood."),
    "authentication_failed": (401, "The access token is not valid."),
    "token_expired": (401, "The access token has expired. Refresh it or sign in again."),
    "token_revoked": (401, "The session has ended. Sign in again."),
    "permission_denied": (403, "You may not do this."),
    "not_found": (404, "Not found."),
    "method_not_allowed": (405, "This method is not allowed here."),
    "not_acceptable": (406, "This cannot be answered in a form that you accept."),
    "request_timeout": (408, "The request did not arrive in time."),
    "gone": (410, "This version of the API is no longer served."),
    "length_required": (411, "Send Content-Length with an upload."),
    "payload_too_large": (413, "The body is too large."),
    "uri_too_long": (414, "The address is too long."),
    "unsupported_media_type": (415, "Send the body without Content-Encoding."),
    "rate_limited": (429, "Too many requests. Try again later."),
    "headers_too_large": (431, "The headers are too large."),
    "internal_error": (500, "Something went wrong on our side."),
    "not_implemented": (501, "This is not supported."),
    "bad_gateway": (502, "A part of the system answered badly. Try again shortly."),
    "service_unavailable": (503, "This part of the system is not available for the moment. Try again shortly."),
    "gateway_timeout": (504, "A part of the system took too long to answer. Try again shortly."),
}
CODE_BY_STATUS: dict[int, str] = {
    400: "validation_error",
    401: "authentication_failed",
    402: "payment_required",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "request_timeout",
    409: "conflict",
    410: "gone",
    411: "length_required",
    412: "precondition_failed",
    413: "payload_too_large",
    414: "uri_too_long",
    415: "unsupported_media_type",
    429: "rate_limited",
    431: "headers_too_large",
    500: "internal_error",
    501: "not_implemented",
    502: "bad_gateway",
    503: "service_unavailable",
    504: "gateway_timeout",
}


class Refusal(Exception):
    """The gateway answers this itself; `code` decides the status and the sentence.

    With `close` the connection ends after the answer, because what follows on it cannot be trusted.
    """

    def __init__(
        self,
        code: str,
        message: str | None = None,
        *,
        headers: Sequence[tuple[str, str]] = (),
        close: bool = False,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status, sentence = REFUSALS[code]
        self.message = message or sentence
        self.headers = headers
        self.close = close


def error_envelope(*, message: str, code: str, request_id: str, errors: Mapping[str, object] | None = None) -> bytes:
    """Return the body of an error answer."""
    return orjson.dumps(
        {"status": "error", "message": message, "code": code, "errors": errors or {}, "request_id": request_id}
    )


def phrase(status: int) -> str:
    """Return the words that go with a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Status"
