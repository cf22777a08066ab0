"""Everything that people send and should not: refused with the right word, or made harmless."""

from collections.abc import Callable
from typing import Any

import pytest

from services.media.tests import pictures
from services.media.tests.conftest import Configure, Sender, Work, body_of, path_of
from services.media.tests.pictures import opened, picture
from shared.ids import uuid7
from shared.testing.http import Caller

SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
MIB = 1 << 20


@pytest.mark.parametrize(
    ("name", "kind", "body"),
    [
        pytest.param("setup.exe", "application/x-msdownload", b"MZ" + bytes(100), id="a program"),
        pytest.param("noextension", "application/octet-stream", b"x", id="no ending and no type"),
        pytest.param("photo.php.jpg", "image/jpeg", b"<?php system($_GET['c']); ?>", id="PHP called a photo"),
        pytest.param("a.svg", "image/svg+xml", SVG, id="SVG"),
        pytest.param("a.png", "image/png", SVG, id="SVG called PNG"),
        pytest.param("a.html", "text/html", HTML, id="HTML"),
        pytest.param("a.jpg", "image/jpeg", HTML, id="HTML called JPEG"),
        pytest.param("a.txt", "text/plain", b"  \n" + HTML, id="HTML called text"),
        pytest.param("a.csv", "text/csv", b"a,b\x00c", id="text with NUL"),
        pytest.param("a.mp4", "video/mp4", picture(), id="JPEG called a film"),
        pytest.param("a.jpg", "video/mp4", picture(), id="JPEG declared a film"),
        pytest.param("a.docm", "application/octet-stream", pictures.docx(), id="docm"),
        pytest.param("a.docx", "", pictures.docx(**{"word/vbaProject.bin": b"x"}), id="document with macros"),
        pytest.param("a.docx", "", pictures.docx_of_gigabytes(), id="document of gigabytes"),
        pytest.param("a.docx", "", pictures.archive({"a.exe": b"MZ"}), id="archive called a document"),
        pytest.param("a.png", "image/png", b"\x89PNG\r\n\x1a\n", id="PNG without anything"),
    ],
)
def test_what_is_not_what_it_says_is_refused(ana: Sender, name: str, kind: str, body: bytes) -> None:
    answer = ana.upload(body, name, kind)

    assert (answer.status, answer.code) == (415, "unsupported_media_type"), answer


@pytest.mark.parametrize(
    ("name", "body", "kind"),
    [
        ("a.pdf", pictures.pdf() + b"/Encrypt 5 0 R", "application/pdf"),
        ("a.docx", pictures.docx(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("a.txt", "Grüße".encode("latin-1"), "text/plain"),
        ("a.csv", b"name,age\r\nAna,7\r\n", "text/csv"),
        ("a.wav", pictures.wav(), "audio/wav"),
    ],
)
def test_documents_and_sounds_are_kept_as_they_are(
    ana: Sender, http: Caller, name: str, body: bytes, kind: str
) -> None:
    made = ana.upload(body, name, "application/octet-stream").json

    assert (made["status"], made["content_type"], made["visibility"]) == ("ready", kind, "private")
    answer = body_of(http, made["signed_url"])
    assert answer.raw.data == body
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Disposition"].startswith("inline" if name[-3:] in ("pdf", "wav") else "attachment")


def test_a_png_called_jpg_is_taken_as_what_it_is(ana: Sender, work: Work) -> None:
    made = ana.upload(picture(kind="PNG"), "photo.jpg", "image/jpg").json
    work()

    ready = ana.get(made["id"])
    assert (ready["status"], ready["content_type"], ready["filename"]) == ("ready", "image/png", "photo.jpg")


def test_a_film_without_tools_is_ready_as_it_is(ana: Sender, work: Work) -> None:
    made = ana.stored(pictures.mp4(), "a.mov", "video/quicktime")
    work()

    ready = ana.get(made["id"])
    assert (ready["status"], ready["content_type"], ready["duration"]) == ("ready", "video/mp4", None)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        pytest.param(lambda: pictures.png_claiming(14_000, 14_000), "image_too_large", id="196 megapixels in 1 kB"),
        pytest.param(lambda: pictures.png_claiming(1, 60_000), "image_too_large", id="too high"),
        pytest.param(lambda: pictures.png_claiming(9_000, 9_000), "image_too_large", id="81 megapixels"),
        pytest.param(lambda: pictures.gif_of_many_frames(5_000), "too_many_frames", id="5,000 frames"),
    ],
)
def test_bombs_are_seen_in_the_header(ana: Sender, make: Callable[[], bytes], code: str) -> None:
    kind = "gif" if "frames" in code else "png"
    assert (ana.upload(make(), f"a.{kind}", f"image/{kind}").code) == code

    permitted = ana.presign(len(make()), f"a.{kind}", f"image/{kind}").json
    ana.put(permitted["upload_url"], make(), f"image/{kind}")
    refused = ana.confirm(permitted["media_id"])
    assert (refused.status, refused.code) == (400, code)
    assert ana.get(permitted["media_id"])["status"] == "pending"


@pytest.mark.parametrize("size", ["0", "-1", "abc", "1.5"])
def test_sizes_that_can_not_be(ana: Sender, size: str) -> None:
    answer = ana.presign(1, file_size=size)

    assert answer.status == 400
    assert "file_size" in answer.errors


def test_sizes_that_are_too_large(ana: Sender, configure: Configure) -> None:
    assert ana.presign(10 * MIB + 1).status == 413
    assert ana.presign(10 * MIB).status == 200
    assert ana.presign(500 * MIB + 1, "a.mp4", "video/mp4").status == 413
    told = {"entity_type": "user", "entity_id": "7", "filename": "a.jpg", "content_type": ""}
    assert ana.http.post("/media/presigned_upload/", {**told, "file_size": 9e18}).status == 413
    configure(media_max_image_mb=1)
    assert ana.upload(picture() + bytes(MIB)).status == 413


def test_an_empty_file_and_a_field_of_another_name(ana: Sender) -> None:
    assert ana.upload(b"").errors.keys() == {"file"}
    other = {"files": ("a.jpg", picture(), "image/jpeg")}
    assert ana.form("/media/upload/", other, entity_type="user", entity_id="7").errors.keys() == {"file"}
    assert ana.http.post("/media/upload/", {"entity_type": "user", "entity_id": "7"}).status == 415


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd.jpg", "passwd.jpg"),
        ("C:\\Users\\ana\\beach.jpg", "beach.jpg"),
        ("x" * 300 + ".jpg", "x" * 251 + ".jpg"),
        ("naïve 🧘.jpg", "naïve 🧘.jpg"),
        ('"; x=.jpg', '"; x=.jpg'),
        ("a\r\nSet-Cookie: b=1.jpg", "aSet-Cookie: b=1.jpg"),
    ],
)
def test_names_are_shown_and_never_paths(ana: Sender, http: Caller, sent: str, kept: str) -> None:
    told = {"entity_type": "service", "entity_id": str(uuid7()), "filename": sent, "content_type": "image/jpeg"}
    answer = ana.http.call("POST", "/media/presigned_upload/", data={**told, "file_size": "5"})

    assert answer.status in (200, 400), answer
    if answer.status == 400:
        assert "\r\n" in sent
        return
    assert ana.get(answer.json["media_id"])["filename"] == kept
    assert sent not in answer.json["storage_key"]


def test_a_name_in_a_header_can_not_break_out(ana: Sender, http: Caller) -> None:
    made = ana.stored(b"hello", 'naïve "; x=🧘.txt', "text/plain")

    told = body_of(http, made["signed_url"]).headers["Content-Disposition"]

    name = "na%C3%AFve%20%22%3B%20x%3D%F0%9F%A7%98.txt"
    assert told == f"attachment; filename=\"naive __ x_.txt\"; filename*=UTF-8''{name}"


def test_nul_in_a_name_is_refused(ana: Sender) -> None:
    told = {"entity_type": "service", "entity_id": "7", "filename": "a\x00.png", "content_type": "", "file_size": 5}
    assert ana.http.post("/media/presigned_upload/", told).status == 400


@pytest.mark.parametrize("entity_id", ["abc", "0", "-3", "1.5"])
def test_entity_ids_that_can_not_be(ana: Sender, entity_id: str) -> None:
    assert ana.presign(5, entity_id=entity_id).errors.keys() == {"entity_id"}


def test_entities_are_named_in_one_way(ana: Sender) -> None:
    upper = str(uuid7()).upper()
    assert ana.get(ana.presign(5, entity_id=upper).json["media_id"])["entity_id"] == upper.lower()
    refused = ana.presign(5, entity_type="conversation")
    assert "service_resource" in refused.errors["entity_type"][0]


@pytest.mark.parametrize(
    ("body", "status"),
    [([], 400), ([("a.jpg", picture(), "image/jpeg")] * 11, 400)],
)
def test_batches_of_a_wrong_size(ana: Sender, body: list[Any], status: int) -> None:
    answer = ana.form("/media/batch_upload/", {"files": body}, entity_type="user", entity_id="7")

    assert answer.status == status


def test_a_batch_is_judged_file_by_file(ana: Sender, configure: Configure) -> None:
    configure(media_max_image_mb=1)
    good = [(f"{number}.jpg", picture(colour=(number, 2, 3)), "image/jpeg") for number in range(3)]
    files = [*good, ("x.exe", b"MZ", "application/octet-stream"), ("big.jpg", picture() + bytes(MIB), "image/jpeg")]

    answer = ana.form("/media/batch_upload/", {"files": files}, entity_type="service", entity_id="5")

    assert answer.status == 207
    assert answer.json["summary"] == {"total": 5, "successful": 3, "failed": 2}
    assert [(one["index"], one["code"]) for one in answer.json["errors"]] == [
        (3, "unsupported_media_type"),
        (4, "payload_too_large"),
    ]


def test_words_that_may_not_be_changed(ana: Sender, ben: Sender) -> None:
    media_id = ana.presign(5).json["media_id"]

    assert (
        ana.http.post("/media/bulk_update/", {"media_ids": [media_id], "updates": {"is_primary": True}}).status == 400
    )
    assert (
        ana.http.patch(f"/media/{media_id}/", {"status": "ready", "url": "x", "uploaded_by": 9}).json["status"]
        == "pending"
    )
    assert ben.http.patch(f"/media/{media_id}/", {"title": "mine"}).status == 404
    assert ana.http.having(If_Match='"99"').patch(f"/media/{media_id}/", {"title": "x"}).status == 412


def test_many_ids(ana: Sender, ben: Sender) -> None:
    mine = [ana.presign(5).json["media_id"] for _ in range(2)]
    foreign = ben.presign(5).json["media_id"]

    refused = ana.http.post("/media/bulk_delete/", {"media_ids": [*mine, foreign]})
    assert refused.status == 400
    assert foreign in refused.errors["media_ids"][0]
    assert ana.get(mine[0])["status"] == "pending"
    assert ana.http.post("/media/bulk_delete/", {"media_ids": mine * 51}).status == 400
    assert ana.http.post("/media/bulk_delete/", {"media_ids": [*mine, mine[0]]}).json == {"deleted": 2, "errors": []}
    assert ana.http.delete(f"/media/{mine[0]}/").status == 404


def test_a_browser_is_led_to_the_bytes(http: Caller, ana: Sender) -> None:
    media_id = ana.presign(5).json["media_id"]

    led = http.get(f"/media/{media_id}/", headers={"Accept": "image/avif,image/webp,*/*;q=0.8"})
    assert led.status == 302
    assert path_of(led.headers["Location"]) == f"/media/{media_id}/content/"
    assert ana.http.get(f"/media/{media_id}/", headers={"Accept": "application/json, text/plain, */*"}).status == 200


def test_a_photo_from_a_phone_tells_nothing_about_the_place(http: Caller, ana: Sender, work: Work) -> None:
    made = ana.upload(pictures.from_a_phone(), entity_type="user", entity_id="7").json
    work()

    ready = ana.get(made["id"])
    assert (ready["width"], ready["height"]) == (400, 640)
    for address in [ready["url"], *(one["url"] for one in ready["versions"])]:
        data = body_of(http, address).raw.data
        seen = opened(data)
        assert seen.height > seen.width
        assert not seen.getexif()
        assert b"SecretCamera" not in data
        assert b"at home" not in data


@pytest.mark.parametrize(
    ("kind", "mode"), [("JPEG", "CMYK"), ("PNG", "I;16"), ("PNG", "P"), ("PNG", "RGBA"), ("WEBP", "RGBA"), ("GIF", "P")]
)
def test_all_colours_come_out_as_srgb(http: Caller, ana: Sender, work: Work, kind: str, mode: str) -> None:
    extension = kind.lower().replace("jpeg", "jpg")
    made = ana.upload(picture(kind=kind, mode=mode), f"a.{extension}", "", entity_type="user", entity_id="7").json
    work()

    ready = ana.get(made["id"])
    assert ready["status"] == "ready"
    master = opened(body_of(http, ready["url"]).raw.data)
    assert master.mode in ("RGB", "RGBA", "P")
    assert (master.mode == "RGBA") == (mode == "RGBA")
