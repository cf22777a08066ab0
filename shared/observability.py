"""Logs as JSON lines, one event each, with the request or message they belong to.

Only named fields are written: no bodies, headers, tokens, queries or addresses of people.
"""

import logging
import sys
from typing import Any

import orjson
import structlog


def configure_logging(service: str, *, level: str = "info") -> None:
    """Send this process's logs, also those of libraries, to standard error as JSON lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _traceable,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _named(service),
                structlog.processors.JSONRenderer(serializer=_json),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("alembic", "botocore", "pika", "stripe", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def logger(name: str) -> Any:
    """Return a logger: `log.info("event_name", field=value)`."""
    return structlog.get_logger(name)


def _traceable(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Add which chain of requests and events the line belongs to, and which trace."""
    from shared.messaging.context import current

    origin = current()
    if origin.correlation_id is not None:
        event["correlation_id"] = str(origin.correlation_id)
    if origin.traceparent:
        event["trace_id"] = origin.traceparent[3:35]
    return event


def _named(service: str) -> Any:
    def add_service(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
        event["service"] = service
        return event

    return add_service


def _json(value: Any, **_kwargs: Any) -> str:
    return orjson.dumps(value, default=str).decode()
