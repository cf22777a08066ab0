"""What media's tests stand on: a storage of their own, workers that work when told, and files being sent."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any
from urllib.parse import urlsplit

import pytest
from urllib3 import encode_multipart_formdata

from services.media.clients import films, imaging, sandbox
from services.media.clients.folder import FolderStorage
from services.media.clients.storage import configured
from services.media.operations.working import work_once
from services.media.settings import settings
from services.media.tests.pictures import picture
from shared.database import Database
from shared.ids import uuid7
from shared.testing.http import Answer, Caller

Configure = Callable[..., None]
Work = Callable[[], int]


@pytest.fixture(autouse=True)
def own_settings(database: Database, tmp_path: Path) -> Iterator[None]:
    """A storage folder for this test only, read anew by whoever asks for the settings."""
    os.environ["MEDIA_STORAGE_DIR"] = str(tmp_path / "media")
    os.environ["MEDIA_MIN_FREE_MB"] = "1"
    # Two seconds of work for every picture; the one test that is about it asks for it.
    os.environ["MEDIA_AVIF"] = "0"
    settings.cache_clear()
    yield
    settings.cache_clear()
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture
def configure(own_settings: None) -> Configure:
    """Change settings for the rest of the test."""

    def change(**values: object) -> None:
        os.environ.update({name.upper(): str(value) for name, value in values.items()})
        settings.cache_clear()

    return change


@pytest.fixture
def folder(own_settings: None) -> FolderStorage:
    """The folder that files lie in."""
    storage = configured(settings())
    assert isinstance(storage, FolderStorage)
    return storage


@pytest.fixture(autouse=True)
def no_film_tools(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Films are stored as they are, whatever this machine has; tests that ask for `real_tools` have what it has."""
    films.film_tools.cache_clear()
    if "real_tools" not in request.fixturenames:
        monkeypatch.setattr(films, "which", lambda _name: None)


@pytest.fixture
def real_tools() -> None:
    """ffprobe and ffmpeg, as they are installed here."""
    missing = [name for name in ("ffprobe", "ffmpeg") if which(name) is None]
    if missing:
        pytest.skip(f"not installed here: {', '.join(missing)}")


@pytest.fixture(autouse=True)
def painting_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paint in this process: starting another one for every picture would take most of the tests' time.

    Tests that ask for `real_child` get what runs in production.
    """
    if "real_child" in request.fixturenames:
        return

    def paint(order: dict[str, Any], *, beat: Callable[[], None] = lambda: None) -> dict[str, Any]:
        return sandbox.read(imaging.answer(order))

    monkeypatch.setattr(sandbox, "paint", paint)


@pytest.fixture
def real_child() -> None:
    """Pictures are painted by a child under limits, as in production."""


@pytest.fixture
def work(database: Database, own_settings: None) -> Work:
    """Let a worker do every job that is due; returns how many there were."""

    def until_done() -> int:
        done = 0
        while work_once("test"):
            done += 1
        return done

    return until_done


@dataclass(frozen=True)
class Sender:
    """Somebody who uploads files. Nothing is waited for: the test says when workers work."""

    http: Caller
    user_id: int

    def form(self, path: str, files: Any, **values: Any) -> Answer:
        """Send a form; `files` are (name, bytes, type) by field."""
        told = [(name, str(value)) for name, value in values.items() if value is not None]
        sent = [
            (field, one) for field, given in files.items() for one in (given if isinstance(given, list) else [given])
        ]
        body, kind = encode_multipart_formdata([*told, *sent])
        return self.http.call("POST", path, data=body, content_type=kind)

    def upload(
        self, body: bytes | None = None, name: str = "photo.jpg", kind: str = "image/jpeg", **values: Any
    ) -> Answer:
        """Upload a file."""
        told = {"entity_type": "service", "entity_id": str(uuid7()), **values}
        return self.form("/media/upload/", {"file": (name, picture() if body is None else body, kind)}, **told)

    def presign(self, size: int, name: str = "photo.jpg", kind: str = "image/jpeg", **values: Any) -> Answer:
        """Ask for an address to upload to, as forms ask."""
        told = {"entity_type": "service", "entity_id": str(uuid7()), "filename": name, "content_type": kind}
        data = {**told, "file_size": str(size), **values}
        return self.http.call("POST", "/media/presigned_upload/", data=data, content_type="multipart/form-data")

    def put(self, address: str, body: bytes, kind: str | None = "image/jpeg", **options: Any) -> Answer:
        """Send bytes to a signed address, as a browser without a token does."""
        parts = urlsplit(address)
        anybody = Caller(self.http.app, self.http.edge_key, self.http.issuer)
        path = f"{parts.path.removeprefix('/api/v1/drf')}?{parts.query}"
        headers = {"Content-Type": kind} if kind else {}
        return anybody.call("PUT", path, data=body, headers=headers, **options)

    def confirm(self, media_id: str, body: Any = None) -> Answer:
        """Say that the bytes are there."""
        return self.http.post(f"/media/{media_id}/confirm_upload/", body)

    def stored(
        self, body: bytes | None = None, name: str = "photo.jpg", kind: str = "image/jpeg", **values: Any
    ) -> Any:
        """Return a file that was presigned, sent and confirmed."""
        data = picture() if body is None else body
        permitted = self.presign(len(data), name, kind, **values)
        assert permitted.status == 200, permitted
        assert (
            self.put(permitted.json["upload_url"], data, permitted.json["upload_headers"]["Content-Type"]).status == 200
        )
        confirmed = self.confirm(permitted.json["media_id"])
        assert confirmed.status == 200, confirmed
        return confirmed.json

    def get(self, media_id: str) -> Any:
        """Return the file as it is now."""
        answer = self.http.get(f"/media/{media_id}/")
        assert answer.status == 200, answer
        return answer.json


@pytest.fixture
def sender(http: Caller) -> Callable[..., Sender]:
    """Make people who upload."""

    def make(user_id: int = 7, **told: Any) -> Sender:
        return Sender(http.as_user(user_id, **told).having(Prefer="wait=0"), user_id)

    return make


@pytest.fixture
def ana(sender: Callable[..., Sender]) -> Sender:
    """Somebody."""
    return sender(7)


@pytest.fixture
def ben(sender: Callable[..., Sender]) -> Sender:
    """Somebody else."""
    return sender(8)


@pytest.fixture
def staff(sender: Callable[..., Sender]) -> Sender:
    """Somebody who works for the marketplace."""
    return sender(1, roles=("user", "staff"))


def path_of(address: str) -> str:
    """Return the path and query under which the service knows a public address."""
    parts = urlsplit(address)
    return parts.path.removeprefix("/api/v1/drf") + (f"?{parts.query}" if parts.query else "")


def body_of(http: Caller, address: str, **headers: str) -> Answer:
    """Return the answer at a public address, read to its end."""
    return http.get(path_of(address), headers=headers, buffered=True)
