"""Changing who may see a file: its bytes move into the other bucket.

Copying takes the storage, so it is done before the transaction (`prepare`); the transaction then shows the copies, or
another's bytes that are there already (`show_to`). What was copied in vain is deleted again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.media.clients.storage import Bucket, Changed, Missing, Storage, StorageAway
from services.media.domain import kinds
from services.media.domain.errors import MediaNotReady
from services.media.models import Blob, BlobVersion, Media
from services.media.models.blob import LIVE
from services.media.operations.blobs import discard, fresh_key, let_go, take_blob
from services.media.operations.showing import show_blob
from shared.clock import utc_now
from shared.database import transaction


@dataclass(frozen=True, slots=True)
class Copies:
    """The objects of one blob, copied into another bucket: new keys by the old ones."""

    blob_id: UUID
    bucket: Bucket
    keys: Mapping[str, str] = field(default_factory=dict)


def prepare(storage: Storage, media_id: UUID, visibility: str) -> Copies | None:
    """Copy a file's objects into the bucket of `visibility`; None where nothing is to be copied. Raises StorageAway."""
    with transaction() as session:
        media = session.get(Media, media_id)
        if media is None or media.visibility == visibility or media.blob_id is None:
            return None
        blob = session.get(Blob, media.blob_id)
        if blob is None or blob.state != LIVE or blob.storage_key is None or blob.content_type is None:
            return None
        versions = session.scalars(select(BlobVersion).where(BlobVersion.blob_id == blob.id)).all()
        wanted = {blob.storage_key: blob.content_type, **{one.storage_key: f"image/{one.format}" for one in versions}}
        here: Bucket = "public" if blob.visibility == kinds.PUBLIC else "private"
        there: Bucket = "public" if visibility == kinds.PUBLIC else "private"
        blob_id, sha256 = blob.id, blob.source_sha256
    keys: dict[str, str] = {}
    try:
        for key, content_type in wanted.items():
            keys[key] = fresh_key(key.rpartition(".")[2], sha256=sha256)
            etag = storage.head(here, key).etag
            storage.copy_if_match((here, key), (there, keys[key]), etag=etag, content_type=content_type)
    except (Missing, Changed, StorageAway) as failed:
        storage.delete_many(there, keys.values())
        raise StorageAway from failed
    return Copies(blob_id, there, keys)


def show_to(session: Session, media: Media, visibility: str, copies: Copies | None) -> None:
    """Let a file be of another visibility; the caller holds the row and announces. Raises MediaNotReady."""
    media.visibility = visibility
    if media.status != kinds.READY:
        return
    if copies is None or copies.blob_id != media.blob_id:
        raise MediaNotReady("The file changed at the same moment. Try again.", retry_after=1)
    former = session.get(Blob, copies.blob_id)
    assert former is not None, "a ready file has its blob"
    assert former.storage_key is not None, "a ready file's blob is live"
    key = copies.keys[former.storage_key]
    blob = take_blob(
        session,
        sha256=former.source_sha256,
        visibility=visibility,
        content_type=former.source_type,
        size=former.source_size,
        key=key,
        live=True,
    )
    if blob.storage_key == key:
        _describe(session, former, blob, copies)
    elif blob.state == LIVE:
        discard(session, copies.bucket, copies.keys.values())
    else:
        # Somebody's equal upload is being processed this very moment: our copies are what will come of it.
        blob.state, blob.storage_key = LIVE, key
        _describe(session, former, blob, copies)
    media.blob_id = blob.id
    session.flush()
    let_go(session, former.id, now=utc_now())
    show_blob(session, media, blob)


def _describe(session: Session, former: Blob, blob: Blob, copies: Copies) -> None:
    for name in ("size", "content_type", "width", "height", "duration", "meta"):
        setattr(blob, name, getattr(former, name))
    session.flush()
    for one in session.scalars(select(BlobVersion).where(BlobVersion.blob_id == former.id)).all():
        if one.storage_key in copies.keys:
            values = {name: getattr(one, name) for name in ("version_type", "width", "height", "file_size", "format")}
            session.execute(
                insert(BlobVersion)
                .values(blob_id=blob.id, storage_key=copies.keys[one.storage_key], **values)
                .on_conflict_do_nothing()
            )
