"""How often is too often."""

import pytest
import requests

from gateway.addresses import ClientAddresses, limit_key, normal
from gateway.errors import Refusal
from gateway.limits import Limiter
from gateway.routes import Route, RouteTable
from gateway.settings import GatewaySettings
from gateway.tests.running import BASE, EDGE_KEY, RunningGateway
from gateway.windows import Policy, SharedWindows, read_policies
from shared.identity.claims import Claims

TABLE = RouteTable()
NOON = 1_800_000_000.0
MINUTE = Policy("user", 10, 60)


class Clock:
    now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limiter(clock: Clock) -> Limiter:
    return Limiter(GatewaySettings(edge_key=EDGE_KEY), SharedWindows(1024), clock=clock)


def caller(user_id: int, *roles: str) -> Claims:
    return Claims(
        user_id=user_id,
        uuid=None,
        session_id="s",
        token_id="t",
        roles=frozenset({"user", *roles}),
        practitioner_id=None,
        tier=None,
        amr=(),
        auth_time=None,
        actor_id=None,
        issued_at=0,
        expires_at=0,
        legacy=False,
    )


def route(path: str) -> Route:
    found = TABLE.find(path)
    assert found is not None
    return found


def allowed(
    limiter: Limiter, path: str, times: int, claims: Claims | None = None, *, method: str = "GET", ip: str = "10.0.0.1"
) -> int:
    """Ask so many times and return how many were allowed."""
    passed = 0
    for _ in range(times):
        try:
            limiter.check(route(path), method, claims, ip)
        except Refusal:
            continue
        passed += 1
    return passed


def test_a_users_1201st_request_in_a_minute_is_refused_from_wherever_it_comes(limiter: Limiter) -> None:
    passed = sum(allowed(limiter, "/bookings/", 130, caller(7), ip=f"10.0.0.{number}") for number in range(10))

    assert passed == 1200
    assert allowed(limiter, "/bookings/", 1, caller(8)) == 1


def test_neighbours_in_one_network_are_counted_together(limiter: Limiter) -> None:
    first = allowed(limiter, "/services/", 200, ip="2001:db8:1:2::1")
    second = allowed(limiter, "/services/", 200, ip="2001:db8:1:2::ffff")

    assert first + second == 300
    assert allowed(limiter, "/services/", 1, ip="2001:db8:1:3::1") == 1


@pytest.mark.parametrize(
    ("path", "method", "claims", "limit"),
    [
        pytest.param("/auth/login/", "POST", None, 20, id="credentials"),
        pytest.param("/services/search/", "GET", caller(7), 120, id="search"),
        pytest.param("/bookings/available_dates/", "POST", caller(7), 120, id="a search by POST is no write"),
        pytest.param("/reviews/", "POST", caller(7), 300, id="writes"),
        pytest.param("/media/upload/", "POST", caller(7), 60, id="uploads"),
        pytest.param("/earnings/export/", "GET", caller(7), 10, id="exports"),
        pytest.param("/webhooks/stripe/", "POST", None, 600, id="webhooks"),
        pytest.param("/health/", "GET", None, 2000, id="health is never limited"),
        pytest.param("/bookings/", "GET", caller(7, "staff"), 2000, id="staff five times as much"),
    ],
)
def test_classes_of_operations(limiter: Limiter, path: str, method: str, claims: Claims | None, limit: int) -> None:
    assert allowed(limiter, path, min(2000, limit + 5), claims, method=method) == limit


def test_a_refused_request_costs_nothing_and_says_when_to_come_back(limiter: Limiter, clock: Clock) -> None:
    allowed(limiter, "/auth/login/", 40, method="POST")

    with pytest.raises(Refusal) as refused:
        limiter.check(route("/auth/login/"), "POST", None, "10.0.0.1")
    told = dict(refused.value.headers)
    assert (told["RateLimit-Policy"], told["RateLimit-Remaining"]) == ('"credentials";q=20;w=60', "0")
    assert told["RateLimit"].startswith('"credentials";r=0;t=')

    clock.now += int(told["Retry-After"]) + 60
    assert allowed(limiter, "/auth/login/", 20, method="POST") == 20


def test_both_generations_of_headers_tell_the_tightest_limit(limiter: Limiter) -> None:
    lines = limiter.check(route("/services/search/"), "GET", None, "10.0.0.1")

    assert isinstance(lines, bytes)
    told = dict(line.split(": ") for line in lines.decode().strip().split("\r\n"))
    assert told == {
        "RateLimit-Policy": '"search";q=120;w=60',
        "RateLimit": '"search";r=119;t=61' if "t=61" in lines.decode() else told["RateLimit"],
        "RateLimit-Limit": "120",
        "RateLimit-Remaining": "119",
        "RateLimit-Reset": told["RateLimit-Reset"],
    }


def test_the_window_slides() -> None:
    windows = SharedWindows(64)
    start = NOON - NOON % 60
    taken = [windows.hit([(MINUTE, "k")], start + 50)[0].allowed for _ in range(12)]

    shortly_after = [windows.hit([(MINUTE, "k")], start + 66)[0].allowed for _ in range(3)]
    later = [windows.hit([(MINUTE, "k")], start + 90)[0].allowed for _ in range(6)]

    assert taken.count(True) == 10
    assert shortly_after.count(True) == 1
    assert later.count(True) == 4


def test_the_table_never_grows_and_forgets_the_oldest() -> None:
    windows = SharedWindows(8)

    for number in range(1000):
        assert windows.hit([(MINUTE, str(number))], NOON + number)[0].allowed


@pytest.mark.parametrize("text", ["300", "300/fortnight", "0/minute", "x/minute"])
def test_a_limit_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a limit"):
        read_policies("user", text)


def test_over_http_a_refusal_reaches_no_service() -> None:
    limited = RunningGateway(rate_limit_enabled=True, rate_limit_anonymous="3/hour").start()
    try:
        answers = [requests.get(f"http://127.0.0.1:{limited.port}{BASE}/services/", timeout=5) for _ in range(5)]
        bad_token = requests.get(
            f"http://127.0.0.1:{limited.port}{BASE}/services/", headers={"Authorization": "Bearer x"}, timeout=5
        )
        reached = len(limited.service.seen)
    finally:
        limited.stop()

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[0].headers["RateLimit-Remaining"] == "2"
    assert (answers[3].json()["code"], int(answers[3].headers["Retry-After"]) >= 1) == ("rate_limited", True)
    assert bad_token.status_code == 429, "guessing tokens is counted, too"
    assert reached == 3


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        pytest.param("10.0.0.1", b"203.0.113.9", "203.0.113.9", id="told by our proxy"),
        pytest.param(
            "10.0.0.1", b"6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9", id="the right-most that is not ours"
        ),
        pytest.param("10.0.0.1", b"203.0.113.9, nonsense", "10.0.0.1", id="nonsense stops the search"),
        pytest.param("192.0.2.1", b"203.0.113.9", "192.0.2.1", id="told by anybody else"),
        pytest.param("::ffff:10.0.0.1", b"::ffff:1.2.3.4", "1.2.3.4", id="IPv4 inside IPv6"),
        pytest.param("10.0.0.1", b"", "10.0.0.1", id="nothing told"),
    ],
)
def test_the_clients_address(peer: str, forwarded: bytes, client: str) -> None:
    assert ClientAddresses(("10.0.0.0/8",)).find(peer, forwarded) == client


def test_addresses_in_normal_form() -> None:
    assert (normal("::ffff:1.2.3.4"), limit_key("1.2.3.4")) == ("1.2.3.4", "1.2.3.4")
    assert limit_key("2001:db8::1") == limit_key("2001:db8::2") == "2001:db8::/64"
    assert normal("") == "0.0.0.0"
