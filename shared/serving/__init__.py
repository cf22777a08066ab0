"""Answering HTTP: gunicorn's worker with threads, made for one client that keeps its connections (ADR 0012)."""

from shared.serving.wire import HEADER_BYTES_MAX, HEADER_FIELDS_MAX, LINE_BYTES_MAX
from shared.serving.worker import Threads

__all__ = ["HEADER_BYTES_MAX", "HEADER_FIELDS_MAX", "LINE_BYTES_MAX", "Threads"]
