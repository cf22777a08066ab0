"""Small rules: one-time codes, names, addresses, devices, sealing, and refusing work."""

import base64
import threading
import time
from datetime import UTC, datetime

import pytest
from argon2 import PasswordHasher

from services.auth.clients.hashing import Hasher
from services.auth.clients.leaked_passwords import listed
from services.auth.domain import devices, names, totp
from services.auth.domain.demo_people import EVERYBODY, PRACTITIONERS
from services.auth.domain.sealing import SealBroken, seal, unseal
from shared.errors import Unavailable

KEY, OTHER = (base64.urlsafe_b64encode(letter * 32).decode() for letter in (b"k", b"o"))


@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_one_time_codes_are_rfc_6238_s(seconds: int, code: str) -> None:
    now = datetime.fromtimestamp(seconds, UTC)

    assert totp.code_at(b"12345678901234567890", totp.step_at(now)) == code
    assert totp.accepted_step(b"12345678901234567890", code, now=now, after=0) == totp.step_at(now)
    assert totp.accepted_step(b"12345678901234567890", code, now=now, after=totp.step_at(now)) is None


def test_what_is_sealed_opens_with_either_key_and_in_its_place_only() -> None:
    sealed = seal([KEY], b"secret", place="here")

    assert unseal([OTHER, KEY], sealed, place="here") == b"secret"
    for keys, place in (([OTHER], "here"), ([KEY], "there")):
        with pytest.raises(SealBroken):
            unseal(keys, sealed, place=place)


@pytest.mark.parametrize(
    ("typed", "kept"), [("+1 (555) 010-9999", "+15550109999"), ("", None), ("  ", None), ("1234567890", "1234567890")]
)
def test_phone_numbers(typed: str, kept: str | None) -> None:
    assert names.phone_number(typed) == kept


@pytest.mark.parametrize("typed", ["12", "+123456789012345678", "call me", "٠١٢٣٤٥٦٧٨٩"])
def test_what_is_no_phone_number(typed: str) -> None:
    with pytest.raises(ValueError):
        names.phone_number(typed)


def test_leaked_passwords_are_told_from_padding() -> None:
    answer = "0018A45C4D1DEF81644B54AB7F969B88D65:10\r\n011053FD0102E94D6AE2F8B83D76FAF94F6:0\r\n"

    assert listed(answer, "0018A45C4D1DEF81644B54AB7F969B88D65")
    assert not listed(answer, "011053FD0102E94D6AE2F8B83D76FAF94F6")
    assert not listed(answer, "F" * 35)


def test_networks() -> None:
    assert devices.network("192.0.2.7") == "192.0.2.7"
    assert devices.network("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64"
    assert devices.masked("192.0.2.7") == "192.0.2.0"
    assert devices.network("nonsense") == "nonsense"


def test_work_beyond_the_queue_is_refused_at_once() -> None:
    hasher = Hasher(PasswordHasher(time_cost=1, memory_cost=64), threads=1, queue=1)
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with hasher._turn():
            inside.set()
            leave.wait(5)

    holders = [threading.Thread(target=hold) for _ in range(2)]
    for thread in holders:
        thread.start()
    inside.wait(5)
    while hasher._places._value:
        time.sleep(0.01)
    with pytest.raises(Unavailable):
        hasher.hash("x")
    leave.set()
    for thread in holders:
        thread.join()

    assert hasher.check("x", hasher.hash("x")).matches


def test_the_demo_s_people_are_the_same_everywhere() -> None:
    assert len({person.uuid for person in EVERYBODY}) == len(EVERYBODY)
    assert len(PRACTITIONERS) == 31
    assert str(EVERYBODY[0].uuid) == "0e98da9c-001e-5999-824d-a74e74f2c759"
