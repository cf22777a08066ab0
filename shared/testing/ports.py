"""Ports for what tests and benches start."""

import socket
from contextlib import ExitStack


def free_port() -> int:
    """Return a port that nobody listens on."""
    return free_ports(1)[0]


def free_ports(number: int) -> list[int]:
    """Return as many different ports that nobody listens on."""
    with ExitStack() as probes:
        held = [probes.enter_context(socket.socket()) for _ in range(number)]
        for probe in held:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in held]
