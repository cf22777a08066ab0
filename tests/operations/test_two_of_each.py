"""Two gateways, two web processes and two workers of a service behave as one."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.local.stack import Stack
from tests.e2e.api import Api, Socket, eventually
from tests.e2e.people import Person, Practitioner, book, free_slots, give_credits, register
from tests.operations.asking import figure, ports
from tests.operations.others import Other, Others, redis, together
from tests.operations.traffic import Traffic

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed"),
]
DOUBLED = ("auth", "bookings")
# Sign-in is tried four times a minute over both gateways; nothing else is counted here.
LIMITS = {
    "RATE_LIMIT_CREDENTIALS": "4/minute",
    **{f"RATE_LIMIT_{kind}": "100000/minute" for kind in ("ANONYMOUS", "USER", "WRITES", "SEARCH", "WEBSOCKETS")},
}


@dataclass
class Pair:
    """Two gateways of their own over two web processes of some services, beside the stack's workers and others."""

    stack: Stack
    ports: tuple[int, int]
    webs: dict[str, Other]
    workers: dict[str, Other]

    def through(self, person: Person) -> tuple[Api, Api]:
        """Return the same person at each of the two gateways."""
        made = []
        for port in self.ports:
            api = Api(f"http://127.0.0.1:{port}")
            api.token = person.api.token
            made.append(api)
        return made[0], made[1]


@pytest.fixture(scope="module")
def pair(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder: Path = tmp_path_factory.mktemp("pair")
    others = Others(stack, folder)
    webs = {service: others.web(service) for service in DOUBLED}
    workers = {"bookings": others.worker("bookings"), "notifications": others.worker("notifications")}
    realtime, sockets = others.realtime()
    own = stack.environment("gateway")
    told = {
        f"{service.upper()}_URL": f"{own[f'{service.upper()}_URL']},http://127.0.0.1:{port}"
        for service, (_, port) in webs.items()
    }
    told["REALTIME_URL"] = f"{own['REALTIME_URL']},http://127.0.0.1:{sockets}"
    with redis(folder) as shared:
        limits = {"RATE_LIMIT_ENABLED": "1", "RATE_LIMIT_REDIS_URL": shared, **LIMITS}
        gateways = [others.gateway({**told, **limits}) for _ in range(2)]
        started = [*(web for web, _ in webs.values()), *workers.values(), realtime, *(one for one, _ in gateways)]
        with together(*started):
            yield Pair(
                stack,
                (gateways[0][1], gateways[1][1]),
                {service: web for service, (web, _) in webs.items()},
                workers,
            )


def test_a_session_that_ends_at_one_ends_at_the_other(pair: Pair) -> None:
    first, second = pair.through(register(pair.stack, "leaving"))
    assert second.raw("GET", "/auth/me/").status_code == 200

    first.post("/auth/logout/", {})

    eventually(lambda: second.raw("GET", "/notifications/unread_count/").status_code == 401, seconds=3, what="refused")
    assert first.raw("GET", "/notifications/unread_count/").status_code == 401


def test_a_limit_is_counted_by_both(pair: Pair) -> None:
    gateways = pair.through(register(pair.stack, "hasty"))
    wrong = {"email": f"{uuid4().hex}@e2e.estuary.local", "password": "not-this-one"}
    statuses = [gateways[turn % 2].raw("POST", "/auth/login/", wrong).status_code for turn in range(8)]

    assert statuses == [401] * 4 + [429] * 4


def test_one_intent_sent_to_both_is_one_booking(pair: Pair, staff: Person, practitioner: Practitioner) -> None:
    client = register(pair.stack, "doubling")
    give_credits(staff, client, "200.00")
    slot = free_slots(client, practitioner, days_ahead=20)[0]
    gateways = pair.through(client)
    headers = {"Idempotency-Key": uuid4().hex, "Prefer": "wait=10"}
    body = {"service_id": practitioner.service_id, "start_time": slot["start_time"]}

    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(gateways[turn % 2].raw, "POST", "/bookings/", body, headers=headers) for turn in range(8)]
    answers = [call.result() for call in calls]

    made = {answer.json()["data"]["id"] for answer in answers if answer.status_code == 201}
    assert len(made) == 1, [(answer.status_code, answer.text[:200]) for answer in answers]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert client.api.get("/bookings/")["count"] == 1
    booking = made.pop()
    eventually(lambda: client.api.get(f"/bookings/{booking}/")["status"] == "confirmed", what="it is confirmed")
    path = f"/notifications/?related_to=booking:{booking}&kind=booking.confirmed"
    eventually(lambda: client.api.get(path)["count"] == 1, what="the client is told once")


def test_a_socket_at_one_hears_what_is_done_at_the_other(pair: Pair, staff: Person, practitioner: Practitioner) -> None:
    client = register(pair.stack, "listening")
    give_credits(staff, client, "200.00")
    slot = free_slots(client, practitioner, days_ahead=21)[0]
    first, second = pair.through(client)

    with Socket(second) as one, Socket(first) as other:
        booking = book(Person(first, client.email, client.user_id), practitioner, slot["start_time"], wait=10)

        for socket in (one, other):
            told = socket.told("booking.confirmed")
            assert told["notification"]["related_object_id"] == str(booking["id"])


def test_two_workers_share_the_work_and_one_of_them_publishes(
    pair: Pair, staff: Person, practitioner: Practitioner
) -> None:
    """When the one that publishes is killed the other goes on, and nothing happens twice."""
    first = ports(pair.stack)["bookings-worker"]
    other = pair.workers["bookings"]
    leading = {port: figure(port, "estuary_relay_leading") for port in (first, other.probe)}
    assert sorted(leading.values()) == [0.0, 1.0]
    client = register(pair.stack, "surviving")
    give_credits(staff, client, "300.00")
    slots = free_slots(client, practitioner, days_ahead=22)

    if leading[first]:
        pair.stack.kill("bookings-worker")
    else:
        other.end()
    bookings = [book(client, practitioner, slots[0]["start_time"], wait=15)]
    pair.stack.wait_until_healthy()
    if not leading[first]:
        other.begin()
        other.await_ready()
    bookings.append(book(client, practitioner, slots[-1]["start_time"], wait=15))

    assert [booking["status"] for booking in bookings] == ["confirmed", "confirmed"]
    for booking in bookings:
        path = f"/notifications/?related_to=booking:{booking['id']}&kind=booking.confirmed"
        eventually(lambda: client.api.get(path)["count"] == 1, what="told once")  # noqa: B023


def test_one_of_two_is_replaced_and_no_request_is_lost(pair: Pair) -> None:
    """What a cluster does at a deploy: one is asked to end while the other answers, then a new one takes its place."""
    clients = [register(pair.stack, "served") for _ in range(3)]

    with Traffic(pair.stack, clients, visitors=2, ports=pair.ports, pause=0.02) as traffic:
        web = pair.webs["auth"]
        assert web.stop() == 0
        web.begin()
        web.await_ready()

    assert traffic.answers.failed == {}
    assert traffic.answers.total > 100
