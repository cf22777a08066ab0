"""Files are deleted, restored, taken down, shared and forgotten; people have so much room and no more."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from services.media import jobs
from services.media.clients.folder import FolderStorage
from services.media.models import Blob, Media, StorageDeletion, Usage
from services.media.tests.conftest import Configure, Sender, Work, body_of, path_of
from services.media.tests.pictures import picture
from shared.clock import shifted_by
from shared.database import Database
from shared.messaging.testing import announced
from shared.testing.http import Caller

MIB = 1 << 20


def objects(folder: FolderStorage) -> list[Path]:
    return [path for path in folder.folder.rglob("*") if path.is_file()]


def test_a_deleted_file_can_be_restored_for_a_week(
    database: Database, http: Caller, ana: Sender, ben: Sender, work: Work
) -> None:
    made = ana.upload(entity_type="user", entity_id="7").json
    work()
    used = ana.http.get("/media/usage/").json["used_bytes"]

    assert ben.http.delete(f"/media/{made['id']}/").status == 404
    assert ana.http.delete(f"/media/{made['id']}/").status == 204
    assert ana.http.get(f"/media/{made['id']}/").status == 404
    assert http.get(path_of(made["url"])).status == 404
    assert ana.http.get("/media/usage/").json["used_bytes"] == 0
    assert [one["id"] for one in ana.http.get("/media/?status=deleted").json["results"]] == [made["id"]]

    restored = ana.http.post(f"/media/{made['id']}/restore/")

    assert (restored.status, restored.json["status"]) == (200, "ready")
    assert body_of(http, made["url"]).status == 200
    assert ana.http.get("/media/usage/").json["used_bytes"] == used
    with database.transaction() as session:
        told = [(one.type, one.sequence) for one in announced(session) if one.type.startswith("media.")]
    assert [kind for kind, _ in told][-2:] == ["media.deleted", "media.ready"]
    assert [number for _, number in told] == sorted({number for _, number in told})


def test_bytes_are_forgotten_after_a_week_and_a_day(
    database: Database, ana: Sender, work: Work, folder: FolderStorage
) -> None:
    made = ana.upload().json
    work()
    ana.http.delete(f"/media/{made['id']}/")

    with shifted_by(timedelta(days=7, minutes=1)):
        jobs.purge_deleted()
        assert ana.http.post(f"/media/{made['id']}/restore/").status == 404
    assert objects(folder)
    with shifted_by(timedelta(days=8, minutes=2)):
        jobs.purge_deleted()
        jobs.storage_deletions()

    assert objects(folder) == []
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Blob)) == 0


def test_equal_bytes_lie_there_once_until_nobody_needs_them(
    database: Database, http: Caller, ana: Sender, ben: Sender, work: Work
) -> None:
    first = ana.upload(entity_type="user", entity_id="7").json
    work()
    second = ben.upload(entity_type="user", entity_id="8").json

    assert second["status"] == "ready", "there is nothing left to do"
    assert [one["version_type"] for one in second["versions"]] == ["thumbnail", "small"]
    with database.transaction() as session:
        assert session.scalars(select(Blob.refs)).all() == [2]
    ana.http.delete(f"/media/{first['id']}/")
    with shifted_by(timedelta(days=9)):
        jobs.purge_deleted()
        jobs.storage_deletions()
        assert body_of(http, second["url"]).status == 200


def test_equal_bytes_uploaded_at_once_are_processed_into_one(database: Database, ana: Sender, work: Work) -> None:
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda number: ana.upload(title=str(number)).json["id"], range(6)))
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: work(), range(3)))
    work()

    assert {ana.get(one)["status"] for one in made} == {"ready"}
    with database.transaction() as session:
        assert session.scalars(select(Blob.refs)).all() == [6]


def test_a_condemned_blob_is_revived_by_an_equal_upload(
    database: Database, http: Caller, ana: Sender, work: Work
) -> None:
    first = ana.upload(entity_type="user", entity_id="7").json
    work()
    ana.http.delete(f"/media/{first['id']}/")
    with shifted_by(timedelta(days=7, hours=1)):
        jobs.purge_deleted()
    with database.transaction() as session:
        assert session.scalars(select(Blob.state)).all() == ["condemned"]

    again = ana.upload(entity_type="user", entity_id="7").json
    with shifted_by(timedelta(days=9)):
        jobs.purge_deleted()
        jobs.storage_deletions()

    assert again["status"] == "ready"
    assert body_of(http, again["url"]).status == 200


def test_staff_take_files_down_and_block_their_bytes(ana: Sender, ben: Sender, staff: Sender, work: Work) -> None:
    made = ana.upload().json
    work()

    assert ana.http.post(f"/media/{made['id']}/takedown/", {"reason": "mine"}).status == 403
    taken = staff.http.post(f"/media/{made['id']}/takedown/", {"reason": "Not theirs.", "block_hash": True})

    assert (taken.status, taken.json["status"]) == (200, "deleted")
    assert ana.http.post(f"/media/{made['id']}/restore/").status == 404
    assert ben.upload().code == "permission_denied"
    assert ben.upload(picture(33, 33)).status == 201
    assert staff.http.post(f"/media/{made['id']}/restore/").json["status"] == "ready"


def test_room_is_kept_for_what_is_to_come_and_given_back(ana: Sender, configure: Configure) -> None:
    configure(media_quota_user_mb=1)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: ana.presign(800_000), range(2)))

    assert sorted((one.status, one.code) for one in answers) == [(200, None), (403, "quota_exceeded")]
    assert ana.http.get("/media/usage/").json["available_bytes"] == MIB - 800_000
    with shifted_by(timedelta(hours=26)):
        jobs.expire_pending()
        assert ana.http.get("/media/usage/").json["available_bytes"] == MIB
        [pending] = [one for one in answers if one.status == 200]
        assert ana.confirm(pending.json["media_id"]).code == "media_not_pending"


def test_what_is_never_finished_is_told_to_nobody(database: Database, ana: Sender) -> None:
    ana.presign(100)
    with shifted_by(timedelta(hours=26)):
        jobs.expire_pending()

    with database.transaction() as session:
        assert session.scalars(select(Media.status)).all() == ["deleted"]
        assert [one for one in announced(session) if one.type.startswith("media.")] == []


def test_unfinished_uploads_are_limited(ana: Sender, configure: Configure) -> None:
    configure(media_uploads_per_hour=3)
    assert [ana.presign(5).status for _ in range(4)] == [200, 200, 200, 429]


def test_failed_files_take_no_room_and_may_be_tried_again_for_a_day(
    database: Database, ana: Sender, work: Work
) -> None:
    made = ana.upload(picture()[:-200]).json
    work()
    assert ana.get(made["id"])["error_code"] == "broken_image"
    assert ana.http.get("/media/usage/").json["used_bytes"] == 0
    with database.transaction() as session:
        assert [one.data["code"] for one in announced(session, "media.failed")] == ["broken_image"]

    again = ana.http.post(f"/media/{made['id']}/process/", {"operations": ["thumbnail"]})
    assert again.status == 202
    work()
    with shifted_by(timedelta(hours=25)):
        jobs.purge_deleted()
        gone = ana.http.post(f"/media/{made['id']}/process/", {"operations": ["thumbnail"]})
    assert gone.code == "media_not_ready"


def test_files_that_nobody_uses_go_after_a_month(http: Caller, ana: Sender, ben: Sender, work: Work) -> None:
    forgotten, seen, known = ana.upload().json, ana.upload(visibility="public").json, ben.upload().json
    work()
    ben.http.post(f"/media/{seen['id']}/increment_view/")
    with shifted_by(timedelta(days=31)):
        jobs.unclaimed()
        assert ana.http.get(f"/media/{forgotten['id']}/").status == 404
        assert ana.get(seen["id"])["view_count"] == 1
        assert ben.http.get(f"/media/{known['id']}/").status == 404


def test_drifted_usage_is_mended(database: Database, ana: Sender) -> None:
    ana.upload()
    with database.transaction() as session:
        session.get_one(Usage, 7).used_bytes = 5

    for day in range(30):
        with shifted_by(timedelta(days=day)):
            jobs.usage_check()

    assert ana.http.get("/media/usage/").json["used_bytes"] == len(picture())


def test_looking_is_counted_once_an_hour(http: Caller, ana: Sender, ben: Sender, work: Work) -> None:
    made = ana.upload(visibility="public").json
    work()
    path = f"/media/{made['id']}/increment_view/"

    assert [ben.http.post(path).json["view_count"] for _ in range(3)] == [1, 1, 1]
    assert ana.http.post(path).json["view_count"] == 2
    with shifted_by(timedelta(hours=1)):
        assert ben.http.post(path).json["view_count"] == 3
    assert ben.http.post(f"/media/{made['id']}/increment_download/").json == {"download_count": 1}
    before = ana.get(made["id"])
    assert (before["view_count"], before["download_count"]) == (3, 1)
    with shifted_by(timedelta(days=3)):
        jobs.forget_counter_marks()
    assert http.post(path).status == 401


@pytest.mark.parametrize("user", [7, 8])
def test_usage_of_others_is_for_staff(ana: Sender, staff: Sender, user: int) -> None:
    assert ana.http.get(f"/media/usage/?user={user}").status == (200 if user == 7 else 403)
    told = staff.http.get(f"/media/usage/?user={user}").json
    assert (told["quota_bytes"], told["files"]) == (1024 * MIB, 0)
    assert staff.http.get("/media/usage/").json["quota_bytes"] is None


def test_what_may_be_uploaded_is_told(http: Caller) -> None:
    told = http.get("/media/limits/").json

    assert {one["media_type"]: one["max_bytes"] for one in told["types"]} == {
        "image": 10 * MIB,
        "video": 500 * MIB,
        "audio": 100 * MIB,
        "document": 50 * MIB,
    }
    assert told["storage"] == "local"


def test_deletions_of_the_storage_are_tried_again(
    database: Database, ana: Sender, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana.upload()
    work()
    with monkeypatch.context() as patched:
        patched.setattr(FolderStorage, "delete_many", lambda _self, _bucket, keys: list(keys))
        jobs.storage_deletions()
    with database.transaction() as session:
        assert session.scalar(select(StorageDeletion.attempts)) == 1
    with shifted_by(timedelta(hours=1)):
        jobs.storage_deletions()
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(StorageDeletion)) == 0
