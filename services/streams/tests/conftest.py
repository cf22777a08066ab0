"""Fixtures of the tests of streams."""

import os
from collections.abc import Iterator

import pytest
from flask import Flask

from services.streams.clients.livekit import LiveKit, configured
from services.streams.settings import settings
from services.streams.tests.factories import World
from services.streams.tests.sandbox import KEY, SECRET, Sandbox, start
from shared.database import Database
from shared.testing.http import Caller

CLIENTS: set[LiveKit] = set()


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox in a process of its own, for the whole run."""
    process, sandbox, server = start(tmp_path_factory.mktemp("livekit"))
    yield sandbox
    for client in CLIENTS:
        client.close()
    process.terminate()
    process.wait(10)
    server.shutdown()
    server.server_close()


@pytest.fixture
def sandbox(database: Database, app: Flask, sandbox_process: Sandbox) -> Sandbox:
    """The sandbox, empty; this process's settings point to it."""
    sandbox_process.reset()
    os.environ.update(LIVEKIT_URL=sandbox_process.base, LIVEKIT_API_KEY=KEY, LIVEKIT_API_SECRET=SECRET)
    settings.cache_clear()
    settings()
    return sandbox_process


@pytest.fixture
def world(database: Database, http: Caller, sandbox: Sandbox) -> World:
    """A practitioner with a launched stream, members, and the events that others would send."""
    video = configured(settings())
    assert isinstance(video, LiveKit)
    CLIENTS.add(video)
    world = World(database=database, http=http, sandbox=sandbox, video=video)
    world.introduce()
    return world
