"""Uploads that this service takes itself, at the addresses that the folder storage signed."""

from collections.abc import Mapping
from datetime import datetime
from typing import IO, Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.media.clients.folder import FolderStorage
from services.media.clients.spool import Spool
from services.media.clients.storage import Slot, Storage, StorageAway
from services.media.domain import kinds, signatures
from services.media.domain.errors import MediaNotPending, SignatureInvalid, UploadMismatch
from services.media.domain.parts import part_count, part_length
from services.media.models import Media
from services.media.operations.presigning import slot_of
from services.media.settings import settings
from shared.database import transaction

CHUNK = 1 << 20


def take_bytes(
    storage: Storage,
    media_id: UUID,
    query: Mapping[str, Any],
    *,
    stream: IO[bytes],
    length: int,
    content_type: str,
    now: datetime,
) -> str:
    """Store an upload, or a part of one, and return its etag. Nothing is kept of one that breaks off.

    Raises SignatureExpired, SignatureInvalid, MediaNotPending, UploadMismatch, StorageAway.
    """
    number = query.get("part")
    slot = _permitted(media_id, number, query, now=now)
    size = slot.size if number is None else part_length(slot.size, number)
    if length != size:
        raise UploadMismatch(f"{size} bytes were declared, {length} are sent.")
    if number is None and content_type != slot.content_type:
        raise UploadMismatch(f"Content-Type must be {slot.content_type}, as it was signed.")
    if not isinstance(storage, FolderStorage):
        raise SignatureInvalid
    if storage.trouble() is not None:
        raise StorageAway(retry_after=30)
    spool = Spool(storage, bytes_max=size)
    try:
        while chunk := stream.read(min(CHUNK, size - spool.size)):
            spool.write(chunk)
        if spool.size != size:
            raise UploadMismatch(f"The upload broke off after {spool.size} bytes.")
        if number is None and slot.sha256 and spool.sha256 != slot.sha256:
            raise UploadMismatch("The bytes are not those whose sha256 was declared.")
        spool.flush()
        if number is not None:
            return storage.put_part(slot, number, spool.path)
        storage.put("private", slot.key, spool.path, content_type=slot.content_type)
        return storage.head("private", slot.key).etag
    finally:
        spool.close()


def _permitted(media_id: UUID, number: int | None, query: Mapping[str, Any], *, now: datetime) -> Slot:
    """Return where the upload goes, if the address permits it."""
    with transaction() as session:
        media = _pending(session, media_id)
        if media is None:
            raise SignatureInvalid
        slot, status = slot_of(media), media.status
    if number is not None and number > part_count(slot.size):
        raise SignatureInvalid
    signatures.check(
        settings().signing_keys,
        method="PUT",
        media_id=media_id,
        target="bytes" if number is None else f"part:{number}",
        exp=query["exp"],
        kid=query["kid"],
        sig=query["sig"],
        now=now,
        length=slot.size if number is None else part_length(slot.size, number),
        content_type=slot.content_type if number is None else "",
        generation=slot.generation,
    )
    if status != kinds.PENDING:
        raise MediaNotPending
    return slot


def _pending(session: Session, media_id: UUID) -> Media | None:
    return session.scalar(select(Media).where(Media.id == media_id))
