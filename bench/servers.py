"""What the benches start, and how they measure what it costs."""

import multiprocessing
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2

from deploy.local.programs import find_postgresql
from shared.testing.ports import free_port

FORKING = multiprocessing.get_context("fork")
EDGE_KEY = "bench-edge-key-of-at-least-32-characters"
TICK = os.sysconf("SC_CLK_TCK")


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a server of our own and return the address of an empty database with the extensions.

    `BENCH_BUFFERS` says how much memory it has for tables; without it, what PostgreSQL has by itself.
    """
    programs = find_postgresql()
    if programs is None:
        raise SystemExit("PostgreSQL is missing: 'make up' installs it.")
    folder, port = Path(tempfile.mkdtemp(prefix="estuary-bench-")), free_port()
    options: dict[str, Any] = {"cwd": "/", "check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        options["user"] = "postgres"
    data = folder / "data"
    subprocess.run([programs / "initdb", "-D", data, "-U", "bench", "-A", "trust"], **options)
    settings = "-c listen_addresses=127.0.0.1 -c fsync=off -c shared_preload_libraries=pg_stat_statements"
    settings += f" -c shared_buffers={os.environ.get('BENCH_BUFFERS', '128MB')}"
    told = f"-p {port} -k '' {settings}"
    subprocess.run([programs / "pg_ctl", "start", "-D", data, "-w", "-l", folder / "log", "-o", told], **options)
    try:
        url = f"postgresql://bench@127.0.0.1:{port}/postgres"
        _extend(url)
        yield url
    finally:
        subprocess.run([programs / "pg_ctl", "stop", "-D", data, "-m", "immediate"], **options)
        shutil.rmtree(folder, ignore_errors=True)


def new_database(url: str, name: str) -> str:
    """Make one more empty database with the extensions on the same server, and return its address."""
    _run(url, [f"CREATE DATABASE {name}"])
    own = f"{url.rpartition('/')[0]}/{name}"
    _extend(own)
    return own


def _extend(url: str) -> None:
    names = ("btree_gin", "btree_gist", "cube", "fuzzystrmatch", "pg_trgm", "unaccent", "pg_stat_statements")
    _run(url, [f"CREATE EXTENSION {name}" for name in names])


def _run(url: str, statements: Sequence[str]) -> None:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for statement in statements:
            cursor.execute(statement)


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024
