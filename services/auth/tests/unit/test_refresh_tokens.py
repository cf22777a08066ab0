"""Refresh tokens, without a database."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.auth.domain import refresh_tokens
from services.auth.domain.refresh_tokens import Verdict, judge, rotated

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEYS = ("k" * 32, "l" * 32)
SALT = b"s" * 16
SESSION = UUID("0190b7a4-7e0a-7c3e-9d2e-111111111111")


@given(generation=st.integers(1, 2**32 - 1))
def test_every_generation_is_recognised_with_both_keys(generation: int) -> None:
    for key in KEYS:
        token = refresh_tokens.form(key, salt=SALT, session_id=SESSION, generation=generation)
        read = refresh_tokens.read(token)

        assert read is not None
        assert (read.session_id, read.generation) == (SESSION, generation)
        assert refresh_tokens.is_genuine(read, KEYS, salt=SALT)
        assert not refresh_tokens.is_genuine(read, KEYS, salt=b"t" * 16)
        assert not refresh_tokens.is_genuine(read, ("m" * 32,), salt=SALT)


@given(position=st.integers(4, 74), letter=st.sampled_from("AZaz09-_"))
def test_no_letter_can_be_changed(position: int, letter: str) -> None:
    token = refresh_tokens.form(KEYS[0], salt=SALT, session_id=SESSION, generation=7)
    if position >= len(token) - 1 or token[position] == letter:
        return
    changed = token[:position] + letter + token[position + 1 :]

    read = refresh_tokens.read(changed)

    assert read is None or not refresh_tokens.is_genuine(read, KEYS, salt=SALT)


@given(text=st.text(max_size=200))
def test_anything_can_be_read(text: str) -> None:
    refresh_tokens.read(text)
    refresh_tokens.read(f"ert_{text}")


@given(waits=st.lists(st.integers(0, 30), min_size=1, max_size=12))
def test_only_the_newest_rotates_and_only_the_fresh_is_forgiven(waits: list[int]) -> None:
    rotations: list[list[float]] = []
    at, given_at = NOON, {}
    for generation, wait in enumerate(waits, start=1):
        at += timedelta(seconds=wait)
        rotations = rotated(rotations, generation=generation, now=at)
        given_at[generation] = at
    newest = len(waits) + 1

    for old, moment in given_at.items():
        verdict = judge(old, generation=newest, rotations=rotations, now=at)
        is_fresh = at - moment <= timedelta(seconds=10) and newest - old <= 5
        assert verdict is (Verdict.REPEAT if is_fresh else Verdict.REUSE)
    assert judge(newest, generation=newest, rotations=rotations, now=at) is Verdict.ROTATE
    assert judge(newest + 1, generation=newest, rotations=rotations, now=at) is Verdict.UNKNOWN
    assert judge(0, generation=newest, rotations=rotations, now=at) is Verdict.UNKNOWN
