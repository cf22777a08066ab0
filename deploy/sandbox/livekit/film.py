"""A small valid MP4: one picture, shown as long as the recording was. Source: ISO/IEC 14496-12 and -14."""

import io
import struct

from PIL import Image, ImageDraw

WIDTH, HEIGHT = 640, 360
TIMESCALE = 1000
_MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def film(title: str, seconds: float) -> bytes:
    """Return the file."""
    picture, duration = _picture(title), max(int(seconds * TIMESCALE), TIMESCALE)
    start = _box(b"ftyp", b"isom" + struct.pack(">I", 512) + b"isomiso2mp41")
    # The picture's place in the file depends on the length of what stands before it, which does not depend on it.
    moov = _moov(duration, len(picture), offset=0)
    moov = _moov(duration, len(picture), offset=len(start) + len(moov) + 8)
    return start + moov + _box(b"mdat", picture)


def _picture(title: str) -> bytes:
    image = Image.new("RGB", (WIDTH, HEIGHT), (18, 52, 64))
    ImageDraw.Draw(image).text((32, HEIGHT // 2 - 8), title[:80], fill=(240, 240, 230))
    written = io.BytesIO()
    image.save(written, "JPEG", quality=80)
    return written.getvalue()


def _box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + name + body


def _full(name: bytes, *parts: bytes, flags: int = 0) -> bytes:
    return _box(name, struct.pack(">I", flags), *parts)


def _moov(duration: int, size: int, *, offset: int) -> bytes:
    mvhd = _full(
        b"mvhd",
        struct.pack(">4IIH10x", 0, 0, TIMESCALE, duration, 0x10000, 0x100),
        _MATRIX,
        bytes(24),
        struct.pack(">I", 2),
    )
    tkhd = _full(
        b"tkhd",
        struct.pack(">3I4xI8xHHH2x", 0, 0, 1, duration, 0, 0, 0),
        _MATRIX,
        struct.pack(">II", WIDTH << 16, HEIGHT << 16),
        flags=3,
    )
    mdhd = _full(b"mdhd", struct.pack(">4IHH", 0, 0, TIMESCALE, duration, 0x55C4, 0))
    hdlr = _full(b"hdlr", bytes(4), b"vide", bytes(12), b"Video\0")
    entry = _box(
        b"jpeg",
        bytes(6),
        struct.pack(">H16xHHIII", 1, WIDTH, HEIGHT, 0x480000, 0x480000, 0),
        struct.pack(">H32sHh", 1, b"", 24, -1),
    )
    stbl = _box(
        b"stbl",
        _full(b"stsd", struct.pack(">I", 1), entry),
        _full(b"stts", struct.pack(">3I", 1, 1, duration)),
        _full(b"stsc", struct.pack(">4I", 1, 1, 1, 1)),
        _full(b"stsz", struct.pack(">3I", 0, 1, size)),
        _full(b"stco", struct.pack(">2I", 1, offset)),
    )
    dinf = _box(b"dinf", _full(b"dref", struct.pack(">I", 1), _full(b"url ", flags=1)))
    minf = _box(b"minf", _full(b"vmhd", bytes(8), flags=1), dinf, stbl)
    trak = _box(b"trak", tkhd, _box(b"mdia", mdhd, hdlr, minf))
    return _box(b"moov", mvhd, trak)
