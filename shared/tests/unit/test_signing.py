"""A signed address permits exactly what was signed, and only for its time."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.signing import AddressExpired, AddressInvalid, check_address, sign_address

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
KEY, OTHER = b"k" * 32, b"o" * 32


def check(address: str, *, method: str = "GET", path: str | None = None, now: datetime = NOW, keys=(KEY,)) -> None:
    parts = urlsplit(address)
    query = parse_qs(parts.query)
    check_address(
        keys,
        path or parts.path,
        method=method,
        expires=query["expires"][0],
        signature=query["signature"][0],
        now=now,
    )


def test_the_holder_may_read_until_it_runs_out() -> None:
    address = sign_address(KEY, "/media/7/content/a.webp", expires_at=NOW + timedelta(minutes=5))

    check(address)
    check(address, method="HEAD")
    check(address, keys=(OTHER, KEY))
    with pytest.raises(AddressExpired):
        check(address, now=NOW + timedelta(minutes=5))


@pytest.mark.parametrize(
    "change",
    [{"method": "PUT"}, {"path": "/media/8/content/a.webp"}, {"keys": (OTHER,)}],
    ids=["another method", "another file", "another key"],
)
def test_anything_else_is_refused(change: dict) -> None:
    address = sign_address(KEY, "/media/7/content/a.webp", expires_at=NOW + timedelta(minutes=5))

    with pytest.raises(AddressInvalid):
        check(address, **change)


@pytest.mark.parametrize("expires", ["", "-1", "１２", "9" * 13, "abc"])
def test_an_expiry_that_is_no_number_is_refused(expires: str) -> None:
    with pytest.raises(AddressInvalid):
        check_address((KEY,), "/x", method="GET", expires=expires, signature="ä", now=NOW)
