"""How a service's web process runs under gunicorn."""

import gc
import importlib
import os
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

from shared.serving import HEADER_BYTES_MAX, HEADER_FIELDS_MAX, LINE_BYTES_MAX, Threads

GRACE_SECONDS = 30
# Longer than the gateway keeps a connection that nobody uses, so that it is always the gateway who lets go.
KEEPALIVE_SECONDS = 75


class Web(BaseApplication):  # type: ignore[misc] # gunicorn ships no types.
    """gunicorn with threads, told everything here and nothing by files or its command line.

    `WEB_WORKERS` (1) processes of `WEB_THREADS` (8) threads answer at `BIND`. The service is imported in the
    processes that answer, never in the one above them: so a reload (SIGHUP) takes up new code, and no connection
    is ever inherited.
    """

    def __init__(self, service: str) -> None:
        self._service = service
        super().__init__()

    def load_config(self) -> None:
        """Tell gunicorn how to run."""
        threads = int(os.environ.get("WEB_THREADS", "8"))
        settings: dict[str, Any] = {
            "bind": os.environ.get("BIND", "127.0.0.1:8000"),
            "proc_name": f"estuary-{self._service}",
            "worker_class": Threads,
            "workers": int(os.environ.get("WEB_WORKERS", "1")),
            "threads": threads,
            "worker_connections": 1000,
            "timeout": 60,
            "graceful_timeout": GRACE_SECONDS,
            "keepalive": KEEPALIVE_SECONDS,
            "limit_request_fields": HEADER_FIELDS_MAX,
            "limit_request_field_size": HEADER_BYTES_MAX,
            "limit_request_line": LINE_BYTES_MAX,
            # Nobody but the gateway calls, and it tells the client's address in its signature.
            "forwarded_allow_ips": "",
            "header_map": "drop",
            # Worker heartbeats are file times: on a disk that is busy they would come late.
            "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108
            "accesslog": None,
            "errorlog": "-",
            "loglevel": "warning",
            "control_socket_disable": True,
            "post_worker_init": _keep_what_was_loaded,
            "worker_exit": finish,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the service's application."""
        return importlib.import_module(f"services.{self._service}.app").create_app()


def finish(_arbiter: Any, worker: Any) -> None:
    """Let the application of a process that ends do what it has kept for later: what `FINISHING` names in it."""
    # Here, not above: the process over those that answer holds no application.
    from shared.http import FINISHING

    for work in getattr(worker.wsgi, "extensions", {}).get(FINISHING, ()):
        work()


def _keep_what_was_loaded(_worker: Any) -> None:
    """Never again look for garbage in what was loaded."""
    gc.collect()
    gc.freeze()
