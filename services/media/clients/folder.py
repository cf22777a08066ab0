"""Files in a folder: the embedded storage. Writes are atomic renames, so nobody ever sees half a file."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlencode

from services.media.clients.storage import Bucket, Changed, Missing, Part, Slot, StorageAway, Stored, Upload
from services.media.domain import signatures
from shared.ids import uuid7

MODE = 0o600


class FolderStorage:
    """See `Storage`. Uploads and contents are served by this service, at signed addresses below `public_url`.

    Several processes of one host may share the folder. `min_free_mb`: with less room left nothing new is taken.
    """

    name = "local"

    def __init__(self, folder: Path, *, public_url: str, keys: dict[str, bytes], min_free_mb: int) -> None:
        self.folder = folder.absolute()
        self._base = f"{public_url}/api/v1/drf/media"
        self._keys = keys
        self._min_free = min_free_mb << 20

    @property
    def spool(self) -> Path:
        """Where uploads are written while they come: on the same disk, so that storing them is a rename."""
        return self._made(self.folder / "spool")

    def presign_put(self, slot: Slot, *, expires_at: datetime) -> Upload:
        """See `Storage.presign_put`."""
        query = signatures.sign(
            self._keys,
            method="PUT",
            media_id=slot.media_id,
            target="bytes",
            expires_at=expires_at,
            length=slot.size,
            content_type=slot.content_type,
            generation=slot.generation,
        )
        url = f"{self._base}/{slot.media_id}/bytes/?{urlencode(query)}"
        return Upload(url, {"Content-Type": slot.content_type}, expires_at)

    def begin_parts(self, slot: Slot) -> str:
        """See `Storage.begin_parts`."""
        return f"{slot.media_id}.{slot.generation}"

    def presign_part(self, slot: Slot, number: int, *, size: int, expires_at: datetime) -> Upload:
        """See `Storage.presign_part`."""
        query = signatures.sign(
            self._keys,
            method="PUT",
            media_id=slot.media_id,
            target=f"part:{number}",
            expires_at=expires_at,
            length=size,
            content_type="",
            generation=slot.generation,
        )
        url = f"{self._base}/{slot.media_id}/bytes/?{urlencode({'part': number, **query})}"
        return Upload(url, {}, expires_at)

    def parts(self, slot: Slot) -> list[Part]:
        """See `Storage.parts`."""
        folder = self._path("private", f"{slot.key}.parts")
        found = [Part(int(path.name), path.stat().st_size, _etag(path.stat())) for path in _files(folder)]
        return sorted(found, key=lambda part: part.number)

    def join_parts(self, slot: Slot, parts: list[Part]) -> None:
        """See `Storage.join_parts`."""
        folder = self._path("private", f"{slot.key}.parts")
        joined = self.spool / f"{uuid7()}.join"
        try:
            with joined.open("xb") as target:
                for part in parts:
                    with (folder / str(part.number)).open("rb") as source:
                        shutil.copyfileobj(source, target, 1 << 20)
            self.put("private", slot.key, joined, content_type=slot.content_type)
        except FileNotFoundError as gone:
            raise Missing(slot.key) from gone
        finally:
            joined.unlink(missing_ok=True)
        self.abort_parts(slot)

    def abort_parts(self, slot: Slot) -> None:
        """See `Storage.abort_parts`."""
        shutil.rmtree(self._path("private", f"{slot.key}.parts"), ignore_errors=True)

    def put_part(self, slot: Slot, number: int, source: Path) -> str:
        """Take a part that was received; return its etag."""
        target = self._path("private", f"{slot.key}.parts/{number}")
        self._move(source, target)
        return _etag(target.stat())

    def open(self, bucket: Bucket, key: str, start: int = 0, length: int | None = None) -> BinaryIO:  # noqa: ARG002 - see below.
        """See `Storage.open`. `length` is the caller's to keep: the file goes on to its end."""
        try:
            file = self._path(bucket, key).open("rb")
        except FileNotFoundError as gone:
            raise Missing(key) from gone
        except OSError as away:
            raise StorageAway from away
        file.seek(start)
        return file

    def head(self, bucket: Bucket, key: str) -> Stored:
        """See `Storage.head`."""
        try:
            return _stored(key, self._path(bucket, key).stat())
        except FileNotFoundError as gone:
            raise Missing(key) from gone

    def fetch(self, bucket: Bucket, key: str, to: Path) -> None:
        """See `Storage.fetch`. A second name of the same bytes: what is renamed over the key later is another file."""
        try:
            os.link(self._path(bucket, key), to)
        except FileNotFoundError as gone:
            raise Missing(key) from gone
        except OSError:
            shutil.copyfile(self._path(bucket, key), to)

    def put(self, bucket: Bucket, key: str, source: Path, *, content_type: str) -> None:  # noqa: ARG002 - the row keeps the type.
        """See `Storage.put`."""
        self._move(source, self._path(bucket, key))

    def copy_if_match(
        self, source: tuple[Bucket, str], target: tuple[Bucket, str], *, etag: str, content_type: str
    ) -> None:
        """See `Storage.copy_if_match`."""
        copy = self.spool / f"{uuid7()}.copy"
        self.fetch(*source, copy)
        try:
            if _etag(copy.stat()) != etag:
                raise Changed(source[1])
            self.put(*target, copy, content_type=content_type)
        finally:
            copy.unlink(missing_ok=True)

    def delete_many(self, bucket: Bucket, keys: Iterable[str]) -> list[str]:
        """See `Storage.delete_many`."""
        failed = []
        for key in keys:
            try:
                self._path(bucket, key).unlink(missing_ok=True)
            except OSError:
                failed.append(key)
        return failed

    def list(self, bucket: Bucket, prefix: str) -> Iterator[Stored]:
        """See `Storage.list`."""
        root = self.folder / bucket
        start = root / prefix if prefix.endswith("/") or (root / prefix).is_dir() else (root / prefix).parent
        for path in sorted(start.rglob("*")):
            key = path.relative_to(root).as_posix()
            with suppress(FileNotFoundError):
                if key.startswith(prefix) and path.is_file():
                    yield _stored(key, path.stat())

    def presign_get(self, bucket: Bucket, key: str, *, expires_at: datetime, headers: Mapping[str, str]) -> str | None:  # noqa: ARG002 - we serve.
        """See `Storage.presign_get`."""
        return None

    def public_url(self, key: str) -> str | None:  # noqa: ARG002 - we serve.
        """See `Storage.public_url`."""
        return None

    def trouble(self) -> str | None:
        """See `Storage.trouble`."""
        try:
            spool = self.spool
            if not os.access(spool, os.W_OK):
                return "not_writable"
            return "full" if shutil.disk_usage(spool).free < self._min_free else None
        except (OSError, StorageAway):
            return "unreachable"

    def clear_spool(self, *, before: datetime) -> None:
        """Remove what uploads and workers left behind that died."""
        for path in self.spool.iterdir():
            with suppress(FileNotFoundError):
                if datetime.fromtimestamp(path.stat().st_mtime, UTC) < before:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _path(self, bucket: Bucket, key: str) -> Path:
        path = self.folder / bucket / key
        if ".." in key.split("/") or key.startswith("/"):
            raise ValueError(key)
        return path

    def _move(self, source: Path, target: Path) -> None:
        """Give the file its place: on disk first, then in one step. From another disk it is copied beside the place."""
        try:
            self._made(target.parent)
            try:
                _settle(source)
                source.replace(target)
            except OSError as refused:
                if refused.errno != 18:  # EXDEV: another disk.
                    raise
                beside = target.with_name(f"{target.name}.{uuid7().hex}.tmp")
                shutil.copyfile(source, beside)
                _settle(beside)
                beside.replace(target)
        except OSError as away:
            raise StorageAway from away

    def _made(self, folder: Path) -> Path:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as away:
            raise StorageAway from away
        return folder


def _settle(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    path.chmod(MODE)


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if path.name.isdigit())


def _etag(status: os.stat_result) -> str:
    return f"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"


def _stored(key: str, status: os.stat_result) -> Stored:
    return Stored(key, status.st_size, _etag(status), datetime.fromtimestamp(status.st_mtime, UTC))
