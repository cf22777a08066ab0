"""R21: nothing is half made, whenever a worker is killed; what it left behind is swept."""

import os
import random
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from services.media import jobs
from services.media.clients.folder import FolderStorage
from services.media.models import Blob, BlobVersion
from services.media.operations import inventory
from services.media.tests.conftest import Sender, Work, body_of
from services.media.tests.pictures import opened, picture
from shared.clock import shifted_by
from shared.database import Database
from shared.testing.proof import proof, sized

FILES, KILLS = sized(2, full=40), sized(1, full=30)
WORKER = """
from shared.database import connect
from services.media.settings import settings
connect(settings().database_url, application_name="victim")
from services.media.operations.working import work_once
print("working", flush=True)
while work_once("victim"):
    pass
"""
# The killed one's lease is not waited for, nor is a pause, and its three attempts do not count: no file is at fault.
AT_ONCE = """
UPDATE jobs SET locked_until = now() - interval '1 s', run_after = now(), attempts = 0
 WHERE status IN ('queued', 'processing') RETURNING job_id
"""


def named(database: Database) -> set[str]:
    """Return the objects that rows name."""
    with database.transaction() as session:
        columns = (Blob.source_key, Blob.storage_key, BlobVersion.storage_key)
        return {str(key) for column in columns for key in session.scalars(select(column)) if key is not None}


def open_jobs(database: Database) -> int:
    """Let others do at once what the killed ones had claimed; return how much is to be done.

    What one of them asked for last may be committed after its death, as long as its connection is there.
    """
    gone = text(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'victim' AND datname = current_database()"
    )
    while True:
        with database.reading() as connection:
            if connection.scalar(gone) == 0:
                break
        time.sleep(0.02)
    with database.transaction() as session:
        return len(session.execute(text(AT_ONCE)).all())


def kept(folder: FolderStorage) -> set[str]:
    """Return the objects that are there."""
    places = [folder.folder / bucket for bucket in ("private", "public")]
    return {path.relative_to(place).as_posix() for place in places for path in place.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("real_child")
class TestAWorkerIsKilledAtAnyMoment:
    pytestmark = proof

    @pytest.mark.parametrize("seed", [21])
    def test_every_file_is_whole_and_nothing_is_left_over(
        self, database: Database, ana: Sender, work: Work, folder: FolderStorage, seed: int
    ) -> None:
        chance = random.Random(seed)
        told = {"entity_type": "user", "entity_id": "7"}
        sent = [ana.upload(picture(colour=(number, 90, 200)), **told).json["id"] for number in range(FILES)]

        for _ in range(KILLS):
            with subprocess.Popen([sys.executable, "-c", WORKER], env={**os.environ}, stdout=subprocess.PIPE) as victim:
                assert victim.stdout is not None
                assert victim.stdout.readline() == b"working\n"
                time.sleep(chance.uniform(0, 1.2))
                victim.kill()
            open_jobs(database)
        left = 0
        while open_jobs(database):
            left += work()

        for media_id in sent:
            ready = ana.get(media_id)
            assert ready["status"] == "ready", ready["error_message"]
            for address in (ready["url"], *(one["url"] for one in ready["versions"])):
                assert opened(body_of(ana.http, address).raw.data)
        strays = len(kept(folder) - named(database))
        for week in range(inventory.SHARES):
            with shifted_by(timedelta(days=3 + 7 * week)):
                jobs.sweep_storage()
                jobs.storage_deletions()
        assert kept(folder) == named(database)
        assert list(folder.spool.iterdir()) == []
        print(f"{FILES} files, {KILLS} kills, {left} jobs left to a last worker, {strays} stray objects swept")
