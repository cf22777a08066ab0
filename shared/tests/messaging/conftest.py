"""Servers of their own for these tests, and relays and consumers as threads of this process."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from shared.database import Database
from shared.messaging.consumer import Consumer
from shared.messaging.handlers import Handlers
from shared.messaging.inbox import Inbox
from shared.messaging.relay import Relay
from tests.chaos import toy
from tests.chaos.servers import Servers


@pytest.fixture(scope="package")
def live_servers() -> Iterator[Servers]:
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    servers = Servers()
    try:
        servers.start()
        yield servers
    finally:
        servers.stop()


@pytest.fixture
def servers(live_servers: Servers) -> Servers:
    """Both servers, with nothing in them."""
    live_servers.empty()
    return live_servers


@pytest.fixture
def shop(servers: Servers) -> Iterator[Database]:
    """The database of the service that announces, with its accounts."""
    database = servers.database("shop")
    with database.transaction() as session:
        toy.open_accounts(session)
    yield database
    database.close()


@pytest.fixture
def mirror(servers: Servers) -> Iterator[Database]:
    """The database of the service that listens."""
    database = servers.database("mirror")
    yield database
    database.close()


class Running:
    """Relays and consumers, stopped at the end of the test."""

    def __init__(self, servers: Servers, mirror: Database) -> None:
        self.servers = servers
        self.mirror = mirror
        self._stack = ExitStack()

    def relay(self, **options: Any) -> tuple[Relay, Callable[[], None]]:
        """Start a relay of shop; return it and what stops it."""
        relay = Relay(
            "shop",
            database_url=self.servers.database_url("shop"),
            broker_url=self.servers.broker_url("shop"),
            **options,
        )
        return relay, self.start(relay.run)

    def consumer(self, *, handlers: Handlers = toy.MIRROR.handlers, **options: Any) -> Callable[[], None]:
        """Start a consumer of mirror and return what stops it."""
        inbox = Inbox("mirror", handlers, self.mirror)
        return self.start(Consumer(inbox, broker_url=self.servers.broker_url("mirror"), **options).run)

    def start(self, loop: Callable[[threading.Event], None]) -> Callable[[], None]:
        """Run a loop in a thread and return what stops it."""
        stop = threading.Event()
        thread = threading.Thread(target=loop, args=(stop,), daemon=True)
        thread.start()

        def end() -> None:
            stop.set()
            thread.join(15)
            assert not thread.is_alive()

        self._stack.callback(end)
        return end

    def ends_with(self, stop: Callable[[], None]) -> None:
        """Call `stop` at the end of the test, too."""
        self._stack.callback(stop)

    def close(self) -> None:
        self._stack.close()


@pytest.fixture
def running(servers: Servers, shop: Database, mirror: Database) -> Iterator[Running]:
    started = Running(servers, mirror)
    yield started
    started.close()
