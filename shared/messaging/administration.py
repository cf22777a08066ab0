"""Bringing a running RabbitMQ to the topology that the code asks for."""

import base64
import hashlib
import json
import os
import subprocess
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from shared.messaging.broker import Browser
from shared.messaging.names import EVENTS, SNAPSHOTS

Binding = tuple[str, str, str]
"""Exchange, queue, key."""


class Administration(Protocol):
    """A way to give orders to RabbitMQ that its protocol does not know."""

    def load(self, definition: Mapping[str, Any]) -> None:
        """Import exchanges, queues, bindings, policies, users and rights; what is there already is brought in line."""

    def bindings(self, virtual_host: str) -> list[Binding]:
        """Return every binding of a queue."""


class ControlTool:
    """By `rabbitmqctl`, for a broker on this machine."""

    def __init__(self, program: Path | str = "rabbitmqctl", *, environment: Mapping[str, str] | None = None) -> None:
        self._program = str(program)
        self._environment = dict(os.environ if environment is None else environment)

    def load(self, definition: Mapping[str, Any]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            file = Path(folder) / "definitions.json"
            file.write_text(json.dumps(definition))
            file.chmod(0o644)
            self._run("import_definitions", str(file))

    def bindings(self, virtual_host: str) -> list[Binding]:
        columns = ("source_name", "destination_name", "routing_key")
        listed = self._run("list_bindings", "--quiet", "--formatter", "json", "-p", virtual_host, *columns)
        return [(row[columns[0]], row[columns[1]], row[columns[2]]) for row in json.loads(listed)]

    def _run(self, *arguments: str) -> str:
        return subprocess.run(  # noqa: S603 - The program is the caller's own.
            [self._program, *arguments], env=self._environment, check=True, capture_output=True, text=True, timeout=120
        ).stdout


class ManagementApi:
    """By RabbitMQ's HTTP API, for a broker in a container or a cluster; `url` carries user and password."""

    def __init__(self, url: str) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in {"http", "https"}:
            raise ValueError("the management API is reached by http or https")
        self._base = f"{parts.scheme}://{parts.hostname}:{parts.port or 15672}/api"
        login = f"{urllib.parse.unquote(parts.username or '')}:{urllib.parse.unquote(parts.password or '')}"
        self._authorization = f"Basic {base64.b64encode(login.encode()).decode()}"

    def load(self, definition: Mapping[str, Any]) -> None:
        self._ask("/definitions", json.dumps(definition).encode())

    def bindings(self, virtual_host: str) -> list[Binding]:
        listed = json.loads(self._ask(f"/bindings/{urllib.parse.quote(virtual_host, safe='')}"))
        return [
            (row["source"], row["destination"], row["routing_key"])
            for row in listed
            if row["destination_type"] == "queue"
        ]

    def _ask(self, path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(  # noqa: S310 - The scheme was checked.
            self._base + path,
            data=body,
            headers={"Authorization": self._authorization, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return bytes(answer.read())


def apply(definition: Mapping[str, Any], administration: Administration, *, admin_url: str) -> list[Binding]:
    """Make a running broker match `topology.definitions(...)`, and return the stale bindings that were taken away.

    Nothing is deleted but bindings of the events' exchanges to queues that the definition knows: a queue that still
    got events which its service no longer handles would fill the service's dead queue. `admin_url` is an AMQP address
    of a user who may configure everything.
    """
    administration.load(definition)
    queues: dict[str, set[str]] = {}
    for queue in definition["queues"]:
        queues.setdefault(queue["vhost"], set()).add(queue["name"])
    stale: list[Binding] = []
    for virtual_host, known in queues.items():
        wanted = {
            (binding["source"], binding["destination"], binding["routing_key"])
            for binding in definition["bindings"]
            if binding["vhost"] == virtual_host
        }
        found = [
            binding
            for binding in administration.bindings(virtual_host)
            if binding[0] in {EVENTS, SNAPSHOTS} and binding[1] in known and binding not in wanted
        ]
        _unbind(_with_virtual_host(admin_url, virtual_host), found)
        stale += found
    return stale


def with_users(definition: Mapping[str, Any], passwords: Mapping[str, str]) -> dict[str, Any]:
    """Return the definition with the broker's users, whose passwords are salted and hashed as RabbitMQ wants them.

    Source: RabbitMQ's guide to credentials and passwords, "Computing password hash". The salt follows from the
    password, so that the same definition is made each time.
    """
    return {
        **definition,
        "users": [
            {
                "name": user,
                "password_hash": _hash(password),
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": "",
                "limits": {},
            }
            for user, password in sorted(passwords.items())
        ],
    }


def _hash(password: str) -> str:
    salt = hashlib.sha256(b"estuary" + password.encode()).digest()[:4]
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def _unbind(admin_url: str, bindings: Sequence[Binding]) -> None:
    if not bindings:
        return
    with Browser(admin_url, name="topology") as browser:
        for exchange, queue, key in bindings:
            browser.channel.queue_unbind(queue, exchange, key)


def _with_virtual_host(url: str, virtual_host: str) -> str:
    return urllib.parse.urlsplit(url)._replace(path=f"/{urllib.parse.quote(virtual_host, safe='')}").geturl()
