"""What belongs to the request being answered: who calls, versions, the human sentence, work for after the commit."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from flask import g, has_request_context, request

from shared.errors import Invalid, PreconditionFailed
from shared.identity import Identity

ANONYMOUS = Identity()


def identity() -> Identity:
    """Return the caller of the present request."""
    caller: Identity = getattr(g, "identity", ANONYMOUS) if has_request_context() else ANONYMOUS
    return caller


def say(message: str) -> None:
    """Set the sentence for people that goes into the envelope's `message`."""
    g.message = message


def message_header() -> str | None:
    """Return the value of `Estuary-Message`, percent-encoded UTF-8, or None."""
    message = g.get("message")
    return quote(message, safe=" ,.!?'()-") if message else None


def set_version(version: int | str) -> None:
    """Name the version of what is answered; it becomes the ETag, and `If-None-Match` is held against it."""
    g.version = str(version)


def require_match(version: int | str, *, marked_by: str = "") -> None:
    """Refuse an update on top of another version than `If-Match` names. Raises PreconditionFailed.

    `marked_by`: what parts the version in our ETags from a mark of all else that is shown, which may differ.
    """
    if "If-Match" not in request.headers:
        return
    asked = request.if_match
    # An empty tag is read as None.
    named = [tag or "" for tag in asked.as_set(include_weak=True)]
    if marked_by:
        named = [tag.partition(marked_by)[0] for tag in named]
    if not asked.star_tag and str(version) not in named:
        raise PreconditionFailed


def wait_seconds(maximum: int, *, default: int = 0) -> int:
    """Return N of `Prefer: wait=N`, cut to `maximum`, and confirm it in `Preference-Applied`.

    Source: RFC 7240, section 4.3. Raises Invalid if N is no whole number.
    """
    for preference in request.headers.get("Prefer", "").replace(";", ",").split(","):
        name, _, value = preference.strip().partition("=")
        if name.strip().lower() == "wait":
            if not value.strip().isascii() or not value.strip().isdigit():
                raise Invalid.field("Prefer", "wait takes a whole number of seconds.")
            seconds = min(int(value.strip()[:6]), maximum)
            g.preference_applied = f"wait={seconds}"
            return seconds
    return default


def after_commit(work: Callable[[], Any]) -> None:
    """Let `work()` run when the transaction of this request is committed; what it returns is answered instead.

    For what must not happen inside the transaction, such as waiting for another service's answer.
    """
    g.after_commit = work


def forget_answer() -> None:
    """Forget what was said for an answer that is to be made anew."""
    for name in ("message", "version", "preference_applied", "after_commit"):
        g.pop(name, None)
