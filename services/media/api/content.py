"""Bytes: those of files, to whoever may read them, and those of uploads, from whoever was permitted to send them.

The gateway passes both untouched: answers are never wrapped in an envelope.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import Response, request

from services.media.api.answers import storage
from services.media.api.forms import MediaBlueprint
from services.media.api.requests import BytesQuery, ContentQuery
from services.media.api.serving import serve
from services.media.api.shapes import StoredBytes
from services.media.domain import errors
from services.media.domain.signatures import check_content
from services.media.domain.variants import MASTER
from services.media.operations.direct import take_bytes
from services.media.queries.content import find_content
from services.media.settings import MIB, settings
from shared.clock import utc_now
from shared.database import reading
from shared.errors import DomainError, Unavailable
from shared.http import ANYONE, MethodView, identity

content = MediaBlueprint("media-content", "Bytes of files.")

HEARD_OUT_BYTES = 16 * MIB

READING = [errors.MediaNotFound, errors.SignatureExpired, errors.SignatureInvalid, errors.MediaNotReady]


@content.route("/media/<uuid:media_id>/content/")
class Content(MethodView):
    """The bytes of a file."""

    @content.operation("media_content_retrieve", ANYONE, refuses=READING)
    @content.arguments(ContentQuery, location="query")
    @content.response(200, content_type="*/*")
    def get(self, query: dict[str, Any], media_id: UUID) -> Response:
        """Read a file: public ones, one's own, and any by a signed address.

        Takes one Range. Where an object store holds the bytes, answers 302 to it.
        """
        return _answer(query, media_id, query.get("version") or MASTER)


@content.route("/media/<uuid:media_id>/content/<string:version>/")
class VersionContent(MethodView):
    """The bytes of a variant."""

    @content.operation("media_version_content_retrieve", ANYONE, refuses=READING)
    @content.arguments(ContentQuery, location="query")
    @content.response(200, content_type="*/*")
    def get(self, query: dict[str, Any], media_id: UUID, version: str) -> Response:
        """Read a variant of a file."""
        return _answer(query, media_id, version)


@content.route("/media/<uuid:media_id>/bytes/")
class Bytes(MethodView):
    """An upload by a signed address."""

    @content.operation(
        "media_bytes_update",
        ANYONE,
        refuses=[
            *(errors.SignatureExpired, errors.SignatureInvalid, errors.UploadMismatch, errors.LengthRequired),
            *(errors.FileTooLarge, errors.MediaNotPending, Unavailable),
        ],
    )
    @content.arguments(BytesQuery, location="query")
    @content.response(200, StoredBytes)
    def put(self, query: dict[str, Any], media_id: UUID) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Upload the bytes that an address was signed for: exactly that many, of exactly that type.

        Only where files lie in a folder; an object store takes them itself. May be repeated until it is confirmed.
        """
        request.max_content_length = 1024 * MIB
        length = request.content_length
        if length is None or "chunked" in request.headers.get("Transfer-Encoding", ""):
            raise errors.LengthRequired
        with _heard_out(length):
            etag = take_bytes(
                storage(),
                media_id,
                query,
                stream=request.stream,
                length=length,
                content_type=request.headers.get("Content-Type", ""),
                now=utc_now(),
            )
        return {"etag": etag}, 200, {"ETag": f'"{etag}"'}


@contextmanager
def _heard_out(length: int) -> Iterator[None]:
    """Read what a refused sender still sends, as far as that is bearable: a connection closed on it would lose why."""
    try:
        yield
    except DomainError:
        left = min(length, HEARD_OUT_BYTES)
        while left > 0 and (piece := request.stream.read(min(left, 1 << 16))):
            left -= len(piece)
        raise


def _answer(query: dict[str, Any], media_id: UUID, version: str) -> Response:
    told = settings()
    is_signed = check_content(
        told.signing_keys, method=request.method, media_id=media_id, version=version, query=query, now=utc_now()
    )
    with reading() as connection:
        found = find_content(connection, media_id, version, by=identity(), is_signed=is_signed)
    return serve(found, storage(), download=bool(query.get("download")))
