"""What shared caches may keep: answers to nobody in particular, for half a minute, marked by what they say."""

from flask import Response, after_this_request

from shared.http import identity

PUBLIC = "public, max-age=30, stale-while-revalidate=60"


def let_caches_keep() -> None:
    """Let caches keep this answer if nobody is signed in; its ETag is a checksum of it."""
    if identity().is_signed_in:
        return

    @after_this_request
    def mark(response: Response) -> Response:
        if response.status_code == 200:
            response.headers["Cache-Control"] = PUBLIC
            response.add_etag(overwrite=True)
        return response
