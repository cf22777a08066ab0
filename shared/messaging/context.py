"""Where the present work comes from: carried from the HTTP edge or a message into every event it records."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asked for the change; `user_id` is None for the system's own clock."""

    user_id: int | None = None
    role: str = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The origin of the present work.

    `correlation_id` is the same through a whole chain of requests and events; `causation_id` is the event (or
    request) directly before; `traceparent` is the W3C trace header.
    """

    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    traceparent: str | None = None
    actor: Actor | None = None


_NOWHERE = Context()
_current: ContextVar[Context] = ContextVar("estuary_context", default=_NOWHERE)


def current() -> Context:
    """Return the origin of the present work; empty outside both edges."""
    return _current.get()


def set_context(
    *,
    correlation_id: UUID | None = None,
    causation_id: UUID | None = None,
    traceparent: str | None = None,
    actor: Actor | None = None,
) -> Token[Context]:
    """Name the origin of the work that follows in this thread or task; `reset_context` takes it back."""
    return _current.set(
        Context(correlation_id=correlation_id, causation_id=causation_id, traceparent=traceparent, actor=actor)
    )


def reset_context(token: Token[Context]) -> None:
    """Restore what stood before the `set_context` that gave the token."""
    _current.reset(token)


@contextmanager
def working_for(context: Context) -> Iterator[None]:
    """Let the block work on behalf of `context`."""
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)
