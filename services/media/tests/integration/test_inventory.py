"""What lies in the storage and what rows name are the same, or it is told."""

from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select

from services.media import jobs
from services.media.clients.folder import FolderStorage
from services.media.models import Blob, BlobVersion
from services.media.operations import inventory
from services.media.tests.conftest import Sender, Work, body_of
from shared.clock import shifted_by, utc_now
from shared.database import Database

LATER = timedelta(days=3)


def objects(folder: FolderStorage) -> list[Path]:
    return [path for path in folder.folder.rglob("*") if path.is_file()]


def look_at(key: str) -> float:
    """Let the week come in which `key` is looked at; return how many objects were missed."""
    week = 1
    while jobs._week(utc_now() + LATER + week * timedelta(days=7)) % inventory.SHARES != int(key[0], 16):
        week += 1
    with shifted_by(LATER + week * timedelta(days=7)):
        jobs.sweep_storage()
        jobs.storage_deletions()
    return REGISTRY.get_sample_value("media_objects_missing") or 0.0


def test_objects_that_no_row_knows_are_swept(
    database: Database, ana: Sender, work: Work, folder: FolderStorage
) -> None:
    made = ana.upload(entity_type="user", entity_id="7").json
    work()
    jobs.storage_deletions()
    kept = len(objects(folder))
    (folder.spool / "upload-left-behind").write_bytes(b"x")
    (folder.spool / "scratch-left-behind").mkdir()
    for bucket, key in (("public", "a0/00/1/x.webp"), ("private", "af/00/1/x.mp4"), ("private", "sources/a7/x.jpg")):
        stray = folder.spool / "stray"
        stray.write_bytes(b"x")
        folder.put(bucket, key, stray, content_type="image/webp")

    assert look_at("a") == 0

    assert len(objects(folder)) == kept
    assert list(folder.spool.iterdir()) == []
    assert body_of(ana.http, made["url"]).status == 200


@pytest.mark.parametrize("lost", [Blob, BlobVersion])
def test_a_row_whose_object_is_gone_is_told_of_and_kept(
    database: Database, ana: Sender, work: Work, folder: FolderStorage, lost: type[Blob] | type[BlobVersion]
) -> None:
    made = ana.upload(entity_type="user", entity_id="7").json
    work()
    jobs.storage_deletions()
    with database.transaction() as session:
        key = session.scalars(select(lost.storage_key).limit(1)).one()
    assert key is not None
    assert look_at(key) == 0

    (folder.folder / "public" / key).unlink()

    assert look_at(key) == 1
    assert ana.get(made["id"])["status"] == "ready"
    assert body_of(ana.http, made["url"]).status == (404 if lost is Blob else 200)
    ana.http.delete(f"/media/{made['id']}/")
    with shifted_by(timedelta(days=8)):
        jobs.purge_deleted()
    with shifted_by(timedelta(days=10)):
        jobs.purge_deleted()
    assert look_at(key) == 0


def test_what_was_changed_a_moment_ago_is_not_missed(
    database: Database, ana: Sender, work: Work, folder: FolderStorage
) -> None:
    """Its object may be on its way while the look goes on."""
    ana.upload(entity_type="user", entity_id="7")
    work()
    with database.transaction() as session:
        key = session.scalars(select(Blob.storage_key)).one()
        assert key is not None
        shelf: inventory.Shelf = ("public", key[:3])
        assert inventory.named(session, shelf, now=utc_now()) == {}
        later = utc_now() + timedelta(hours=2)
        assert key in inventory.named(session, shelf, now=later)
        assert inventory.lacking(folder, "public", {key, "no/such"}) == {"no/such"}
