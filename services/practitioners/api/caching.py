"""What may be given again to strangers: by shared caches for half a minute, by this process while nothing changes."""

from collections.abc import Callable
from functools import wraps
from hashlib import blake2b
from typing import Any, Final

from flask import Response, after_this_request, make_response

from shared.http import identity, kept_while_unchanged, set_version

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

    The answer's ETag is a digest of it. Stands right below `operation`.
    """

    @wraps(view)
    def tagged(*args: Any, **kwargs: Any) -> Response:
        made = make_response(view(*args, **kwargs))
        set_version(blake2b(made.get_data(), digest_size=8).hexdigest())
        return made

    kept = kept_while_unchanged(lambda: KEPT_SECONDS, never_with="available_")(tagged)

    @wraps(view)
    def answer(*args: Any, **kwargs: Any) -> Any:
        let_caches_keep()
        return kept(*args, **kwargs)

    return answer
