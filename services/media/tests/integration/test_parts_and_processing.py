"""Uploads in parts, many permissions at once, and processing on request."""

from datetime import timedelta
from typing import Any

import pytest

from services.media.operations.working import work_once
from services.media.tests.conftest import Configure, Sender, Work, body_of
from services.media.tests.pictures import mp4, opened, picture
from shared.clock import shifted_by
from shared.ids import uuid7
from shared.testing.http import Caller

MIB = 1 << 20


def test_an_upload_in_parts_can_be_resumed(ana: Sender, ben: Sender, work: Work) -> None:
    film = mp4(9 * MIB)
    begun = ana.presign(len(film), "a.mp4", "video/mp4", multipart="true").json
    media_id = begun["media_id"]
    assert begun["upload_url"] is None
    assert begun["multipart"] == {"part_size": 8 * MIB, "parts": 2, "upload_id": begun["multipart"]["upload_id"]}
    assert ana.confirm(media_id).code == "upload_missing"

    permitted = ana.http.post(f"/media/{media_id}/parts/", {"part_numbers": [1, 2]}).json
    assert [one["size"] for one in permitted] == [8 * MIB, MIB]
    assert ana.put(permitted[0]["url"], film[:100], None).code == "upload_mismatch"
    assert ana.put(permitted[1]["url"].replace("part=2", "part=1"), film[8 * MIB :], None).code == "signature_invalid"
    assert ana.put(permitted[1]["url"], film[8 * MIB :], None).status == 200
    refused = ana.confirm(media_id)
    assert (refused.status, refused.errors) == (400, {"parts": ["Missing, or not of the right size: 1."]})
    assert [one["part_number"] for one in ana.http.get(f"/media/{media_id}/parts/").json] == [2]
    assert ana.put(permitted[0]["url"], film[: 8 * MIB], None).status == 200
    assert ben.http.get(f"/media/{media_id}/parts/").status == 404

    assert ana.confirm(media_id).json["status"] == "processing"
    work()

    ready = ana.get(media_id)
    assert (ready["status"], ready["file_size"]) == ("ready", len(film))
    assert ana.http.get(f"/media/{media_id}/parts/").code == "media_not_pending"


def test_small_files_are_not_cut(ana: Sender) -> None:
    assert ana.presign(5 * MIB, multipart="true").errors.keys() == {"multipart"}
    begun = ana.presign(6 * MIB, multipart="true").json
    assert (
        "only 1" in ana.http.post(f"/media/{begun['media_id']}/parts/", {"part_numbers": [2]}).errors["part_numbers"][0]
    )


def test_many_permissions_are_judged_one_by_one(ana: Sender) -> None:
    one = {"filename": "a.jpg", "content_type": "", "entity_type": "user", "entity_id": 7, "file_size": 5}

    answer = ana.http.post("/media/presigned_uploads/", {"uploads": [one, {**one, "filename": "a.exe"}, {"x": 1}, one]})

    assert [(row["index"], row["code"]) for row in answer.json["results"]] == [
        (0, None),
        (1, "unsupported_media_type"),
        (2, "validation_error"),
        (3, None),
    ]
    assert ana.http.post("/media/presigned_uploads/", {"uploads": []}).status == 400
    assert ana.http.post("/media/presigned_uploads/", {"uploads": [one] * 21}).status == 400


def test_a_file_may_be_made_before_its_bytes(ana: Sender, work: Work) -> None:
    told = {"filename": "a.jpg", "entity_type": "user", "entity_id": "7"}
    bare = ana.http.post("/media/", told)
    assert (bare.status, bare.json["status"], bare.json["upload"]) == (201, "pending", None)
    renewed = ana.http.post(f"/media/{bare.json['id']}/renew_upload/", {"file_size": len(picture())}).json
    assert ana.put(renewed["upload_url"], picture()).status == 200
    assert ana.confirm(bare.json["id"]).status == 200

    sized = ana.http.post("/media/", {**told, "file_size": 5}).json
    assert sized["upload"]["max_size"] == 5
    whole = ana.form("/media/", {"file": ("x.jpg", picture(), "image/jpeg")}, **told)
    assert (whole.status, whole.json["upload"], whole.json["filename"]) == (201, None, "a.jpg")


def test_sizes_are_made_on_request(http: Caller, ana: Sender, work: Work) -> None:
    made = ana.upload(entity_type="user", entity_id="7").json
    path = f"/media/{made['id']}/process/"
    assert ana.http.post(path, {"operations": ["resize"], "options": {"width": 9}}).code == "media_not_ready"
    work()

    job = ana.http.post(
        path, {"operations": ["resize"], "options": {"resize": {"width": 100, "height": 100, "fit": "cover"}}}
    )
    same = ana.http.post(path, {"operations": ["resize"], "options": {"width": 100, "height": 100, "fit": "cover"}})
    assert (job.status, job.json["status"]) == (202, "queued")
    assert same.json["job_id"] == job.json["job_id"]
    work()

    ready = ana.get(made["id"])
    [resized] = [one for one in ready["versions"] if one["version_type"] == "resize_100x100"]
    assert opened(body_of(http, resized["url"]).raw.data).size == (100, 100)
    assert ready["processing_jobs"][0]["status"] == "completed"
    assert ana.http.get(f"/media/{made['id']}/jobs/").json["count"] == 2


def test_pictures_are_written_in_other_formats(http: Caller, ana: Sender, work: Work) -> None:
    made = ana.upload(entity_type="user", entity_id="7").json
    work()
    path = f"/media/{made['id']}/process/"
    operations = ["thumbnail", "extract_metadata", "optimize", "transcode"]
    assert ana.http.post(path, {"operations": operations, "options": {"format": "png"}}).status == 202
    work()

    [preview] = [one for one in ana.get(made["id"])["versions"] if one["version_type"] == "preview"]
    assert body_of(http, preview["url"]).headers["Content-Type"] == "image/png"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"operations": []}, "operations"),
        ({"operations": ["resize", "resize"]}, "operations"),
        ({"operations": ["rotate"]}, "operations.0"),
        ({"operations": ["resize"]}, "options.width"),
        ({"operations": ["resize"], "options": {"width": 5000}}, "options.width"),
        ({"operations": ["transcode"]}, "options.format"),
        ({"operations": ["transcode"], "options": {"format": "mp4"}}, "options.format"),
    ],
)
def test_orders_that_can_not_be(ana: Sender, work: Work, body: dict[str, Any], field: str) -> None:
    made = ana.upload().json
    work()

    assert field in ana.http.post(f"/media/{made['id']}/process/", body).errors


def test_a_bench_is_kept_for_what_people_wait_for(ana: Sender, work: Work) -> None:
    made = ana.upload().json

    assert work_once("quick", first_only=True)
    assert not work_once("quick", first_only=True)
    assert [one["version_type"] for one in ana.get(made["id"])["versions"]] == ["thumbnail"]
    assert work() == 1
    assert len(ana.get(made["id"])["versions"]) > 1


def test_only_requested_jobs_are_called_off(ana: Sender, work: Work) -> None:
    made = ana.upload().json
    first = ana.get(made["id"])["processing_jobs"][0]["job_id"]
    assert ana.http.post(f"/media/{made['id']}/jobs/{first}/cancel/").code == "invalid_transition"
    work()
    job = ana.http.post(f"/media/{made['id']}/process/", {"operations": ["optimize"]}).json

    assert ana.http.post(f"/media/{made['id']}/jobs/{job['job_id']}/cancel/").json["status"] == "cancelled"
    assert work() == 0
    assert ana.http.post(f"/media/{made['id']}/jobs/{uuid7()}/cancel/").status == 404


def test_documents_are_scanned_where_there_is_a_scanner(ana: Sender, work: Work, configure: Configure) -> None:
    configure(media_scan_command="grep -q -L EICAR")
    good = ana.stored(b"hello", "good.txt", "text/plain")
    configure(media_scan_command="sh -c 'grep -q EICAR $0 && exit 1 || exit 0'")
    bad = ana.stored(b"EICAR", "bad.txt", "text/plain")
    work()

    assert ana.get(good["id"])["status"] == "ready"
    assert ana.get(bad["id"])["error_code"] == "infected"
    assert ana.upload(b"EICAR", "again.txt", "text/plain").code == "permission_denied"


def test_lists_are_one_s_own_and_found_by_words(ana: Sender, ben: Sender, staff: Sender) -> None:
    mine = ana.stored(b"one", "morning-yoga.txt", "text/plain", title="Sun salutation", display_order="2")
    other = ana.stored(b"two", "notes.txt", "text/plain", display_order="1")
    ben.stored(b"three", "notes.txt", "text/plain")

    def ids(query: str, who: Sender = ana) -> list[str]:
        answer = who.http.get(f"/media/?{query}")
        assert answer.status == 200, answer
        return [one["id"] for one in answer.json["results"]]

    assert ids("") == [other["id"], mine["id"]]
    assert ids("ordering=-display_order") == [mine["id"], other["id"]]
    assert ids("search=yog") == [mine["id"]]
    assert ids("search=salut sun") == [mine["id"]]
    assert ids("search=' OR 1=1 --") == []
    assert len(ids("search=notes", staff)) == 2
    assert ids("media_type=image") == []
    assert ids("visibility=private&status=ready&is_primary=false&page_size=1&page=2") == [mine["id"]]
    with shifted_by(timedelta(hours=1)):
        assert ids("created_before=1999-01-01T00:00:00Z") == []
    assert ana.http.get("/media/?colour=red").status == 400


def test_words_about_a_file_are_changed(ana: Sender) -> None:
    made = ana.stored(b"one", "a.txt", "text/plain")
    body = {"filename": "new name", "title": "T", "entity_type": "service", "entity_id": "9", "is_primary": True}

    changed = ana.http.put(f"/media/{made['id']}/", body)

    assert (changed.json["filename"], changed.json["entity_id"]) == ("new name.txt", "9")
    assert changed.json["is_primary"]
    assert changed.headers["ETag"]
    assert (
        ana.http.having(If_Match=changed.headers["ETag"]).patch(f"/media/{made['id']}/", {"title": None}).status == 200
    )
