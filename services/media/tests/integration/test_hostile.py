"""A corpus of files made to do harm: each is refused or made harmless, and the worker goes on."""

from collections.abc import Callable

import pytest

from services.media.tests import pictures
from services.media.tests.conftest import Sender, Work, body_of
from services.media.tests.pictures import opened, picture
from shared.testing.http import Caller

pytestmark = pytest.mark.usefixtures("real_child")


@pytest.mark.parametrize(
    ("name", "make", "code"),
    [
        pytest.param("a.jpg", lambda: picture()[: len(picture()) // 2], "broken_image", id="half a picture"),
        pytest.param("a.png", pictures.bomb_in_text, "broken_image", id="text that unpacks to 80 MB"),
        pytest.param("a.png", pictures.bomb_in_profile, "broken_image", id="profile that unpacks to 80 MB"),
        pytest.param("a.png", lambda: pictures.png_claiming(7_000, 7_000), "broken_image", id="no pixels behind"),
    ],
)
def test_what_can_not_be_decoded_fails_alone(
    ana: Sender, work: Work, name: str, make: Callable[[], bytes], code: str
) -> None:
    bad = ana.upload(make(), name, "").json

    work()

    failed = ana.get(bad["id"])
    assert (failed["status"], failed["error_code"], failed["url"]) == ("failed", code, "")


def test_the_worker_goes_on_behind_a_bad_file(ana: Sender, work: Work) -> None:
    ana.upload(pictures.png_claiming(7_000, 7_000), "bad.png", "")
    good = ana.upload(picture(100, 100), "good.jpg").json

    work()

    assert ana.get(good["id"])["status"] == "ready"


@pytest.mark.parametrize(
    ("name", "make", "hidden"),
    [
        ("a.gif", pictures.gif_with_script, b"alert("),
        ("a.jpg", pictures.jpeg_with_archive, b"evil.class"),
        ("a.png", pictures.png_with_text, b"Somebody Private"),
    ],
)
def test_what_hides_in_a_picture_does_not_come_out(
    http: Caller, ana: Sender, work: Work, name: str, make: Callable[[], bytes], hidden: bytes
) -> None:
    assert hidden in make()
    made = ana.upload(make(), name, "", entity_type="user", entity_id="7").json
    work()

    ready = ana.get(made["id"])
    assert ready["status"] == "ready"
    served = [body_of(http, address).raw.data for address in (ready["url"], ready["thumbnail_url"])]
    assert all(opened(data) and hidden not in data for data in served)


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_what_moves_goes_on_moving(http: Caller, ana: Sender, work: Work, kind: str) -> None:
    made = ana.upload(pictures.animation(kind), f"a.{kind.lower()}", "", entity_type="user", entity_id="7").json
    work()

    assert opened(body_of(http, ana.get(made["id"])["url"]).raw.data).n_frames == 4  # type: ignore[attr-defined]
