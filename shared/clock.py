"""The present instant, settable in tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_shift = timedelta(0)
_frozen: datetime | None = None


def utc_now() -> datetime:
    """Return the present instant as an aware UTC datetime."""
    if _frozen is not None:
        return _frozen
    return datetime.now(UTC) + _shift


@contextmanager
def frozen_at(instant: datetime) -> Iterator[datetime]:
    """Make `utc_now()` answer `instant` inside the block (this process only)."""
    global _frozen
    before, _frozen = _frozen, instant.astimezone(UTC)
    try:
        yield _frozen
    finally:
        _frozen = before


@contextmanager
def shifted_by(shift: timedelta) -> Iterator[None]:
    """Let the clock run on, moved by `shift`, inside the block (this process only)."""
    global _shift
    before, _shift = _shift, _shift + shift
    try:
        yield
    finally:
        _shift = before
