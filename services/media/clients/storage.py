"""Where bytes lie: one interface, kept by a folder (`folder.py`) and by R2 or any S3 (`s3.py`).

There are two buckets: `private` also takes uploads (below `inbox/`), `public` may be shown by a domain of its own.
Keys are chosen by us, never by people.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import BinaryIO, Literal, Protocol
from uuid import UUID

from services.media.settings import Settings
from shared.errors import Unavailable

Bucket = Literal["private", "public"]


class StorageAway(Unavailable):
    """The storage does not answer, or takes nothing for the moment."""

    message = "The storage is not available for the moment. Try again shortly."


class Missing(Exception):
    """There is no such object."""


class Changed(Exception):
    """The object is not the one that was looked at."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object: its size, a word that changes with its bytes, and when it was written."""

    key: str
    size: int
    etag: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Upload:
    """Permission to send bytes: exactly this method, address and headers."""

    url: str
    headers: Mapping[str, str]
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Where an upload of a file goes, and exactly what it may be."""

    media_id: UUID
    generation: int
    size: int
    content_type: str
    sha256: str | None = None
    upload_id: str | None = None

    @property
    def key(self) -> str:
        """The key of the upload; a renewed one gets another."""
        return f"inbox/{self.media_id}.{self.generation}"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an upload that has arrived."""

    number: int
    size: int
    etag: str


class Storage(Protocol):
    """What media asks of a storage. Every method raises StorageAway when it does not answer."""

    name: str

    def presign_put(self, slot: Slot, *, expires_at: datetime) -> Upload:
        """Return the permission to upload exactly what `slot` says."""

    def begin_parts(self, slot: Slot) -> str:
        """Begin an upload in parts and return its id."""

    def presign_part(self, slot: Slot, number: int, *, size: int, expires_at: datetime) -> Upload:
        """Return the permission to upload one part."""

    def parts(self, slot: Slot) -> list[Part]:
        """Return the parts that have arrived, by number."""

    def join_parts(self, slot: Slot, parts: list[Part]) -> None:
        """Make the object of its parts. Raises Missing."""

    def abort_parts(self, slot: Slot) -> None:
        """Forget an upload in parts; one that is gone already is fine."""

    def open(self, bucket: Bucket, key: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """Return the bytes, or `length` of them from `start`. Raises Missing."""

    def head(self, bucket: Bucket, key: str) -> Stored:
        """Return what is known of an object without its bytes. Raises Missing."""

    def fetch(self, bucket: Bucket, key: str, to: Path) -> None:
        """Bring an object's bytes into the file `to`, which then never changes with the object. Raises Missing."""

    def put(self, bucket: Bucket, key: str, source: Path, *, content_type: str) -> None:
        """Store the file; `source` may be gone afterwards."""

    def copy_if_match(
        self, source: tuple[Bucket, str], target: tuple[Bucket, str], *, etag: str, content_type: str
    ) -> None:
        """Copy an object if it still is the one with `etag`. Raises Changed, Missing."""

    def delete_many(self, bucket: Bucket, keys: Iterable[str]) -> list[str]:
        """Delete objects and return the keys that could not be deleted; absent ones are fine."""

    def list(self, bucket: Bucket, prefix: str) -> Iterator[Stored]:
        """Yield the objects whose keys begin with `prefix`."""

    def presign_get(self, bucket: Bucket, key: str, *, expires_at: datetime, headers: Mapping[str, str]) -> str | None:
        """Return an address of the storage itself, or None where we serve the bytes; `headers` are answered with it."""

    def public_url(self, key: str) -> str | None:
        """Return the permanent address of an object of the public bucket, or None where we serve the bytes."""

    def trouble(self) -> str | None:
        """Return why uploads can not be taken, or None."""


@cache
def configured(told: Settings) -> Storage:
    """Return this process's storage."""
    if told.uses_r2:
        from services.media.clients.s3 import S3Storage

        return S3Storage(told)
    from services.media.clients.folder import FolderStorage

    return FolderStorage(
        Path(told.media_storage_dir),
        public_url=told.public_url,
        keys=told.signing_keys,
        min_free_mb=told.media_min_free_mb,
    )
