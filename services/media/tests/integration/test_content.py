"""Who may read a file, and in what pieces."""

from datetime import timedelta

import pytest

from services.media.settings import settings
from services.media.tests.conftest import Sender, Work, body_of, path_of
from services.media.tests.pictures import pdf
from shared.clock import shifted_by, utc_now
from shared.signing import sign_address
from shared.testing.http import Caller

TEXT = bytes(range(48, 58)) * 30


@pytest.fixture
def private(ana: Sender) -> str:
    """The id of a text of 300 bytes."""
    return str(ana.stored(TEXT, "a.txt", "text/plain")["id"])


def test_private_files_are_not_there_for_others(
    http: Caller, ana: Sender, ben: Sender, staff: Sender, private: str
) -> None:
    path = f"/media/{private}/content/"

    assert http.get(path).status == 404
    assert ben.http.get(path).status == 404
    assert body_of(ana.http, path).raw.data == TEXT
    assert body_of(staff.http, path).raw.data == TEXT
    assert http.get(f"/media/{private}/").status == 404
    assert ben.http.get(f"/media/{private}/").status == 404


def test_signed_addresses_open_them_until_they_run_out(http: Caller, ana: Sender, private: str) -> None:
    signed = ana.http.post(f"/media/{private}/signed_url/", {"expires_in": 60, "download": True}).json

    answer = body_of(http, signed["url"])
    assert answer.raw.data == TEXT
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert http.call("HEAD", path_of(signed["url"])).status == 200
    assert http.get(path_of(signed["url"]).replace("sig=", "sig=0")).code == "signature_invalid"
    with shifted_by(timedelta(minutes=3)):
        assert http.get(path_of(signed["url"])).code == "signature_expired"


def test_what_other_services_sign_opens_as_well(http: Caller, private: str) -> None:
    """Catalog and streams let people read what they may see, without asking media."""
    path = f"/media/{private}/content/"
    key = next(iter(settings().signing_keys.values()))
    signed = sign_address(key, path, expires_at=utc_now() + timedelta(minutes=5))

    assert body_of(http, signed).raw.data == TEXT
    assert http.call("HEAD", signed).status == 200
    assert http.get(signed.replace("signature=", "signature=0")).code == "signature_invalid"
    assert http.get(signed + "&version=thumbnail").code == "signature_invalid"
    with shifted_by(timedelta(minutes=6)):
        assert http.get(signed).code == "signature_expired"


def test_a_signature_is_for_one_version(http: Caller, ana: Sender, work: Work) -> None:
    made = ana.upload(visibility="private").json
    work()
    signed = ana.http.post(f"/media/{made['id']}/signed_url/", {"version": "thumbnail"}).json["url"]

    assert body_of(http, signed).headers["Content-Type"] == "image/webp"
    assert http.get(path_of(signed).replace("/thumbnail/", "/small/")).code == "signature_invalid"
    assert http.get(path_of(signed).replace("/thumbnail/", "/")).code == "signature_invalid"
    assert ana.http.get(f"/media/{made['id']}/content/nothing/").status == 404


@pytest.mark.parametrize(
    ("asked", "status", "told", "body"),
    [
        ("bytes=0-99", 206, "bytes 0-99/300", TEXT[:100]),
        ("bytes=290-", 206, "bytes 290-299/300", TEXT[290:]),
        ("bytes=-5", 206, "bytes 295-299/300", TEXT[295:]),
        ("bytes=250-999", 206, "bytes 250-299/300", TEXT[250:]),
        ("bytes=300-400", 416, "bytes */300", None),
        ("bytes=0-9,20-29", 200, None, TEXT),
        ("lines=0-9", 200, None, TEXT),
        ("bytes=9-2", 200, None, TEXT),
    ],
)
def test_ranges(ana: Sender, private: str, asked: str, status: int, told: str | None, body: bytes | None) -> None:
    answer = body_of(ana.http, f"/media/{private}/content/", Range=asked)

    assert (answer.status, answer.headers.get("Content-Range")) == (status, told)
    assert body is None or answer.raw.data == body
    assert body is None or answer.headers["Content-Length"] == str(len(body))
    assert body is not None or answer.code == "range_not_satisfiable"


def test_a_range_of_what_has_changed_is_answered_whole(ana: Sender, private: str) -> None:
    path = f"/media/{private}/content/"
    etag = body_of(ana.http, path).headers["ETag"]

    assert body_of(ana.http, path, Range="bytes=0-9", If_Range=etag).status in (200, 206)
    same = ana.http.get(path, headers={"Range": "bytes=0-9", "If-Range": etag}, buffered=True)
    other = ana.http.get(path, headers={"Range": "bytes=0-9", "If-Range": '"other"'}, buffered=True)
    assert (same.status, other.status) == (206, 200)
    assert ana.http.get(path, headers={"If-None-Match": etag}).status == 304


def test_files_are_served_so_that_nothing_in_them_runs(ana: Sender) -> None:
    made = ana.stored(pdf(), "a.pdf", "application/pdf")

    answer = body_of(ana.http, made["signed_url"])

    assert answer.headers["Content-Security-Policy"] == "sandbox"
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_what_becomes_private_moves(http: Caller, ana: Sender, work: Work) -> None:
    made = ana.upload(entity_type="user", entity_id="7").json
    work()
    assert body_of(http, made["url"]).status == 200

    hidden = ana.http.patch(f"/media/{made['id']}/", {"visibility": "private"})

    assert hidden.json["visibility"] == "private"
    assert "Copies that others keep" in hidden.headers["Estuary-Message"]
    assert http.get(path_of(made["url"])).status == 404
    assert body_of(http, hidden.json["signed_url"]).status == 200
    answer = ana.http.post("/media/bulk_update/", {"media_ids": [made["id"]], "updates": {"visibility": "public"}})
    assert answer.json == {"updated": 1}
    shown = ana.get(made["id"])
    assert all(body_of(http, one["url"]).status == 200 for one in shown["versions"])
    assert body_of(http, shown["url"]).status == 200


def test_others_see_what_is_public_and_little_of_whose(http: Caller, ana: Sender, work: Work) -> None:
    made = ana.upload(entity_type="user", entity_id="7").json
    assert http.get(f"/media/{made['id']}/").status == 404
    work()

    seen = http.get(f"/media/{made['id']}/").json

    assert seen["uploaded_by"] is None
    assert seen["processing_jobs"] == []
    assert set(seen["processing_metadata"]) == {"dominant_color", "blurhash"}
    assert ana.get(made["id"])["processing_metadata"]["stripped"]
