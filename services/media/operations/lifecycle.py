"""Deleting files, taking them back, taking them down."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.media.domain import kinds
from services.media.domain.errors import MediaNotFound
from services.media.models import Blob, BlockedHash, Media
from services.media.models.blob import LIVE
from services.media.operations import quotas
from services.media.operations.announcing import announce, announce_deleted
from services.media.operations.attaching import step_aside
from services.media.operations.blobs import let_go
from services.media.operations.confirming import own_media
from services.media.operations.editing import own_many
from services.media.operations.showing import show_blob
from shared.audit import audit
from shared.clock import utc_now
from shared.identity import Identity

RESTORABLE = timedelta(days=7)
USER, STAFF, ERASED, ENTITY_DELETED, ORPHAN, EXPIRED = "user", "staff", "erased", "entity_deleted", "orphan", "expired"


def delete_media(session: Session, media: Media, *, cause: str, now: datetime) -> None:
    """Delete a file; its bytes stay for seven days. The caller holds the row. Emits MediaDeleted.

    Of an upload that was never finished nobody knew, so nobody is told.
    """
    if media.status == kinds.DELETED:
        return
    was_known = media.is_alive
    release_room(session, media)
    media.status, media.deleted_at, media.deleted_cause = kinds.DELETED, now, cause
    if was_known:
        announce_deleted(session, media)
    session.flush()


def release_room(session: Session, media: Media) -> None:
    """Give back the room that a file was charged for."""
    if media.uploaded_by is None or media.status == kinds.FAILED:
        return
    counted = media.counted_bytes
    if media.status == kinds.PENDING:
        quotas.charge(session, media.uploaded_by, media.media_type, reserved=-counted)
    else:
        quotas.charge(session, media.uploaded_by, media.media_type, used=-counted, files=-1)


def delete_own(session: Session, media_id: UUID, *, by: Identity) -> None:
    """Delete one's file. Raises MediaNotFound."""
    media = own_media(session, media_id, by=by, lock=True)
    if media.status == kinds.DELETED:
        raise MediaNotFound
    delete_media(session, media, cause=STAFF if media.uploaded_by != by.user_id else USER, now=utc_now())


def bulk_delete(session: Session, media_ids: Sequence[UUID], *, by: Identity) -> int:
    """Delete many files, all or none; return how many. Raises Invalid naming those that are not the caller's."""
    found = own_many(session, media_ids, by=by)
    for media in found:
        delete_media(session, media, cause=STAFF if media.uploaded_by != by.user_id else USER, now=utc_now())
    return len(found)


def restore_media(session: Session, media_id: UUID, *, by: Identity) -> Media:
    """Take a deletion back within seven days. Raises MediaNotFound, QuotaExceeded. Emits MediaReady."""
    now = utc_now()
    media = own_media(session, media_id, by=by, lock=True)
    own = media.deleted_cause in (USER, ENTITY_DELETED, ORPHAN)
    is_recent = media.deleted_at is not None and media.deleted_at >= now - RESTORABLE
    if media.status != kinds.DELETED or not is_recent or not (own or (by.is_staff and media.deleted_cause == STAFF)):
        raise MediaNotFound
    blob = session.get(Blob, media.blob_id) if media.blob_id else None
    if blob is None:
        raise MediaNotFound
    is_whole = blob.state == LIVE
    if media.uploaded_by is not None and is_whole:
        most = quotas.quota_of(session, by) if media.uploaded_by == by.user_id else None
        quotas.charge(session, media.uploaded_by, media.media_type, used=media.counted_bytes, files=1, most=most)
    if media.is_primary:
        step_aside(session, media.entity_key, but=media.id)
    media.status = kinds.READY if is_whole else kinds.FAILED
    media.deleted_at = media.deleted_cause = None
    if is_whole:
        show_blob(session, media, blob)
    announce(session, media)
    return media


def take_down(session: Session, media_id: UUID, *, by: Identity, reason: str, block_hash: bool) -> Media:
    """Delete anybody's file so that its owner can not restore it; its bytes may be refused from then on.

    Raises MediaNotFound. Emits MediaDeleted.
    """
    media = own_media(session, media_id, by=by, lock=True)
    delete_media(session, media, cause=STAFF, now=utc_now())
    media.deleted_cause = STAFF
    blob = session.get(Blob, media.blob_id) if media.blob_id else None
    if block_hash and blob is not None and blob.source_sha256:
        session.execute(
            insert(BlockedHash)
            .values(sha256=blob.source_sha256, reason=reason, blocked_by=by.user_id)
            .on_conflict_do_nothing()
        )
    audit(session, "media.taken_down", by=by, subject=("media", media.id), details={"reason": reason})
    session.flush()
    return media


def let_bytes_go(session: Session, media: Media, *, now: datetime, at_once: bool = False) -> None:
    """Let a deleted or failed file let go of its bytes."""
    if media.blob_id is not None:
        blob_id, media.blob_id = media.blob_id, None
        media.updated_at = now
        session.flush()
        let_go(session, blob_id, now=now, at_once=at_once)
