"""Answering with the bytes of a stored object: whole or a range, with what keeps them harmless."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, BinaryIO

from flask import Response, jsonify, request
from werkzeug.wsgi import wrap_file

from services.media.clients.storage import Missing, Storage
from services.media.domain.errors import MediaNotFound
from services.media.domain.filenames import disposition
from services.media.queries.content import Content
from shared.clock import utc_now

CHUNK = 256 * 1024
DIRECT_FOR = timedelta(minutes=5)
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_INERT = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def serve(found: Content, storage: Storage, *, download: bool) -> Response:
    """Return the object's bytes, or the way to them. Raises MediaNotFound, StorageAway."""
    headers = _headers(found, download=download)
    away = _away(found, storage, headers)
    if away is not None:
        cached = "public, max-age=240" if found.is_public else "private, no-store"
        return Response(status=302, headers={"Location": away, "Cache-Control": cached})
    etag = found.key.rpartition("/")[2]
    if request.if_none_match.contains_weak(etag):
        return _finished(Response(status=304, headers=headers), etag)
    wanted = _range(found.size, etag)
    if wanted is None:
        return _unsatisfiable(found.size)
    start, end = wanted
    is_part = (start, end) != (0, found.size)
    try:
        file = storage.open(found.bucket, found.key, start)
    except Missing:
        raise MediaNotFound from None
    if request.method == "HEAD":
        file.close()
        body: Any = []
    elif is_part:
        body = _Piece(file, end - start)
    else:
        body = wrap_file(request.environ, file, CHUNK)
    answer = Response(body, 206 if is_part else 200, headers, direct_passthrough=True)
    answer.headers["Content-Length"] = str(end - start)
    if is_part:
        answer.headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size}"
    return _finished(answer, etag)


def _headers(found: Content, *, download: bool) -> dict[str, str]:
    kind = found.content_type.partition("/")[0]
    inline = (kind in ("image", "video", "audio") or found.content_type == "application/pdf") and not download
    text = "; charset=utf-8" if kind == "text" else ""
    return {
        "Content-Type": found.content_type + text,
        "Content-Disposition": disposition("inline" if inline else "attachment", found.filename),
        "Cache-Control": "public, max-age=300" if found.is_public else "private, no-cache",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox" if found.content_type == "application/pdf" else _INERT,
    }


def _away(found: Content, storage: Storage, headers: dict[str, str]) -> str | None:
    """Return where the storage itself shows the object: its public domain, or an address for five minutes."""
    if found.is_public and (outside := storage.public_url(found.key)) is not None:
        return outside
    told = {name: headers[name] for name in ("Content-Type", "Content-Disposition")}
    return storage.presign_get(found.bucket, found.key, expires_at=utc_now() + DIRECT_FOR, headers=told)


def _range(size: int, etag: str) -> tuple[int, int] | None:
    """Return which bytes are wanted, as start and end (exclusive); None where there are none such.

    One range is answered; several, or what is no range at all, are answered whole. Source: RFC 9110, section 14.2.
    """
    whole = (0, size)
    asked = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if asked is None or not any(asked.groups()):
        return whole
    condition = request.headers.get("If-Range")
    if condition is not None and condition.strip() != f'"{etag}"':
        return whole
    first, last = asked.groups()
    if not first:
        length = min(int(last), size)
        return (size - length, size) if length else None
    start, end = int(first), min(int(last), size - 1) + 1 if last else size
    if last and int(last) < int(first):
        return whole
    return (start, end) if start < size else None


class _Piece:
    """So many bytes of a file, from where it stands; closes it when the server is done, also when nobody reads."""

    def __init__(self, file: BinaryIO, count: int) -> None:
        self._file, self._left = file, count

    def __iter__(self) -> Iterator[bytes]:
        while self._left > 0:
            chunk = self._file.read(min(CHUNK, self._left))
            if not chunk:
                return
            self._left -= len(chunk)
            yield chunk

    def close(self) -> None:
        self._file.close()


def _finished(answer: Response, etag: str) -> Response:
    answer.headers["ETag"] = f'"{etag}"'
    answer.headers["Accept-Ranges"] = "bytes"
    return answer


def _unsatisfiable(size: int) -> Response:
    told = {"message": "There are no such bytes.", "code": "range_not_satisfiable", "errors": {}}
    answer = jsonify(told)
    answer.status_code = 416
    answer.headers["Content-Range"] = f"bytes */{size}"
    return answer
