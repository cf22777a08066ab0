"""What may be given again to strangers: by shared caches for half a minute, by this process while nothing changes."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from flask import Response, after_this_request

from shared.http import identity, kept_while_unchanged

PUBLIC: Final = "public, max-age=30, stale-while-revalidate=60"
KEPT_SECONDS: Final = 30.0
"""As long as caches may: what depends on the moment, such as who is free within 72 hours, may be that old."""


def let_caches_keep() -> None:
    """Let caches keep this answer if nobody is signed in."""
    if identity().is_signed_in:
        return

    @after_this_request
    def mark(response: Response) -> Response:
        if response.status_code < 400:
            response.headers["Cache-Control"] = PUBLIC
        return response


def kept_for_strangers(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let caches keep a stranger's answer, and give it again while nothing in the database has changed.

    Stands right below `operation`.
    """
    kept = kept_while_unchanged(lambda: KEPT_SECONDS, never_with="available_")(view)

    @wraps(view)
    def answer(*args: Any, **kwargs: Any) -> Any:
        let_caches_keep()
        return kept(*args, **kwargs)

    return answer
