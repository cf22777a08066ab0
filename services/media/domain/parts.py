"""Uploads in parts: all equal but the last, as object stores insist."""

from services.media.settings import MIB

MULTIPART_MIN_BYTES = 5 * MIB
_USUAL, _LARGE = 8 * MIB, 16 * MIB


def part_size(size: int) -> int:
    """Return the bytes of each part but the last of a file of `size` bytes."""
    return _LARGE if size > 200 * MIB else _USUAL


def part_count(size: int) -> int:
    """Return into how many parts a file of `size` bytes is cut."""
    return -(-size // part_size(size))


def part_length(size: int, number: int) -> int:
    """Return the bytes of part `number` (from 1)."""
    each = part_size(size)
    return min(each, size - (number - 1) * each)
