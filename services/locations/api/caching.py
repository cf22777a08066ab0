"""What shared caches may keep: answers that are the same for everybody."""

from flask import Response, after_this_request

from shared.http import identity

REFERENCE_SECONDS = 3600
NEARBY_SECONDS = 30


def let_caches_keep(seconds: int) -> None:
    """Let caches keep this answer, by an ETag of its bytes; staff's own view is kept by nobody."""
    if identity().is_staff:
        return

    @after_this_request
    def mark(response: Response) -> Response:
        if response.status_code == 200:
            response.headers["Cache-Control"] = f"public, max-age={seconds}"
            response.add_etag(weak=True)
        return response
