"""What shared caches may keep: answers to nobody in particular, for half a minute."""

from flask import Response, after_this_request

from shared.http import identity

PUBLIC = "public, max-age=30, stale-while-revalidate=60"


def let_caches_keep() -> None:
    """Let caches keep this answer if nobody is signed in."""
    if identity().is_signed_in:
        return

    @after_this_request
    def mark(response: Response) -> Response:
        response.headers["Cache-Control"] = PUBLIC
        return response
