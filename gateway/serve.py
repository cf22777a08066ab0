"""Starts the gateway: gunicorn's master, and workers that run a Gateway each on uvloop."""

import asyncio
import os
import signal
import tempfile
from pathlib import Path
from typing import Any

import uvloop
from gunicorn.app.base import BaseApplication
from gunicorn.workers.base import Worker

from gateway.settings import GatewaySettings
from gateway.windows import SharedWindows

GRACEFUL_SECONDS = 35
NOTIFY_SECONDS = 1.0
_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


class GatewayWorker(Worker):  # type: ignore[misc]
    """A gunicorn worker whose application is a Gateway instead of a WSGI callable."""

    def load_wsgi(self) -> None:
        """There is no WSGI application."""

    def init_signals(self) -> None:
        """Let signals end the process until the event loop handles them: the master's handlers would swallow them."""
        for number in _STOPPING:
            signal.signal(number, signal.SIG_DFL)

    def run(self) -> None:
        """Serve until told to stop."""
        uvloop.run(self._serve())

    async def _serve(self) -> None:
        from gateway.app import Gateway

        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in _STOPPING:
            loop.add_signal_handler(number, stopping.set)
        gateway = Gateway(self.app.settings, self.app.windows)
        sockets = [bound.sock for bound in self.sockets]
        await gateway.start(sockets[0], sockets[1])
        while not stopping.is_set() and self.ppid == os.getppid():
            self.notify()
            try:
                async with asyncio.timeout(NOTIFY_SECONDS):
                    await stopping.wait()
            except TimeoutError:
                continue
        watching = loop.create_task(self._keep_notifying())
        await gateway.stop(balancer_seconds=self.app.settings.drain_seconds)
        watching.cancel()

    async def _keep_notifying(self) -> None:
        while True:
            self.notify()
            await asyncio.sleep(NOTIFY_SECONDS)


class GatewayApplication(BaseApplication):  # type: ignore[misc]
    """gunicorn's settings for the gateway; what workers share is made here, before they are forked."""

    def __init__(self, settings: GatewaySettings) -> None:
        self.settings = settings
        self.windows = SharedWindows()
        super().__init__()

    def load_config(self) -> None:
        """Set what gunicorn is told."""
        host, port = self.settings.probe_address
        probes = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        options: dict[str, Any] = {
            "bind": [self.settings.bind, probes],
            "workers": self.settings.gateway_workers,
            "worker_class": GatewayWorker,
            "backlog": 2048,
            "timeout": 30,
            "graceful_timeout": GRACEFUL_SECONDS,
            "accesslog": None,
            "errorlog": "-",
            "loglevel": "warning",
            "proc_name": "estuary-gateway",
            # Heartbeats are file times: on a disk that is busy they would come late.
            "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108 (gunicorn's own choice)
            # It would lie in the person's home folder.
            "control_socket_disable": True,
            "child_exit": _forget_figures,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> None:
        """There is no WSGI application."""


def main() -> None:
    """Run the gateway in the foreground until SIGTERM or SIGINT."""
    settings = GatewaySettings.from_environ()
    if settings.gateway_workers > 1 and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        # Read when prometheus_client is first imported, which is why the workers import the application.
        with tempfile.TemporaryDirectory(prefix="estuary-gateway-metrics-") as folder:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
            GatewayApplication(settings).run()
    else:
        GatewayApplication(settings).run()


def _forget_figures(_arbiter: Any, worker: Any) -> None:
    """Drop the gauges of a worker that has ended; its counts stay in the sums."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder:
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
