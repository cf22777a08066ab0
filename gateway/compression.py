"""br or gzip for text, when the client takes it."""

import re
import zlib
from collections.abc import AsyncIterator
from functools import lru_cache
from typing import Literal

import brotli

MIN_BYTES = 1024
LEVEL = 4
Coding = Literal["", "br", "gzip"]
_TEXT = re.compile(rb"(?:application/(?:[\w.+-]*\+)?json|text/(?!event-stream)|application/(?:javascript|xml|yaml))")


@lru_cache(maxsize=256)
def is_text(content_type: bytes) -> bool:
    """Say whether an answer of this type gets smaller."""
    return _TEXT.match(content_type) is not None


@lru_cache(maxsize=512)
def choose(accept_encoding: bytes) -> Coding:
    """Return the best coding that `Accept-Encoding` allows; nothing said means none."""
    allowed: dict[str, float] = {}
    for part in accept_encoding.decode("latin-1").lower().split(","):
        name, _, parameters = part.strip().partition(";")
        weight = parameters.replace(" ", "").removeprefix("q=") or "1"
        try:
            allowed[name.strip()] = float(weight)
        except ValueError:
            allowed[name.strip()] = 0.0
    anything = allowed.get("*", 0.0)
    if allowed.get("br", anything) > 0:
        return "br"
    return "gzip" if allowed.get("gzip", anything) > 0 else ""


def compress(body: bytes, coding: Coding) -> bytes:
    """Return the body in that coding."""
    if coding == "br":
        return brotli.compress(body, quality=LEVEL)  # type: ignore[no-any-return]
    return zlib.compress(body, LEVEL, 31)


async def compress_stream(chunks: AsyncIterator[bytes], coding: Coding) -> AsyncIterator[bytes]:
    """Yield the stream in that coding."""
    if coding == "br":
        packer = brotli.Compressor(quality=LEVEL)
        async for chunk in chunks:
            yield packer.process(chunk)
        yield packer.finish()
    else:
        zipper = zlib.compressobj(LEVEL, zlib.DEFLATED, 31)
        async for chunk in chunks:
            yield zipper.compress(chunk)
        yield zipper.flush()
