"""An answer that does not come whole and plain, read in as many pieces as it comes in."""

from typing import Any, Protocol

import httptools

from gateway.service_headers import FIELDS
from gateway.upstream_answers import BODYLESS, WHOLE_BYTES, Answer, AnswerStream, BadAnswer, Source, UpstreamError

MAX_HEADERS = 100
MAX_HEADER_BYTES = 64 * 1024


class Reader(Source, Protocol):
    """The connection that an answer comes on."""

    def touch(self) -> None:
        """Take note that the body goes on."""

    def tell(self, outcome: Answer | UpstreamError) -> None:
        """Take an answer whose body is still to come."""


class AnswerParser:
    """Reads one answer. httptools parses; up to 64 KiB are handed over whole, more as a stream with back-pressure."""

    def __init__(self, reader: Reader, *, head_only: bool) -> None:
        self._reader = reader
        self._head_only = head_only
        self._parser: Any = httptools.HttpResponseParser(self)
        self._said: dict[bytes, bytes] = {}
        self._lines: list[bytes] = []
        self._fields = 0
        self._head_bytes = 0
        self._status = 0
        self._length: int | None = None
        self._body: list[bytes] = []
        self._body_bytes = 0
        self.stream: AnswerStream | None = None
        self.until_close = False
        self.is_complete = False
        self.keeps_alive = False

    def feed(self, data: bytes) -> bool:
        """Read on; return whether nothing was wrong. What is wrong behind a complete answer does not change it."""
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, BadAnswer):
            return False
        if not self._status:
            self._head_bytes += len(data)
        return self._head_bytes <= MAX_HEADER_BYTES

    def answer(self) -> Answer:
        """Return the answer, with what there is of its body."""
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        return Answer(self._status, self._said, self._lines, body, None, self._length)

    def end(self) -> None:
        """Let go of httptools' parser, which holds this object: as a ring they would outlive the answer for long."""
        self._parser = None

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self.is_complete:
            # More than one answer to one request.
            raise BadAnswer

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields += 1
        if self._fields > MAX_HEADERS:
            raise BadAnswer
        key, passes = FIELDS[name]
        if key:
            self._said[key] = value
        if passes:
            self._lines += (name, b": ", value, b"\r\n")

    def on_headers_complete(self) -> None:
        status: int = self._parser.get_status_code()
        if status < 200:
            if status == 101:
                raise BadAnswer
            self._said, self._lines, self._fields = {}, [], 0
            return
        self._status = status
        length = self._said.get(b"content-length")
        if length is not None:
            self._length = int(length)
        if self._head_only:
            # The parser would wait for the body that Content-Length announces.
            self.is_complete = self.keeps_alive = True
            return
        chunked = b"transfer-encoding" in self._said
        self.until_close = not chunked and self._length is None and status not in BODYLESS
        if (self._length or 0) > WHOLE_BYTES:
            self._begin_stream()

    def on_body(self, chunk: bytes) -> None:
        if self.stream is not None:
            self._reader.touch()
            self.stream.feed(chunk)
            return
        self._body.append(chunk)
        self._body_bytes += len(chunk)
        if self._body_bytes > WHOLE_BYTES:
            self._begin_stream()

    def on_message_complete(self) -> None:
        if self._status >= 200:
            self.is_complete = True
            # Asked after the end, the parser speaks of the next answer.
            self.keeps_alive = self._parser is not None and self._parser.should_keep_alive()

    def _begin_stream(self) -> None:
        self._reader.touch()
        self.stream = stream = AnswerStream(self._reader)
        for chunk in self._body:
            stream.feed(chunk)
        self._body = []
        answer = self.answer()
        answer.stream, answer.abandon = stream, stream.close
        self._reader.tell(answer)
