"""Requests whose transaction was given up for another's sake are done again."""

import time
from collections.abc import Callable

from flask import Response, request
from sqlalchemy.exc import DBAPIError

from shared.database.engine import RETRY_PAUSE_SECONDS, commits, is_retryable
from shared.http.context import forget_answer

ATTEMPTS = 3
_READ_ONCE = ("multipart/", "application/x-www-form-urlencoded", "application/octet-stream")


def unless_deadlocked(answer: Callable[[], Response]) -> Response:
    """Return what `answer()` returns, made again if PostgreSQL chose its transaction as a deadlock's victim.

    Only while nothing of the request has been committed, and the body can be read again. Operations call outside
    services after a commit, so nothing outside has happened by then. Raises whatever the last attempt raised.
    """
    before = commits()
    for attempt in range(1, ATTEMPTS):
        try:
            return answer()
        except DBAPIError as refused:
            if not is_retryable(refused) or commits() != before or request.mimetype.startswith(_READ_ONCE):
                raise
        forget_answer()
        time.sleep(RETRY_PAUSE_SECONDS * attempt)
    return answer()
