"""Counters of recent requests, shared by all processes of one gateway.

A sliding window is made of two fixed ones: what was counted in the one before, weighted by how much of it still
lies in the last `seconds`, plus the present one. The table lies in memory that forked workers share, so that a
limit holds for their sum. Two processes that count the same key in the same microsecond may lose one count; no
lock is worth more than that.
"""

import math
import mmap
import struct
from dataclasses import dataclass, field
from typing import NamedTuple

_SLOT = struct.Struct("<qqII")
_PROBES = 4
_MASK = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Policy:
    """At most `quota` requests in any `seconds`.

    `lines` are the header lines that say so; what is left, and the seconds until all of it is there again, are put in
    twice.
    """

    name: str
    quota: int
    seconds: int
    lines: bytes = field(init=False)

    def __post_init__(self) -> None:
        lines = (
            f'RateLimit-Policy: "{self.name}";q={self.quota};w={self.seconds}\r\nRateLimit-Limit: {self.quota}\r\n'
            f'RateLimit: "{self.name}";r=%d;t=%d\r\nRateLimit-Remaining: %d\r\nRateLimit-Reset: %d\r\n'
        )
        object.__setattr__(self, "lines", lines.encode())


class Standing(NamedTuple):
    """How a caller stands after one request more; refused ones are not counted."""

    allowed: bool
    remaining: int
    reset_seconds: int


Wanted = list[tuple[Policy, str]]


def read_policies(name: str, text: str, *, factor: int = 1) -> tuple[Policy, ...]:
    """Return the policies of `300/minute;6000/hour`. Raises ValueError."""
    units = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
    found = []
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        quota, _, unit = part.partition("/")
        if unit not in units or not quota.isdigit() or not int(quota):
            raise ValueError(f"{part!r} is not a limit such as 300/minute")
        found.append(Policy(name, int(quota) * factor, units[unit]))
    return tuple(found)


class SharedWindows:
    """A table of counters of fixed size; when it is full, the oldest of the probed slots gives way.

    Made before workers are forked. Keys are counted by Python's hash of them, which forked processes share.
    """

    def __init__(self, slots: int = 2**16) -> None:
        self._slots = slots
        self._table = mmap.mmap(-1, slots * _SLOT.size)

    def hit(self, wanted: Wanted, now: float) -> list[Standing]:
        """Count one request under each key, unless one of them refuses it; say how each stands."""
        found = [self._find(policy, key, int(now // policy.seconds)) for policy, key in wanted]
        standings = [standing(policy, slot[3], slot[4], now) for (policy, _), slot in zip(wanted, found, strict=True)]
        if all(each[0] for each in standings):
            for offset, digest, window, previous, current in found:
                _SLOT.pack_into(self._table, offset, digest, window, previous, current + 1)
        return standings

    def hit_one(self, policy: Policy, key: str, now: float) -> tuple[int, int] | None:
        """Count one request under one key, as `hit` does, at a third of the cost; return what is left and until when.

        None, and nothing is counted, when it is not that simple: the key is new in this window, or at its end.
        """
        seconds = policy.seconds
        window, into = divmod(now, seconds)
        digest = hash((policy.lines, key)) & _MASK or 1
        offset = (digest % self._slots) * _SLOT.size
        held, held_window, previous, current = _SLOT.unpack_from(self._table, offset)
        if held == digest and held_window == window:
            left = seconds - into
            remaining = policy.quota - current - (int(previous * left / seconds) if previous else 0)
            if remaining >= 1:
                _SLOT.pack_into(self._table, offset, digest, held_window, previous, current + 1)
                return remaining - 1, int(left) + 1
        return None

    def _find(self, policy: Policy, key: str, window: int) -> tuple[int, int, int, int, int]:
        """Return (offset, digest, window, count of the window before, count of this window) of the key's slot."""
        digest = hash((policy.lines, key)) & _MASK or 1
        oldest_offset, oldest_end = 0, math.inf
        for probe in range(_PROBES):
            offset = ((digest + probe) % self._slots) * _SLOT.size
            held, held_window, previous, current = _SLOT.unpack_from(self._table, offset)
            if held == digest:
                if held_window == window:
                    return offset, digest, window, previous, current
                return offset, digest, window, current if held_window == window - 1 else 0, 0
            # Windows of different lengths are compared by when they end; an empty slot has ended long ago.
            ends = (held_window + 1) * policy.seconds if held else -1
            if ends < oldest_end:
                oldest_offset, oldest_end = offset, ends
        return oldest_offset, digest, window, 0, 0


def standing(policy: Policy, previous: int, current: int, now: float) -> Standing:
    """Return how a key stands: `previous` and `current` are the counts of the fixed windows around `now`."""
    seconds = policy.seconds
    left = seconds - now % seconds
    remaining = policy.quota - current - (int(previous * left / seconds) if previous else 0)
    if remaining >= 1:
        return Standing(True, remaining - 1, int(left) + 1)  # noqa: FBT003 (a tuple, on the hottest path)
    wait = left
    if current < policy.quota and previous:
        # Within this window already enough of the one before will have slid out.
        wait -= seconds * (policy.quota - current - 1) / previous
    return Standing(allowed=False, remaining=0, reset_seconds=max(1, math.ceil(wait)))
