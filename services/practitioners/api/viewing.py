"""Counting how often profiles are looked at: in this process, written down every ten seconds, without user ids."""

import re
import threading
from collections import Counter
from contextlib import suppress
from datetime import date
from time import monotonic
from typing import Final

from flask import request
from sqlalchemy.exc import SQLAlchemyError

from services.practitioners.operations.views import add_views
from shared.clock import utc_now
from shared.database import database

FLUSH_SECONDS: Final = 10.0
_BOT = re.compile(r"bot|crawl|spider|slurp|preview|curl|wget|python-|headless", re.IGNORECASE)
_lock = threading.Lock()
_counted: Counter[tuple[int, date]] = Counter()
_flushed_at = monotonic()


def count_view(practitioner_id: int) -> None:
    """Count one look at a profile, unless a robot looks; write down what has gathered when it is time."""
    if _BOT.search(request.headers.get("User-Agent", "")):
        return
    with _lock:
        _counted[practitioner_id, utc_now().date()] += 1
        is_time = monotonic() - _flushed_at >= FLUSH_SECONDS
    if is_time:
        flush_views()


def flush_last() -> None:
    """Write down what has gathered when the process ends; what the database does not take then is lost."""
    with suppress(SQLAlchemyError):
        flush_views()


def flush_views() -> None:
    """Write down what has gathered."""
    global _flushed_at
    with _lock:
        gathered = dict(_counted)
        _counted.clear()
        _flushed_at = monotonic()
    if gathered:
        with database().transaction() as session:
            add_views(session, gathered)
