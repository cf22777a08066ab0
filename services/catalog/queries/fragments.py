"""Rendered services, kept in the process: what strangers see of a service is the same for all of them.

A fragment is the JSON of one service. It is kept under the service's id together with the row's stamp (PostgreSQL's
`xmin`), which every change of the row moves, and for a few seconds only, as it also shows rows of other tables.
"""

import threading
import time
import zlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import orjson

_BYTES_MAX = 6 << 20
_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC


class Fragment(NamedTuple):
    """The JSON of one service, with its checksum, stamp, the moment until which it may be used, and its bytes."""

    json: orjson.Fragment
    checksum: int
    stamp: int
    until: float
    size: int


class Fragments:
    """A bounded store of fragments of one form."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._kept: dict[int, Fragment] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def get(
        self, wanted: Sequence[tuple[int, int]], render: Callable[[list[int]], list[tuple[int, Any]]]
    ) -> list[Fragment]:
        """Return a fragment for each (id, stamp), rendering those that are missing; ids that are gone are left out.

        `render` gets ids and returns (id, document) pairs whose documents orjson can write.
        """
        now = time.monotonic()
        kept = self._kept
        missing = [
            key
            for key, stamp in wanted
            if (found := kept.get(key)) is None or found.stamp != stamp or found.until < now
        ]
        fresh: dict[int, Fragment] = {}
        if missing:
            stamps = dict(wanted)
            for key, document in render(missing):
                written = orjson.dumps(document, option=_OPTIONS)
                fresh[key] = Fragment(
                    orjson.Fragment(written), zlib.crc32(written), stamps[key], now + self._seconds, len(written)
                )
            self._keep(fresh)
        found_all = (fresh.get(key) or kept.get(key) for key, _ in wanted)
        return [one for one in found_all if one is not None]

    def _keep(self, fresh: dict[int, Fragment]) -> None:
        with self._lock:
            replaced = (self._kept.get(key) for key in fresh)
            self._bytes += sum(one.size for one in fresh.values()) - sum(one.size for one in replaced if one)
            self._kept.update(fresh)
            if self._bytes > _BYTES_MAX:
                self._kept = dict(list(self._kept.items())[len(self._kept) // 2 :])
                self._bytes = sum(one.size for one in self._kept.values())


def etag(fragments: Sequence[Fragment], *more: Any) -> str:
    """Return a name for exactly this content."""
    return f"{zlib.crc32(repr((more, [one.checksum for one in fragments])).encode()):08x}{len(fragments):x}"


def etag_of(shown: Any) -> str:
    """Return a name for exactly this content."""
    return f"{zlib.crc32(orjson.dumps(shown, option=_OPTIONS)):08x}"
