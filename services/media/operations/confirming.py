"""The end of an upload: what lies in the inbox is read once, checked, and kept where nobody can change it.

The address of the upload outlives the confirmation, so what was checked must be what is kept: the bytes go into a file
of our own first (or, for large films in R2, are copied on the condition that they are still the same), and only that
goes on. Confirming is safe to repeat, and two confirmations at once give one file.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.media.clients.storage import Changed, Missing, Part, Slot, Storage, Stored
from services.media.domain import kinds, parts
from services.media.domain.errors import (
    Broken,
    MediaNotFound,
    MediaNotPending,
    TypeRefused,
    UploadMismatch,
    UploadMissing,
)
from services.media.models import Media
from services.media.operations import quotas
from services.media.operations.blobs import discard
from services.media.operations.inspecting import Inspected, inspect_path, refuse_blocked
from services.media.operations.presigning import slot_of
from services.media.operations.receiving import Placed, fill, place_for, store
from services.media.settings import MIB, settings
from shared.database import database, transaction
from shared.errors import DomainError, Invalid
from shared.identity import Identity

HASHED_MAX = 64 * MIB
_ENDS = 4 * MIB


def own_media(session: Session, media_id: UUID, *, by: Identity, lock: bool = False) -> Media:
    """Return the caller's file. Raises MediaNotFound."""
    wanted = select(Media).where(Media.id == media_id).execution_options(populate_existing=True)
    media = session.scalar(wanted.with_for_update() if lock else wanted)
    if media is None or not (by.is_staff or media.uploaded_by == by.user_id):
        raise MediaNotFound
    return media


def confirm_upload(
    storage: Storage,
    media_id: UUID,
    *,
    by: Identity,
    size: int | None = None,
    listed: Sequence[dict[str, Any]] | None = None,
) -> Media:
    """Make a file of what was uploaded, and return it; again, the same answer.

    Raises MediaNotFound, MediaNotPending, UploadMissing, UploadMismatch, TypeRefused, ImageTooLarge, TooManyFrames,
    BytesBlocked, StorageAway. Emits MediaReady.
    """
    with transaction() as session:
        media = own_media(session, media_id, by=by)
        session.expunge(media)
    if media.status in (kinds.PROCESSING, kinds.READY):
        return media
    if media.status != kinds.PENDING:
        raise MediaNotPending
    if size is not None and media.declared_size is not None and size != media.declared_size:
        raise Invalid.field("file_size", f"{media.declared_size} bytes were declared.")
    slot = slot_of(media)
    if slot.upload_id:
        _join(storage, slot, listed)
    try:
        placed = _keep(storage, media, slot)
    except UploadMissing:
        # Somebody else may have confirmed it, and had the inbox cleared, while we looked.
        with transaction() as session:
            now = own_media(session, media_id, by=by)
            if now.status not in (kinds.PROCESSING, kinds.READY):
                raise
            session.expunge(now)
        return now
    return database().retrying(lambda session: _finish(session, media_id, placed, slot, by=by))


def _finish(session: Session, media_id: UUID, placed: Placed, slot: Slot, *, by: Identity) -> Media:
    """Let the row be what its bytes are, unless somebody else was quicker."""
    media = own_media(session, media_id, by=by, lock=True)
    if media.status != kinds.PENDING or media.upload_generation != slot.generation:
        discard(session, placed.bucket, [placed.key])
        if media.status in (kinds.PROCESSING, kinds.READY):
            return media
        raise MediaNotPending
    refuse_blocked(session, placed.inspected.sha256)
    discard(session, "private", [slot.key])
    if media.uploaded_by is not None:
        kind, counted = placed.inspected.media_type, media.counted_bytes
        quotas.charge(session, media.uploaded_by, kind, reserved=-counted, used=placed.inspected.size, files=1)
    media.counted_bytes = placed.inspected.size
    media.multipart_upload_id = None
    fill(session, media, placed)
    return media


def _keep(storage: Storage, media: Media, slot: Slot) -> Placed:
    """Check what lies in the inbox and put it where it stays."""
    try:
        seen = storage.head("private", slot.key)
    except Missing:
        raise UploadMissing from None
    if seen.size != slot.size:
        storage.delete_many("private", [slot.key])
        raise UploadMismatch(f"{slot.size} bytes were declared, {seen.size} were uploaded.")
    try:
        by_copy = storage.name != "local" and media.media_type == kinds.VIDEO and seen.size > HASHED_MAX
        return _keep_by_copy(storage, media, slot, seen) if by_copy else _keep_by_reading(storage, media, slot)
    except Missing:
        raise UploadMissing from None
    except Changed as changed:
        raise UploadMismatch("The upload changed while it was being confirmed. Send it again.") from changed
    except DomainError as refused:
        if refused.status < 500:
            storage.delete_many("private", [slot.key])
        raise


def _keep_by_reading(storage: Storage, media: Media, slot: Slot) -> Placed:
    with scratch(storage) as folder:
        path = folder / "upload"
        storage.fetch("private", slot.key, path)
        # What is large takes longer to hash than anybody waits, and is hardly ever sent twice.
        sha256 = hash_of(path) if slot.sha256 or slot.size <= HASHED_MAX else None
        if slot.sha256 and sha256 != slot.sha256:
            raise UploadMismatch("The bytes are not those whose sha256 was declared.")
        if path.stat().st_size != slot.size:
            raise UploadMismatch
        found = checked(path, media, size=slot.size, sha256=sha256)
        placed = place_for(found, visibility=media.visibility, told=settings())
        store(storage, placed, path)
        return placed


def _keep_by_copy(storage: Storage, media: Media, slot: Slot, seen: Stored) -> Placed:
    """Look at the beginning of a large film, and copy it as a whole if it still is the one that was looked at."""
    with scratch(storage) as folder:
        path = folder / "begin"
        with storage.open("private", slot.key, 0, _ENDS) as source:
            path.write_bytes(source.read(_ENDS))
        found = checked(path, media, size=seen.size, sha256=slot.sha256)
        placed = place_for(found, visibility=media.visibility, told=settings())
        storage.copy_if_match(
            ("private", slot.key), (placed.bucket, placed.key), etag=seen.etag, content_type=found.content_type
        )
        return placed


def checked(path: Path, media: Media, *, size: int, sha256: str | None) -> Inspected:
    """Return what the bytes are. Raises TypeRefused (also for pictures that are no pictures), ImageTooLarge …"""
    declared = kinds.Declared(media.ext, media.declared_type, media.media_type)
    try:
        return inspect_path(path, size=size, sha256=sha256, declared=declared, told=settings())
    except Broken as broken:
        raise TypeRefused("The picture is damaged.") from broken


def _join(storage: Storage, slot: Slot, listed: Sequence[dict[str, Any]] | None) -> None:
    """Make one object of the parts. Raises Invalid naming the missing ones; done already is fine."""
    try:
        arrived = {part.number: part for part in storage.parts(slot)}
    except Missing:
        arrived = {}
    if not arrived:
        try:
            storage.head("private", slot.key)
        except Missing:
            raise UploadMissing from None
        return
    wanted = range(1, parts.part_count(slot.size) + 1)
    missing = [number for number in wanted if number not in arrived]
    wrong = [
        number
        for number in wanted
        if number in arrived and arrived[number].size != parts.part_length(slot.size, number)
    ]
    unlike = [
        one["part_number"]
        for one in listed or ()
        if one["part_number"] in arrived and one["etag"].strip('"') != arrived[one["part_number"]].etag
    ]
    problems = sorted({*missing, *wrong, *unlike})
    if problems:
        named = ", ".join(map(str, problems[:50]))
        raise Invalid.field("parts", f"Missing, or not of the right size: {named}.")
    # Where another confirmation has joined them already, the whole is there instead.
    with suppress(Missing):
        storage.join_parts(slot, [Part(number, arrived[number].size, arrived[number].etag) for number in wanted])


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def scratch(storage: Storage) -> Iterator[Path]:
    """Yield a folder for files that are being looked at; on the storage's own disk where it has one."""
    with TemporaryDirectory(dir=getattr(storage, "spool", None), prefix="scratch-") as name:
        yield Path(name)
