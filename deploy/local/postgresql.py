"""A private PostgreSQL server: found, initialised, started, stopped, filled with roles and databases."""

import os
import shutil
import subprocess
import time
from contextlib import closing
from functools import cached_property
from pathlib import Path

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - psycopg2 names its classes in lower case.
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from deploy.local.accounts import Account, server_folder
from deploy.local.credentials import Credentials, write_private
from deploy.local.problems import Problem
from deploy.local.profiles import SERVICES, Profile
from deploy.local.programs import POSTGRESQL_OLDEST, find_postgresql
from deploy.local.system import is_alive, listens, require_free

SUPERUSER = "postgres"
EXTENSIONS = ("btree_gin", "btree_gist", "cube", "fuzzystrmatch", "pg_trgm", "unaccent")

START_SECONDS = 60

SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 400
shared_buffers = 256MB
max_wal_size = 2GB
timezone = 'UTC'
log_timezone = 'UTC'
logging_collector = on
log_directory = 'log'
log_filename = 'postgresql-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0
"""
# Tests outlive no crash of the machine, so waiting for the disk would only cost time. They empty tables again and
# again, for which PostgreSQL looks through all its buffers, and leave little that is worth tidying up at once.
UNSAFE_SETTINGS = """
shared_buffers = 32MB
autovacuum_naptime = 10min
fsync = off
synchronous_commit = off
full_page_writes = off
"""


class PostgreSQL:
    """The database server of one profile."""

    def __init__(self, profile: Profile, credentials: Credentials) -> None:
        self._profile = profile
        self._credentials = credentials
        self._account = Account.for_servers()
        self.port = profile.port("postgresql")

    @cached_property
    def folder(self) -> Path:
        """Where its data, log and settings lie."""
        return server_folder(self._profile, self._account, "postgresql")

    def url(self, *, role: str, database: str) -> str:
        """Return a connection address with its password."""
        password = self._credentials.password(f"postgresql.{role}")
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"

    def is_running(self) -> bool:
        """Whether this profile's own server is alive and listens."""
        return self._process() is not None and listens(self.port)

    def is_alive(self) -> bool:
        """Whether the server's process lives, ready or not."""
        return self._process() is not None

    def start(self) -> None:
        """Start the server, initialising its data first if there is none. Raises Problem."""
        if self._process() is not None:
            self._await_begun()
            return
        programs = find_postgresql()
        if programs is None:
            raise Problem(f"PostgreSQL {POSTGRESQL_OLDEST} or newer is missing: 'make up' installs it.")
        folder = self.folder
        require_free(self.port, "PostgreSQL", "ESTUARY_PORT_POSTGRESQL")
        data = folder / "data"
        if not (data / "PG_VERSION").exists():
            self._initialise(programs, data)
        self._write_settings(data)
        done = subprocess.run(
            [programs / "pg_ctl", "start", "-D", data, "-w", "-t", "60", "-l", folder / "start.log", "-s"],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            **self._account.options,
        )
        if done.returncode != 0:
            raise Problem(
                f"PostgreSQL did not start: {done.stderr.strip()} (see {folder / 'start.log'} and {data / 'log'})"
            )

    def _await_begun(self) -> None:
        """Wait for a server that somebody else has begun: the supervisor, while a person gives the same command.

        A second one must not be started beside it, nor its settings be written anew. Raises Problem.
        """
        deadline = time.monotonic() + START_SECONDS
        while not self.is_running():
            if self._process() is None:
                raise Problem(f"PostgreSQL stopped while it was starting: see {self.folder / 'start.log'}.")
            if time.monotonic() > deadline:
                raise Problem(
                    f"PostgreSQL runs, but not on port {self.port}: it recovers still (see {self.folder}/data/log),"
                    " or was started with other ports; then 'make down' with those, and again."
                )
            time.sleep(0.1)

    def stop(self, *, mode: str = "fast") -> None:
        """Stop the server if it runs; `immediate` is what a crash looks like."""
        programs, data = find_postgresql(), self.folder / "data"
        if programs is None or self._process() is None:
            return
        subprocess.run(
            [programs / "pg_ctl", "stop", "-D", data, "-m", mode, "-w", "-t", "30", "-s"],
            capture_output=True,
            check=False,
            cwd=self.folder,
            **self._account.options,
        )

    def provide(self) -> None:
        """Make sure that every role, database and extension exists."""
        wanted = {database_of(service): service for service in SERVICES}
        with closing(self._connect("postgres")) as server, server.cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database")
            missing = sorted(set(wanted) - {name for (name,) in cursor.fetchall()})
            if not missing:
                return
            cursor.execute("SELECT rolname FROM pg_roles")
            roles = {name for (name,) in cursor.fetchall()}
            for service in SERVICES:
                if role_of(service) not in roles:
                    self._create_role(cursor, role_of(service))
        # New databases are copies of template1, so extensions are made once.
        with closing(self._connect("template1")) as template, template.cursor() as cursor:
            for extension in EXTENSIONS:
                cursor.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))
        with closing(self._connect("postgres")) as server, server.cursor() as cursor:
            for name in missing:
                owner = sql.Identifier(role_of(wanted[name]))
                cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), owner))
                cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))

    def _create_role(self, cursor: Cursor, role: str) -> None:
        # Tests make databases of their own; a service never does.
        ability = sql.SQL("CREATEDB" if not self._profile.is_durable else "NOCREATEDB")
        password = sql.Literal(self._credentials.password(f"postgresql.{role}"))
        cursor.execute(
            sql.SQL("CREATE ROLE {} LOGIN {} PASSWORD {}").format(sql.Identifier(role), ability, password),
        )

    def _connect(self, database: str) -> Connection:
        connection = psycopg2.connect(self.url(role=SUPERUSER, database=database), connect_timeout=5)
        connection.autocommit = True
        return connection

    def _initialise(self, programs: Path, data: Path) -> None:
        """Make an empty cluster whose only superuser has a password."""
        password = data.parent / "superuser"
        write_private(password, self._credentials.password(f"postgresql.{SUPERUSER}"))
        if self._account.switches:
            os.chown(password, self._account.uid, self._account.gid)
        shutil.rmtree(data, ignore_errors=True)
        done = subprocess.run(
            [
                programs / "initdb",
                f"--pgdata={data}",
                f"--username={SUPERUSER}",
                f"--pwfile={password}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                f"--locale={_locale()}",
                "--no-sync",
                "--no-instructions",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=data.parent,
            **self._account.options,
        )
        password.unlink()
        if done.returncode != 0:
            shutil.rmtree(data, ignore_errors=True)
            raise Problem(f"PostgreSQL could not make its data folder {data}: {done.stderr.strip()}")

    def _write_settings(self, data: Path) -> None:
        settings = SETTINGS.format(port=self.port) + ("" if self._profile.is_durable else UNSAFE_SETTINGS)
        file, mark = data / "postgresql.conf", "# Estuary\n"
        original = file.read_text().split(mark)[0]
        file.write_text(original + mark + settings)

    def _process(self) -> int | None:
        """Return the id of this cluster's living server, or None."""
        try:
            pid = int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return None
        return pid if is_alive(pid) and _is_postgresql(pid) else None


def _is_postgresql(pid: int) -> bool:
    """Whether a process is a database server: after a restart of the machine its number may be another's."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().startswith("postgres")
    except OSError:
        return True


def database_of(service: str) -> str:
    """Return the name of a service's database."""
    return f"estuary_{service}"


def role_of(service: str) -> str:
    """Return the name of the database role that a service connects as."""
    return f"estuary_{service}"


def _locale() -> str:
    """Return a locale that knows Unicode letters, whatever the system calls it."""
    listed = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout.split()
    known = {name.lower().replace("-", ""): name for name in listed}
    for name in ("c.utf8", "en_us.utf8"):
        if name in known:
            return known[name]
    return "C"
