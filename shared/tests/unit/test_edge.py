"""A service believes the gateway's signature and nothing else."""

import pytest

from shared.identity.edge import EdgeRequest, EdgeSignatureInvalid, sign_edge, verify_edge

KEY = b"k" * 32
NOW = 1_800_000_000


def signed(**changes: object) -> str:
    said = {"method": "GET", "path": "/bookings/", "ip": "203.0.113.9", "request_id": "abcdefgh", "now": NOW, **changes}
    return sign_edge(KEY, **said)


def test_what_the_gateway_signed_is_believed() -> None:
    said = verify_edge(KEY, signed(), method="GET", path="/bookings/", now=NOW + 1)

    assert said == EdgeRequest(client_ip="203.0.113.9", request_id="abcdefgh", signed_at=NOW)


@pytest.mark.parametrize("ip", ["2001:db8::1", "127.0.0.1"])
@pytest.mark.parametrize("path", ["/", "/services/süß/", "/a b/"])
def test_any_address_and_path_can_be_signed(ip: str, path: str) -> None:
    header = signed(ip=ip, path=path)

    assert verify_edge(KEY, header, method="GET", path=path, now=NOW).client_ip == ip


@pytest.mark.parametrize(
    ("header", "method", "path", "later"),
    [
        pytest.param(None, "GET", "/bookings/", 0, id="absent"),
        pytest.param("", "GET", "/bookings/", 0, id="empty"),
        pytest.param("v1=abc", "GET", "/bookings/", 0, id="fields missing"),
        pytest.param(signed().replace("t=", "t=+"), "GET", "/bookings/", 0, id="time with a sign"),
        pytest.param(signed().replace("203", "204"), "GET", "/bookings/", 0, id="another address"),
        pytest.param(signed().replace("abcdefgh", "abcdefgx"), "GET", "/bookings/", 0, id="another request id"),
        pytest.param(signed()[:-1] + "é", "GET", "/bookings/", 0, id="signature not ASCII"),
        pytest.param(signed() + ",v1=0", "GET", "/bookings/", 0, id="a field more"),
        pytest.param(signed(), "POST", "/bookings/", 0, id="another method"),
        pytest.param(signed(), "GET", "/bookings/7/", 0, id="another path"),
        pytest.param(signed(), "GET", "/bookings/", 61, id="too old"),
        pytest.param(signed(), "GET", "/bookings/", -61, id="from the future"),
        pytest.param("t=1," * 100, "GET", "/bookings/", 0, id="too long"),
    ],
)
def test_anything_else_is_refused(header: str | None, method: str, path: str, later: int) -> None:
    with pytest.raises(EdgeSignatureInvalid):
        verify_edge(KEY, header, method=method, path=path, now=NOW + later)


def test_another_key_is_refused() -> None:
    with pytest.raises(EdgeSignatureInvalid):
        verify_edge(b"x" * 32, signed(), method="GET", path="/bookings/", now=NOW)


def test_sixty_seconds_exactly_is_young_enough() -> None:
    assert verify_edge(KEY, signed(), method="GET", path="/bookings/", now=NOW + 60)
