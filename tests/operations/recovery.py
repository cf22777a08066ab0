"""Backups from which any moment can be restored, taken and used as docs/operations.md says.

A base backup and the write-ahead log since; a second server is brought to the wanted moment, and one database of it
is put in the place of the lost one. The other services' databases stay as they are.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Self

import psycopg2

from deploy.local.accounts import Account
from deploy.local.infrastructure import Infrastructure
from deploy.local.postgresql import SUPERUSER, database_of, role_of
from deploy.local.programs import find_postgresql
from deploy.local.runner import wait_for
from deploy.local.stack import Stack
from shared.testing.ports import free_port

PATIENCE_SECONDS = 60


class Backup:
    """A base backup, and the log that goes on being received until the block ends."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        found = find_postgresql()
        assert found is not None
        self._programs, self._account = found, Account.for_servers()
        self._server = Infrastructure(stack.profile).postgresql
        self._folder = folder
        self._receiving: subprocess.Popen[bytes] | None = None
        self._slot = f"drill_{os.getpid()}"

    def __enter__(self) -> Self:
        self._folder.chmod(0o755)
        for name in ("base", "log", "dumps"):
            self._account.own(self._folder / name)
        # Without a slot the server may throw the log away before it was received.
        receive = ["-d", self._address(), "-S", self._slot]
        self._run("pg_receivewal", *receive, "--create-slot", "--if-not-exists")
        with (self._folder / "receiving.log").open("wb") as log:
            self._receiving = subprocess.Popen(
                [self._programs / "pg_receivewal", *receive, "-D", self._folder / "log", "-v"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                **self._account.options,
            )
        self._run("pg_basebackup", "-d", self._address(), "-D", self._folder / "base", "-X", "none", "-c", "fast")
        return self

    def __exit__(self, *_: object) -> None:
        if self._receiving is not None:
            self._receiving.terminate()
            self._receiving.wait(20)
        self.ask(f"SELECT pg_drop_replication_slot('{self._slot}')")

    def now(self) -> str:
        """Return the server's present moment, to come back to."""
        return str(self.ask("SELECT clock_timestamp()::text")[0][0])

    def ask(self, statement: str, *, address: str | None = None) -> list[tuple[Any, ...]]:
        """Return what the server, or the one at `address`, answers its administrator."""
        with closing(psycopg2.connect(address or self._address())) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall()) if cursor.description else []

    @contextmanager
    def server_at(self, moment: str) -> Iterator[int]:
        """Run a second server as it was at a moment, and yield its port."""
        self._finish_segment()
        data, port = self._folder / "recovered", free_port()
        shutil.copytree(self._folder / "base", data)
        settings = f"""
            port = {port}
            listen_addresses = '127.0.0.1'
            unix_socket_directories = ''
            logging_collector = off
            restore_command = 'cp {self._folder}/log/%f %p'
            recovery_target_time = '{moment}'
            recovery_target_action = 'promote'
        """
        with (data / "postgresql.conf").open("a") as file:
            file.write("\n".join(line.strip() for line in settings.splitlines()))
        (data / "recovery.signal").touch()
        subprocess.run(["chown", "-R", str(self._account.uid), str(data)], check=True)
        data.chmod(0o700)
        self._run("pg_ctl", "start", "-D", data, "-w", "-t", "60", "-s", "-l", data / "recovery.log")
        try:
            address = self._address(port=port)
            promoted = wait_for(lambda: self._is_promoted(address), PATIENCE_SECONDS)
            assert promoted, (data / "recovery.log").read_text()[-2000:]
            yield port
        finally:
            if (data / "postmaster.pid").exists():
                self._run("pg_ctl", "stop", "-D", data, "-m", "immediate", "-w", "-s")

    def put_back(self, service: str, *, port: int) -> None:
        """Replace a service's database by that of the server at `port`; nobody may be using it."""
        name, dump = database_of(service), self._folder / "dumps" / f"{service}.dump"
        self._run("pg_dump", "-d", self._address(port=port, database=name), "-Fc", "-f", dump)
        self.ask(f'DROP DATABASE "{name}" WITH (FORCE)')
        self.ask(f'CREATE DATABASE "{name}" OWNER "{role_of(service)}"')
        self.ask(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
        self._run("pg_restore", "-d", self._address(database=name), "--exit-on-error", dump)

    def _is_promoted(self, address: str) -> bool:
        """Whether the server there has come to its moment; one that does not answer has not."""
        try:
            return self.ask("SELECT pg_is_in_recovery()", address=address) == [(False,)]
        except psycopg2.OperationalError:
            return False

    def _finish_segment(self) -> None:
        """Have all that was written until now in the received log."""
        # A moment is only known to be over by a later commit.
        self.ask("SELECT pg_current_xact_id()")
        wanted = self.ask("SELECT pg_walfile_name(pg_current_wal_insert_lsn())")[0][0]
        self.ask("SELECT pg_switch_wal()")
        # The switch is sent with the next record.
        self.ask("SELECT pg_create_restore_point('drill')")
        there = wait_for((self._folder / "log" / str(wanted)).exists, PATIENCE_SECONDS)
        assert there, f"{wanted} was not received: {(self._folder / 'receiving.log').read_text()[-1000:]}"

    def _address(self, *, port: int | None = None, database: str = "postgres") -> str:
        address = self._server.url(role=SUPERUSER, database=database)
        return address if port is None else address.replace(f":{self._server.port}/", f":{port}/")

    def _run(self, program: str, *arguments: str | Path) -> None:
        done = subprocess.run(
            [self._programs / program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self._folder,
            check=False,
            **self._account.options,
        )
        assert done.returncode == 0, f"{program}: {done.stderr[-2000:]}"


def estuary(stack: Stack, service: str, *command: str) -> str:
    """Run a command line of ours with a service's environment, and return what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "shared.cli.main", *command],
        env={**os.environ, **stack.environment(service)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
    return done.stdout


@contextmanager
def kept_down(stack: Stack, service: str) -> Iterator[None]:
    """Keep a service's processes stopped for the time of the block."""
    parts = [service, f"{service}-worker"]
    for part in parts:
        stack.stop(part)
    try:
        yield
    finally:
        for part in parts:
            with contextlib.suppress(AssertionError):
                stack.start(part)
        stack.wait_until_healthy(parts)


def restore(stack: Stack, backup: Backup, service: str, moment: str) -> float:
    """Bring one service back to a moment, as the runbook says; return how many seconds that took."""
    began = time.monotonic()
    with kept_down(stack, service):
        with backup.server_at(moment) as port:
            backup.put_back(service, port=port)
        estuary(stack, service, "migrate", service)
        estuary(stack, service, "epoch", "raise", service)
    estuary(stack, service, "republish", service, "--pages-per-second", "50")
    return time.monotonic() - began
