"""One part that is down leaves the others serving (R18), and every probe says what is true (R19)."""

import os

import pytest

from deploy.local.profiles import SERVICES
from deploy.local.stack import Stack
from tests.e2e.api import Api, eventually
from tests.e2e.people import register
from tests.operations.asking import ask, figure, ports
from tests.operations.traffic import Traffic

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
IN_FULL = os.environ.get("ESTUARY_DRILL") == "full"

ENOUGH = 200 if IN_FULL else 40

# One open page of each service, which needs no other service's process.
PAGES = {
    "auth": "auth/login/",
    "bookings": "bookings/",
    "catalog": "public-services/",
    "practitioners": "public-practitioners/",
    "payments": "subscriptions/plans/",
    "reviews": "reviews/",
    "locations": "countries/",
    "media": "media/",
    "notifications": "notifications/unread_count/",
    "streams": "streams/",
}


@pytest.mark.parametrize("down", SERVICES if IN_FULL else ("payments",))
def test_one_service_down_leaves_the_others_serving(stack: Stack, down: str) -> None:
    """The gateway answers 503 for that service alone, tells so in its health, and goes on when it is back."""
    client = register(stack, "apart")
    pages = [PAGES[name] for name in ("catalog", "practitioners") if name != down]
    own = [PAGES[name] for name in ("bookings", "notifications") if name != down]
    parts = [down, f"{down}-worker"]

    for part in parts:
        stack.stop(part)
    try:
        with Traffic(stack, [client], visitors=2, pages=pages, own_pages=own, pause=0.005) as traffic:
            refused = eventually(lambda: unavailable(client.api, PAGES[down]), what="the gateway says so")
            health = eventually(lambda: part_of_health(stack, down, "down"), what="health says so")
            eventually(lambda: traffic.answers.total > ENOUGH, what="the others are used meanwhile")
    finally:
        for part in parts:
            stack.start(part)
    stack.wait_until_healthy(parts)

    unanswered = {key: times for key, times in traffic.answers.failed.items() if not is_of(down, key[1])}
    assert unanswered == {}
    assert refused["code"] in {"bad_gateway", "service_unavailable"}
    assert {name for name, told in health.items() if told["status"] == "down"} == {down}
    eventually(lambda: part_of_health(stack, down, "up"), what="it is well again")


def test_probes_tell_what_is_true_when_the_database_is_away(stack: Stack) -> None:
    places = {name: port for name, port in ports(stack).items() if name not in {"gateway", "stripe", "livekit", "oidc"}}

    stack.stop("PostgreSQL")
    try:
        eventually(
            lambda: all(ask(port, "/health/ready")[0] == 503 for port in places.values()), what="nobody is ready"
        )
        told = {name: ask(port, "/health/ready")[1]["failing"] for name, port in places.items()}
        live = {name: ask(port, "/health/live")[0] for name, port in places.items()}
        gateway = ask(ports(stack)["gateway"], "/health/ready")[0]
    finally:
        stack.start("PostgreSQL")
    stack.wait_until_healthy(seconds=30)

    assert set(live.values()) == {200}, "a process that is restarted for it would help nobody"
    assert {failing["database"] for failing in told.values()} == {"unreachable"}
    assert gateway == 200, "it holds keys, and needs no database"


def test_a_lost_broker_is_told_and_takes_nobody_out_of_service(stack: Stack) -> None:
    workers = {name: port for name, port in ports(stack).items() if name.endswith("-worker")}

    stack.stop("RabbitMQ")
    try:
        eventually(lambda: all(is_degraded(port) for port in workers.values()), what="workers say that they miss it")
        states = {name: ask(port, "/health/ready") for name, port in ports(stack).items()}
        links = {name: figure(port, "estuary_broker_up") for name, port in workers.items()}
        beats = {name: figure(port, "estuary_relay_beat_timestamp") for name, port in workers.items()}
    finally:
        stack.start("RabbitMQ")
    stack.wait_until_healthy()

    ready = {name: status for name, (status, _) in states.items() if name not in {"stripe", "livekit", "oidc"}}
    assert set(ready.values()) == {200}
    assert set(links.values()) == {0.0}
    assert all(beats.values())
    eventually(lambda: not any(is_degraded(port) for port in workers.values()), seconds=30, what="all links are back")


def unavailable(api: Api, page: str) -> dict[str, object] | None:
    answer = api.raw("GET", f"/{page}")
    return dict(answer.json()) if answer.status_code in {502, 503} else None


def part_of_health(stack: Stack, service: str, status: str) -> dict[str, dict[str, str]] | None:
    services: dict[str, dict[str, str]] = Api(stack.base_url).raw("GET", "/health/").json()["data"]["services"]
    return services if services[service]["status"] == status else None


def is_degraded(port: int) -> bool:
    status, told = ask(port, "/health/ready")
    return status == 200 and "broker" in told["degraded"]


def is_of(service: str, page: str) -> bool:
    """Whether a page of the traffic is answered by a service: a client's profile is auth's."""
    return page == PAGES[service] or (service == "auth" and page.startswith("auth/me"))
