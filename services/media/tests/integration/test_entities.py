"""What files are attached to: known or not yet, one's own or another's, and which file stands for it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from services.media import jobs
from services.media.handlers import auth, catalog, claims, practitioners, reviews, streams
from services.media.models import Blob, Claim, Media
from services.media.tests.conftest import Sender, Work, body_of
from services.media.tests.pictures import mp4, picture
from shared.clock import shifted_by
from shared.database import Database
from shared.ids import uuid7
from shared.messaging.testing import announced, apply, message
from shared.testing.http import Caller

MODULES = [auth, practitioners, catalog, reviews, streams, claims]
SERVICE, REVIEW = str(uuid7()), str(uuid7())


def hear(database: Database, kind: str, sequence: int = 1, **data: Any) -> None:
    apply(database, "media", MODULES, message(kind, data, subject=("x", "1"), sequence=sequence))


@pytest.fixture
def service(request: pytest.FixtureRequest) -> str:
    """The name of this service, as the shared fixtures ask for it."""
    return "media"


@pytest.fixture
def known(database: Database) -> None:
    """Ana (7) is practitioner 70 and gives service 5; Ben (8) is somebody."""
    for user_id, name in ((7, "Ana"), (8, "Ben")):
        hear(database, "user.changed", id=user_id, uuid=str(uuid7()), display_name=name)
    hear(database, "practitioner.changed", id=70, public_uuid=str(uuid7()), user_id=7, status="verified")
    told = {"practitioner_id": 70, "practitioners": [{"practitioner_id": 70}]}
    hear(database, "service.changed", id=5, public_uuid=SERVICE, **told)


@pytest.mark.usefixtures("known")
def test_files_of_a_known_service_are_its_practitioners(ana: Sender, ben: Sender, staff: Sender) -> None:
    assert ana.get(ana.presign(5, entity_id="5").json["media_id"])["entity_known"]
    assert ana.get(ana.presign(5, entity_id=SERVICE).json["media_id"])["entity_known"]
    assert ben.presign(5, entity_id="5").code == "permission_denied"
    assert staff.presign(5, entity_id="5").status == 200
    mine = ben.presign(5).json["media_id"]
    assert ben.http.patch(f"/media/{mine}/", {"entity_id": "5"}).status == 403
    assert ben.presign(5, entity_type="user", entity_id="7").status == 403


@pytest.mark.usefixtures("known")
def test_a_practitioner_has_more_room(ana: Sender, ben: Sender) -> None:
    quotas = [one.http.get("/media/usage/").json["quota_bytes"] for one in (ana, ben)]

    assert quotas == [20 * 1024 << 20, 1024 << 20]


def test_photos_that_come_before_their_review_become_its_own(
    database: Database, http: Caller, ana: Sender, ben: Sender, work: Work
) -> None:
    own = ana.upload(entity_type="review", entity_id=REVIEW, is_primary="true").json
    strange = ben.upload(picture(50, 50), entity_type="review", entity_id=REVIEW, is_primary="true").json
    work()
    assert http.get(f"/media/entities/review/{REVIEW}/").json["count"] == 0

    hear(database, "review.published", review_uuid=REVIEW, author_user_id=7)

    assert (ana.get(own["id"])["entity_known"], ben.get(strange["id"])["entity_known"]) == (True, False)
    assert [one["id"] for one in http.get(f"/media/entities/review/{REVIEW}/").json["results"]] == [own["id"]]
    with database.transaction() as session:
        [detached] = announced(session, "media.deleted")
        ready = announced(session, "media.ready")[-1].data
    assert (detached.data["media_id"], detached.data["cause"]) == (strange["id"], "detached")
    assert (ready["media_id"], ready["entity_uuid"], ready["entity_int_id"]) == (own["id"], REVIEW, None)


def test_photos_go_with_their_review_but_not_when_it_is_hidden(database: Database, ana: Sender, work: Work) -> None:
    hear(database, "review.published", review_uuid=REVIEW, author_user_id=7)
    made = ana.upload(entity_type="review", entity_id=REVIEW).json
    work()

    hear(database, "review.removed", 2, review_uuid=REVIEW, cause="hidden")
    assert ana.get(made["id"])["status"] == "ready"
    hear(database, "review.removed", 3, review_uuid=REVIEW, cause="withdrawn")
    assert ana.http.get(f"/media/{made['id']}/").status == 404


@pytest.mark.usefixtures("known")
def test_files_of_a_deleted_service_stay_for_a_month(database: Database, ana: Sender, work: Work) -> None:
    made = ana.upload(entity_id="5").json
    work()

    hear(database, "service.deleted", 2, id=5, public_uuid=SERVICE)

    for days, alive in ((29, True), (31, False)):
        with shifted_by(timedelta(days=days)):
            jobs.purge_deleted()
            assert (ana.http.get(f"/media/{made['id']}/").status == 200) is alive


def test_a_service_may_be_told_of_before_its_practitioner(database: Database, ana: Sender, work: Work) -> None:
    made = ana.upload(entity_id=SERVICE).json
    work()
    told = {"practitioner_id": 70, "practitioners": [{"practitioner_id": 70}]}
    hear(database, "service.changed", id=5, public_uuid=SERVICE, **told)
    assert not ana.get(made["id"])["entity_known"]

    hear(database, "practitioner.changed", id=70, public_uuid=str(uuid7()), user_id=7, status="verified")

    assert ana.get(made["id"])["entity_known"]


@pytest.mark.usefixtures("known")
def test_who_is_suspended_shows_nothing_new(database: Database, ana: Sender) -> None:
    hear(database, "practitioner.suspended", 2, practitioner_id=70)

    assert ana.upload(entity_id="5").code == "permission_denied"
    assert ana.upload(entity_id="5", visibility="private").status == 201
    hear(database, "practitioner.changed", 3, id=70, public_uuid=str(uuid7()), user_id=7, status="verified")
    assert ana.upload(entity_id="5").status == 201


@pytest.mark.usefixtures("known")
def test_uploads_are_attached_once_their_service_exists(
    database: Database, ana: Sender, ben: Sender, work: Work
) -> None:
    temporary = str(uuid7())
    mine = [ana.upload(entity_id=temporary, title=str(one)).json["id"] for one in range(2)]
    foreign = ben.upload(entity_id=temporary).json["id"]
    work()

    assert (
        ana.http.post("/media/attach/", {"media_ids": [foreign], "entity_type": "service", "entity_id": "5"}).status
        == 404
    )
    assert (
        ben.http.post("/media/attach/", {"media_ids": [foreign], "entity_type": "service", "entity_id": 5}).status
        == 403
    )
    moved = ana.http.post("/media/attach/", {"from_entity_id": temporary, "entity_type": "service", "entity_id": 5})

    assert moved.json["updated"] == 2
    assert {one["entity_id"] for one in moved.json["media"]} == {"5"}
    with database.transaction() as session:
        told = [
            (one.type, one.data["entity_id"], one.sequence) for one in announced(session) if one.subject_id == mine[0]
        ]
    assert [one[:2] for one in told[-2:]] == [("media.deleted", temporary), ("media.ready", "5")]
    assert told[-1][2] > told[-2][2]


@pytest.mark.usefixtures("known")
def test_there_is_one_primary_whoever_sets_it(database: Database, ana: Sender, work: Work) -> None:
    made = [ana.upload(entity_id=one, is_primary="true").json["id"] for one in ("5", SERVICE, "5")]
    work()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda one: ana.http.post(f"/media/{one}/set_primary/"), made * 2))

    assert {answer.status for answer in answers} == {200}
    with database.transaction() as session:
        assert len(session.scalars(select(Media.id).where(Media.is_primary)).all()) == 1
    pending = ana.presign(5, entity_id="5").json["media_id"]
    assert ana.http.post(f"/media/{pending}/set_primary/").code == "media_not_ready"


@pytest.mark.usefixtures("known")
def test_files_are_put_into_order(http: Caller, ana: Sender, work: Work) -> None:
    made = [ana.upload(entity_id="5", display_order=str(one)).json["id"] for one in range(3)]
    work()
    wished = {"entity_type": "service", "entity_id": "5", "media_ids": [made[2]]}

    assert [one["id"] for one in ana.http.post("/media/reorder/", wished).json] == [made[2], made[0], made[1]]

    shown = http.get("/media/entities/service/5/").json
    assert [one["id"] for one in shown["results"]] == [made[2], made[0], made[1]]
    assert ana.http.post("/media/reorder/", {**wished, "media_ids": [str(uuid7())]}).status == 400
    assert http.get("/media/entities/service/999/").json["count"] == 0
    assert http.get("/media/entities/conversation/9/").status == 400


def test_of_two_words_about_a_claim_the_later_counts(database: Database) -> None:
    media_id = str(uuid7())
    use = {"media_id": media_id, "service": "auth", "entity_type": "user", "entity_id": "7"}
    early = message("media.claimed", use, subject=("media", media_id), sequence=0)
    late = message("media.released", use, subject=("media", media_id), sequence=0)

    apply(database, "media", MODULES, late, early)

    with database.transaction() as session:
        assert session.scalars(select(Claim.is_claimed)).all() == [False]


def test_a_person_who_leaves_takes_their_files_along(
    database: Database, http: Caller, ana: Sender, ben: Sender, work: Work
) -> None:
    hear(database, "user.changed", id=7, uuid=str(uuid7()), display_name="Ana")
    shared = ana.upload(entity_type="user", entity_id="7").json
    alone = ana.upload(picture(70, 70), entity_type="user", entity_id="7", title="Me").json
    ana.presign(100)
    work()
    other = ben.upload(entity_type="service", entity_id="9").json

    hear(database, "user.deleted", 2, user_id=7)
    jobs.storage_deletions()

    assert http.get(f"/media/{alone['id']}/").status == 404
    assert body_of(http, other["url"]).status == 200
    with database.transaction() as session:
        assert session.scalars(select(Blob.refs)).all() == [1]
        rows = session.scalars(select(Media).where(Media.uploaded_by.is_(None))).all()
        assert {(row.filename, row.title, row.status) for row in rows} == {("file.jpg", None, "deleted")}
        causes = {(one.data["media_id"], one.data["cause"]) for one in announced(session, "media.deleted")}
        assert causes == {(shared["id"], "erased"), (alone["id"], "erased")}
        assert announced(session, "user.erased")[0].data == {"user_id": 7, "source": "media"}


def test_a_person_is_told_of_their_files(database: Database, ana: Sender) -> None:
    made = ana.stored(b"hello", "notes.txt", "text/plain")

    hear(database, "user.export_requested", export_id="e1", user_id=7)

    with database.transaction() as session:
        [part] = announced(session, "user.export_part")
    assert [(one["filename"], one["url"]) for one in part.data["data"]] == [("notes.txt", made["url"])]


def test_recordings_become_private_files_once(
    database: Database, ana: Sender, work: Work, folder: Any, tmp_path: Any
) -> None:
    recording = str(uuid7())
    film = folder.spool / "film"
    film.write_bytes(mp4())
    folder.put("private", "recordings/a/b.mp4", film, content_type="video/mp4")
    told = {"recording_id": 3, "recording_uuid": recording, "practitioner_id": 70, "practitioner_user_id": 7}
    for sequence in (1, 1):
        hear(database, "recording.uploaded", sequence, **told, storage_key="recordings/a/b.mp4", size=4096)
    work()

    [made] = ana.http.get("/media/").json["results"]
    assert (made["entity_id"], made["visibility"], made["status"]) == (recording, "private", "ready")
    assert body_of(ana.http, made["signed_url"]).raw.data == mp4()
    hear(database, "recording.deleted", 5, recording_id=3, recording_uuid=recording, media_id=made["id"])
    jobs.storage_deletions()
    assert not (folder.folder / "private" / "recordings/a/b.mp4").exists()


def test_recordings_are_fetched_from_this_host_only(database: Database, ana: Sender, work: Work) -> None:
    told = {"recording_id": 3, "recording_uuid": str(uuid7()), "practitioner_id": 70, "practitioner_user_id": 7}
    hear(database, "recording.uploaded", **told, source_url="http://169.254.169.254/latest", size=4096)
    work()

    [made] = ana.http.get("/media/").json["results"]
    assert (made["status"], made["error_code"]) == ("failed", "broken_file")


def test_streams_are_known_by_whose_they_are(database: Database, ana: Sender, ben: Sender) -> None:
    hear(database, "practitioner.changed", id=70, public_uuid=str(uuid7()), user_id=7, status="verified")
    hear(database, "stream.changed", id=4, public_uuid=str(uuid7()), practitioner_id=70)
    live = {"live_stream_id": 6, "live_stream_uuid": str(uuid7()), "practitioner_id": 70, "practitioner_user_id": 7}
    hear(database, "stream.scheduled", **live)

    for kind, number in (("stream", "4"), ("live_stream", "6"), ("practitioner", "70")):
        assert ana.presign(5, entity_type=kind, entity_id=number).status == 200
        assert ben.presign(5, entity_type=kind, entity_id=number).status == 403
