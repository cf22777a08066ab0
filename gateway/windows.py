"""Counters of recent requests, shared by all processes of one gateway.

A sliding window is made of two fixed ones: what was counted in the one before, weighted by how much of it still
lies in the last `seconds`, plus the present one. The table lies in memory that forked workers share, so that a
limit holds for their sum. Two processes that count the same key in the same microsecond may lose one count; no
lock is worth more than that.
"""

import math
import mmap
import struct
from dataclasses import dataclass
from typing import NamedTuple

_SLOT = struct.Struct("<qqII")
_PROBES = 4
_MASK = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Policy:
    """At most `quota` requests in any `seconds`."""

    name: str
    quota: int
    seconds: int


class Standing(NamedTuple):
    """How a caller stands after (or without) counting one request more."""

    allowed: bool
    remaining: int
    reset_seconds: int


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

    def peek(self, policy: Policy, key: str, now: float) -> Standing:
        """Return how the key stands if one request more were counted, without counting it."""
        _, _, previous, current = self._find(policy, key, int(now // policy.seconds))
        return standing(policy, previous, current, now)

    def count(self, policy: Policy, key: str, now: float) -> None:
        """Count one request."""
        window = int(now // policy.seconds)
        offset, digest, previous, current = self._find(policy, key, window)
        _SLOT.pack_into(self._table, offset, digest, window, previous, current + 1)

    def _find(self, policy: Policy, key: str, window: int) -> tuple[int, int, int, int]:
        """Return (offset, digest, count of the window before, count of this window) of the key's slot."""
        digest = hash((policy.name, policy.seconds, key)) & _MASK or 1
        oldest_offset, oldest_end = 0, math.inf
        for probe in range(_PROBES):
            offset = ((digest + probe) % self._slots) * _SLOT.size
            held, held_window, previous, current = _SLOT.unpack_from(self._table, offset)
            if held == digest:
                if held_window == window:
                    return offset, digest, previous, current
                return offset, digest, current if held_window == window - 1 else 0, 0
            # Windows of different lengths are compared by when they end; an empty slot has ended long ago.
            ends = (held_window + 1) * policy.seconds if held else -1
            if ends < oldest_end:
                oldest_offset, oldest_end = offset, ends
        return oldest_offset, digest, 0, 0


def standing(policy: Policy, previous: int, current: int, now: float) -> Standing:
    """Return how a key stands: `previous` and `current` are the counts of the fixed windows around `now`."""
    elapsed = (now % policy.seconds) / policy.seconds
    used = current + previous * (1 - elapsed)
    remaining = int(policy.quota - used)
    left = policy.seconds * (1 - elapsed)
    if remaining >= 1:
        return Standing(allowed=True, remaining=remaining - 1, reset_seconds=math.ceil(left))
    if current >= policy.quota:
        wait = left
    else:
        # In this window already enough of the one before will have slid out.
        wait = policy.seconds * (1 - (policy.quota - current) / previous - elapsed) if previous else left
    return Standing(allowed=False, remaining=0, reset_seconds=max(1, math.ceil(min(wait, left))))
