"""Rules that hold for whatever comes: names, parts, signatures, and readers of hostile bytes."""

import io
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.media.clients import blurhash
from services.media.clients.loopback import is_loopback
from services.media.domain import filenames, parts, signatures
from services.media.domain.errors import Broken, SignatureInvalid, TypeRefused
from services.media.domain.pictures import Header, read_header
from services.media.domain.sniffing import sniff
from services.media.tests import pictures
from services.media.tests.pictures import picture

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEYS = {"new": b"n" * 32, "old": b"o" * 32}
FILE = UUID("01900000-0000-7000-8000-000000000001")


@given(st.text(max_size=400))
@settings(max_examples=60)
def test_a_clean_name_is_a_name_and_nothing_else(name: str) -> None:
    clean = filenames.clean(name)

    assert len(clean) <= 255
    assert not set(clean) & set("/\\\r\n\x00")
    assert clean not in (".", "..")
    assert filenames.clean(clean) == clean
    assert "\n" not in filenames.disposition("inline", clean)
    assert filenames.disposition("inline", clean).isascii()


@given(st.integers(min_value=1, max_value=600 << 20))
@settings(max_examples=60)
def test_parts_make_the_whole(size: int) -> None:
    lengths = [parts.part_length(size, number) for number in range(1, parts.part_count(size) + 1)]

    assert sum(lengths) == size
    assert set(lengths[:-1]) <= {parts.part_size(size)}
    assert 0 < lengths[-1] <= parts.part_size(size)


@pytest.mark.parametrize(
    "change",
    [
        {"method": "GET"},
        {"target": "part:1"},
        {"length": 6},
        {"content_type": "image/png"},
        {"generation": 2},
        {"media_id": UUID(int=7)},
        {"exp": "1999999999"},
        {"exp": "-1"},
        {"kid": "none"},
        {"sig": "é"},
    ],
)
def test_a_signature_covers_all_that_it_permits(change: dict[str, object]) -> None:
    told = {"method": "PUT", "media_id": FILE, "target": "bytes", "length": 5, "content_type": "image/jpeg"}
    query = signatures.sign(KEYS, **told, generation=1, expires_at=NOON + timedelta(hours=1))  # type: ignore[arg-type]
    signatures.check(KEYS, **told, generation=1, **query, now=NOON)  # type: ignore[arg-type]

    with pytest.raises(SignatureInvalid):
        signatures.check(KEYS, **{**told, "generation": 1, **query, **change}, now=NOON)  # type: ignore[arg-type]


def test_keys_are_replaced_without_breaking_addresses() -> None:
    query = signatures.sign({"old": KEYS["old"]}, method="GET", media_id=FILE, target="content:master", expires_at=NOON)

    assert signatures.check_content(KEYS, method="HEAD", media_id=FILE, version="master", query=query, now=NOON)


KINDS = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp", "AVIF": "image/avif"}


@pytest.mark.parametrize("kind", KINDS)
def test_headers_tell_sizes(kind: str) -> None:
    assert read_header(io.BytesIO(picture(120, 80, kind=kind)), KINDS[kind]) == Header(120, 80)
    if kind in ("GIF", "WEBP"):
        assert read_header(io.BytesIO(pictures.animation(kind, frames=3)), KINDS[kind]) == Header(60, 40, 3)


@given(st.sampled_from(sorted(KINDS)), st.integers(0, 400), st.binary(min_size=1, max_size=12), st.booleans())
@settings(max_examples=60, deadline=None)
def test_damaged_headers_are_refused_not_crashed_on(kind: str, place: int, noise: bytes, cut: bool) -> None:
    data = bytearray(picture(120, 80, kind=kind))
    data[place : place + len(noise)] = noise
    damaged = io.BytesIO(bytes(data[:place]) if cut else bytes(data))

    with suppress(Broken):
        read_header(damaged, KINDS[kind])


@given(
    st.sampled_from([pictures.docx(), pictures.pdf(), pictures.wav(), picture()]),
    st.integers(0, 200),
    st.binary(max_size=9),
)
@settings(max_examples=60, deadline=None)
def test_whatever_comes_is_known_or_refused(body: bytes, place: int, noise: bytes) -> None:
    data = body[:place] + noise + body[place + len(noise) :]

    for extension in ("docx", "txt", "jpg"):
        with suppress(TypeRefused):
            assert "/" in sniff(io.BytesIO(data), size=len(data), extension=extension)


def test_a_blurhash_says_size_colour_and_where_it_is_bright() -> None:
    """Source: https://github.com/woltapp/blurhash, Algorithm.md: `L` is four by three components, `TI:j` pure red."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
    red = blurhash.encode(4, 4, bytes((255, 0, 0)) * 16)
    brightening = blurhash.encode(8, 1, b"".join(bytes((x * 36,) * 3) for x in range(8)))

    assert (len(red), red[0], red[2:6]) == (28, "L", "TI:j")
    across = digits.index(brightening[6]) * 83 + digits.index(brightening[7])
    assert across // 361 < 9, "the first component falls from left to right where the picture gets brighter"


@given(st.integers(10_001, 65_535))
@settings(max_examples=5)
def test_archives_of_endless_lists_are_refused_unread(entries: int) -> None:
    data = bytearray(pictures.docx())
    place = data.rindex(b"PK\x05\x06")
    data[place + 10 : place + 12] = entries.to_bytes(2, "little")

    with pytest.raises(TypeRefused):
        sniff(io.BytesIO(bytes(data)), size=len(data), extension="docx")


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:8196/recordings/a.mp4", True),
        ("http://[::1]/a.mp4", True),
        ("http://localhost/a.mp4", False),
        ("https://127.0.0.1/a.mp4", False),
        ("http://169.254.169.254/latest", False),
        ("http://2130706433/a", False),
        ("gopher://127.0.0.1/a", False),
        ("http://127.0.0.1@evil.example/a", False),
    ],
)
def test_only_this_host_is_ever_asked(url: str, here: bool) -> None:
    assert is_loopback(url) is here
