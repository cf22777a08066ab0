"""Threads that stay with their connections: nothing is lost, nobody is held up, nothing doubtful is taken."""

import socket
import threading
import time

import pytest

from shared.serving.worker import WAITING_MAX
from shared.tests.serving.conftest import PATIENCE_SECONDS, Running
from shared.tests.serving.toy import WORKING


def read_all(opened: socket.socket) -> bytes:
    """Return all that comes until the other side closes."""
    came = b""
    while chunk := opened.recv(65_536):
        came += chunk
    return came


def test_requests_follow_each_other_on_one_connection(server: Running) -> None:
    connection = server.connection()

    said = []
    for number in range(20):
        connection.request("POST", f"/echo%20it?n={number}", body=f"body {number}", headers={"X-Told": "told"})
        said.append(connection.getresponse().read())

    assert said == [f"POST /echo it?n={number} told body {number}".encode() for number in range(20)]


def test_forms_of_requests_and_answers_alternate_on_one_connection(server: Running) -> None:
    connection = server.connection()
    chunks = iter([b"in ", b"chunks"])

    connection.request("POST", "/echo", body=chunks, encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
    chunked = connection.getresponse().read()
    connection.request("HEAD", "/echo")
    head = connection.getresponse()
    nothing = head.read()
    connection.request("GET", "/parts")
    parts = connection.getresponse().read()
    connection.request("GET", "/unchanged")
    unchanged = connection.getresponse()
    unchanged.read()
    connection.request("PUT", "/echo", body=b"x" * 300_000)
    large = connection.getresponse().read()

    assert chunked == b"POST /echo?  in chunks"
    assert (head.status, head.headers["Content-Length"], nothing) == (200, "13", b"")
    assert parts == b"one two three"
    assert (unchanged.status, unchanged.headers["ETag"]) == (304, '"1"')
    assert len(large) == 300_000 + len(b"PUT /echo?  ")


def test_requests_sent_ahead_are_answered_in_turn(server: Running) -> None:
    opened = server.raw(
        b"GET /echo?n=1 HTTP/1.1\r\nHost: x\r\n\r\n"
        b"GET /echo?n=2 HTTP/1.1\r\nHost: x\r\n\r\n"
        b"GET /echo?n=3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )

    came = read_all(opened)

    assert [came.count(b"/echo?n=%d" % number) for number in (1, 2, 3)] == [1, 1, 1]
    assert came.count(b"Connection: close") == 1


def test_a_failing_application_is_answered_500(server: Running) -> None:
    connection = server.connection()

    connection.request("GET", "/fail")

    assert connection.getresponse().status == 500


@pytest.mark.parametrize(
    ("said", "status"),
    [
        pytest.param(b"NONSENSE\r\n\r\n", 400, id="no request line"),
        pytest.param(b"GET /echo HTTP/1.1\r\nno colon\r\n\r\n", 400, id="no colon"),
        pytest.param(b"GET /echo HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, id="two hosts"),
        pytest.param(b"GET /echo HTTP/1.1\r\nBad Name: a\r\n\r\n", 400, id="space in a name"),
        pytest.param(b"GET /echo HTTP/1.1\r\nX: a\r\n folded\r\n\r\n", 400, id="folded"),
        pytest.param(b"GET /echo HTTP/1.1\r\nX: a\x00b\r\n\r\n", 400, id="control character"),
        pytest.param(b"GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 400, id="letters in the target"),
        pytest.param(b"GET /echo HTTP/1.1\nHost: a\n\n", 400, id="bare line feeds"),
        pytest.param(b"POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400, id="two lengths"),
        pytest.param(b"POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, id="negative length"),
        pytest.param(
            b"POST /echo HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            id="length and chunks",
        ),
        pytest.param(b"GET /echo HTTP/1.1\r\n" + b"X-%d: a\r\n" * 70 % tuple(range(70)) + b"\r\n", 431, id="70 fields"),
        pytest.param(b"GET /echo HTTP/1.1\r\nX: " + b"a" * 17_000 + b"\r\n\r\n", 431, id="long field"),
        pytest.param(b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, id="long target"),
    ],
)
def test_what_is_malformed_is_refused(server: Running, said: bytes, status: int) -> None:
    came = read_all(server.raw(said))

    assert came.startswith(b"HTTP/1.1 %d " % status)


def test_a_name_that_passes_for_another_is_dropped(server: Running) -> None:
    connection = server.connection()

    connection.request("GET", "/echo", headers={"X_Told": "forged"})

    assert connection.getresponse().read() == b"GET /echo?  "


def test_more_connections_than_threads_are_all_answered(server: Running) -> None:
    connections = [server.connection() for _ in range(WAITING_MAX + WORKING + 20)]

    statuses = set()
    for turn in range(2):
        for connection in connections:
            connection.request("GET", f"/echo?turn={turn}")
        for connection in connections:
            response = connection.getresponse()
            response.read()
            statuses.add(response.status)

    assert statuses == {200}


def test_slow_senders_hold_up_nobody(server: Running) -> None:
    slow = [b"GET /echo HTTP/1.1\r\nHost:", b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf"]
    senders = [server.raw(slow[number % 2]) for number in range(10 * WORKING)]
    connection = server.connection()

    connection.request("GET", "/echo")
    answered = connection.getresponse().status
    for number, sender in enumerate(senders):
        sender.sendall(b" x\r\n\r\n" if number % 2 == 0 else b"way...")
    finished = {sender.recv(65_536)[:15] for sender in senders}

    assert answered == 200
    assert finished == {b"HTTP/1.1 200 OK"}


def test_only_so_many_work_at_once(own_server: Running) -> None:
    held = [own_server.raw(b"GET /hold%d HTTP/1.1\r\nHost: x\r\n\r\n" % number) for number in range(WORKING)]
    own_server.wait_until_held(*(f"hold{number}" for number in range(WORKING)))
    waiting = own_server.raw(b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n")

    waiting.settimeout(0.3)
    with pytest.raises(TimeoutError):
        waiting.recv(1)
    own_server.let_go()
    waiting.settimeout(PATIENCE_SECONDS)

    assert {one.recv(65_536)[:12] for one in (*held, waiting)} == {b"HTTP/1.1 200"}


def test_a_stop_finishes_what_is_under_way_and_closes_what_is_idle(own_server: Running) -> None:
    idle, late = own_server.connection(), own_server.connection()
    for connection in (idle, late):
        connection.request("GET", "/echo")
        connection.getresponse().read()
    held = own_server.raw(b"GET /hold HTTP/1.1\r\nHost: x\r\n\r\n")
    own_server.wait_until_held("hold")

    own_server.stop()
    until = time.monotonic() + PATIENCE_SECONDS
    while not own_server.refuses() and time.monotonic() < until:
        time.sleep(0.01)
    assert idle.sock is not None
    closed = idle.sock.recv(1)
    still_held = own_server.process.poll() is None
    own_server.let_go()

    assert closed == b""
    assert still_held
    answered = read_all(held)
    assert answered.startswith(b"HTTP/1.1 200")
    assert b"Connection: close" in answered
    assert own_server.process.wait(PATIENCE_SECONDS) == 0


def test_a_stop_under_load_loses_no_request(own_server: Running) -> None:
    lost: list[BaseException] = []
    answered: list[int] = []
    under_way = threading.Barrier(9)

    def ask() -> None:
        connection = own_server.connection()
        connection.connect()
        under_way.wait(PATIENCE_SECONDS)
        count = 0
        try:
            while True:
                connection.request("POST", "/echo", body=b"counted")
                response = connection.getresponse()
                assert response.read().endswith(b"counted")
                count += 1
                if response.will_close:
                    break
        except BaseException as error:
            lost.append(error)
        answered.append(count)

    askers = [threading.Thread(target=ask) for _ in range(8)]
    for asker in askers:
        asker.start()
    under_way.wait(PATIENCE_SECONDS)
    time.sleep(0.2)
    own_server.stop()
    for asker in askers:
        asker.join(PATIENCE_SECONDS)

    assert lost == []
    assert len(answered) == 8
    assert min(answered) >= 1
    assert own_server.process.wait(PATIENCE_SECONDS) == 0
