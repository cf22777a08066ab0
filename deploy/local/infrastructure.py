"""The private database server and broker of a profile, started and stopped together."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from deploy.local.credentials import Credentials
from deploy.local.environment import Environments
from deploy.local.postgresql import PostgreSQL
from deploy.local.profiles import Profile
from deploy.local.rabbitmq import RabbitMQ

Tell = Callable[[str], None]
SERVERS = ("postgresql", "rabbitmq")


class Infrastructure:
    """PostgreSQL and RabbitMQ of one profile."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        with self._alone("secrets"):
            credentials = Credentials.of(profile)
            Environments(profile).write()
        self.postgresql = PostgreSQL(profile, credentials)
        self.rabbitmq = RabbitMQ(profile, credentials)

    def up(self, *, only: str | None = None, tell: Tell = lambda _: None) -> None:
        """Start what does not run yet, and make sure of roles, databases, users and environment files.

        Returns at once when everything is there. Raises Problem.
        """
        # The broker takes longest: it starts while the database server is made ready.
        if only != "postgresql":
            with self._alone("rabbitmq"):
                self.rabbitmq.begin()
        if only != "rabbitmq":
            with self._alone("postgresql"):
                self.postgresql.start()
                self.postgresql.provide()
            tell(f"PostgreSQL on 127.0.0.1:{self.postgresql.port}")
        if only != "postgresql":
            with self._alone("rabbitmq"):
                self.rabbitmq.finish()
            tell(f"RabbitMQ on 127.0.0.1:{self.rabbitmq.port}")

    def down(self) -> None:
        """Stop both servers."""
        with self._alone("rabbitmq"):
            self.rabbitmq.ask_to_stop()
            with self._alone("postgresql"):
                self.postgresql.stop()
            self.rabbitmq.stop()

    @contextmanager
    def _alone(self, part: str) -> Iterator[None]:
        """Let one command at a time start or stop a server."""
        folder = self._profile.folder / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{part}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
