"""Starting one command of ours as a process of its own.

On Linux the supervisor imports the libraries that all services share once and forks: a service then starts in a
fraction of the processor time that a new interpreter takes, and shares the libraries' memory. Elsewhere, where
forking a Python process that has loaded system frameworks is unsafe, a new interpreter is started.
"""

import ctypes
import gc
import importlib
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from deploy.local.given import ROOT

# Nothing here may open a connection, start a thread or read the environment when imported.
SHARED_LIBRARIES = (
    "alembic.command",
    "click",
    "environs",
    "flask_smorest",
    "gunicorn.app.base",
    "gunicorn.arbiter",
    "gunicorn.workers.gthread",
    "jwt",
    "marshmallow",
    "orjson",
    "pika",
    "prometheus_client",
    "psycopg2.extras",
    "shared.database.migrate",
    "sqlalchemy.dialects.postgresql.psycopg2",
    "sqlalchemy.orm",
    "structlog",
)
FORKS = sys.platform == "linux" and os.environ.get("ESTUARY_FORK", "1") == "1"


def prepare() -> None:
    """Import once what children share, and keep the collector from touching (and so copying) it later."""
    if not FORKS:
        return
    for name in SHARED_LIBRARIES:
        with suppress(ModuleNotFoundError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


def launch(command: Sequence[str], environment: Mapping[str, str], log: Path, *, is_fresh: bool = False) -> int:
    """Start `estuary <command>` with exactly this environment, its words going to the log; return its process id.

    `is_fresh` asks for a new interpreter in any case.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        if FORKS and not is_fresh:
            return os.fork() or _become(command, environment, descriptor)
        process = subprocess.Popen(
            [sys.executable, "-m", "shared.cli.main", *command],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
        )
        # The supervisor reaps by process id; the object must not do so when it is collected.
        process.returncode = 0
        return process.pid
    finally:
        os.close(descriptor)


def _become(command: Sequence[str], environment: Mapping[str, str], log: int) -> NoReturn:
    """Turn this forked child into the command; never returns, whatever happens."""
    status = 1
    try:
        _shed_parent(log)
        _take_name("-".join(reversed(command)).removesuffix("-web"))
        os.environ.clear()
        os.environ.update(environment)
        time.tzset()
        sys.argv = ["estuary", *command]
        from shared.cli.main import main

        main(list(command), prog_name="estuary")
    except SystemExit as ended:
        if isinstance(ended.code, int) or ended.code is None:
            status = ended.code or 0
        else:
            print(ended.code, file=sys.stderr)
    except BaseException:  # noqa: BLE001 - The parent's code must not run in the child, not even its error handling.
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _take_name(name: str) -> None:
    """Be called by one's own name in `ps -e` and `top`, which show no more than 15 letters."""
    set_name = 15  # PR_SET_NAME
    ctypes.CDLL(None).prctl(set_name, name.encode()[:15], 0, 0, 0)


def _shed_parent(log: int) -> None:
    """Give up all that belongs to the supervisor: its session, signals, open files."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.closerange(3, 4096)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
