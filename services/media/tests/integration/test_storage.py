"""One suite for both storages: the folder, and S3 as moto's server speaks it."""

import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer

from services.media.clients.folder import FolderStorage
from services.media.clients.s3 import S3Storage
from services.media.clients.storage import Changed, Missing, Part, Slot, Storage, StorageAway, configured
from services.media.settings import Settings, settings
from services.media.tests.conftest import Configure, Sender, Work, path_of
from services.media.tests.pictures import mp4, picture
from shared.clock import utc_now
from shared.ids import uuid7
from shared.settings import BadSettings
from shared.testing.http import Caller

Make = Callable[[bytes], Path]
R2 = {
    "cloudflare_r2_access_key_id": "key",
    "cloudflare_r2_secret_access_key": "secret-secret-secret",
    "cloudflare_r2_storage_bucket_name": "private-files",
    "cloudflare_r2_public_bucket_name": "public-files",
    "cloudflare_r2_region_name": "auto",
}


@pytest.fixture(scope="module")
def s3_endpoint() -> Iterator[str]:
    """An S3 server with both buckets."""
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    client = boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id="key", aws_secret_access_key="secret", region_name="us-east-1"
    )
    for name in ("private-files", "public-files"):
        client.create_bucket(Bucket=name)
    client.close()
    yield endpoint
    server.stop()


@pytest.fixture
def on_r2(s3_endpoint: str, configure: Configure) -> None:
    """Let this test's files lie in S3."""
    configure(**R2, cloudflare_r2_endpoint_url=s3_endpoint)


@pytest.fixture(params=["folder", "s3"])
def storage(request: pytest.FixtureRequest, own_settings: None) -> Storage:
    """Each storage in turn."""
    if request.param == "s3":
        request.getfixturevalue("on_r2")
    made = configured(settings())
    assert isinstance(made, S3Storage if request.param == "s3" else FolderStorage)
    return made


@pytest.fixture
def file(tmp_path: Path) -> Make:
    """Make files."""

    def make(body: bytes) -> Path:
        path = tmp_path / uuid7().hex
        path.write_bytes(body)
        return path

    return make


def slot(**told: Any) -> Slot:
    values = {"media_id": uuid7(), "generation": 1, "size": 5, "content_type": "text/plain", **told}
    return Slot(**values)


def read(storage: Storage, bucket: Any, key: str, start: int = 0, length: int | None = None) -> bytes:
    with storage.open(bucket, key, start, length) as opened:
        return opened.read(length) if length is not None else opened.read()


def test_what_is_put_is_there(storage: Storage, file: Make) -> None:
    key = f"ab/cd/{uuid7()}.txt"
    storage.put("private", key, file(b"hello"), content_type="text/plain")

    seen = storage.head("private", key)
    assert (seen.size, seen.key) == (5, key)
    assert utc_now() - seen.written_at < timedelta(minutes=5)
    assert read(storage, "private", key) == b"hello"
    assert read(storage, "private", key, 1, 3) == b"ell"
    assert [one.key for one in storage.list("private", key[:6]) if one.key == key] == [key]
    with pytest.raises(Missing):
        storage.head("public", key)


def test_what_is_not_there_is_missing(storage: Storage, tmp_path: Path) -> None:
    for ask in (
        lambda: storage.head("private", "no/such"),
        lambda: storage.open("private", "no/such"),
        lambda: storage.fetch("private", "no/such", tmp_path / "x"),
        lambda: storage.copy_if_match(("private", "no/such"), ("public", "x"), etag="e", content_type="text/plain"),
    ):
        with pytest.raises(Missing):
            ask()
    assert storage.delete_many("private", ["no/such"]) == []


def test_what_is_fetched_does_not_change_with_the_object(storage: Storage, file: Make, tmp_path: Path) -> None:
    key = f"inbox/{uuid7()}"
    storage.put("private", key, file(b"first"), content_type="text/plain")
    storage.fetch("private", key, tmp_path / "mine")

    storage.put("private", key, file(b"later"), content_type="text/plain")

    assert (tmp_path / "mine").read_bytes() == b"first"
    assert read(storage, "private", key) == b"later"


def test_a_copy_is_of_what_was_looked_at(storage: Storage, file: Make) -> None:
    key, target = f"inbox/{uuid7()}", f"kept/{uuid7()}"
    storage.put("private", key, file(b"first"), content_type="text/plain")
    seen = storage.head("private", key)
    storage.copy_if_match(("private", key), ("public", target), etag=seen.etag, content_type="text/plain")
    assert read(storage, "public", target) == b"first"

    storage.put("private", key, file(b"other"), content_type="text/plain")

    with pytest.raises(Changed):
        storage.copy_if_match(("private", key), ("public", target), etag=seen.etag, content_type="text/plain")
    assert read(storage, "public", target) == b"first"


def test_what_is_deleted_is_gone(storage: Storage, file: Make) -> None:
    keys = [f"x/{uuid7()}" for _ in range(3)]
    for key in keys:
        storage.put("public", key, file(b"hello"), content_type="text/plain")

    assert storage.delete_many("public", keys[:2]) == []

    assert [one.key for one in storage.list("public", "x/") if one.key in keys] == keys[2:]


def test_parts_are_listed_joined_and_forgotten(storage: Storage, file: Make, http: Caller) -> None:
    size = 5 << 20
    whole = slot(size=size + 3)
    upload_id = storage.begin_parts(whole)
    begun = slot(media_id=whole.media_id, size=size + 3, upload_id=upload_id)
    for number, body in ((2, b"end"), (1, b"a" * size)):
        if isinstance(storage, FolderStorage):
            storage.put_part(begun, number, file(body))
        else:
            expires = utc_now() + timedelta(minutes=5)
            address = storage.presign_part(begun, number, size=len(body), expires_at=expires)
            assert requests.put(address.url, data=body, timeout=10).status_code == 200

    parts = storage.parts(begun)
    assert [(one.number, one.size) for one in parts] == [(1, size), (2, 3)]
    storage.join_parts(begun, [Part(one.number, one.size, one.etag) for one in parts])

    assert storage.head("private", begun.key).size == size + 3
    assert read(storage, "private", begun.key, size, 3) == b"end"
    storage.abort_parts(begun)


def test_signed_uploads_name_exactly_what_may_come(storage: Storage) -> None:
    wanted = slot(size=5, sha256="ab" * 32)
    permitted = storage.presign_put(wanted, expires_at=utc_now() + timedelta(minutes=5))

    assert permitted.headers["Content-Type"] == "text/plain"
    assert str(wanted.media_id) in permitted.url
    if storage.name == "r2":
        assert "X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost%3Bx-amz-checksum-sha256" in permitted.url
        assert "x-amz-checksum-sha256" in permitted.headers


def test_an_object_store_that_is_away_says_so(configure: Configure) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    configure(**R2, cloudflare_r2_endpoint_url=f"http://127.0.0.1:{port}")

    with pytest.raises(StorageAway):
        configured(settings()).head("private", "x")


@pytest.mark.usefixtures("on_r2")
def test_an_upload_goes_straight_to_the_object_store(http: Caller, ana: Sender, work: Work) -> None:
    permitted = ana.presign(len(picture()), entity_type="user", entity_id="7").json
    assert permitted["upload_url"].startswith(settings().cloudflare_r2_endpoint_url)
    sent = requests.put(permitted["upload_url"], data=picture(), headers=permitted["upload_headers"], timeout=10)
    assert sent.status_code == 200
    made = ana.confirm(permitted["media_id"]).json
    # The address goes on working, and changes nothing any more.
    requests.put(permitted["upload_url"], data=picture(9, 9), headers=permitted["upload_headers"], timeout=10)
    work()

    ready = ana.get(made["id"])
    assert (ready["status"], ready["width"]) == ("ready", 640)
    led = http.get(path_of(ready["url"]))
    assert led.status == 302
    shown = requests.get(led.headers["Location"], timeout=10)
    assert shown.headers["Content-Type"] == "image/jpeg"
    assert "inline" in shown.headers["Content-Disposition"]
    hidden = ana.http.patch(f"/media/{made['id']}/", {"visibility": "private"}).json
    assert (
        requests.get(http.get(path_of(hidden["signed_url"])).headers["Location"], timeout=10).content == shown.content
    )


def test_public_files_have_the_address_of_their_domain(
    ana: Sender, work: Work, configure: Configure, s3_endpoint: str
) -> None:
    configure(**R2, cloudflare_r2_endpoint_url=s3_endpoint, cloudflare_r2_custom_domain="cdn.example.org")

    made = ana.upload(entity_type="user", entity_id="7").json
    work()

    ready = ana.get(made["id"])
    assert ready["url"].startswith("https://cdn.example.org/")
    assert ready["thumbnail_url"].startswith("https://cdn.example.org/")
    assert ana.http.get(f"/media/{made['id']}/content/").headers["Location"] == ready["url"]


@pytest.mark.usefixtures("on_r2")
def test_large_films_are_copied_not_read(ana: Sender, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    from services.media.operations import confirming

    monkeypatch.setattr(confirming, "HASHED_MAX", 1000)
    monkeypatch.setattr(S3Storage, "fetch", lambda *_: pytest.fail("read as a whole"))
    permitted = ana.presign(4096, "a.mp4", "video/mp4").json
    requests.put(permitted["upload_url"], data=mp4(), headers=permitted["upload_headers"], timeout=10)

    assert ana.confirm(permitted["media_id"]).json["status"] == "processing"


@pytest.mark.usefixtures("on_r2")
def test_the_bucket_is_told_who_may_upload(s3_endpoint: str) -> None:
    storage = configured(settings())
    assert isinstance(storage, S3Storage)
    storage.write_rules(["https://app.example.org"])

    client = boto3.client(
        "s3", endpoint_url=s3_endpoint, aws_access_key_id="key", aws_secret_access_key="s", region_name="us-east-1"
    )
    [rule] = client.get_bucket_cors(Bucket="private-files")["CORSRules"]
    assert rule["AllowedOrigins"] == ["https://app.example.org"]
    client.close()


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ({"cloudflare_r2_custom_domain": "cdn.example.org", "cloudflare_r2_public_bucket_name": ""}, "CUSTOM_DOMAIN"),
        ({"cloudflare_r2_public_bucket_name": "private-files"}, "PUBLIC_BUCKET_NAME"),
        ({"media_signing_keys": "k:short"}, "MEDIA_SIGNING_KEYS"),
    ],
)
def test_settings_that_would_show_private_files_refuse_to_start(
    configure: Configure, told: dict[str, str], problem: str
) -> None:
    configure(**R2, cloudflare_r2_endpoint_url="http://127.0.0.1:1")
    configure(**told)

    with pytest.raises(BadSettings) as refused:
        Settings.from_environ()

    assert problem in str(refused.value)
