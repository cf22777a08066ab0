"""A file is taken in, proved, cleaned, shown."""

from services.media.tests.conftest import Configure, Sender, Work, body_of, path_of
from services.media.tests.pictures import opened, picture
from shared.database import Database
from shared.messaging.testing import announced
from shared.testing.http import Caller


def test_a_presigned_upload_becomes_a_picture_with_variants(
    database: Database, http: Caller, ana: Sender, work: Work, configure: Configure
) -> None:
    configure(media_avif=1)
    made = ana.stored(picture(1200, 800), entity_type="user", entity_id="7")
    assert (made["status"], made["media_type"], made["visibility"]) == ("processing", "image", "public")
    assert http.get(path_of(made["url"])).code == "media_not_ready"

    assert work() == 2

    ready = ana.get(made["id"])
    assert ready["status"] == "ready"
    assert (ready["width"], ready["height"], ready["content_type"]) == (1200, 800, "image/jpeg")
    assert [one["version_type"] for one in ready["versions"]] == ["thumbnail", "small", "medium", "medium_avif"]
    assert ready["processing_jobs"][0]["progress"] == 100
    assert ready["processing_metadata"]["blurhash"]
    assert opened(body_of(http, ready["url"]).raw.data).size == (1200, 800)
    assert opened(body_of(http, ready["thumbnail_url"]).raw.data).size == (300, 200)
    with database.transaction() as session:
        told = announced(session, "media.ready")
    assert [one.data["media_id"] for one in told] == [made["id"], made["id"]]
    assert told[0].sequence < told[1].sequence
    assert len(told[1].data["versions"]) == 4


def test_an_upload_by_form_is_the_same(http: Caller, ana: Sender, work: Work) -> None:
    made = ana.upload(picture(), title="Sunrise", display_order="3")
    assert made.status == 201
    assert (made.json["title"], made.json["display_order"], made.json["entity_known"]) == ("Sunrise", 3, False)

    work()

    assert ana.get(made.json["id"])["status"] == "ready"
