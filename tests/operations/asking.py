"""Asking processes how they are, and databases what they hold."""

import http.client
import json
from contextlib import closing
from typing import Any

import psycopg2

from deploy.local.stack import Stack


def ask(port: int, path: str) -> tuple[int, Any]:
    """Return the status and the body of a probe's answer; status 0 when nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read().decode()
    except (OSError, http.client.HTTPException):
        return 0, None
    finally:
        connection.close()
    return answer.status, json.loads(body) if "json" in (answer.headers["Content-Type"] or "") else body


def figure(port: int, name: str) -> float:
    """Return the sum over all labels of one figure of a process."""
    _, text = ask(port, "/metrics")
    lines = (line for line in (text or "").splitlines() if line.startswith((f"{name} ", f"{name}{{")))
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def rows(stack: Stack, service: str, statement: str) -> list[tuple[Any, ...]]:
    """Return what a service's database answers."""
    with closing(psycopg2.connect(stack.environment(service)["DATABASE_URL"])) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []


def dead_messages(stack: Stack) -> dict[str, float]:
    """Return how many messages lie in each service's dead queue, where there are any."""
    found = {}
    for name, port in ports(stack).items():
        if name.endswith("-worker"):
            _, text = ask(port, "/metrics")
            for line in (text or "").splitlines():
                if line.startswith("estuary_queue_messages{") and '.dead"' in line and not line.endswith(" 0.0"):
                    found[name] = float(line.rpartition(" ")[2])
    return found


def ports(stack: Stack) -> dict[str, int]:
    """Return where each process of the stack answers probes."""
    return {one.name: one.status.port for one in stack.health()}
