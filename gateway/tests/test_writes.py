"""Writes go out together, in their order, and before anything else happens to a connection."""

import asyncio

from gateway.tests.running import BASE, RunningGateway, exchange_bytes
from gateway.writes import TOGETHER, Writes


class Wire:
    """A transport that keeps what is written to it."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def is_closing(self) -> bool:
        return self.closed


def test_what_one_turn_of_the_loop_writes_goes_out_at_its_end_and_in_order() -> None:
    first, second = Wire(), Wire()

    async def turn() -> tuple[list[bytes], list[bytes]]:
        writes = Writes(asyncio.get_running_loop())
        for number in (b"1", b"2"):
            writes.add(first, number)  # type: ignore[arg-type]
            writes.add(second, number)  # type: ignore[arg-type]
        before = [*first.written, *second.written]
        await asyncio.sleep(0)
        return before, [*first.written, *second.written]

    assert asyncio.run(turn()) == ([], [b"1", b"2", b"1", b"2"])


def test_enough_of_them_do_not_wait_and_a_closed_connection_gets_none() -> None:
    open_one, closed_one = Wire(), Wire()
    closed_one.closed = True

    async def turn() -> list[bytes]:
        writes = Writes(asyncio.get_running_loop())
        writes.add(closed_one, b"x")  # type: ignore[arg-type]
        for _ in range(TOGETHER):
            writes.add(open_one, b"y")  # type: ignore[arg-type]
        return list(open_one.written)

    assert asyncio.run(turn()) == [b"y"] * (TOGETHER - 1)
    assert open_one.written == [b"y"] * TOGETHER
    assert closed_one.written == []


def test_a_client_that_will_say_no_more_still_gets_its_answer(running: RunningGateway) -> None:
    answer = exchange_bytes(running.port, f"GET {BASE}/nowhere/ HTTP/1.1\r\nHost: a\r\n\r\n".encode(), finish=True)

    assert answer.startswith(b"HTTP/1.1 404 ")
    assert not answer.endswith(b"<still open>")


def test_answers_to_requests_sent_ahead_come_before_the_one_that_closes(running: RunningGateway) -> None:
    ask = f"GET {BASE}/nowhere/ HTTP/1.1\r\nHost: a\r\n".encode()

    received = exchange_bytes(running.port, (ask + b"\r\n") * 40 + ask + b"Connection: close\r\n\r\n")

    assert received.count(b"HTTP/1.1 404 ") == 41
    assert not received.endswith(b"<still open>")
