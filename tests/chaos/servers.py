"""A private PostgreSQL and RabbitMQ that may be killed, with the two toy services in them."""

import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg2
from alembic import command
from alembic.config import Config
from pika.exceptions import AMQPError
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from deploy.local.credentials import Credentials
from deploy.local.postgresql import SUPERUSER, PostgreSQL
from deploy.local.problems import Problem
from deploy.local.profiles import INFRASTRUCTURE, PORTS, Profile
from deploy.local.programs import find_rabbitmq
from deploy.local.rabbitmq import ADMINISTRATOR, RabbitMQ
from shared.database import Database
from shared.database.revisions import SHARED_MIGRATIONS
from shared.database.tables import metadata
from shared.messaging.administration import ControlTool, with_users
from shared.messaging.broker import Browser
from shared.messaging.errors import BrokerLost
from shared.messaging.topology import Participant, definitions
from tests.chaos import toy

FAST_RETRIES = {"5s": 0.1, "30s": 0.15, "5m": 0.2, "30m": 0.2}
DATABASE = "toys"
RESERVATIONS = 43_000
LISTENERS = {"door": ("account.credited",), "shop": ()}


class ToyBroker(RabbitMQ):
    """A broker with the toys' users and topology."""

    members: Sequence[Participant] = ()
    retries: Mapping[str, float] = FAST_RETRIES
    lengths: Mapping[str, int] = {}

    def definitions(self) -> dict[str, Any]:
        wanted = definitions(self.members, retries=self.retries, lengths=self.lengths, listeners=LISTENERS)
        names = [ADMINISTRATOR, *sorted({permission["user"] for permission in wanted["permissions"]})]
        wanted = with_users(wanted, {name: self._credentials.password(f"rabbitmq.{name}") for name in names})
        wanted["users"] = [
            {**user, "tags": "administrator" if user["name"] == ADMINISTRATOR else ""} for user in wanted["users"]
        ]
        wanted["vhosts"] = [{"name": "/"}]
        everything = {"user": ADMINISTRATOR, "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}
        return {**wanted, "permissions": [*wanted["permissions"], everything]}


class Servers:
    """Both servers, in a folder that goes with them."""

    def __init__(self, members: Sequence[Participant] = (*toy.MEMBERS,)) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="estuary-chaos-", dir="/tmp"))
        self.folder.chmod(0o755)
        shift, self._reservation = _reserve_ports()
        profile = Profile(
            name=f"chaos{shift}",
            folder=self.folder,
            port_shift=shift,
            infrastructure_port_shift=shift,
            estuary_env="test",
            is_durable=True,
        )
        credentials = Credentials.of(profile)
        self.postgresql = PostgreSQL(profile, credentials)
        self.broker = ToyBroker(profile, credentials)
        self.broker.members = members
        self.members = members

    def start(self) -> None:
        self.broker.begin()
        self.postgresql.start()
        self._provide()
        self.broker.finish()

    def stop(self) -> None:
        self.kill_broker()
        self.broker.stop()
        self.postgresql.stop(mode="immediate")
        shutil.rmtree(self.folder, ignore_errors=True)
        self._reservation.close()

    def database_url(self, service: str) -> str:
        return f"postgresql://{service}:toy@127.0.0.1:{self.postgresql.port}/{DATABASE}"

    def broker_url(self, user: str) -> str:
        return self.broker.url(user=user)

    def admin_broker_url(self) -> str:
        return self.broker_url(ADMINISTRATOR)

    def database(self, service: str, *, pool_size: int = 8) -> Database:
        return Database(self.database_url(service), pool_size=pool_size, application_name=service)

    def query(self, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Run SQL as the superuser, who sees both schemas."""
        url = self.postgresql.url(role=SUPERUSER, database=DATABASE)
        with closing(psycopg2.connect(url, connect_timeout=3)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(statement, arguments or None)
            return cursor.fetchall() if cursor.description else []

    def empty(self) -> None:
        """Delete every row and purge every queue; a broker that a failed test left dead or frozen runs again."""
        self.resume_broker()
        if not self._broker_pids():
            self.restart_broker()
        self.query("TRUNCATE shop.accounts, mirror.effects RESTART IDENTITY")
        kept = ("outbox", "inbox", "replica_states", "snapshot_requests", "job_runs")
        emptied = [f"{service}.{table}" for service in ("shop", "mirror") for table in kept]
        deletions = [f"DELETE FROM {table}" for table in (*emptied, "mirror.account_copies", "mirror.steps_back")]
        self.query("; ".join([*deletions, "UPDATE shop.event_epoch SET epoch = 1"]))
        eventually(self._purge)

    def _purge(self) -> bool:
        """Empty every queue; False while one has no leader yet, which is so for a moment after a kill."""
        try:
            with Browser(self.admin_broker_url(), name="test") as browser:
                for queue in self.queues():
                    browser.channel.queue_purge(queue)
        except (AMQPError, BrokerLost):
            return False
        return True

    def queues(self) -> list[str]:
        return [queue["name"] for queue in self.broker.definitions()["queues"]]

    def depth(self, queue: str) -> int:
        """Return how many messages lie in a queue, ready to be taken."""
        return self.depths(queue)[0]

    def depths(self, *queues: str) -> list[int]:
        """Return the same of several queues."""
        with Browser(self.admin_broker_url(), name="test") as browser:
            return [int(browser.channel.queue_declare(queue, passive=True).method.message_count) for queue in queues]

    def control_tool(self) -> ControlTool:
        """Return rabbitmqctl, bound to this broker."""
        programs = find_rabbitmq()
        assert programs is not None
        return ControlTool(programs / "rabbitmqctl", environment=self.broker.environment())

    def signal_broker(self, number: int) -> None:
        for pid in self._broker_pids():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def pause_broker(self) -> None:
        self.signal_broker(signal.SIGSTOP)

    def resume_broker(self) -> None:
        self.signal_broker(signal.SIGCONT)

    def kill_broker(self) -> None:
        self.signal_broker(signal.SIGKILL)
        # The first thread of a process may be gone while others still hold its sockets.
        eventually(lambda: not self._broker_pids() and _is_free(self.broker.port))

    def restart_broker(self) -> None:
        """Start the broker after a kill; again when Erlang's port mapper still holds its name."""
        for _ in range(3):
            with suppress(Problem):
                self.broker.start()
                return
            time.sleep(0.5)
        self.broker.start()

    def restart_database(self) -> None:
        self.postgresql.stop(mode="immediate")
        self.postgresql.start()

    def _broker_pids(self) -> list[int]:
        pid = self.broker._process("broker")
        return [] if pid is None else [pid]

    def _provide(self) -> None:
        admin = self.postgresql.url(role=SUPERUSER, database="postgres")
        with closing(psycopg2.connect(admin)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {DATABASE}")
        bases = {"shop": toy.Base, "mirror": toy.MirrorBase}
        for service, base in bases.items():
            self.query(
                f"CREATE ROLE {service} LOGIN PASSWORD 'toy'; CREATE SCHEMA {service} AUTHORIZATION {service};"
                f"ALTER ROLE {service} SET search_path = {service}"
            )
            prepare(self.database_url(service), base.metadata)
        self.query(WATCH)


# A late state that is taken is often overtaken soon after: the end alone would not show it.
WATCH = """
    CREATE TABLE mirror.steps_back (account_id bigint, held bigint, taken bigint);
    CREATE FUNCTION mirror.note_step_back() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO mirror.steps_back VALUES (OLD.account_id, OLD.sequence, NEW.sequence);
        RETURN NULL;
    END $$;
    CREATE TRIGGER steps_back AFTER UPDATE ON mirror.account_copies
        FOR EACH ROW WHEN ((NEW.epoch, NEW.sequence) < (OLD.epoch, OLD.sequence))
        EXECUTE FUNCTION mirror.note_step_back();
    GRANT ALL ON mirror.steps_back TO mirror;
"""


def prepare(url: str, models: Any) -> None:
    """Give a database the tables that every service has, and the toys' own."""
    config = Config()
    config.set_main_option("script_location", str(SHARED_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", str(SHARED_MIGRATIONS / "versions"))
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg2://"), poolclass=NullPool)
    with engine.begin() as connection:
        config.attributes.update(connection=connection, metadata=metadata, include_object=lambda *_: True)
        command.upgrade(config, "shared@head")
        models.create_all(connection)
        connection.execute(text("SELECT 1"))
    engine.dispose()


def eventually(check: Any, *, within: float = 20.0, pause: float = 0.05) -> None:
    """Wait until `check()` is true, or passes without AssertionError; fail with its last answer otherwise."""
    deadline = time.monotonic() + within
    while True:
        try:
            found = check()
            if found is None or found:
                return
            problem: Any = f"still {found!r}"
        except (AssertionError, psycopg2.Error) as failed:
            problem = failed
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {problem}")
        time.sleep(pause)


def _reserve_ports() -> tuple[int, socket.socket]:
    """Return a shift that makes every port of the servers a free one, and the socket that keeps others off it.

    A broker that is down for a moment leaves its port free: another run must not take it meanwhile.
    """
    for shift in range(2_000, 4_000, 7):
        reservation = socket.socket()
        try:
            reservation.bind(("127.0.0.1", RESERVATIONS + shift))
        except OSError:
            reservation.close()
            continue
        if all(_is_free(PORTS[name] + shift) for name in INFRASTRUCTURE):
            return shift, reservation
        reservation.close()
    raise RuntimeError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
