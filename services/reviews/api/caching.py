"""Answers to nobody in particular: kept by us while nothing changes, and for half a minute by shared caches."""

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any

from flask import Response, after_this_request

from shared.clock import utc_now
from shared.http import identity, kept_while_unchanged

PUBLIC = "public, max-age=30, stale-while-revalidate=60"
KEPT_SECONDS = 60.0


def public(view: Callable[..., Any]) -> Callable[..., Any]:
    """Answer strangers with what they were answered before, while nothing has changed, and let caches keep it.

    Its ETag is a checksum of it. Numbers are of the last days, so a new day is a change. Stands right below
    `operation`.
    """
    kept = kept_while_unchanged(lambda: KEPT_SECONDS, depends=_today)(view)

    @wraps(view)
    def answer(*args: Any, **kwargs: Any) -> Any:
        if not identity().is_signed_in:
            after_this_request(_let_caches_keep)
        return kept(*args, **kwargs)

    return answer


def _today() -> date:
    return utc_now().date()


def _let_caches_keep(response: Response) -> Response:
    if response.status_code == 200:
        response.headers["Cache-Control"] = PUBLIC
        response.add_etag(overwrite=True)
    return response
