"""Bytes that several files share: taken, let go, and forgotten when nobody has needed them for a day."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.media.clients.storage import Bucket
from services.media.domain.variants import PIPELINE
from services.media.models import Blob, BlobVersion, StorageDeletion
from services.media.models.blob import BUILDING, CONDEMNED, LIVE
from shared.clock import utc_now
from shared.ids import uuid7

REVIVABLE = timedelta(hours=24)
REPLACED_KEPT = timedelta(days=7)


def fresh_key(extension: str, *, sha256: str | None = None) -> str:
    """Return a key that was never used: it says what the bytes are, and what is written later gets another."""
    name = sha256 or secrets.token_hex(32)
    return f"{name[:2]}/{name[2:4]}/{name[:32]}/{uuid7().hex}.{extension}"


def source_key(extension: str) -> str:
    """Return a fresh key for bytes as they were uploaded."""
    name = secrets.token_hex(16)
    return f"sources/{name[:2]}/{name}.{extension}"


def take_blob(
    session: Session,
    *,
    sha256: str | None,
    visibility: str,
    content_type: str,
    size: int,
    key: str,
    live: bool = False,
) -> Blob:
    """Return the blob of these bytes, locked, with one more reference; a new one names `key` as its own.

    A blob that was condemned a moment ago lives again. `live`: the bytes are what is served, nothing is to be made.
    """
    values: dict[str, Any] = {
        "id": uuid7(),
        "source_sha256": sha256,
        "visibility": visibility,
        "pipeline": PIPELINE,
        "source_type": content_type,
        "source_size": size,
        "source_key": None if live else key,
        "state": LIVE if live else BUILDING,
        "meta": {},
        "refs": 0,
    }
    if live:
        values |= {"storage_key": key, "size": size, "content_type": content_type}
    session.execute(insert(Blob).values(**values).on_conflict_do_nothing())
    same = (
        (Blob.source_sha256 == sha256, Blob.visibility == visibility, Blob.pipeline == PIPELINE)
        if sha256 is not None
        else (Blob.id == values["id"],)
    )
    blob = session.scalar(select(Blob).where(*same).with_for_update().execution_options(populate_existing=True))
    assert blob is not None, "the row was written, or was there"
    blob.refs += 1
    if blob.state == CONDEMNED:
        blob.state, blob.condemned_at = LIVE if blob.storage_key else BUILDING, None
    session.flush()
    return blob


def names(blob: Blob, key: str) -> bool:
    """Whether the blob uses the object `key` itself."""
    return key in (blob.source_key, blob.storage_key)


def let_go(session: Session, blob_id: UUID, *, now: datetime, at_once: bool = False) -> None:
    """Take one reference away; the last one condemns the blob, or removes its bytes `at_once`."""
    blob = session.scalar(
        select(Blob).where(Blob.id == blob_id).with_for_update().execution_options(populate_existing=True)
    )
    if blob is None:
        return
    blob.refs = max(blob.refs - 1, 0)
    if blob.refs == 0:
        blob.state, blob.condemned_at = CONDEMNED, now
        session.flush()
        if at_once:
            forget(session, blob)


def forget(session: Session, blob: Blob) -> None:
    """Remove a blob that nobody refers to, and have its objects deleted."""
    versions = session.scalars(select(BlobVersion).where(BlobVersion.blob_id == blob.id)).all()
    bucket: Bucket = "public" if blob.visibility == "public" else "private"
    discard(session, "private", [blob.source_key] if blob.source_key else [])
    discard(
        session, bucket, [*([blob.storage_key] if blob.storage_key else []), *(one.storage_key for one in versions)]
    )
    for one in versions:
        session.delete(one)
    session.flush()
    session.delete(blob)
    session.flush()


def forget_condemned(session: Session, *, now: datetime, limit: int = 500) -> int:
    """Remove blobs that were condemned a day ago and that nobody has needed since; return how many."""
    old = (
        select(Blob)
        .where(Blob.state == CONDEMNED, Blob.condemned_at < now - REVIVABLE, Blob.refs == 0)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = session.scalars(old).all()
    for blob in found:
        forget(session, blob)
    return len(found)


def discard(session: Session, bucket: Bucket, keys: Iterable[str], *, after: timedelta = timedelta(0)) -> None:
    """Note objects that nothing names any more; they are deleted when this is committed, `after` that long."""
    for key in keys:
        session.add(StorageDeletion(bucket=bucket, key=key, after=utc_now() + after))
