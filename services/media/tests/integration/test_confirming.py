"""No file is ever half made: whatever is repeated, changed or killed on the way (R21, S14)."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from services.media.clients.folder import FolderStorage
from services.media.clients.storage import StorageAway
from services.media.models import Blob, Job, Media, StorageDeletion
from services.media.operations.processing import claim
from services.media.settings import settings
from services.media.tests.conftest import Configure, Sender, Work, body_of
from services.media.tests.pictures import opened, picture
from shared.clock import shifted_by, utc_now
from shared.database import Database
from shared.messaging.testing import announced


def jobs(database: Database) -> int:
    with database.transaction() as session:
        return session.scalar(select(func.count()).select_from(Job)) or 0


def test_confirming_without_bytes(ana: Sender, ben: Sender) -> None:
    media_id = ana.presign(100).json["media_id"]

    assert (ana.confirm(media_id).status, ana.confirm(media_id).code) == (404, "upload_missing")
    assert ben.confirm(media_id).code == "not_found"


def test_confirming_twice_and_at_once_gives_one_file(database: Database, ana: Sender) -> None:
    permitted = ana.presign(len(picture())).json
    ana.put(permitted["upload_url"], picture())

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ana.confirm(permitted["media_id"]), range(8)))

    assert {answer.status for answer in answers} == {200}
    assert ana.confirm(permitted["media_id"]).status == 200
    assert jobs(database) == 1
    with database.transaction() as session:
        assert session.scalar(select(Blob.refs)) == 1
    assert ana.http.get("/media/usage/").json["files"] == 1


def test_bytes_that_come_after_the_confirmation_change_nothing(ana: Sender, work: Work, folder: FolderStorage) -> None:
    first, other = picture(colour=(1, 200, 3)), picture(colour=(200, 1, 3))
    permitted = ana.presign(len(first), entity_type="user", entity_id="7").json
    ana.put(permitted["upload_url"], first)
    ana.confirm(permitted["media_id"])

    assert ana.put(permitted["upload_url"], other[: len(first)].ljust(len(first), b"\0")).code == "media_not_pending"
    # As with an object store, where the address goes on working: an upload that was under way ends now.
    late = folder.spool / "late"
    late.write_bytes(other)
    folder.put("private", permitted["storage_key"], late, content_type="image/jpeg")
    work()

    shown = opened(body_of(ana.http, ana.get(permitted["media_id"])["url"]).raw.data)
    red, green, _ = shown.getpixel((300, 300))  # type: ignore[misc]
    assert green > red


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"body": picture()[:-1]}, "upload_mismatch"),
        ({"body": picture() + b"x"}, "upload_mismatch"),
        ({"kind": "image/png"}, "upload_mismatch"),
        ({"kind": None}, "upload_mismatch"),
        ({"tail": "0"}, "signature_invalid"),
        ({"other": True}, "signature_invalid"),
    ],
)
def test_only_what_was_signed_is_taken(ana: Sender, change: dict[str, Any], code: str) -> None:
    permitted = ana.presign(len(picture())).json
    address = permitted["upload_url"] + change.get("tail", "")
    if change.get("other"):
        address = address.replace(permitted["media_id"], ana.presign(len(picture())).json["media_id"])

    answer = ana.put(address, change.get("body", picture()), change.get("kind", "image/jpeg"))

    assert answer.code == code, answer
    assert ana.confirm(permitted["media_id"]).code == "upload_missing"


def test_addresses_run_out_with_a_little_patience(ana: Sender) -> None:
    address = ana.presign(len(picture())).json["upload_url"]

    with shifted_by(timedelta(seconds=3_620)):
        assert ana.put(address, picture()).status == 200
    with shifted_by(timedelta(seconds=3_640)):
        assert ana.put(address, picture()).code == "signature_expired"


def test_a_renewed_upload_has_another_address(ana: Sender) -> None:
    permitted = ana.presign(100).json
    renewed = ana.http.post(f"/media/{permitted['media_id']}/renew_upload/", {"file_size": len(picture())}).json

    assert ana.put(permitted["upload_url"], bytes(100)).code == "signature_invalid"
    assert ana.put(renewed["upload_url"], picture()).status == 200
    assert ana.confirm(permitted["media_id"]).status == 200
    assert ana.http.get("/media/usage/").json["reserved_bytes"] == 0
    assert ana.http.post(f"/media/{permitted['media_id']}/renew_upload/", {}).code == "media_not_pending"


def test_the_hash_that_was_declared_must_be_the_bytes(ana: Sender) -> None:
    permitted = ana.presign(len(picture()), sha256="0" * 64).json

    assert ana.put(permitted["upload_url"], picture()).code == "upload_mismatch"


def test_a_storage_that_is_away_leaves_the_upload_pending(
    ana: Sender, folder: FolderStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    permitted = ana.presign(len(picture())).json
    ana.put(permitted["upload_url"], picture())

    def away(*_: Any, **__: Any) -> None:
        raise StorageAway

    with monkeypatch.context() as patched:
        patched.setattr(FolderStorage, "head", away)
        assert ana.confirm(permitted["media_id"]).status == 503
    assert ana.get(permitted["media_id"])["status"] == "pending"
    assert ana.confirm(permitted["media_id"]).status == 200


def test_a_full_disk_takes_nothing_new_and_goes_on_showing(ana: Sender, work: Work, configure: Configure) -> None:
    shown = ana.upload(entity_type="user", entity_id="7").json
    work()

    configure(media_min_free_mb=10**9)

    assert ana.upload().status == 503
    assert ana.presign(10).status == 503
    assert body_of(ana.http, shown["url"]).status == 200


def test_a_repeated_form_is_one_upload(ana: Sender) -> None:
    keyed = Sender(ana.http.having(Idempotency_Key="once"), 7)
    first = keyed.upload(entity_id="5")
    again = keyed.upload(entity_id="5")

    assert (first.status, again.status) == (201, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert first.json["id"] == again.json["id"]
    assert keyed.upload(picture(50, 50), entity_id="5").code == "idempotency_conflict"


def test_a_worker_that_is_killed_is_followed_by_another(
    database: Database, ana: Sender, work: Work, folder: FolderStorage
) -> None:
    made = ana.upload(entity_type="user", entity_id="7").json
    script = (
        "import os, time\n"
        "from shared.database import connect\n"
        "from services.media.settings import settings\n"
        "connect(settings().database_url)\n"
        "from services.media.clients import sandbox\n"
        "sandbox.paint = lambda *a, **k: (print('working', flush=True), time.sleep(60))\n"
        "from services.media.operations.working import work_once\n"
        "work_once('victim')\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], env={**os.environ}, stdout=subprocess.PIPE) as victim:
        assert victim.stdout is not None
        assert victim.stdout.readline() == b"working\n"
        victim.send_signal(signal.SIGKILL)

    assert work() == 0
    assert ana.get(made["id"])["status"] == "processing"
    with shifted_by(timedelta(minutes=3)):
        work()
    ready = ana.get(made["id"])
    assert ready["status"] == "ready"
    assert ready["processing_jobs"][0]["status"] == "completed"
    assert opened(body_of(ana.http, ready["url"]).raw.data)


def test_a_job_that_kills_every_worker_is_given_up(database: Database, ana: Sender) -> None:
    made = ana.upload().json

    for attempt in range(4):
        with shifted_by(timedelta(minutes=3 * attempt)), database.transaction() as session:
            claim(session, worker=f"w{attempt}", now=utc_now())

    failed = ana.get(made["id"])
    assert (failed["status"], failed["error_code"]) == ("failed", "processing_failed")
    with database.transaction() as session:
        [told] = announced(session, "media.failed")
    assert told.data["code"] == "processing_failed"
    assert ana.http.get("/media/usage/").json["used_bytes"] == 0


def test_a_storage_that_is_away_is_tried_again_later(ana: Sender, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    made = ana.upload().json
    with monkeypatch.context() as patched:
        patched.setattr(FolderStorage, "put", lambda *_, **__: (_ for _ in ()).throw(StorageAway()))
        assert work() == 1
        assert work() == 0
    with shifted_by(timedelta(seconds=6)):
        assert work() == 2
    assert ana.get(made["id"])["status"] == "ready"


def test_a_file_deleted_while_it_is_worked_on_leaves_nothing(
    database: Database, ana: Sender, monkeypatch: pytest.MonkeyPatch, work: Work
) -> None:
    from services.media.operations import working

    made = ana.upload().json
    really = working.make

    def deleted_meanwhile(*args: Any, **kwargs: Any) -> Any:
        result = really(*args, **kwargs)
        assert ana.http.delete(f"/media/{made['id']}/").status == 204
        return result

    monkeypatch.setattr(working, "make", deleted_meanwhile)
    work()

    with database.transaction() as session:
        media = session.get(Media, made["id"])
        assert media is not None
        assert media.status == "deleted"
        assert session.scalar(select(func.count()).select_from(StorageDeletion)) is not None
        assert [one.data["cause"] for one in announced(session, "media.deleted")] == ["user"]
        assert announced(session, "media.ready") == []


def test_waiting_ends_when_the_file_is_ready(ana: Sender, work: Work) -> None:
    patient = Sender(ana.http.having(Prefer="wait=10"), 7)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(patient.upload)
        while not work():
            time.sleep(0.02)
        done = time.monotonic()
        ready = answer.result()

    assert ready.json["status"] == "ready"
    assert ready.json["thumbnail_url"]
    # Not at the end of the ten seconds.
    assert time.monotonic() - done < 5
    assert settings().media_presign_seconds == 3_600


def test_a_file_that_moves_while_it_is_worked_on_is_worked_on_again(
    ana: Sender, monkeypatch: pytest.MonkeyPatch, work: Work
) -> None:
    from services.media.operations import working

    made = ana.upload(picture(700, 500), entity_type="user", entity_id="7").json
    really, moved = working.make, []

    def moved_meanwhile(order: Any, **kwargs: Any) -> Any:
        result = really(order, **kwargs)
        if order.step == 1 and not moved:
            moved.append(ana.http.patch(f"/media/{made['id']}/", {"visibility": "private"}).status)
        return result

    monkeypatch.setattr(working, "make", moved_meanwhile)
    work()

    ready = ana.get(made["id"])
    assert moved == [200]
    assert [one["version_type"] for one in ready["versions"]] == ["thumbnail", "small"]
    assert all(body_of(ana.http, one["url"]).status == 200 for one in ready["versions"])


def test_a_confirmation_that_comes_second_finds_the_inbox_cleared(
    ana: Sender, folder: FolderStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    permitted = ana.presign(len(picture())).json
    ana.put(permitted["upload_url"], picture())
    really = FolderStorage.head

    def late(self: FolderStorage, bucket: Any, key: str) -> Any:
        monkeypatch.setattr(FolderStorage, "head", really)
        assert ana.confirm(permitted["media_id"]).status == 200
        folder.delete_many("private", [key])
        return really(self, bucket, key)

    monkeypatch.setattr(FolderStorage, "head", late)

    assert ana.confirm(permitted["media_id"]).status == 200
