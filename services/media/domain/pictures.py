"""How large a picture is, read from its header alone: nothing is decoded, so nothing can explode.

Each reader takes the whole file as a seekable binary file and walks its structure by lengths. What is cut off or out of
order raises Broken; sizes beyond the limits raise ImageTooLarge and TooManyFrames.
"""

import struct
from dataclasses import dataclass
from typing import BinaryIO

from services.media.domain.errors import Broken, ImageTooLarge, TooManyFrames

SIDE_MAX = 16_383
FRAMES_MAX = 300
FRAME_PIXELS_MAX = 200_000_000
_BLOCKS_MAX = 2_000_000
BROKEN = Broken("broken_image", "The picture is damaged.")


@dataclass(frozen=True, slots=True)
class Header:
    """What a picture says of itself."""

    width: int
    height: int
    frames: int = 1


def read_header(file: BinaryIO, content_type: str) -> Header:
    """Return width, height and frames. Raises Broken."""
    file.seek(0)
    try:
        return _READERS[content_type](file)
    except (struct.error, IndexError, KeyError) as cut:
        raise BROKEN from cut


def check_header(header: Header, *, pixels_max: int) -> None:
    """Refuse what would take too much to decode. Raises ImageTooLarge, TooManyFrames, Broken."""
    if header.width < 1 or header.height < 1:
        raise BROKEN
    if max(header.width, header.height) > SIDE_MAX or header.width * header.height > pixels_max:
        raise ImageTooLarge(f"A picture may have at most {pixels_max:,} pixels, and {SIDE_MAX:,} on a side.")
    if header.frames > FRAMES_MAX or header.frames * header.width * header.height > FRAME_PIXELS_MAX:
        raise TooManyFrames


def _exactly(file: BinaryIO, count: int) -> bytes:
    found = file.read(count)
    if len(found) != count:
        raise BROKEN
    return found


def _png(file: BinaryIO) -> Header:
    _exactly(file, 8)
    length, name = struct.unpack(">I4s", _exactly(file, 8))
    if name != b"IHDR" or length != 13:
        raise BROKEN
    width, height = struct.unpack(">II", _exactly(file, 8))
    file.seek(5 + 4, 1)
    frames = 1
    for _ in range(_BLOCKS_MAX):
        head = file.read(8)
        if len(head) < 8:
            break
        length, name = struct.unpack(">I4s", head)
        if name == b"acTL":
            frames = struct.unpack(">I", _exactly(file, 4))[0]
            length -= 4
        if name in (b"IDAT", b"IEND"):
            break
        file.seek(length + 4, 1)
    return Header(width, height, max(frames, 1))


def _gif(file: BinaryIO) -> Header:
    _exactly(file, 6)
    width, height, flags = struct.unpack("<HHB", _exactly(file, 5))
    file.seek(2, 1)
    _skip_palette(file, flags)
    frames = 0
    for _ in range(_BLOCKS_MAX):
        kind = file.read(1)
        if kind == b"," and frames <= FRAMES_MAX:
            frames += 1
            left, top, wide, high, flags = struct.unpack("<HHHHB", _exactly(file, 9))
            width, height = max(width, left + wide), max(height, top + high)
            _skip_palette(file, flags)
            file.seek(1, 1)
            _skip_blocks(file)
        elif kind == b"!":
            file.seek(1, 1)
            _skip_blocks(file)
        else:
            break
    if not frames:
        raise BROKEN
    return Header(width, height, frames)


def _skip_palette(file: BinaryIO, flags: int) -> None:
    if flags & 0x80:
        file.seek(3 << ((flags & 7) + 1), 1)


def _skip_blocks(file: BinaryIO) -> None:
    while (size := _exactly(file, 1)[0]) != 0:
        file.seek(size, 1)


_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _jpeg(file: BinaryIO) -> Header:
    _exactly(file, 2)
    for _ in range(_BLOCKS_MAX):
        if _exactly(file, 1) != b"\xff":
            raise BROKEN
        marker = 0xFF
        while marker == 0xFF:
            marker = _exactly(file, 1)[0]
        if marker in _FRAME_MARKERS:
            _, _, height, width = struct.unpack(">HBHH", _exactly(file, 7))
            return Header(width, height)
        if marker in (0xD9, 0xDA):
            break
        if not (0xD0 <= marker <= 0xD8 or marker == 0x01):
            file.seek(struct.unpack(">H", _exactly(file, 2))[0] - 2, 1)
    raise BROKEN


def _webp(file: BinaryIO) -> Header:
    _exactly(file, 12)
    width = height = frames = 0
    for _ in range(_BLOCKS_MAX):
        head = file.read(8)
        if len(head) < 8:
            break
        name, length = struct.unpack("<4sI", head)
        start = file.tell()
        if name == b"VP8X":
            bits = _exactly(file, 10)
            width = max(width, int.from_bytes(bits[4:7], "little") + 1)
            height = max(height, int.from_bytes(bits[7:10], "little") + 1)
        elif name == b"VP8 ":
            bits = _exactly(file, 10)
            wide, high = struct.unpack("<HH", bits[6:10])
            width, height = max(width, wide & 0x3FFF), max(height, high & 0x3FFF)
        elif name == b"VP8L":
            bits = _exactly(file, 5)
            packed = int.from_bytes(bits[1:5], "little")
            width, height = max(width, (packed & 0x3FFF) + 1), max(height, (packed >> 14 & 0x3FFF) + 1)
        elif name == b"ANMF":
            frames += 1
        file.seek(start + length + (length & 1))
    return Header(width, height, max(frames, 1))


_CONTAINERS = frozenset({b"meta", b"iprp", b"ipco", b"moov", b"trak", b"mdia", b"minf", b"stbl"})


def _avif(file: BinaryIO) -> Header:
    """Return the largest extent that any image item or track of the file has, and the samples of its longest track."""
    end = file.seek(0, 2)
    found = [0, 0, 1]
    _boxes(file, 0, end, found, depth=0)
    return Header(*found)


def _boxes(file: BinaryIO, start: int, end: int, found: list[int], *, depth: int) -> None:
    place = start
    for _ in range(10_000):
        if place + 8 > end:
            return
        file.seek(place)
        length, name = struct.unpack(">I4s", _exactly(file, 8))
        body = place + 8
        if length == 1:
            length, body = struct.unpack(">Q", _exactly(file, 8))[0], place + 16
        after = end if length == 0 else place + length
        if after <= place or after > end:
            raise BROKEN
        if name in _CONTAINERS and depth < 8:
            _boxes(file, body + (4 if name == b"meta" else 0), after, found, depth=depth + 1)
        elif name == b"ispe":
            file.seek(body + 4)
            width, height = struct.unpack(">II", _exactly(file, 8))
            found[0], found[1] = max(found[0], width), max(found[1], height)
        elif name == b"stsz":
            file.seek(body + 8)
            found[2] = max(found[2], struct.unpack(">I", _exactly(file, 4))[0])
        place = after


_READERS = {
    "image/png": _png,
    "image/gif": _gif,
    "image/jpeg": _jpeg,
    "image/webp": _webp,
    "image/avif": _avif,
}
